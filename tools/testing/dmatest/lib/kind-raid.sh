# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153 # used and set by the other files
#
# md's RAID 5 and 6, and dm-integrity, on engines of dma-sim: what of the harness is
# special to them.
# Definitions are below $DEFS. A mode is nothing, "shadow" or "swiotlb".

PROGRAM=raid.sh
DEFS=$HERE/raid
MODES="shadow swiotlb"
# what else is in a results folder that is judged
KIND_FILES=engines.list
MODES_TEXT="with the engines under dma-shadow, or everything bounced"
FAULTS_OUT=fault-raid
MACHINE_FIELDS=
SCENARIO_AWK=$HERE/lib/raid-scenario.awk
RUNS_SCRIPT=$HERE/guest/raid-runs.sh
GUEST_FAULTS="panic hang noverdict shortplan warn uaf noengine
	garbage change unbounced unwatched keep"
GUEST_APPLETS="sh awk cat dd devmem dirname dmesg grep head kill ls mkdir mknod mount mv
	reboot rm rmdir sed seq sleep stty tail tr"
# what overlays for a PL08x want to know
WIDTH=8
MODE=
declare -A TOOLS

kind_load_scenario()
{
	:
}

kind_load_mode()	# [MODE]
{
	MODE=${1:-plain}
}

kind_board()
{
	if [ -n "$OVERLAY" ]; then
		echo "$MOUT/board-$WIDTH.dtb"
	else
		echo "$MOUT/build/arch/$ARCH/boot/dts/$DTB"
	fi
}

kind_expect()
{
	echo "kind raid"
	echo "mode $MODE"
}

# Ram disks for the largest array, and what it may grow by. The kernel has 18.
more_ram_disks()
{
	local most

	most=$(grep -o ' disks=[0-9]*' "$SCENARIO_FILE" | tr -dc '0-9\n' |
		sort -n | tail -n 1)
	[ "${most:-0}" -le 14 ] || printf ' brd.rd_nr=%d' $((most + 4))
}

kind_command_line()
{
	more_ram_disks
	printf ' %s' "DMATEST_MODE=$MODE" dma_debug_entries=65536 \
		"${POWER_OFF:+DMATEST_OFF=${POWER_OFF// /,}}"
	[ "$MODE" != swiotlb ] || [ "${FAULT:-}" = unbounced ] ||
		printf ' swiotlb=force'
}

# The names of the scenario's results, in order, but for the witnesses
kind_results()	# SCENARIO
{
	awk '$1 == "array" || $1 == "integrity" {
		print $2 "-create"
		for (i = 3; i <= NF; i++) {
			if (!sub(/^work=/, "", $i))
				continue
			n = split($i, steps, ",")
			for (s = 1; s <= n; s++)
				print $2 "-" steps[s]
		}
		print $2 "-engines"
		print $2 "-removed"
	}' "$1"
}

kind_witness()	# the mode's own
{
	case $MODE in
	shadow)		echo dma-shadow ;;
	swiotlb)	echo swiotlb ;;
	esac
}

kind_mode_of()	# RESULTDIR: how the verdict speaks of the mode
{
	case $(sed -n 's/^mode //p' "$1/expect") in
	shadow)		echo " under dma-shadow" ;;
	swiotlb)	echo " with swiotlb" ;;
	esac
}

kind_build()
{
	local program

	MDADM_ROOT=${MDADM_ROOT:-$OUT/mdadm-$GUEST_ARCH}
	find_tool mdadm
	find_tool dmsetup
	[ -z "$OVERLAY" ] || logged "$MOUT/build.log" build_dtb "$WIDTH" ||
		build_failed "$EX_BUILD" "overlay $OVERLAY"
	for program in raid-io raid-cost; do
		logged "$MOUT/build.log" "${CROSS_COMPILE}gcc" -static -Os -Wall \
			-Wextra -Werror -o "$MOUT/$program" "$HERE/guest/$program.c" ||
			build_failed "$EX_BUILD" "$program"
	done
}

find_tool()	# NAME
{
	local file

	file=$(in_root "$1" usr/sbin sbin) ||
		die "$EX_TOOL" "no $1 for the guest: unpack Debian's mdadm, dmsetup and the" \
			"libraries that README names, of $GUEST_ARCH, to $MDADM_ROOT, or name another folder by MDADM_ROOT"
	is_guest_elf "$file" ||
		die "$EX_TOOL" "$file is no $GUEST_ARCH executable"
	TOOLS[$1]=$file
}

# Where a file of the guest's userland is; links stay within its folder.
in_root()	# NAME FOLDER...
{
	local name=$1 folder found

	shift
	for folder; do
		found=$(find "$MDADM_ROOT/$folder" -maxdepth 2 -name "$name" \
			2> /dev/null | head -n 1)
		[ -n "$found" ] && { readlink -f "$found"; return; }
	done
	return 1
}

needed_by()	# ELF
{
	"${CROSS_COMPILE}readelf" -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'
}

# The libraries of the tools, and theirs: NAME FILE
guest_libraries()
{
	local todo='' name file seen=" "

	for file in "${TOOLS[@]}"; do
		todo=$todo${todo:+$'\n'}$(needed_by "$file")
	done
	while [ -n "$todo" ]; do
		name=${todo%%$'\n'*}
		todo=${todo#"$name"}
		todo=${todo#$'\n'}
		[[ -z $name || $seen == *" $name "* ]] && continue
		seen="$seen$name "
		file=$(in_root "$name" lib usr/lib) ||
			die "$EX_TOOL" "$MDADM_ROOT has no $name, which mdadm or dmsetup needs"
		echo "$name $file"
		todo=$todo${todo:+$'\n'}$(needed_by "$file")
	done
}

kind_initramfs()
{
	local name file libraries

	libraries=$(guest_libraries) || exit
	echo "dir /lib 0755 0 0"
	echo "slink /lib64 lib 0777 0 0"
	echo "dir /sbin 0755 0 0"
	echo "dir /tmp 0755 0 0"
	echo "dir /run 0755 0 0"
	for name in "${!TOOLS[@]}"; do
		echo "file /bin/$name ${TOOLS[$name]} 0755 0 0"
	done
	while read -r name file; do
		echo "file /lib/$name $file 0755 0 0"
	done <<< "$libraries"
	echo "file /bin/raid-io $MOUT/raid-io 0755 0 0"
	echo "file /bin/raid-cost $MOUT/raid-cost 0755 0 0"
	echo "file /engines.list $DEFS/engines.list 0644 0 0"
}

kind_keep()
{
	cp "$DEFS/engines.list" "$RESULT/"
}

kind_judge()	# DIR CHECKS
{
	awk -v checks="$2" -v table="$1/table" \
		-v allow_skip="${ALLOW_SKIP:-}" -f "$HERE/lib/verdict-common.awk" \
		-f "$HERE/lib/raid-verdict.awk" \
		"$1/expect" "$1/engines.list" "$1/scenario.scn" "$1/verdict.log"
}

kind_table()	# DIR
{
	printf '%-16s %6s %9s %8s %8s %8s %8s %7s\n' array steps "MiB read" \
		memcpy xor pq val errors
	[ -s "$1/table" ] || return 0
	while read -r array steps mib memcpy xor pq val errors; do
		printf '%-16s %6d %9d %8d %8d %8d %8d %7d\n' "$array" "$steps" \
			"$mib" "$memcpy" "$xor" "$pq" "$val" "$errors"
	done < "$1/table"
}
