#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the kernel's dmatest under QEMU on machines that have a DMA controller,
# and judges the result. README says what that proves. KIND=raid, which is what
# raid.sh is for, runs md's RAID on simulated engines instead.

set -u -o pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 2
KERNEL=$(realpath -m "${KERNEL:-$HERE/../../..}")
OUT=$(realpath -m "${OUT:-$KERNEL/../dmatest-out}")
: "${JOBS:=$(nproc)}"
[[ $JOBS =~ ^[1-9][0-9]*$ ]] || { echo "JOBS=$JOBS is no number of jobs" >&2; exit 2; }
: "${V:=0}"
SPLAT_LISTS=$HERE/splat

KIND=${KIND:-dmatest}
[ -r "$HERE/lib/kind-$KIND.sh" ] || { echo "no kind '$KIND'" >&2; exit 2; }
# shellcheck source=lib/kind-dmatest.sh
. "$HERE/lib/kind-$KIND.sh"
# shellcheck source=lib/common.sh
. "$HERE/lib/common.sh"
# shellcheck source=lib/build.sh
. "$HERE/lib/build.sh"
# shellcheck source=lib/boot.sh
. "$HERE/lib/boot.sh"
# shellcheck source=lib/judge.sh
. "$HERE/lib/judge.sh"
# shellcheck source=lib/faults.sh
. "$HERE/lib/faults.sh"
# shellcheck source=lib/selftest.sh
. "$HERE/lib/selftest.sh"

usage()
{
	cat <<-EOF
	usage: $PROGRAM COMMAND
	  build MACHINE             kernel, device trees and initramfs
	  run MACHINE SCENARIO [MODE]
	                            build what is needed, boot, run, judge;
	                            MODE, one of $MODES:
	                            $MODES_TEXT
	  judge RESULTDIR           judge stored logs again
	  faults MACHINE [NAME...]  plant each fault and see that it is found
	  fault-build MACHINE NAME  build with faults/NAME.patch applied
	  selftest                  judge the logs under selftest/, and see that all
	                            faults can be planted: no kernel is built
	  list                      machines, scenarios and faults
	  help                      this text

	environment, with its present value or default:
	  KERNEL         kernel source tree: $KERNEL
	  OUT            all output: $OUT
	  BUSYBOX        static busybox for the guest: ${BUSYBOX:-searched for}
	  MDADM_ROOT     (raid) folder with mdadm and its libraries: ${MDADM_ROOT:-searched for}
	  CROSS_COMPILE  compiler prefix: ${CROSS_COMPILE:-by machine}
	  JOBS           parallel compilations: $JOBS
	  TIMEOUT        seconds for a boot: ${TIMEOUT:-by scenario}
	  EXTRA_CONFIG   one more config fragment: ${EXTRA_CONFIG:-none}
	  FAULT          fault to plant in the guest: ${FAULT:-none}
	  NOBUILD=1      run what was built last
	  ALLOW_NO_LIVE=1  accept summaries without a count of live mappings
	  ALLOW_SKIP=1   accept witnesses that the kernel lacks
	  V=1            show the commands and their output

	exit status: 0 ok, 2 usage, 10 missing tool, 13 config, 14 build,
	  15 no verdict (boot, hang), 16 test failed, 17 splat
	EOF
}

cmd_build()
{
	no_more "${@:2}"
	load_machine "${1:-}"
	build_all
}

cmd_run()
{
	no_more "${@:4}"
	load_machine "${1:-}"
	load_scenario "${2:-}"
	load_mode "${3:-}"
	check_guest_fault
	[ -n "${NOBUILD:-}" ] || build_all
	boot_and_judge
}

# no_more LEFT...: what is behind the last argument of a command
no_more()
{
	[ $# = 0 ] || die "$EX_USAGE" "'$*' is one too many: see $PROGRAM help"
}

cmd_list()
{
	echo "machines:"
	for file in "$DEFS"/machines/*.mach; do
		(load_machine "$(basename "$file" .mach)" &&
			printf '  %-18s %s\n' "$MACHINE" "$DESCRIPTION")
	done
	echo "scenarios:"
	for file in "$DEFS"/scenarios/*.scn; do
		(load_scenario "$(basename "$file" .scn)" &&
			printf '  %-18s %s\n' "$SCENARIO" "$SCENARIO_TEXT")
	done
	echo "faults:"
	list_faults
}

main()
{
	local command=${1:-}

	[ $# -gt 0 ] && shift
	case $command in
	build)		cmd_build "$@" ;;
	run)		cmd_run "$@" ;;
	list)		cmd_list ;;
	judge)		cmd_judge "$@" ;;
	faults)		cmd_faults "$@" ;;
	fault-build)	cmd_fault_build "$@" ;;
	selftest)	cmd_selftest ;;
	help|-h|--help)	usage ;;
	'')		usage >&2; exit "$EX_USAGE" ;;
	*)		die "$EX_USAGE" "unknown command '$command': see $PROGRAM help" ;;
	esac
}

# on one line, so that nothing is read after it should this file be edited
main "$@"; exit $?
