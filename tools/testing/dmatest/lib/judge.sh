# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Judges a results folder: expect, scenario.scn, console.log, verdict.log.
# Writes results.ktap, splats.txt, summary.txt and status there.

cmd_judge()
{
	local dir=${1:-} file kind

	[ -n "$dir" ] && [ -d "$dir" ] ||
		die "$EX_USAGE" "no results folder '$dir': judge RESULTDIR"
	for file in expect scenario.scn verdict.log console.log $KIND_FILES; do
		[ -r "$dir/$file" ] || die "$EX_USAGE" "$dir has no $file"
	done
	[ -w "$dir" ] || die "$EX_USAGE" "cannot write to $dir: judge a copy of it"
	kind=$(sed -n 's/^kind //p' "$dir/expect")
	# shellcheck disable=SC2153 # KIND comes from dmatest.sh
	[ "${kind:-dmatest}" = "$KIND" ] ||
		die "$EX_USAGE" "$dir is of another kind: judge it by ${kind:-dmatest}.sh"
	# shellcheck disable=SC2034 # check_scenario uses it
	SCENARIO_FILE=$dir/scenario.scn
	check_scenario
	judge_dir "$dir"
}

# The patterns of a list, without its comments; there must be some.
splat_patterns()	# FILE
{
	grep -vE '^(#.*)?$' "$1"
}

allowed_patterns()	# FILE
{
	splat_patterns "$1" | sed 's/ ## .*//'
}

check_splat_lists()
{
	local deny=$SPLAT_LISTS/deny allow=$SPLAT_LISTS/allow

	splat_patterns "$deny" > /dev/null ||
		die "$EX_SPLAT" "cannot scan for splats: $deny is missing or empty"
	[ -r "$allow" ] ||
		die "$EX_SPLAT" "cannot scan for splats: $allow is missing"
	splat_patterns "$allow" | grep -vE '^.+ ## .+' >&2 &&
		die "$EX_SPLAT" "$allow: an entry without its reason"
	return 0
}

# grep for lines; that there are none is no error, anything else is.
grep_or_none()
{
	grep "$@"
	[ $? -le 1 ]
}

# Splats of the console and of the log that came with the verdict: either may
# be cut off. Prints each once.
find_splats()	# DIR
{
	{ cat "$1/console.log" && sed -n 's/^# log: //p' "$1/verdict.log"; } |
		tr -d '\r' |
		grep_or_none -aE -f <(splat_patterns "$SPLAT_LISTS/deny") |
		grep_or_none -avE -f <(allowed_patterns "$SPLAT_LISTS/allow") |
		awk '!seen[$0]++'
}

judge_verdict()	# DIR
{
	local checks

	checks=$(sed -n 's/^checks="\(.*\)"$/\1/p' "$RUNS_SCRIPT")
	kind_judge "$1" "$checks" > "$1/results.ktap"
}

# The scan is the last item of the plan.
append_splat_item()	# DIR
{
	local number

	number=$(sed -n 's/^1\.\.//p' "$1/results.ktap")
	sed -i "s/^1\.\..*/1..$((number + 1))/" "$1/results.ktap"
	if [ -s "$1/splats.txt" ]; then
		sed 's/^/# splat: /' "$1/splats.txt"
		echo "not ok $((number + 1)) splat"
	else
		echo "ok $((number + 1)) splat"
	fi >> "$1/results.ktap"
}

# From worst to best: a crash explains a missing verdict, and a missing
# verdict explains missing results.
exit_code()	# DIR AWK-STATUS
{
	local qemu=0

	[ -r "$1/qemu-status" ] && qemu=$(cat "$1/qemu-status")
	if [ -s "$1/splats.txt" ]; then
		echo "$EX_SPLAT"
	elif [ "$2" != 0 ] && [ "$2" != 1 ] || [ "$qemu" != 0 ]; then
		echo "$EX_BOOT"
	elif [ "$2" != 0 ]; then
		echo "$EX_TEST"
	else
		echo 0
	fi
}

first_message()	# DIR CODE
{
	case $2 in
	0)	echo "all passed" ;;
	"$EX_SPLAT")
		# what comes after "cut here" says more
		echo "splat: $(grep -vm 1 "cut here" "$1/splats.txt" ||
			head -n 1 "$1/splats.txt")" ;;
	"$EX_BOOT")
		grep '^# verdict: ' "$1/results.ktap" | head -n 1 |
			sed 's/^# //' | grep . ||
			echo "the machine did not end by itself" ;;
	*)	sed -n 's/^# \([a-z0-9-]*: \)/\1/p' "$1/results.ktap" |
			head -n 1 ;;
	esac
}

verdict_word()	# CODE
{
	case $1 in
	0)		echo PASS ;;
	"$EX_BOOT")	echo "NO VERDICT" ;;
	"$EX_TEST")	echo FAIL ;;
	"$EX_SPLAT")	echo SPLAT ;;
	esac
}

judge_dir()	# DIR
{
	local dir=$1 awk_status=0 code total passed what

	check_splat_lists
	find_splats "$dir" > "$dir/splats.txt" ||
		die "$EX_SPLAT" "cannot scan $dir for splats"
	judge_verdict "$dir" || awk_status=$?
	append_splat_item "$dir"
	code=$(exit_code "$dir" "$awk_status")
	total=$(grep -cE '^(not )?ok ' "$dir/results.ktap")
	passed=$(grep -c '^ok ' "$dir/results.ktap")
	what=$(sed -n 's/^machine //p' "$dir/expect") &&
		what="$what $(sed -n 's/^scenario //p' "$dir/expect")"
	what=$what$(kind_mode_of "$dir")
	{
		kind_table "$dir"
		grep -E '^(not ok|# [a-z0-9-]+: )' "$dir/results.ktap" |
			head -n 20
		echo "$(verdict_word "$code") $what: $passed of $total ok," \
			"$(first_message "$dir" "$code")"
	} > "$dir/summary.txt"
	echo "$code" > "$dir/status"
	cat "$dir/summary.txt"
	echo "results: $dir"
	return "$code"
}
