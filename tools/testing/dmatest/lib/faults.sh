# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153 # used and set by the other files
#
# Positive controls: what is broken on purpose must be found, with the exit
# status that the fault announces. The guest plants the faults of
# faults/guest.list, "NAME STATUS WHAT | TEXT"; those of the kernel are patches,
# faults/NAME.patch, that begin with "Planted fault: WHAT" and have a line for each
# boot of that kernel: "Expect: STATUS TEXT" and, in one of the modes, "Expect in
# mode MODE: STATUS TEXT". The judge must say TEXT, if there is any. The latter's
# name is NAME+MODE.
# A fault that shows only in some kernels says "Needs: SYMBOL"; one that does not
# show in the scenario "short", "Scenario: NAME".

# NAME STATUS WHAT of every fault, the config's first
all_faults()
{
	local file

	echo "badconfig $EX_CONFIG a config line that cannot be met"
	sed -n '/^#/!s/[[:space:]]*|.*//p' "$DEFS/faults/guest.list"
	for file in "$DEFS"/faults/*.patch; do
		[ -e "$file" ] && faults_of_patch "$file"
	done
}

# Those of them that show in the kernel that was built last
usable_faults()
{
	local fault symbol

	while read -r fault; do
		symbol=${fault##*, needs }
		[ "$symbol" = "$fault" ] ||
			grep -qx "CONFIG_$symbol=y" "$MOUT/config" || continue
		echo "$fault"
	done
}

faults_of_patch()	# FILE
{
	local name what status mode

	name=$(basename "$1" .patch)
	what=$(sed -n '1{s/^Planted fault: //;s/\.$//p}' "$1")
	what=$what$(sed -n 's/^Needs: /, needs /p;/^diff /q' "$1")
	status=$(expected "$1" "" | cut -d ' ' -f 1)
	[ -z "$status" ] || echo "$name $status $what"
	for mode in $MODES; do
		status=$(expected "$1" " in mode $mode" | cut -d ' ' -f 1)
		[ -z "$status" ] || echo "$name+$mode $status $what"
	done
}

# What follows "Expect: " or "Expect in mode MODE: " in a fault's head
expected()	# FILE HOW
{
	sed -n "s/^Expect$2: //p;/^diff /q" "$1"
}

# The text that the judge must say of a fault, if any
expected_text()	# NAME
{
	local file=$DEFS/faults/${1%+*}.patch how=

	if [ ! -e "$file" ]; then
		fault_named "$1" < "$DEFS/faults/guest.list" | sed -n 's/^.* | //p'
		return
	fi
	[ "$1" = "${1%+*}" ] || how=" in mode ${1#*+}"
	expected "$file" "$how" | sed -n 's/^[0-9]* //p'
}

list_faults()
{
	all_faults | while read -r name status what; do
		printf '  %-18s %s (exit status %s)\n' "$name" "$what" "$status"
	done
}

# A tree of links to $KERNEL: whatever a fault changes becomes a copy first,
# so $KERNEL is never written to. All links are made anew each time, for
# $KERNEL may have got new files.
make_fault_tree()
{
	local tree=$1

	if [ "$(cat "$tree/.kernel" 2> /dev/null)" != "$KERNEL" ]; then
		rm -rf "$tree"
	fi
	mkdir -p "$tree" && cp -asf "$KERNEL/." "$tree/" &&
		rm -rf "$tree/.git" && echo "$KERNEL" > "$tree/.kernel" ||
		die "$EX_BUILD" "cannot make the scratch tree $tree"
}

# A fresh copy, not the link: make must see that the file has changed again.
fresh_copies()	# TREE < LIST
{
	local file

	while read -r file; do
		rm -f "$1/$file"
		[ ! -f "$KERNEL/$file" ] || cat "$KERNEL/$file" > "$1/$file"
	done
}

patched_files()	# PATCH
{
	sed -n 's|^+++ b/\([^[:space:]]*\).*|\1|p' "$1"
}

plant_patch()	# NAME
{
	local tree=$OUT/$FAULTS_OUT/linux patch=$DEFS/faults/$1.patch

	[ -r "$patch" ] || die "$EX_USAGE" "no kernel fault '$1': $patch"
	make_fault_tree "$tree"
	[ ! -f "$tree/.planted" ] || fresh_copies "$tree" < "$tree/.planted"
	patched_files "$patch" > "$tree/.planted"
	fresh_copies "$tree" < "$tree/.planted"
	patch -d "$tree" -p1 --fuzz=0 --no-backup-if-mismatch -s < "$patch" ||
		die "$EX_BUILD" "$patch does not apply to $KERNEL"
	KERNEL=$tree
	BUILD_ROOT=$OUT/$FAULTS_OUT/out
}

cmd_fault_build()	# MACHINE NAME
{
	load_machine "${1:-}"
	need patch patch
	plant_patch "${2:-}"
	load_machine "$MACHINE"
	build_all
}

# A hang need not be waited for so long.
fault_limit()
{
	[ "$FAULT" != hang ] || TIMEOUT=${TIMEOUT:-45}
}

fault_scenario()	# NAME
{
	local file=$DEFS/faults/${1%+*}.patch name=

	[ ! -e "$file" ] || name=$(sed -n 's/^Scenario: //p;/^diff /q' "$file")
	echo "${name:-short}"
}

# Every fault is planted in a shell of its own: it may change anything.
plant()		# MACHINE NAME
{
	local how=

	case $2 in
	badconfig)
		EXTRA_CONFIG=$DEFS/faults/badconfig.config
		cmd_build "$1" ;;
	*)
		if [ -e "$DEFS/faults/${2%+*}.patch" ]; then
			cmd_fault_build "$1" "${2%+*}"
		else
			FAULT=${2%+*}
			check_guest_fault
			fault_limit
		fi
		load_scenario "$(fault_scenario "$2")"
		[ "$2" = "${2%+*}" ] || how=${2#*+}
		load_mode "$how"
		boot_and_judge ;;
	esac
}

# Whether the judge of the boot in that log said the text
judge_said()	# LOG TEXT
{
	local dir

	[ -n "$2" ] || return 0
	dir=$(sed -n 's/^results: //p' "$1")
	[ -n "$dir" ] && grep -qF -- "$2" "$dir/results.ktap"
}

try_fault()	# NUMBER MACHINE NAME STATUS
{
	local log=$OUT/fault-$2-$3.log status text

	(plant "$2" "$3") > "$log" 2>&1
	status=$?
	text=$(expected_text "$3")
	tail -n 2 "$log" | sed 's/^/# /'
	if [ "$status" != "$4" ]; then
		echo "# exit status $status instead of $4, see $log"
	elif ! judge_said "$log" "$text"; then
		echo "# the judge did not say '$text', see $log"
	else
		echo "ok $1 $3"
		return
	fi
	echo "not ok $1 $3"
	return 1
}

# All that show in this kernel, or those named
chosen_faults()	# [NAME...]
{
	local name

	[ $# -gt 0 ] || { all_faults | usable_faults; return; }
	for name; do
		all_faults | fault_named "$name" | usable_faults | grep . ||
			die "$EX_USAGE" "fault '$name' does not show on $MACHINE"
	done
}

fault_named()	# NAME
{
	awk -v name="$1" '$1 == name'
}

# Before anything is built
check_fault_names()	# [NAME...]
{
	local name

	for name; do
		all_faults | fault_named "$name" | grep -q . ||
			die "$EX_USAGE" "no fault '$name': see $PROGRAM list"
	done
}

cmd_faults()	# MACHINE [NAME...]
{
	local machine=${1:-} faults number=0 failed=0 name status

	load_machine "$machine"
	shift
	check_fault_names "$@"
	[ -n "${NOBUILD:-}" ] || build_all
	unlock_build
	[ -r "$MOUT/config" ] ||
		die "$EX_USAGE" "nothing is built in $MOUT: leave NOBUILD away"
	faults=$(chosen_faults "$@") || exit $?
	echo "KTAP version 1"
	echo "1..$(echo "$faults" | wc -l)"
	while read -r name status _; do
		number=$((number + 1))
		try_fault "$number" "$machine" "$name" "$status" < /dev/null ||
			failed=$((failed + 1))
	done <<< "$faults"
	echo "# $((number - failed)) of $number faults were found"
	[ "$failed" = 0 ] || exit "$EX_TEST"
}
