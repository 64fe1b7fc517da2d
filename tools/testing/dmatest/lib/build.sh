# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Kernel, device trees and initramfs of a machine, all below $MOUT:
#	build/			the kernel's objects
#	kernel			its image
#	board-8.dtb, -32.dtb	dmatest: device trees for either memcpy bus width
#	initramfs.cpio, config, build.log

kmake()
{
	make -C "$KERNEL" O="$MOUT/build" ARCH="$ARCH" \
		CROSS_COMPILE="$CROSS_COMPILE" -j"$JOBS" "$@"
}

check_tree()
{
	[ -f "$KERNEL/drivers/dma/dmatest.c" ] ||
		die "$EX_USAGE" "$KERNEL is no kernel source tree: name one by KERNEL"
	[ -f "$KERNEL/.config" ] || [ -d "$KERNEL/include/config" ] &&
		die "$EX_CONFIG" \
		    "$KERNEL was built in: run 'make mrproper' there, or give another KERNEL"
	mkdir -p "$MOUT/build" 2> /dev/null ||
		die "$EX_USAGE" "cannot write to OUT=$OUT: give another OUT"
}

check_tools()
{
	local tool cross=${CROSS_COMPILE_DEFAULT%-}

	[ -z "${CROSS_COMPILE:-}" ] || command -v "${CROSS_COMPILE}gcc" > /dev/null ||
		die "$EX_TOOL" "no ${CROSS_COMPILE}gcc here: unset CROSS_COMPILE, or install it"
	CROSS_COMPILE=${CROSS_COMPILE:-$CROSS_COMPILE_DEFAULT}
	need "${CROSS_COMPILE}gcc" "gcc-${cross//_/-}"
	need_qemu
	for tool in make flex bison bc; do
		need "$tool" "$tool"
	done
	command -v ccache > /dev/null && [ -d /usr/lib/ccache ] &&
		PATH=/usr/lib/ccache:$PATH
	return 0
}

# The guest's userland is one static busybox for the machine's instruction
# set; that of the host will not do.
find_busybox()
{
	local candidate

	for candidate in "${BUSYBOX:-}" "$OUT/busybox-$GUEST_ARCH" \
			 "/usr/${CROSS_COMPILE_DEFAULT%-}/bin/busybox"; do
		[ -n "$candidate" ] && [ -f "$candidate" ] || continue
		is_static "$candidate" && { BUSYBOX=$candidate; return; }
		die "$EX_TOOL" "$candidate is not a static $GUEST_ARCH executable"
	done
	[ -z "${BUSYBOX:-}" ] || die "$EX_TOOL" "BUSYBOX=$BUSYBOX does not exist"
	die "$EX_TOOL" "no busybox for the guest: put a static one (Debian:" \
		"busybox-static of $GUEST_ARCH) at $OUT/busybox-$GUEST_ARCH, or name it by BUSYBOX"
}

# Class (1: 32 bits, 2: 64 bits), byte order (1: little) and machine of an ELF
# file for the guest
guest_elf()
{
	case $GUEST_ARCH in
	armel)		echo "1 1 40" ;;
	arm64)		echo "2 1 183" ;;
	amd64)		echo "2 1 62" ;;
	*)		die "$EX_USAGE" "what is an executable for $GUEST_ARCH?" ;;
	esac
}

is_guest_elf()	# FILE
{
	local class order isa

	read -r class order isa <<< "$(guest_elf)"
	[ "$(od -An -tx1 -N4 "$1" | tr -d ' ')" = 7f454c46 ] &&
		[ "$(od -An -tu1 -j4 -N2 "$1" | xargs)" = "$class $order" ] &&
		[ "$(od -An -tu2 -j18 -N2 "$1" | xargs)" = "$isa" ]
}

# One that asks for no interpreter, whose name would stand near the beginning
is_static()	# FILE
{
	is_guest_elf "$1" && ! head -c 4096 "$1" | grep -qa '/ld-'
}

config_fragments()
{
	local name

	for name in $CONFIGS; do
		echo "$HERE/configs/$name.config"
	done
	[ -z "${EXTRA_CONFIG:-}" ] || echo "$EXTRA_CONFIG"
}

# What was asked for and is not so in the final .config; of two lines about
# one symbol the later counts.
config_not_taken()	# ASKED FINAL
{
	awk '
	function symbol(line)
	{
		sub(/^# /, "", line)
		sub(/[= ].*/, "", line)
		return line
	}
	!/^(# )?CONFIG_[A-Za-z0-9_]+(=| is not set$)/ { next }
	FNR == NR	{ asked[symbol($0)] = $0; next }
			{ final[symbol($0)] = $0 }
	END {
		for (s in asked) {
			if (asked[s] == final[s])
				continue
			if (asked[s] ~ / is not set$/ && !(s in final))
				continue
			print asked[s]
		}
	}' "$1" "$2"
}

configure()
{
	local asked=$MOUT/config.asked fragment missing strange

	: > "$asked"
	while read -r fragment; do
		[ -f "$fragment" ] && cat "$fragment" >> "$asked" ||
			die "$EX_CONFIG" "cannot read config fragment $fragment"
		# Kconfig passes over what it does not understand
		strange=$(grep -nvE '^(CONFIG_[A-Za-z0-9_]+=.+|#.*|)$' "$fragment" | head -n 1)
		[ -z "$strange" ] ||
			die "$EX_CONFIG" "$fragment: no line of a configuration: $strange"
	done < <(config_fragments)

	logged "$MOUT/build.log" kmake -s KCONFIG_ALLCONFIG="$asked" allnoconfig ||
		build_failed "$EX_CONFIG" "configuration"
	cp "$MOUT/build/.config" "$MOUT/config"
	missing=$(config_not_taken "$asked" "$MOUT/config")
	[ -z "$missing" ] ||
		die "$EX_CONFIG" \
		    "the kernel's configuration refused: $(echo "$missing" | paste -sd ';')"
}

build_failed()	# CODE WHAT
{
	grep -nE 'error|Error|\*\*\*|undefined' "$MOUT/build.log" | head -n 5 >&2
	die "$1" "$2 failed, see $MOUT/build.log"
}

# Tell how many files make has done, each half a minute: silence for minutes looks
# like a hang. The rest of what it says is for the log.
tell_progress()
{
	local line files=0 next=$((SECONDS + 30))

	while IFS= read -r line; do
		case $line in
		"  "[A-Z]*)
			files=$((files + 1))
			;;
		*)
			printf '%s\n' "$line" >> "$MOUT/build.log"
			;;
		esac
		if [ "$SECONDS" -ge "$next" ]; then
			say "$MACHINE: $files files done"
			next=$((SECONDS + 30))
		fi
	done
}

make_image()
{
	if [ "$V" = 1 ]; then
		logged "$MOUT/build.log" kmake "${IMAGE##*/}"
	else
		kmake --no-print-directory "${IMAGE##*/}" 2>&1 | tell_progress
	fi
}

build_kernel()
{
	make_image || build_failed "$EX_BUILD" "the kernel's build"
	# overlays refer to the board's labels
	[ -z "$DTB" ] || DTC_FLAGS=-@ logged "$MOUT/build.log" kmake -s "$DTB" ||
		build_failed "$EX_BUILD" "the device tree's build"
	cp "$MOUT/build/$IMAGE" "$MOUT/kernel"
	git -C "$KERNEL" rev-parse --short=12 HEAD > "$MOUT/commit" 2> /dev/null
	return 0
}

# shellcheck disable=SC2153 # OVERLAY comes from the machine
build_dtb()	# WIDTH
{
	local base=$MOUT/build/arch/$ARCH/boot/dts/$DTB
	local dtc=$MOUT/build/scripts/dtc overlay=$MOUT/overlay-$1

	"${CROSS_COMPILE}gcc" -E -nostdinc -undef -D__DTS__ \
		-x assembler-with-cpp -DMEMCPY_BUS_WIDTH="$1" \
		-o "$overlay.dts" "$HERE/dts/$OVERLAY" &&
	"$dtc/dtc" -q -@ -I dts -O dtb -o "$overlay.dtbo" "$overlay.dts" &&
	"$dtc/fdtoverlay" -i "$base" -o "$MOUT/board-$1.dtb" "$overlay.dtbo"
}

# Only machines with a PL08x need it.
build_kick()
{
	[ -n "$PL080_SYNC" ] || return 0
	"${CROSS_COMPILE}gcc" -static -Os -Wall -Wextra -Werror \
		-o "$MOUT/qemu-pl080-kick" "$HERE/guest/qemu-pl080-kick.c"
}

initramfs_list()
{
	local file applet

	cat "$HERE/guest/initramfs.list"
	echo "file /bin/busybox $BUSYBOX 0755 0 0"
	kind_initramfs || return
	echo "file /bin/${RUNS_SCRIPT##*/} $RUNS_SCRIPT 0755 0 0"
	echo "file /bin/witness.sh $HERE/guest/witness.sh 0644 0 0"
	echo "file /init $HERE/guest/init.sh 0755 0 0"
	for applet in $GUEST_APPLETS; do
		echo "slink /bin/$applet busybox 0777 0 0"
	done
	for file in "$DEFS"/scenarios/*.scn; do
		echo "file /scenarios/${file##*/} $file 0644 0 0"
	done
}

build_initramfs()
{
	initramfs_list > "$MOUT/initramfs.txt" &&
	"$MOUT/build/usr/gen_init_cpio" "$MOUT/initramfs.txt" \
		> "$MOUT/initramfs.cpio"
}

build_guest()
{
	kind_build
	logged "$MOUT/build.log" kmake -s usr/gen_init_cpio ||
		build_failed "$EX_BUILD" "gen_init_cpio"
	build_initramfs 2>> "$MOUT/build.log" ||
		build_failed "$EX_BUILD" "the initramfs"
}

# The build folder is this run's until what it boots is copied from there.
lock_build()
{
	exec {BUILD_LOCK}> "$MOUT/lock"
	flock -n "$BUILD_LOCK" ||
		{ say "waiting for another build of $MACHINE"; flock "$BUILD_LOCK"; }
}

unlock_build()
{
	[ -z "${BUILD_LOCK:-}" ] || exec {BUILD_LOCK}>&-
	BUILD_LOCK=
}

build_all()
{
	check_tree
	check_tools
	find_busybox
	lock_build
	: > "$MOUT/build.log"
	say "$MACHINE: configuring, next: kernel"
	configure
	say "$MACHINE: building the kernel (first time: some minutes), next: guest"
	build_kernel
	say "$MACHINE: building device trees and initramfs"
	build_guest
	say "$MACHINE: built in $MOUT"
}
