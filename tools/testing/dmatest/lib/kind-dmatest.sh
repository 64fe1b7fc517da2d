# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153 # used and set by the other files
#
# dmatest on a machine's own DMA controllers: what of the harness is special to
# it. Definitions are below $DEFS. A mode is nothing or "shadow".

PROGRAM=dmatest.sh
DEFS=$HERE
MODES="shadow"
KIND_FILES=
MODES_TEXT="with the controllers under dma-shadow"
FAULTS_OUT=fault
MACHINE_FIELDS="OVERLAY CHANNELS DMA_DEVICE"
SCENARIO_AWK=$HERE/lib/scenario.awk
RUNS_SCRIPT=$HERE/guest/dmatest-runs.sh
GUEST_FAULTS="panic hang noverdict shortplan warn nokick uaf"
GUEST_APPLETS="sh awk cat dirname dmesg grep mknod mount reboot sed sleep stty tr"
SHADOW=

kind_load_scenario()
{
	WIDTH=$(scenario_field width)
}

# The controllers, if they are to be put under dma-shadow
kind_load_mode()	# [shadow]
{
	SHADOW=
	[ -z "$1" ] || SHADOW=$DMA_DEVICE
}

kind_board()
{
	echo "$MOUT/board-$WIDTH.dtb"
}

kind_expect()
{
	echo "channels $CHANNELS"
	[ -z "$SHADOW" ] || echo "shadow $SHADOW"
}

kind_command_line()
{
	printf '%s' " DMATEST_CHANNELS=${CHANNELS// /,}" \
		"${PL080_SYNC:+ DMATEST_KICK=$PL080_SYNC}"
	[ -z "$SHADOW" ] ||
		printf ' %s=%s' dma_shadow "${SHADOW// /,}" \
			DMATEST_SHADOW "${SHADOW// /,}"
}

# The names of the scenario's results, in order, but for the witnesses
kind_results()	# SCENARIO
{
	sed -n 's/^run \([^ ]*\).*/\1/p' "$1"
}

kind_witness()	# the mode's own
{
	[ -z "$SHADOW" ] || echo dma-shadow
}

kind_mode_of()	# RESULTDIR: how the verdict speaks of the mode
{
	grep -q '^shadow ' "$1/expect" && echo " under dma-shadow"
}

kind_build()
{
	local width

	for width in 8 32; do
		logged "$MOUT/build.log" build_dtb "$width" ||
			build_failed "$EX_BUILD" "overlay $OVERLAY"
	done
	logged "$MOUT/build.log" build_kick ||
		build_failed "$EX_BUILD" "qemu-pl080-kick"
}

kind_initramfs()
{
	[ -z "$PL080_SYNC" ] ||
		echo "file /bin/qemu-pl080-kick $MOUT/qemu-pl080-kick 0755 0 0"
}

# What of the scenario's own the results folder keeps, beside what all have
kind_keep()
{
	:
}

kind_judge()	# DIR CHECKS
{
	awk -v checks="$2" -v table="$1/table" \
		-v allow_no_live="${ALLOW_NO_LIVE:-}" \
		-v allow_skip="${ALLOW_SKIP:-}" -f "$HERE/lib/verdict-common.awk" \
		-f "$HERE/lib/verdict.awk" \
		"$1/expect" "$1/scenario.scn" "$1/verdict.log"
}

kind_table()	# DIR
{
	printf '%-12s %7s %9s %17s %14s\n' channel tests failures \
		"KB/s, a thread" "mappings live"
	[ -s "$1/table" ] || return 0
	while read -r chan tests failures least most live; do
		printf '%-12s %7d %9d %17s %14s\n' "$chan" "$tests" \
			"$failures" "$least..$most" "$live"
	done < "$1/table"
}
