#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# PID 1 of the emulated machine: prepares it, lets dmatest-runs.sh do the
# work, and reboots, which ends the emulator. The kernel command line reaches
# this script as environment: DMATEST_SCENARIO, DMATEST_NONCE,
# DMATEST_CHANNELS (comma separated), DMATEST_TTY; with a PL08x, DMATEST_KICK;
# with controllers under dma-shadow, DMATEST_SHADOW (comma separated); when a
# fault is planted, DMATEST_FAULT.

export PATH=/bin

# The driver of the serial port chooses its major number.
make_tty()
{
	tr : ' ' < "/sys/class/tty/$DMATEST_TTY/dev" | {
		read -r major minor
		mknod "/dev/$DMATEST_TTY" c "$major" "$minor"
	}
}

prepare()
{
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	mount -t debugfs debugfs /sys/kernel/debug
	make_tty
	# what the verdict says must not be changed on its way
	stty -F "/dev/$DMATEST_TTY" raw
}

# The interrupt line of QEMU's PL080 needs help: see qemu-pl080-kick.c.
start_kick()
{
	[ -n "$DMATEST_KICK" ] || return
	[ "$DMATEST_FAULT" = nokick ] && return
	qemu-pl080-kick "$DMATEST_KICK" &
}

crash()
{
	echo "$1" > /sys/kernel/debug/provoke-crash/DIRECT
}

# While the second run is under way, do as told.
after_first_result()	# COMMAND...
{
	while IFS= read -r line; do
		printf '%s\n' "$line"
		case $line in
		"ok 1 "*)	"$@" ;;
		esac
	done
}

# What the guest reports passes through here; a planted fault bends it.
pass_on()
{
	case $DMATEST_FAULT in
	panic)		after_first_result crash PANIC ;;
	warn)		after_first_result crash WARNING ;;
	uaf)		after_first_result crash READ_AFTER_FREE ;;
	hang)		after_first_result sleep 100000 ;;
	noverdict)	grep -v '^verdict ' ;;
	*)		cat ;;
	esac
}

prepare
scenario=/scenarios/$DMATEST_SCENARIO.scn
start_kick
[ "$DMATEST_FAULT" = shortplan ] && sed -i '$d' "$scenario"
channels=$(echo "$DMATEST_CHANNELS" | tr , ' ')
# shellcheck disable=SC2086 # one argument a channel
NONCE=$DMATEST_NONCE SHADOW=$(echo "$DMATEST_SHADOW" | tr , ' ') \
	dmatest-runs.sh "$scenario" $channels |
	pass_on > "/dev/$DMATEST_TTY"
reboot -f
