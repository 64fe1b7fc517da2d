#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Makes the md arrays of a scenario, and its devices of dm-integrity, out of ram
# disks next to engines of dma-sim, writes the same to a device and to a reference,
# and compares the two after each step. Then it asks the kernel's own witnesses. It
# knows nothing of any emulator, but wants to be root, and ram disks that nobody
# else uses.
#
#	[NONCE=word] [MODE=plain|swiotlb|shadow] [FAULT=name] \
#		raid-runs.sh SCENARIO.scn ENGINES.list > verdict.log
#
# Standard output is KTAP: of each array a result for its creation, each step,
# its engines and their removal, then one a witness, the kernel log as
# diagnostics, and as the very last line "verdict NONCE COUNT". How much was
# compared, what check found and what the engines did stands in lines "# data",
# "# mismatch" and "# engine"; the judge, on the host, reads whether that is what
# was asked for.

# shellcheck source=witness.sh
. "$(dirname "$0")/witness.sh"

checks="dma-debug lockdep taint kmemleak"
sim=/sys/kernel/config/dma-sim
sys=/sys/block/md0/md
ref=/tmp/reference
journal=/dev/ram17
planned=0
seed=1

# --- engines -----------------------------------------------------------------

set_engine()	# INSTANCE SETTING=VALUE...
{
	dir=$sim/$1
	[ "$FAULT" = keep ] && [ -d "$dir" ] && return
	mkdir "$dir" || { why="no engine $1"; return; }
	shift
	[ "$MODE" = shadow ] && [ "$FAULT" != unwatched ] &&
		echo 1 > "$dir/shadow"
	for setting; do
		key=${setting%%=*}
		case $key in
		fault_*)	key=$key/every ;;
		esac
		echo "${setting#*=}" > "$dir/$key" || why="$dir: no $setting"
	done
	echo 1 > "$dir/enabled" || why="$dir cannot be enabled"
	note_failed
}

# The counters of dma-shadow go on with the next engine of the same name.
note_failed()
{
	read -r device < "$dir/dev_name"
	{ read -r failed < "$shadows/$device/failed"; } 2> /dev/null || failed=0
	eval "failed_before_${device##*.}=$failed"
}

set_engines()	# SET
{
	while read -r set name settings; do
		[ "$set" = "$1" ] && [ "$name" != does ] || continue
		# shellcheck disable=SC2086 # one argument a setting
		set_engine "$name" $settings
	done < "$engines_list"
	echo "# engines $array: $(channels)"
}

# The names of all channels there are
channels()
{
	for dir in /sys/class/dma/*; do
		[ ! -e "$dir" ] || printf '%s ' "${dir##*/}"
	done
}

# One that is idle has ended all that it was given.
judge_engine()	# DIRECTORY
{
	why=
	read -r device < "$1/dev_name"
	stats=$debug/dma-sim/$device/stats
	ended=0
	submitted=none
	while read -r key value; do
		echo "# engine $array ${1##*/} $key $value"
		case $key in
		submitted)	submitted=$value ;;
		completed|errors|terminated) ended=$((ended + value)) ;;
		esac
	done < "$stats"
	[ "$submitted" = "$ended" ] ||
		why="${1##*/}: $ended of $submitted descriptors have ended"
	read -r shadowed < "$1/shadow"
	read -r fails < "$1/fault_map/every"
	failed=0
	earlier=0
	eval "earlier=\$failed_before_${device##*.}"
	[ "$shadowed" = 1 ] && judge_shadow "$device" "$earlier"
	echo "# engine $array ${1##*/} map_failed $failed"
	# one that had nothing to do
	[ "$submitted" = 0 ] && [ "$why" = "nothing was mapped for $device" ] &&
		why=
	# mappings that were told to fail
	[ "$fails" != 0 ] && [ "$why" = "$failed mappings failed" ] && why=
}

engines_present()
{
	for dir in "$sim"/*; do
		[ -d "$dir" ] && return
	done
	return 1
}

judge_engines()
{
	wrong=
	why=
	if engines_present; then
		for dir in "$sim"/*; do
			judge_engine "$dir"
			[ -n "$wrong" ] || wrong=$why
		done
		why=$wrong
	elif [ -n "$(channels)" ]; then
		why="there are engines: $(channels)"
	fi
	result "$array-engines" "$why"
}

remove_engines()
{
	why=
	[ "$FAULT" != keep ] || {
		result "$array-removed" "the engines are kept"
		return
	}
	if engines_present; then
		rmdir "$sim"/* || why="an engine cannot be removed"
	fi
	left=$(channels)
	[ -z "$left" ] || why="channels are left: $left"
	[ -z "$before" ] || after=$(live_mappings)
	[ "$after" = "$before" ] ||
		why="dma-debug counts $after mappings, $before before"
	result "$array-removed" "$why"
}

# --- the array -----------------------------------------------------------------

members()	# FIRST LAST [MISSING...]: their names, those missing as such
{
	first=$1
	last=$2
	shift 2
	while [ "$first" -le "$last" ]; do
		case " $* " in
		*" $first "*)	printf 'missing ' ;;
		*)		printf "$member%d " "$first" ;;
		esac
		first=$((first + 1))
	done
}

quietly()	# COMMAND...
{
	said=$("$@" 2>&1) || {
		why="$1 $2: $(echo "$said" | tail -n 1)"
		return 1
	}
}

policy()
{
	case $consistency in
	ppl)		echo "--consistency-policy=ppl" ;;
	write-*)	echo "--write-journal=$journal" ;;
	*)		echo "--consistency-policy=resync" ;;
	esac
}

# What is on the disks counts as consistent.
create_array()	# [MISSING...]
{
	# shellcheck disable=SC2046 # one argument a member
	quietly mdadm --create "$md" --run --quiet --assume-clean --level="$level" \
		--raid-devices="$disks" --chunk="$chunk" --layout="$layout" \
		--metadata=1.2 --data-offset=4M --size="$size" $(policy) \
		$(members 0 $((disks - 1)) "$@") && tune
}

assemble_array()
{
	# shellcheck disable=SC2046 # one argument a member
	quietly mdadm --assemble "$md" --run --quiet \
		$(members 0 $((disks - 1))) $(journal_member) && tune
}

journal_member()
{
	case $consistency in
	write-*)	echo $journal ;;
	esac
}

tune()
{
	echo 1000000 > $sys/sync_speed_min
	tune_one stripe_cache_size 64
	[ -z "$skip_copy" ] || tune_one skip_copy "$skip_copy"
	[ -z "$rmw_level" ] || tune_one rmw_level "$rmw_level"
	[ -z "$threads" ] || tune_one group_thread_cnt "$threads"
	case $consistency in
	write-*)
		echo "$consistency" > $sys/journal_mode
		[ "$(cat $sys/journal_mode)" = "$(journal_modes)" ] ||
			why="journal_mode is not $consistency" ;;
	ppl)
		[ "$(cat $sys/consistency_policy)" = ppl ] ||
			why="there is no ppl" ;;
	esac
}

tune_one()	# NAME VALUE
{
	echo "$2" > "$sys/$1"
	read -r is < "$sys/$1"
	[ "$is" = "$2" ] || why="$1 is $is instead of $2"
}

journal_modes()
{
	case $consistency in
	write-back)	echo "write-through [write-back]" ;;
	*)		echo "[write-through] write-back" ;;
	esac
}

stop_array()
{
	quietly mdadm --stop --quiet "$md"
}

bytes_of_array()
{
	echo $(((disks - level + 4) * size * 1024))
}

# --- disks with bad blocks --------------------------------------------------------

# The same array on dm-dust, of which blocks cannot be read until they are written
cover_disks()	# [MILLISECONDS that a read of the second takes]
{
	stop || return
	read -r sectors < /sys/block/ram0/size
	major=$(sed -n 's/ *\([0-9]*\) device-mapper$/\1/p' /proc/devices)
	for disk in $(seq 0 $((disks - 1))); do
		minor=$disk
		# beneath the slow one, which md has for it
		[ "$disk" != 1 ] || [ -z "$1" ] || minor=17
		quietly dmsetup create "dust$disk" --noudevsync \
			--major "$major" --minor "$minor" --table \
			"0 $sectors dust /dev/ram$disk 0 4096" &&
			dust "$disk" quiet && dust "$disk" enable || return
	done
	[ -z "$1" ] || quietly dmsetup create delay --noudevsync \
		--major "$major" --minor 1 --table \
		"0 $sectors delay /dev/dm-17 0 $1 /dev/dm-17 0 0" || return
	member=/dev/dm-
	create
}

uncover_disks()
{
	[ ! -b "$md" ] || stop || return
	for name in delay $(seq 0 $((disks - 1)) | sed 's/^/dust/'); do
		! dmsetup info "$name" > /dev/null 2>&1 ||
			quietly dmsetup remove --noudevsync "$name" || return
	done
	member=/dev/ram
	create
}

dust()		# DISK MESSAGE...
{
	to=dust$1
	shift
	quietly dmsetup message "$to" 0 "$@"
}

# Every so many blocks of as many disks as it can do without
make_bad()	# STEP
{
	read -r start < $sys/rd0/offset
	first=$((start / 8))
	last=$((first + size / 4 - 1))
	dust 1 clearbadblocks || return
	[ "$level" = 5 ] || dust 3 clearbadblocks || return
	for block in $(seq $first "$1" $last); do
		dust 1 addbadblock "$block" || return
		[ "$level" = 5 ] || dust 3 addbadblock "$block" || return
	done
}

# How often md has corrected a read error
corrected()
{
	cat $sys/dev-dm-*/errors | awk '{ n += $1 } END { print n + 0 }'
}

# --- dm-integrity ----------------------------------------------------------------

# With a cipher that works like a stream the journal is encrypted by an xor with
# what that gives for zeroes. What is written stays there until the journal is full.
# Mode R does without it.
assemble_integrity()	# [MODE]
{
	options="journal_sectors:2048 journal_watermark:100 internal_hash:crc32c"
	cipher="journal_crypt:ctr(aes):000102030405060708090a0b0c0d0e0f"
	quietly dmsetup create integrity --noudevsync --table \
		"0 $((size * 2)) integrity $disk 0 - ${1:-J} 4 $options $cipher"
}

# A block has no checksum before all of it is written.
create_integrity()
{
	disk=/dev/ram0
	assemble_integrity || return
	[ -b "$md" ] || { why="$md is no device"; return 1; }
	quietly dd if=/dev/zero of="$md" bs=4096 count=$((size / 4)) conv=fsync
}

stop_integrity()
{
	quietly dmsetup remove --noudevsync integrity
}

bytes_of_integrity()
{
	echo $((size * 1024))
}

# --- either ----------------------------------------------------------------------

create()
{
	"create_$kind" "$@"
}

stop()
{
	"stop_$kind"
}

# Nothing of the array stays in memory.
restart()
{
	stop && "assemble_$kind"
}

# Members and reference are zero, so P and Q are right.
clear_disks()
{
	for disk in /dev/ram*; do
		quietly raid-io discard "$disk" /dev/null 0 16777216
	done
	rm -f $ref
	bytes=$("bytes_of_$kind")
	dd if=/dev/zero of=$ref bs=1024 seek=$((bytes / 1024)) count=0 2> /dev/null
}

do_create()
{
	why=
	[ -z "$discard" ] || echo Y > /sys/module/raid456/parameters/devices_handle_discard_safely
	clear_disks
	create && compare
	echo N > /sys/module/raid456/parameters/devices_handle_discard_safely
	result "$array-create" "$why"
}

# --- what is done to it --------------------------------------------------------

io()		# COMMAND...
{
	said=$(raid-io "$@" 2>&1)
	status=$?
	echo "$said" | sed "s/^/# data $array-$step /"
	[ "$status" = 0 ] || why="raid-io $1: $(echo "$said" | head -n 1)"
	return "$status"
}

compare()	# [buffered]
{
	echo 3 > /proc/sys/vm/drop_caches
	io compare "$md" $ref "$bytes" "$@"
}

next_seed()
{
	seed=$((seed + 1))
}

# Wait until nothing is synchronised; $1 is what was under way.
wait_idle()	# WHAT
{
	waited=0
	while [ "$(cat $sys/sync_action)" != idle ]; do
		sleep 0.2
		waited=$((waited + 1))
		[ $waited -lt 1500 ] || {
			why="$1 is still under way: $(cat $sys/sync_completed)"
			return 1
		}
	done
}

# How often the log says that such a thing has come to its end
count_done()	# WHAT
{
	dmesg | grep -c "md: md0: $1 done"
}

sync_array()	# check|repair
{
	had=$(count_done "$1")
	echo "$1" > $sys/sync_action || { why="no $1"; return 1; }
	wait_idle "$1" || return
	[ "$(count_done "$1")" = $((had + 1)) ] || why="$1 did not end well"
	read -r mismatches < $sys/mismatch_cnt
	echo "# mismatch $array-$step $1 $mismatches"
}

step_full()
{
	io fill "$md" $ref "$bytes" "$seed" 1048576
	[ "$FAULT" != change ] || raid-io garbage "$md" 65536 2048 9 > /dev/null
	compare
}

# Sizes that fit nothing
step_odd()
{
	io fill "$md" $ref "$bytes" "$seed" 102912 && compare
}

# Each block of a stripe has another writer.
step_small()
{
	io random "$md" $ref "$bytes" "$seed" "$count_small" 4096 4 && compare
}

step_mixed()
{
	io random "$md" $ref "$bytes" "$seed" "$count_small" 16384 3 &&
		compare buffered
}

# In a small place, so that stripes are in use all the time
step_crowd()
{
	io random "$md" $ref $((16 * disks * 4096)) "$seed" "$count_small" 4096 8 &&
		compare
}

# All write the same few blocks: what comes meanwhile is for the same sectors.
step_meet()
{
	io meet "$md" $ref $((2 * disks * 4096)) "$seed" "$count_small" 8 && compare
}

step_buffered()
{
	io random "$md" $ref "$bytes" "$seed" "$count_small" 65536 2 buffered &&
		compare
}

step_restart()
{
	restart && compare
}

# A disk that is copied when the last writes are in the journal, but not yet where
# they belong: who does not look into the journal does not find them.
step_crash()
{
	restart || return
	before_write=$(engines_did xor)
	io random "$md" $ref "$bytes" "$seed" 20 4096 4 &&
		quietly dd if=/dev/null of="$md" conv=fsync,notrunc || return
	before_read=$(engines_did xor)
	echo 3 > /proc/sys/vm/drop_caches
	copy=/dev/ram$((${disk#/dev/ram} + 1))
	quietly dd if="$disk" of="$copy" bs=1048576 conv=fsync && stop || return
	disk=$copy
	assemble_integrity R || return
	raid-io compare "$md" $ref "$bytes" > /dev/null 2>&1
	[ $? = 1 ] || why="the copy has all, without its journal"
	stop && assemble_integrity && compare
	engines_present || return
	[ "$before_read" != "$before_write" ] ||
		why="no engine has encrypted the journal"
	[ "$(engines_did xor)" != "$before_read" ] ||
		why="no engine has decrypted the journal"
}

# How many operations of a kind there were so far
engines_did()	# KIND
{
	for dir in "$sim"/*; do
		[ ! -d "$dir" ] || {
			read -r device < "$dir/dev_name"
			sed -n "s/^$1 //p" "$debug/dma-sim/$device/stats"
		}
	done | awk '{ n += $1 } END { print n + 0 }'
}

step_check()
{
	[ "$FAULT" != garbage ] || spoil_parity
	sync_array check
	[ "$mismatches" = 0 ] || why="mismatch_cnt is $mismatches"
}

# The stripes whose P is on the first disk, and on raid6 those whose Q is
spoil_parity()
{
	restart
	read -r start < $sys/rd0/offset
	io garbage /dev/ram0 \
		$((start * 512 + (disks - 1) * chunk * 1024 + 4096)) 12288 "$seed"
	[ "$level" = 5 ] || io garbage /dev/ram0 \
		$((start * 512 + disks * chunk * 1024)) 4096 "$seed"
	restart
}

step_repair()
{
	spoil_parity
	sync_array check
	[ "$mismatches" != 0 ] || why="check did not see the garbage"
	sync_array repair
	[ "$mismatches" != 0 ] || why="repair did not see the garbage"
	sync_array check
	[ "$mismatches" = 0 ] || why="mismatch_cnt is $mismatches after repair"
	compare
}

without()	# MISSING...
{
	stop && create "$@" && compare
	read -r degraded < $sys/degraded
	[ "$degraded" = $# ] || why="$degraded disks are missing instead of $#"
}

step_degraded()
{
	for first_lost in $(seq 0 $((disks - 1))); do
		[ -n "$why" ] || without "$first_lost"
	done
	stop && create
}

step_pairs()
{
	for first_lost in $(seq 0 $((disks - 2))); do
		for second_lost in $(seq $((first_lost + 1)) $((disks - 1))); do
			[ -n "$why" ] || without "$first_lost" "$second_lost"
		done
	done
	stop && create
}

lose()		# NUMBER
{
	quietly mdadm "$md" --fail "$member$1" && sleep 0.2 &&
		quietly mdadm "$md" --remove "$member$1"
}

# As many as it can do without
step_lose()
{
	lose 1
	[ "$level" = 5 ] || lose 3
	io random "$md" $ref "$bytes" "$seed" "$count_small" 4096 4 && compare
}

step_rebuild()
{
	read -r degraded < $sys/degraded
	[ "$degraded" != 0 ] || { why="no disk is missing"; return; }
	quietly mdadm "$md" --add /dev/ram1
	[ "$level" = 5 ] || quietly mdadm "$md" --add /dev/ram3
	# meanwhile there are writes
	io random "$md" $ref "$bytes" "$seed" "$count_small" 4096 2
	waited=0
	while [ "$degraded" != 0 ] && [ $waited -lt 1500 ]; do
		sleep 0.2
		waited=$((waited + 1))
		read -r degraded < $sys/degraded
	done
	wait_idle recovery
	read -r degraded < $sys/degraded
	[ "$degraded" = 0 ] || why="$degraded disks are still missing"
	compare
}

# Blocks that cannot be read are computed, while they are written and while they
# are checked, and written again.
step_bad()
{
	cover_disks && use_bad_disks
	uncover_disks && compare
}

# md gives a disk up after as many read errors as there are stripes. The first block
# of each chunk is bad, so reads of whole chunks are tried again.
use_bad_disks()
{
	make_bad 4 || return
	raid-io read "$md" "$bytes" 1 > /tmp/read 2>&1 &
	reader=$!
	io random "$md" $ref "$bytes" "$seed" "$count_small" 4096 4
	wait $reader || why="raid-io read: $(head -n 1 /tmp/read)"
	compare && make_bad 4 || return
	raid-io read "$md" "$bytes" 2 > /tmp/read 2>&1 &
	reader=$!
	step_check
	wait $reader || why="raid-io read: $(head -n 1 /tmp/read)"
	echo "# data $array-$step corrected $(corrected)"
}

# One disk more goes than it can do without, while operations are under way. Reads
# that fail afterwards are tried again. All reads and writes fail, and end.
step_dead()
{
	cover_disks 800 && lose_too_many
	uncover_disks && io fill "$md" $ref "$bytes" "$seed" 1048576 && compare
}

# The engines are held meanwhile, and have writes to do. Whole chunks are read past
# the stripes; those with a bad block fail when the array has, and are tried again
# with the same stripes. Nobody reads before: his second try would be held, too, and
# md lets the others wait for it.
lose_too_many()
{
	make_bad $((chunk / 4)) || return
	raid-io random "$md" $ref "$bytes" "$seed" 100000 4096 16 > /tmp/write 2>&1 &
	writer=$!
	sleep 0.2
	hold 1 || return
	sleep 1
	raid-io read "$md" "$bytes" 1000 > /tmp/read 2>&1 &
	reader=$!
	sleep 0.1
	for disk in $(seq 0 $((level - 4))); do
		echo faulty > "$sys/dev-dm-$disk/state"
	done 2> /dev/null
	sleep 1
	hold 0 || return
	wait $reader && why="a dead array is read"
	wait $writer && why="a dead array is written"
	cat /tmp/read /tmp/write > /tmp/said
	! grep wrong: /tmp/said || why="there were wrong data"
	echo "# data $array-$step failed $(grep -c 'Input/output error' /tmp/said)"
}

hold()		# 1 or 0
{
	for engine in "$sim"/*/hold; do
		[ ! -e "$engine" ] || echo "$1" > "$engine" || return
	done
}

# One disk more
begin_reshape()
{
	had=$(count_done reshape)
	quietly mdadm "$md" --add "/dev/ram$disks" &&
		quietly mdadm --grow "$md" --raid-devices=$((disks + 1)) &&
		disks=$((disks + 1))
}

# It goes on to its end, and then there is more room, which can be used.
end_reshape()
{
	echo system > $sys/sync_speed_max
	echo 1000000 > $sys/sync_speed_min
	wait_idle reshape
	[ "$(count_done reshape)" = $((had + 1)) ] ||
		why="the reshape did not end well"
	compare
	grown=$(((disks - level + 4) * size * 1024))
	read -r sectors < /sys/block/md0/size
	[ $((sectors * 512)) = "$grown" ] ||
		why="$((sectors * 512)) bytes instead of $grown"
	[ -n "$why" ] || bytes=$grown
	next_seed
	io fill "$md" $ref "$bytes" "$seed" 1048576 && compare
}

# Slowly, and each block of a stripe has another writer.
step_reshape()
{
	echo 300 > $sys/sync_speed_max
	begin_reshape || return
	io random "$md" $ref "$bytes" "$seed" "$count_small" 4096 31
	end_reshape
}

# Where the reshape is, once it is not there where it was
wait_moved()	# FROM
{
	for _ in $(seq 100); do
		read -r position < $sys/reshape_position
		[ "$position" = none ] || [ "$position" -le "$1" ] || return 0
		sleep 0.1
	done
	why="the reshape does not go on: $position after $1"
	return 1
}

# One that is halted in the middle goes on where it was. mdadm is not asked: it wants
# disks of gigabytes if there are many.
step_halt()
{
	had=$(count_done reshape)
	quietly mdadm "$md" --add "/dev/ram$disks" || return
	disks=$((disks + 1))
	# md may still look at the disk that is new
	sleep 1
	tune_one sync_max "$size"
	echo "$disks" > $sys/raid_disks || why="no $disks disks"
	[ -z "$why" ] || return
	echo reshape > $sys/sync_action || { why="no reshape"; return; }
	wait_moved 0 || return
	echo frozen > $sys/sync_action
	read -r halted < $sys/reshape_position
	echo reshape > $sys/sync_action || why="it cannot go on"
	read -r position < $sys/reshape_position
	[ "$position" = none ] || [ "$position" -ge "$halted" ] ||
		why="it was at $halted and is at $position"
	# writes to where it is wait for it
	echo max > $sys/sync_max
	io random "$md" $ref "$bytes" "$seed" "$count_small" 4096 4
	[ "$(cat $sys/raid_disks | sed 's/ .*//')" = "$disks" ] ||
		why="there are $(cat $sys/raid_disks) disks, not $disks"
	[ -z "$why" ] && end_reshape
}

# So it does when the array was stopped half-way. Writes to where it is wait for it,
# so there are none before.
step_resume()
{
	echo 20 > $sys/sync_speed_min
	echo 20 > $sys/sync_speed_max
	begin_reshape && wait_moved 0 || return
	[ "$(cat $sys/sync_action)" = reshape ] ||
		why="it was over before the array was stopped"
	[ -z "$why" ] && restart || return
	io random "$md" $ref "$bytes" "$seed" "$count_small" 4096 4
	end_reshape
}

# Four disks more, which are made known while a CPU is away
step_hotplug()
{
	had=$(count_done reshape)
	cpu=/sys/devices/system/cpu/cpu1/online
	for disk in $(seq "$disks" $((disks + 3))); do
		quietly mdadm "$md" --add "/dev/ram$disk" || return
	done
	disks=$((disks + 4))
	echo 0 > $cpu || why="the CPU does not go"
	echo "$disks" > $sys/raid_disks || why="no $disks disks"
	echo 1 > $cpu || why="the CPU does not come back"
	echo reshape > $sys/sync_action || why="no reshape"
	[ -z "$why" ] || return
	io random "$md" $ref "$bytes" "$seed" "$count_small" 4096 31
	end_reshape
}

# Whole stripes that begin and end where the block layer does not cut, no more
# than half of the array
step_discard()
{
	stripe=$(((disks - level + 4) * chunk * 1024))
	read -r granularity < /sys/block/md0/queue/discard_granularity
	part=$stripe
	while [ $((part % granularity)) != 0 ]; do
		part=$((part + stripe))
	done
	half=$((bytes / 2 / part * part))
	[ "$half" != 0 ] || why="the array is too small"
	io discard "$md" $ref "$part" "$half" && compare
}

write_until()	# FILE is there
{
	while [ ! -e "$1" ]; do
		raid-io random "$md" $ref "$bytes" "$seed" "$count_small" 4096 3 ||
			return
		next_seed
	done
}

# The engines go while they are busy, and come back.
step_unplug()
{
	rm -f /tmp/enough
	write_until /tmp/enough > /tmp/unplug 2>&1 &
	job=$!
	sleep 0.5
	for dir in "$sim"/*; do
		echo 0 > "$dir/enabled" || why="${dir##*/} cannot be unplugged"
	done
	kill -0 $job 2> /dev/null || why="it was over before the engines went"
	sleep 0.3
	for dir in "$sim"/*; do
		echo 1 > "$dir/enabled" || why="${dir##*/} does not come back"
	done
	sleep 0.3
	touch /tmp/enough
	wait $job || why="raid-io random: $(grep -v ^written /tmp/unplug | head -n 1)"
	sed "s/^/# data $array-$step /" /tmp/unplug
	compare
}

# --- what it costs -------------------------------------------------------------

traced_maps=/sys/kernel/tracing/events/dma/dma_map_page

# The same work seven times for its instructions, and once for its mappings, which
# are not counted meanwhile. The data are of no interest: engines may pretend.
measure()	# UNITS RAID-COST-COMMAND...
{
	units=$1
	shift
	for turn in 1 2 3 4 5 6 7; do
		said=$(raid-cost "$@") || { why="raid-cost $1: $said"; return; }
		echo "# cost $array-$step instructions $turn $said $units"
	done
	echo hist:keys=dir > "$traced_maps/trigger" || { why="no $traced_maps"; return; }
	said=$(raid-cost "$@") || why="raid-cost $1: $said"
	hits=$(sed -n 's/^ *Hits: *//p' "$traced_maps/hist")
	echo '!hist:keys=dir' > "$traced_maps/trigger"
	echo "# cost $array-$step maps 1 ${hits:-none} $units"
}

# a unit is a stripe of a page a disk
step_cost_full()
{
	data=$((disks - level + 4))
	measure $((bytes / (data * 4096))) \
		full "$md" "$bytes" $((data * chunk * 1024))
}

# a write
step_cost_small()
{
	measure "$count_small" small "$md" "$bytes" "$count_small"
}

# a page that is read, of an array without as many disks as it can do without
step_cost_degraded()
{
	stop || return
	case $level in
	5)	create 0 ;;
	6)	create 0 1 ;;
	esac
	measure $((bytes / 4096)) read "$md" "$bytes" 65536
	stop && create
}

run_steps()
{
	for step in $(echo "$work" | tr , ' '); do
		echo "raid-run: begin $array-$step" > /dev/kmsg
		why=
		next_seed
		if [ -b "$md" ]; then
			"step_$(echo "$step" | tr - _)"
		else
			why="there is no array"
		fi
		echo "raid-run: end $array-$step" > /dev/kmsg
		result "$array-$step" "$why"
	done
}

do_device()	# array|integrity NAME KEY=VALUE...
{
	kind=$1
	array=$2
	step=create
	case $kind in
	array)		md=/dev/md0 size=1024 ;;
	integrity)	md=/dev/dm-0 size=8192 ;;
	esac
	level=5 disks=5 layout=left-symmetric chunk=64 engines=one
	consistency=resync skip_copy='' rmw_level='' threads='' discard=''
	work='' count_small=40 before='' after='' member=/dev/ram
	shift 2
	for setting; do
		eval "${setting%%=*}=\${setting#*=}"
	done
	have_dma_debug && before=$(live_mappings)
	why=
	set_engines "$engines"
	[ -z "$why" ] || echo "# $array: $why"
	do_create
	run_steps
	why=
	[ ! -b "$md" ] || stop
	judge_engines
	remove_engines
}

do_scenario()
{
	while read -r keyword args; do
		case $keyword in
		array|integrity)
			# shellcheck disable=SC2086 # one argument a setting
			do_device "$keyword" $args < /dev/null ;;
		esac
	done < "$scenario"
}

# --- the end -------------------------------------------------------------------

# Mappings did go through bounce buffers, and none is left there.
check_swiotlb()
{
	why=
	read -r most < "$debug/swiotlb/io_tlb_used_hiwater" || most=0
	read -r used < "$debug/swiotlb/io_tlb_used" || used=unknown
	echo "# swiotlb: at most $most slots, now $used"
	[ "$used" = 0 ] || why="$used slots are still in use"
	[ "$most" -gt 0 ] || why="nothing was bounced"
	result swiotlb "$why"
}

# Of all engines there were: what the removal of one has left, too
check_shadows()
{
	why="no engine was watched"
	all_violations=0
	for dir in "$shadows"/*/; do
		[ -r "$dir/violations" ] || continue
		read -r violations < "$dir/violations"
		read -r live < "$dir/live"
		[ "$why" != "no engine was watched" ] || why=
		[ "$violations" = 0 ] || why="$dir: $violations violations"
		[ "$live" = 0 ] || why="$dir: $live mappings live"
		all_violations=$((all_violations + violations))
	done
	echo "# dma-shadow: engines: violations $all_violations"
	result dma-shadow "$why"
}

# A kernel whose engines are kept is one that has more of them than its log can
# hold. Some are enough; all are counted.
show_dma_errors()
{
	if [ "$FAULT" = keep ]; then
		echo 100 > "$debug/dma-api/num_errors"
	else
		echo 1 > "$debug/dma-api/all_errors"
	fi
}

steps_of()	# how many results the devices of the scenario have
{
	awk '$1 == "array" || $1 == "integrity" {
		for (i = 3; i <= NF; i++)
			if (sub(/^work=/, "", $i))
				n += split($i, steps, ",")
		n += 3
	}
	END { print n + 0 }' "$scenario"
}

[ $# = 2 ] || die "usage: raid-runs.sh SCENARIO.scn ENGINES.list"
scenario=$1
engines_list=$2
: "${MODE:=plain}"
[ -r "$scenario" ] || die "cannot read $scenario"
[ -r "$engines_list" ] || die "cannot read $engines_list"
[ -d $sim ] || die "no dma-sim with configfs in this kernel: CONFIG_DMA_SIM_CONFIGFS"

for _ in $checks; do
	planned=$((planned + 1))
done
[ "$MODE" = plain ] || planned=$((planned + 1))
planned=$((planned + $(steps_of)))
echo "KTAP version 1"
echo "1..$planned"

forget_old_leaks
have_dma_debug && show_dma_errors
do_scenario
check_dma_debug
check_lockdep
check_taint
check_kmemleak
case $MODE in
swiotlb)	check_swiotlb ;;
shadow)		check_shadows ;;
esac
print_log
echo "verdict ${NONCE:-none} $count"
