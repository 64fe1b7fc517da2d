# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# One boot: a results folder with all that is needed to repeat and to judge
# it, the emulator under a time limit, progress as the guest reports it.
#
# The console is the guest's first serial port and goes to a file. The verdict
# comes through the second, where the kernel never writes, to standard output.

check_guest_fault()
{
	case " ${GUEST_FAULTS//[[:space:]]/ } " in
	*" ${FAULT:-panic} "*)	;;
	*) die "$EX_USAGE" "no guest fault '$FAULT': one of $GUEST_FAULTS" ;;
	esac
}

new_nonce()
{
	od -An -N8 -tx1 /dev/urandom | tr -d ' \n'
}

# Nothing here depends on the build folder any more: it may change.
make_result_dir()
{
	local stamp name

	stamp=$(date -u +%Y%m%dT%H%M%SZ)
	name=$MACHINE-$SCENARIO${MODE_NAME:+-$MODE_NAME}-$stamp
	mkdir -p "$OUT/results"
	until RESULT=$OUT/results/$name; mkdir "$RESULT" 2> /dev/null; do
		name=$MACHINE-$SCENARIO${MODE_NAME:+-$MODE_NAME}-$stamp-$RANDOM
		[ -w "$OUT/results" ] ||
			die "$EX_USAGE" "cannot write to $OUT/results"
	done
	ln -sfn "$name" "$OUT/results/latest"
	echo crashed > "$RESULT/status"
	: > "$RESULT/console.log"
	: > "$RESULT/verdict.log"
	cp "$MOUT/kernel" "$MOUT/initramfs.cpio" "$MOUT/config" "$RESULT/"
	[ -z "$DTB" ] || cp "$(kind_board)" "$RESULT/board.dtb"
	cp "$SCENARIO_FILE" "$RESULT/scenario.scn"
	kind_keep
	NONCE=$(new_nonce)
	write_expect > "$RESULT/expect"
	write_versions > "$RESULT/versions"
	write_qemu_cmd > "$RESULT/qemu-cmd"
	chmod +x "$RESULT/qemu-cmd"
	unlock_build
}

write_expect()
{
	echo "machine $MACHINE"
	echo "scenario $SCENARIO"
	echo "nonce $NONCE"
	kind_expect
}

write_versions()
{
	echo "kernel: $(cat "$MOUT/build/include/config/kernel.release")"
	[ ! -s "$MOUT/commit" ] || echo "commit: $(cat "$MOUT/commit")"
	echo "source: $KERNEL"
	echo "compiler: $("${CROSS_COMPILE:-$CROSS_COMPILE_DEFAULT}gcc" --version | head -n 1)"
	echo "emulator: $("$QEMU" --version | head -n 1)"
	echo "initramfs: $(sha256sum < "$MOUT/initramfs.cpio" | cut -c 1-16)"
	echo "host: $(uname -srm)"
}

kernel_command_line()
{
	printf '%s' "console=$CONSOLE loglevel=7 log_buf_len=8M" \
		" printk.devkmsg=on panic=-1" \
		" DMATEST_SCENARIO=$SCENARIO DMATEST_NONCE=$NONCE" \
		" DMATEST_TTY=$VERDICT_TTY${FAULT:+ DMATEST_FAULT=$FAULT}"
	kind_command_line
}

# The boards have sound, and no driver for it on the host is wanted. How to say
# so changed in QEMU 8.2: older ones do not know the new way, newer ones insist.
no_sound()
{
	local board=${QEMU_ARGS#-M }

	if "$QEMU" -M "${board%% *},help" 2>&1 | grep -q '^ *audiodev='; then
		echo "-audio none"
	else
		echo "-audiodev none,id=none"
	fi
}

write_qemu_cmd()
{
	cat <<-EOF
	#!/bin/sh
	# Repeats this boot. The verdict goes to standard output, the console
	# to \$CONSOLE_LOG. Then: $PROGRAM judge FOLDER
	cd "\$(dirname "\$0")" || exit 1
	exec timeout --foreground \${TIMEOUT:-$LIMIT} \\
	  $QEMU $QEMU_ARGS \\
	  -nodefaults -no-reboot -display none -monitor none \\
	  $(no_sound) \\
	  -kernel kernel ${DTB:+-dtb board.dtb }-initrd initramfs.cpio \\
	  -serial file:"\${CONSOLE_LOG:-console-again.log}" -serial stdio \\
	  -append "$(kernel_command_line)" < /dev/null
	EOF
}

# Copies the guest's verdict to its log and tells the user what it says.
follow_verdict()
{
	local line total='?' name next log

	exec {log}> "$RESULT/verdict.log"
	while IFS= read -r line; do
		printf '%s\n' "$line" >&"$log"
		case $line in
		1..*)	total=${line#1..}
			say "booted, next: $(result_name 1)" ;;
		"ok "*|"not ok "*)
			name=${line#not }
			name=${name#ok }
			next=$(result_name $((${name%% *} + 1)))
			say "${name%% *}/$total ${line%% [0-9]*} ${name#* }, next: $next" ;;
		'# log-lines:'*)
			say "the kernel's log has ${line##* } lines" ;;
		esac
	done
}

# The names of all results of the scenario, in order
expected_results()
{
	kind_results "$SCENARIO_FILE"
	sed -n 's/^checks="\(.*\)"$/\1/p' "$RUNS_SCRIPT" | tr ' ' '\n'
	kind_witness
}

result_name()	# NUMBER
{
	local name

	name=$(expected_results | sed -n "$1p")
	echo "${name:-the log}"
}

boot()
{
	local status

	say "booting $MACHINE, scenario $SCENARIO${MODE_NAME:+, $MODE_NAME}, at most $LIMIT s"
	[ "$V" = 1 ] && cat "$RESULT/qemu-cmd"
	CONSOLE_LOG=console.log "$RESULT/qemu-cmd" 2> "$RESULT/qemu.log" |
		follow_verdict
	status=${PIPESTATUS[0]}
	echo "$status" > "$RESULT/qemu-status"
	case $status in
	0)	say "the machine has ended" ;;
	124)	say "no end after $LIMIT s, stopped" ;;
	*)	say "$QEMU failed with status $status, see $RESULT/qemu.log" ;;
	esac
}

boot_and_judge()
{
	need_qemu
	[ -f "$MOUT/initramfs.cpio" ] && [ -f "$MOUT/kernel" ] ||
		die "$EX_USAGE" "$MACHINE is not built: $PROGRAM build $MACHINE"
	make_result_dir
	boot
	judge_dir "$RESULT"
}
