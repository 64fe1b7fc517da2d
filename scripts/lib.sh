# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the shell scripts share: messages, elapsed time, exit codes.
# Source it; it moves to the top of the repository and sets TOP and BUILD.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
BUILD=$(realpath -m -- "${BUILD:-$TOP/build}") || exit 1
# shellcheck disable=SC2034 # for those who source this
JOBS=${JOBS:-$(nproc)}
[[ $JOBS =~ ^[1-9][0-9]*$ ]] || { echo "JOBS=$JOBS is no number of jobs" >&2; exit 2; }
export LC_ALL=C
export CCACHE_DIR=${CCACHE_DIR:-$BUILD/ccache}
# What make was given is not for the kernel's make; it has come by environment.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
# Nor is the user's own tree for them: only scripts/compose puts the series on it.
unset KERNEL
# Nor are a compiler and an architecture that were exported for it.
unset CROSS_COMPILE ARCH
cd "$TOP" || exit 1

# Kernels that are built at out/MACHINE/build beside their tree, linux, differ in
# where that is.  With its paths relative the cache has the objects of one for the
# other, and messages name files as they would without.
share_objects() {
	export CCACHE_BASEDIR=$BUILD
	export KCFLAGS="-fmacro-prefix-map=../../../linux/= ${KCFLAGS-}"
}

# Exit codes.  The harness in tools/testing/dmatest uses 13 to 17.
# shellcheck disable=SC2034
E_USAGE=2 E_DEPS=10 E_BASE=11 E_PATCH=12 E_CONFIG=13 E_BOOT=15 \
	E_TEST=16 E_SPLAT=17

code_meaning() {
	case $1 in
	0) echo "success" ;;
	2) echo "wrong usage" ;;
	10) echo "a tool or package is missing" ;;
	11) echo "the base kernel could not be had" ;;
	12) echo "the series does not compose" ;;
	13) echo "a kernel configuration line did not take effect" ;;
	14) echo "the kernel did not build" ;;
	15) echo "the guest did not boot, or hung" ;;
	16) echo "a test failed" ;;
	17) echo "the kernel complained (warning, oops, leak)" ;;
	124) echo "time ran out" ;;
	130) echo "interrupted" ;;
	*) echo "failed" ;;
	esac
}

# Messages go to stderr: stdout belongs to results.
say() { printf '%s\n' "$*" >&2; }

# loud MESSAGE: for what must not be overlooked
loud() {
	if [ -t 2 ]; then
		printf '\033[1m!!! %s\033[0m\n' "$*" >&2
	else
		say "!!! $*"
	fi
}

# die CODE MESSAGE: the one line that says what is wrong and what to do
die() {
	local code=$1
	shift
	say "error: $*"
	exit "$code"
}

# no_arguments ARGUMENT...: for scripts that take none, and run for long
no_arguments() {
	[ $# = 0 ] || die "$E_USAGE" "$0 takes no arguments; its head tells what it does"
}

need_tool() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null ||
			die "$E_DEPS" "$tool is missing: run scripts/install-deps run check"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

can_root() {
	[ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

# guest_arch HARNESS MACHINE: Debian's name of the architecture of a machine of the
# harness; armel if there is no such machine, which the harness will then say
guest_arch() {
	local arch dir
	dir=$(dirname "$1")
	arch=$(sed -n 's/^GUEST_ARCH=//p' "$dir/machines/$2.mach" "$dir/raid/machines/$2.mach" 2>/dev/null)
	echo "${arch:-armel}"
}

# get_guest ARCH [mdadm]: the guest's userland, for the harness
get_guest() {
	BUSYBOX=$(scripts/fetch-guest "$1") || return
	export BUSYBOX
	[ "${2-}" = mdadm ] || return 0
	MDADM_ROOT=$(scripts/fetch-guest "$1" mdadm) || return
	export MDADM_ROOT
}

# fixed_git [KEY VALUE]...: nobody's settings of git change the outcome, but these
fixed_git() {
	local n=0
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
	set -- safe.directory '*' "$@"
	while [ $# -gt 0 ]; do
		export "GIT_CONFIG_KEY_$n=$1" "GIT_CONFIG_VALUE_$n=$2"
		n=$((n + 1))
		shift 2
	done
	export GIT_CONFIG_COUNT=$n
}

# Another run may be at the package lists, which apt does not wait for.
update_later() {
	tail -n 5 "$BUILD/apt.log" | grep -q 'Could not get lock' || return
	sleep 30
	timed "apt-get update, again" as_root apt-get -q update
}

# apt_update: get the package lists, if that was not done in the last hours
apt_update() {
	[ -n "$(find "$BUILD/apt.updated" -mmin -720 2>/dev/null)" ] && return
	can_root || die "$E_DEPS" "the package lists must be fetched: run apt-get update as root"
	timed "apt-get update" as_root apt-get -q update || update_later || return
	touch "$BUILD/apt.updated"
}

# timed WHAT COMMAND...: run with the output in build/apt.log and one line when
# it ends; on failure show the end of the log
timed() {
	local what=$1 log=$BUILD/apt.log start=$SECONDS from
	shift
	printf '== %s\n' "$what" >>"$log"
	from=$(wc -l <"$log")
	say "$what ..."
	if "$@" >>"$log" 2>&1 </dev/null; then
		say "$what: $((SECONDS - start)) s"
		return 0
	fi
	tail -n "+$((from + 1))" "$log" | tail -n 15 | sed 's/^/  | /' >&2
	say "$what: failed after $((SECONDS - start)) s, log in $log"
	return 1
}

# make_build: the folder BUILD, which is marked as one that can be made again, as
# other tools want it marked (https://bford.info/cachedir/).  Without the mark only
# what is empty is taken, or what is called build here: `make clean` removes from it.
make_build() {
	local mark=$BUILD/CACHEDIR.TAG
	mkdir -p "$BUILD" 2>/dev/null && [ -w "$BUILD" ] ||
		die "$E_USAGE" "cannot write to BUILD=$BUILD: name another folder"
	[ ! -f "$mark" ] || return 0
	[ "$BUILD" = "$TOP/build" ] || [ -z "$(ls -A "$BUILD")" ] ||
		die "$E_USAGE" "BUILD=$BUILD has files that were not built here: name a folder that is new or empty"
	printf 'Signature: 8a477f597d28d172789f06886806bc55\n# made by %s\n' "$TOP" >"$mark"
}
make_build
