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

params=/sys/module/dmatest/parameters
debug=/sys/kernel/debug
leaks=$debug/kmemleak
shadows=$debug/dma-shadow
settable="test_buf_size threads_per_chan iterations timeout noverify
	norandom alignment transfer_size polled dmatest"
checks="dma-debug lockdep taint threads kmemleak"
count=0
planned=0

die()
{
	echo "Bail out! $*"
	exit 1
}

result()	# NAME [REASON]: no reason is good news
{
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count $1"
	else
		echo "not ok $count $1 # $2"
	fi
}

skip()		# NAME REASON
{
	count=$((count + 1))
	echo "ok $count $1 # SKIP $2"
}

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

# Streaming mappings now alive. The driver's pool of descriptors keeps
# coherent memory and is none of them.
live_mappings()
{
	grep -vc ' coherent ' "$debug/dma-api/dump"
}

have_dma_debug()
{
	[ -r "$debug/dma-api/dump" ]
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

# It reports only its first error and turns itself off when it is out of
# entries; neither may pass for good.
check_dma_debug()
{
	have_dma_debug || { skip dma-debug "not in this kernel"; return; }
	read -r disabled < "$debug/dma-api/disabled"
	read -r errors < "$debug/dma-api/error_count"
	why=
	[ "$errors" = 0 ] || why="error_count is $errors"
	[ "$disabled" = N ] || why="dma-debug has disabled itself"
	result dma-debug "$why"
}

check_lockdep()
{
	[ -r /proc/lockdep_stats ] ||
		{ skip lockdep "not in this kernel"; return; }
	if grep -q '^ *debug_locks: *1$' /proc/lockdep_stats; then
		result lockdep
	else
		result lockdep "lockdep has turned itself off"
	fi
}

check_taint()
{
	why=
	read -r taint < /proc/sys/kernel/tainted
	[ "$taint" = 0 ] || why="the kernel is tainted: $taint"
	result taint "$why"
}

check_threads()
{
	why=
	test_thread && why="thread $thread is left"
	result threads "$why"
}

# An object counts as leaked when it is older than five seconds and did not
# change between two scans.
scan_for_leaks()
{
	echo scan > "$leaks" && sleep 6 && echo scan > "$leaks"
}

# What the boot of this board has leaked is not ours.
forget_old_leaks()
{
	[ -r "$leaks" ] || return 0
	scan_for_leaks
	echo "# leaked before the first run: $(grep -c '^unref' "$leaks")"
	echo clear > "$leaks"
}

check_kmemleak()
{
	why=
	[ -r "$leaks" ] || { skip kmemleak "not in this kernel"; return; }
	scan_for_leaks || why="kmemleak has disabled itself"
	found=$(grep -c '^unreferenced' "$leaks")
	if [ "$found" != 0 ]; then
		sed 's/^/# kmemleak: /' "$leaks"
		why="$found objects leaked"
	fi
	result kmemleak "$why"
}

# The counters of a controller's shadow. One that never mapped anything, or
# could not, has seen nothing.
judge_shadow()	# DEVICE
{
	shadow=$shadows/$1
	for file in "$shadow"/*; do
		[ "${file##*/}" = live_mappings ] && continue
		{ read -r number < "$file"; } 2> /dev/null &&
			echo "# dma-shadow: $1: ${file##*/} $number"
	done
	read -r maps < "$shadow/maps" || {
		why="there is no shadow of $1"
		return
	}
	read -r failed < "$shadow/failed"
	read -r live < "$shadow/live"
	read -r violations < "$shadow/violations"
	[ "$maps" != 0 ] || why="nothing was mapped for $1"
	[ "$failed" = 0 ] || why="$failed mappings failed"
	[ "$live" = 0 ] || why="$live mappings live"
	[ "$violations" = 0 ] || why="$violations violations"
}

check_shadow()
{
	why=
	for device in $SHADOW; do
		[ -n "$why" ] || judge_shadow "$device"
	done
	result dma-shadow "$why"
}

print_log()
{
	dmesg | awk '{ print "# log: " $0 } END { print "# log-lines: " NR }'
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
