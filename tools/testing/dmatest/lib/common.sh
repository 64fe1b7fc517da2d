# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the other files
#
# What all parts of the harness share: exit codes, messages, definitions.

EX_USAGE=2
EX_TOOL=10
EX_CONFIG=13
EX_BUILD=14
EX_BOOT=15
EX_TEST=16
EX_SPLAT=17

say()
{
	printf '[%3d s] %s\n' "$SECONDS" "$*"
}

die()		# CODE MESSAGE
{
	local code=$1

	shift
	echo "$PROGRAM: $*" >&2
	exit "$code"
}

need()		# TOOL PACKAGE
{
	command -v "$1" > /dev/null ||
		die "$EX_TOOL" "no $1 here: install it (Debian: $2)"
}

need_qemu()
{
	case $QEMU in
	*-x86_64)	need "$QEMU" qemu-system-x86 ;;
	*)		need "$QEMU" qemu-system-arm ;;
	esac
}

# Run a step with its output in a log; of a failure show what matters.
logged()	# LOG COMMAND...
{
	local log=$1

	shift
	[ "$V" = 1 ] && echo "+ $*"
	if [ "$V" = 1 ]; then
		"$@" 2>&1 | tee -a "$log"
	else
		"$@" >> "$log" 2>&1
	fi
}

machine_names()
{
	local file

	for file in "$DEFS"/machines/*.mach; do
		basename "$file" .mach
	done | paste -sd ' '
}

scenario_names()
{
	local file

	for file in "$DEFS"/scenarios/*.scn; do
		basename "$file" .scn
	done | paste -sd ' '
}

# A definition is data: assignments and comments, nothing else.
load_machine()	# NAME
{
	local file=$DEFS/machines/$1.mach field

	MACHINE=$1
	[ -n "$1" ] && [ -r "$file" ] ||
		die "$EX_USAGE" "no machine '$1': one of $(machine_names)"
	# shellcheck disable=SC2016 # a pattern, with nothing to expand
	grep -nvE '^(#.*|[A-Z0-9_]+=("[^"$`]*"|[^ "$`;&|]*)|)$' "$file" >&2 &&
		die "$EX_USAGE" "$file: not an assignment"
	for field in DESCRIPTION ARCH GUEST_ARCH CROSS_COMPILE_DEFAULT CONFIGS \
		     IMAGE DTB QEMU QEMU_ARGS CONSOLE VERDICT_TTY \
		     $MACHINE_FIELDS; do
		grep -q "^$field=" "$file" ||
			die "$EX_USAGE" "$file: $field is missing"
	done
	OVERLAY=
	PL080_SYNC=
	POWER_OFF=
	# shellcheck source=/dev/null
	. "$file"
	MOUT=${BUILD_ROOT:-$OUT}/$MACHINE
}

# What witnesses beside those that are always there
load_mode()	# [MODE]
{
	case " $MODES " in
	*" ${1:-${MODES%% *}} "*)	;;
	*) die "$EX_USAGE" "'$1' is no mode: nothing, or one of $MODES" ;;
	esac
	MODE_NAME=$1
	kind_load_mode "$1"
}

scenario_field()	# FIELD
{
	sed -n "s/^$1 //p" "$SCENARIO_FILE"
}

# Names of parameters are checked here, before a boot is spent on them.
check_scenario()
{
	awk -v file="$SCENARIO_FILE" -f "$SCENARIO_AWK" \
		"$SCENARIO_FILE" >&2 || exit "$EX_USAGE"
}

load_scenario()	# NAME
{
	SCENARIO=$1
	SCENARIO_FILE=$DEFS/scenarios/$1.scn
	[ -n "$1" ] && [ -r "$SCENARIO_FILE" ] ||
		die "$EX_USAGE" "no scenario '$1': one of $(scenario_names)"
	check_scenario
	SCENARIO_TEXT=$(scenario_field describe)
	kind_load_scenario
	LIMIT=${TIMEOUT:-$(scenario_field limit)}
	[[ $LIMIT =~ ^[1-9][0-9]*$ ]] ||
		die "$EX_USAGE" "TIMEOUT=$LIMIT is not a number of seconds"
}
