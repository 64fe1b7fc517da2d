# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # used by who sources this
#
# What the guests' scripts share: results, and the kernel's own witnesses. It
# is sourced, counts the results in $count, and wants debugfs to be mounted.

debug=/sys/kernel/debug
leaks=$debug/kmemleak
shadows=$debug/dma-shadow
count=0

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

# It reports only its first error and turns itself off when it is out of
# entries; neither may pass for good.
check_dma_debug()
{
	have_dma_debug || { skip dma-debug "not in this kernel"; return; }
	read -r disabled < "$debug/dma-api/disabled"
	read -r errors < "$debug/dma-api/error_count"
	echo "# dma-debug: live $(live_mappings), errors $errors"
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
judge_shadow()	# DEVICE [FAILED]: so many mappings had failed before
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
	failed=$((failed - ${2:-0}))
	read -r live < "$shadow/live"
	read -r violations < "$shadow/violations"
	[ "$maps" != 0 ] || why="nothing was mapped for $1"
	[ "$failed" = 0 ] || why="$failed mappings failed"
	[ "$live" = 0 ] || why="$live mappings live"
	[ "$violations" = 0 ] || why="$violations violations"
}

print_log()
{
	dmesg | awk '{ print "# log: " $0 } END { print "# log-lines: " NR }'
}
