#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Copies memory on DMA channels that nobody uses, with dmatest: by interrupt,
# polled, and with four threads a channel. All tests must pass, nothing may be
# left mapped, and the kernel must have nothing to complain of. The runs and the
# judging are those of tools/testing/dmatest; installed, its files stand beside
# this one.
#
#	dmatest.sh [CHANNEL...]		or DMATEST_CHANNELS; by default all that
#					dmatest can have
#
# A log buffer that is too small to hold all of it is a failure: log_buf_len=8M.

params=/sys/module/dmatest/parameters
here=$(cd "$(dirname "$0")" && pwd)

skip()
{
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	exit 4
}

# Where a file of the harness is
harness()	# FOLDER NAME
{
	if [ -r "$here/$2" ]; then
		echo "$here/$2"
	else
		echo "$here/../../dmatest/$1/$2"
	fi
}

set_param()
{
	echo "$2" > "$params/$1" || skip "cannot set dmatest's parameter $1"
}

# Those that dmatest accepts: they are free, and can copy. One copy each, and it
# lets go of them. It refuses to run if it has accepted none.
usable_channels()
{
	for chan; do
		echo "$chan" > "$params/channel" && printf '%s ' "$chan"
	done 2> /dev/null
	echo 1 2> /dev/null > "$params/run"
	read -r _ < "$params/wait"
	read -r _ < "$params/run"
}

# What the kernel had to say before is nobody's business.
from_mark()
{
	awk -v mark="$mark" '
	/^# log: /		{ if (seen) n++; else if (index($0, mark)) seen = 1 }
	/^# log: / && !n	{ next }
	/^# log-lines: /	{ print "# log-lines: " n + 0; next }
				{ print }'
}

# What the runs set. No skip here: that would be the last word.
restore()
{
	echo "$iterations" > "$params/iterations"
	echo "$polled" > "$params/polled"
	echo "$threads" > "$params/threads_per_chan"
	rm -rf "$tmp"
}

[ "$(id -u)" = 0 ] || skip "must be root"
[ -d "$params" ] || modprobe -q dmatest || skip "no dmatest: CONFIG_DMATEST"
[ -d /sys/kernel/debug/dmaengine ] || mount -t debugfs debugfs /sys/kernel/debug ||
	skip "no debugfs"
read -r taint < /proc/sys/kernel/tainted
[ "$taint" = 0 ] || skip "the kernel is tainted before the test: $taint"

# shellcheck disable=SC2086 # names
[ $# -gt 0 ] || set -- $DMATEST_CHANNELS
asked=$*
if [ $# = 0 ]; then
	for dir in /sys/class/dma/*; do
		set -- "$@" "${dir##*/}"
	done
fi
read -r iterations < "$params/iterations"
read -r polled < "$params/polled"
read -r threads < "$params/threads_per_chan"
set_param iterations 1
channels=$(usable_channels "$@")
tmp=$(mktemp -d) || skip "no temporary folder"
trap restore EXIT
[ -n "$channels" ] || skip "no DMA channel that is free and can copy"
[ -z "$asked" ] || [ "$asked " = "$channels" ] ||
	skip "of the channels that were asked for only these can be had: $channels"

cat > "$tmp/scenario.scn" << EOF
describe free channels: by interrupt, polled, several threads
width 8
limit 600
run irq iterations=100 polled=0 threads_per_chan=1
run polled iterations=100 polled=1 threads_per_chan=1
run irq-4t iterations=50 polled=0 threads_per_chan=4
EOF
cat > "$tmp/expect" << EOF
machine $(uname -n)
scenario selftest
nonce $$
channels $channels
EOF
runs=$(harness guest dmatest-runs.sh)
mark="dmatest-selftest: begin $$"
echo "$mark" > /dev/kmsg
# shellcheck disable=SC2086 # one argument a channel
NONCE=$$ sh "$runs" "$tmp/scenario.scn" $channels | from_mark > "$tmp/verdict.log"
awk -v checks="$(sed -n 's/^checks="\(.*\)"$/\1/p' "$runs")" -v table="$tmp/table" \
	-v allow_skip=1 -f "$(harness lib verdict-common.awk)" \
	-f "$(harness lib verdict.awk)" \
	"$tmp/expect" "$tmp/scenario.scn" "$tmp/verdict.log"
