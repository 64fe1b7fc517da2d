#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Does the dmatest runs of a scenario on the given channels, all at once, and
# then asks the kernel's own witnesses. It knows nothing of any emulator: as
# root it serves on a board as well.
#
#	[NONCE=word] [SHADOW="device..."] \
#		dmatest-runs.sh SCENARIO.scn CHANNEL... > verdict.log
#
# Standard output is KTAP: a result a run and a witness, then the kernel log
# as diagnostics, and as the very last line "verdict NONCE COUNT". A result
# says that the run took place; whether its tests passed is read from the
# log, on the host, by the judge.

# shellcheck source=witness.sh
. "$(dirname "$0")/witness.sh"

params=/sys/module/dmatest/parameters
settable="test_buf_size threads_per_chan iterations timeout noverify
	norandom alignment transfer_size polled dmatest"
checks="dma-debug lockdep taint threads kmemleak"
planned=0

mark()
{
	echo "dmatest-run: $*" > /dev/kmsg
}

# Every run starts from the module's defaults, as found here.
save_defaults()
{
	defaults=
	for p in $settable; do
		read -r value < "$params/$p" || die "cannot read $params/$p"
		defaults="$defaults $p=$value"
	done
}

set_params()	# KEY=VALUE...
{
	for setting; do
		case $setting in
		stop=*)	stop=${setting#stop=}; continue ;;
		esac
		echo "${setting#*=}" > "$params/${setting%%=*}" || {
			why="cannot set $setting"
			return 1
		}
	done
}

# The parameters are copied when a channel is named, so channels come last.
add_channels()
{
	for chan in $channels; do
		echo "$chan" > "$params/channel" || {
			why="channel $chan was refused"
			return 1
		}
	done
}

# The name of a test thread that still exists, if any
test_thread()
{
	for comm in /proc/[0-9]*/comm; do
		{ read -r thread < "$comm"; } 2> /dev/null || continue
		case $thread in
		dma*chan*-*)	return 0 ;;
		esac
	done
	return 1
}

# Reading "wait" alone is not enough: it returns at once as long as no thread
# has got the processor yet.
wait_for_threads()
{
	while test_thread; do
		read -r _ < "$params/wait"
	done
}

start_and_wait()
{
	echo 1 > "$params/run" || {
		why="run was refused"
		return 1
	}
	if [ -n "$stop" ]; then
		sleep "$stop"
		echo 0 > "$params/run"
	else
		wait_for_threads
	fi
	# reading it lets go of the channels once all threads are done
	read -r running < "$params/run"
	[ "$running" = N ] || why="still running after the wait"
}

do_run()	# NAME KEY=VALUE...
{
	name=$1
	shift
	number=$((count + 1))
	why=
	stop=
	before=
	have_dma_debug && before=$(live_mappings)
	mark "begin $number $name"
	# shellcheck disable=SC2086 # one argument a setting
	set_params $defaults "$@" && add_channels && start_and_wait
	mark "end $number $name"
	if [ -z "$why" ] && [ -n "$before" ]; then
		after=$(live_mappings)
		[ "$after" = "$before" ] ||
			why="dma-debug counts $after mappings, $before before"
	fi
	result "$name" "$why"
}

do_scenario()
{
	while read -r keyword args; do
		# shellcheck disable=SC2086 # one argument a setting
		[ "$keyword" = run ] && do_run $args < /dev/null
	done < "$scenario"
}

check_threads()
{
	why=
	test_thread && why="thread $thread is left"
	result threads "$why"
}

check_shadow()
{
	why=
	for device in $SHADOW; do
		[ -n "$why" ] || judge_shadow "$device"
	done
	result dma-shadow "$why"
}

[ $# -ge 2 ] || die "usage: dmatest-runs.sh SCENARIO.scn CHANNEL..."
scenario=$1
shift
channels=$*
[ -r "$scenario" ] || die "cannot read $scenario"
[ -d "$params" ] || die "no dmatest in this kernel: CONFIG_DMATEST"

for _ in $checks; do
	planned=$((planned + 1))
done
[ -z "$SHADOW" ] || planned=$((planned + 1))
planned=$((planned + $(grep -c '^run ' "$scenario")))
echo "KTAP version 1"
echo "1..$planned"

save_defaults
forget_old_leaks
have_dma_debug && echo 1 > "$debug/dma-api/all_errors"
do_scenario
check_dma_debug
check_lockdep
check_taint
check_threads
check_kmemleak
[ -z "$SHADOW" ] || check_shadow
print_log
echo "verdict ${NONCE:-none} $count"
