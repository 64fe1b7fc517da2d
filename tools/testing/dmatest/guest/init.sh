#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# PID 1 of the emulated machine: prepares it, lets dmatest-runs.sh or
# raid-runs.sh do the work, and reboots, which ends the emulator. The kernel
# command line reaches this script as environment: DMATEST_SCENARIO,
# DMATEST_NONCE, DMATEST_TTY; when a fault is planted, DMATEST_FAULT.
#
# dmatest: DMATEST_CHANNELS (comma separated); with a PL08x, DMATEST_KICK; with
# controllers under dma-shadow, DMATEST_SHADOW (comma separated).
# md's RAID: DMATEST_MODE; if the machine is switched off by writing to memory,
# DMATEST_OFF (address,bits,value).

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

# What mdadm and the engines want besides
prepare_raid()
{
	mount -t devtmpfs devtmpfs /dev
	mount -t configfs configfs /sys/kernel/config
	[ ! -d /sys/kernel/tracing ] ||
		mount -t tracefs tracefs /sys/kernel/tracing
	mount -t tmpfs tmpfs /tmp
	mount -t tmpfs tmpfs /run
	# there is no udev that would make the arrays' names
	export MDADM_NO_UDEV=1
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

# Break what the guest does, but not what it says.
plant_raid_fault()
{
	case $DMATEST_FAULT in
	noengine)	sed -i '/ does /!d' /engines.list ;;
	esac
}

run_dmatest()
{
	channels=$(echo "$DMATEST_CHANNELS" | tr , ' ')
	# shellcheck disable=SC2086 # one argument a channel
	NONCE=$DMATEST_NONCE SHADOW=$(echo "$DMATEST_SHADOW" | tr , ' ') \
		dmatest-runs.sh "$scenario" $channels
}

run_raid()
{
	prepare_raid
	plant_raid_fault
	NONCE=$DMATEST_NONCE MODE=$DMATEST_MODE FAULT=$DMATEST_FAULT \
		raid-runs.sh "$scenario" /engines.list
}

prepare
scenario=/scenarios/$DMATEST_SCENARIO.scn
# before the pipe, whose end it would keep open
start_kick
[ "$DMATEST_FAULT" = shortplan ] && sed -i '$d' "$scenario"
if [ -n "$DMATEST_MODE" ]; then
	run_raid
else
	run_dmatest
fi | pass_on > "/dev/$DMATEST_TTY"
# shellcheck disable=SC2046 # three arguments
[ -z "$DMATEST_OFF" ] || devmem $(echo "$DMATEST_OFF" | tr , ' ')
reboot -f
