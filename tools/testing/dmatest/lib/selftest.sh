# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The judge judged. selftest/*.case says what is done to the stored logs of a
# boot and what the judge must then say:
#
#	from FOLDER		the stored logs, default pass
#	status CODE		the exit status
#	message TEXT		in the line with the verdict
#	verdict, console, expect, scenario, deny, allow SED-COMMAND
#				done to that file, any number of times
#	qemu-status NUMBER	what the emulator ended with
#
# A scenario that is refused, as before any boot, is a case, too, with status 2.
#
# And each planted fault of the kernel must apply to the kernel's source.

case_field()	# CASE FIELD
{
	sed -n "s/^$2 //p" "$1"
}

doctor()	# CASE FIELD FILE
{
	local command

	while IFS= read -r command; do
		sed -i -E "$command" "$3" || return 1
	done < <(case_field "$1" "$2")
}

prepare_case()	# CASE DIR
{
	local from

	from=$(case_field "$1" from)
	cp -r "$DEFS/selftest/${from:-pass}" "$2" &&
	cp -r "$HERE/splat" "$2.splat" &&
	doctor "$1" verdict "$2/verdict.log" &&
	doctor "$1" console "$2/console.log" &&
	doctor "$1" expect "$2/expect" &&
	doctor "$1" scenario "$2/scenario.scn" &&
	doctor "$1" deny "$2.splat/deny" &&
	doctor "$1" allow "$2.splat/allow" &&
	case_field "$1" qemu-status > "$2/qemu-status" || return 1
	[ -s "$2/qemu-status" ] || rm "$2/qemu-status"
}

run_case()	# NUMBER CASE DIR
{
	local name status want said

	name=$(basename "$2" .case)
	prepare_case "$2" "$3" || { echo "not ok $1 $name"; return 1; }
	said=$(ALLOW_NO_LIVE='' ALLOW_SKIP='' SPLAT_LISTS=$3.splat \
		cmd_judge "$3" 2>&1)
	status=$?
	want=$(case_field "$2" message)
	said=$(grep -E '^(PASS|FAIL|SPLAT|NO VERDICT|'"$PROGRAM"':|'"$3"')' <<< "$said")
	if [ "$status" = "$(case_field "$2" status)" ] &&
	   [[ $said == *"$want"* ]] && [ -n "$want" ]; then
		echo "ok $1 $name"
		return
	fi
	echo "# $name: exit status $status instead of $(case_field "$2" status)"
	echo "# said:   $said"
	echo "# wanted: $want"
	echo "not ok $1 $name"
	return 1
}

check_fault()	# NUMBER PATCH
{
	local name said

	name=fault-$(basename "$2" .patch)
	if said=$(patch -d "$KERNEL" -p1 --fuzz=0 --dry-run -f -s < "$2" 2>&1); then
		echo "ok $1 $name"
		return
	fi
	echo "# $name: $2 does not apply to $KERNEL: $(head -n 1 <<< "$said")"
	echo "not ok $1 $name"
	return 1
}

cmd_selftest()
{
	local dir file number=0 failed=0 cases=("$DEFS"/selftest/*.case)
	local faults=("$DEFS"/faults/*.patch)

	need patch patch
	dir=$(mktemp -d) || die "$EX_USAGE" "no temporary folder"
	# shellcheck disable=SC2064 # the folder of now
	trap "rm -rf '$dir'" EXIT
	echo "KTAP version 1"
	echo "1..$((${#cases[@]} + ${#faults[@]}))"
	for file in "${cases[@]}"; do
		number=$((number + 1))
		run_case "$number" "$file" "$dir/$number" ||
			failed=$((failed + 1))
	done
	for file in "${faults[@]}"; do
		number=$((number + 1))
		check_fault "$number" "$file" || failed=$((failed + 1))
	done
	echo "# $((number - failed)) of $number cases passed"
	[ "$failed" = 0 ] || exit "$EX_TEST"
}
