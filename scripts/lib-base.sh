# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts share that boot the base kernel with the witnesses and the
# harness of the series, to hold the two side by side. Source it after lib.sh, with
# BASE, the folder for the base's tree, and OUT set.

TREE=$BUILD/linux
share_objects

# For awk: the mappings that a piece of work of the scenario `cost` takes at least, if
# each page that it touches is mapped once. A small write reads the old block and the
# parity (raid5), or, as the scenario wants of raid6, all other blocks. A read of a
# degraded array copies each page, and computes the lost ones of a stripe once.
# shellcheck disable=SC2034 # for those who source this
FLOOR='
	function floor_of(array, work,    p, disks, parity)
	{
		split(array, p, "-")
		disks = p[2]
		parity = substr(p[1], 2) - 4
		if (work == "full")
			return 2 * (disks - parity) + parity
		if (work == "small")
			return parity == 1 ? 3 : disks + 1
		return parity == 1 ? 3 : 2 + (disks - 1) / (disks - 2)
	}'

# fresh_tree DIRECTORY COMMIT: that commit alone, whatever was there
fresh_tree() {
	git -C "$TREE" worktree prune
	# not one of a build/linux that is gone
	[ -e "$1/.git" ] && git -C "$1" rev-parse -q --git-dir >/dev/null 2>&1 || rm -rf "$1"
	[ -d "$1" ] || git -C "$TREE" worktree add -q --force --detach "$1" "$2" || return
	git -C "$1" checkout -q --force --detach "$2" && git -C "$1" clean -qfdx
}

base_tree() {
	fresh_tree "$BASE" base
}

# What the series does to kernel/dma up to the commit that brings dma-shadow: nothing
# of the DMA engine.
add_shadow() {
	local commit
	commit=$(git -C "$TREE" log --format=%H --diff-filter=A base.. -- kernel/dma/shadow.c)
	[ -n "$commit" ] || die "$E_PATCH" "there is no dma-shadow in $TREE: make tree"
	git -C "$TREE" diff --no-ext-diff base "$commit" -- kernel/dma include/linux/dma-shadow.h |
		git -C "$BASE" apply
}

# dma-sim as the base wants its providers
add_sim() {
	[ -e "$TREE/drivers/dma/dma-sim/core.c" ] ||
		die "$E_PATCH" "there is no dma-sim in $TREE: make tree"
	cp -r "$TREE/drivers/dma/dma-sim" "$BASE/drivers/dma/" &&
		git -C "$BASE" apply "$TOP/tests/base-raid/dma-sim.patch"
}

add_harness() {
	cp -r "$TREE/tools/testing/dmatest" "$BASE/tools/testing/"
}

# boot TREE ENTRY MACHINE SCENARIO [MODE]: ENTRY is the harness's dmatest.sh or raid.sh.
# The results folder goes to RESULT, the exit code is the harness's.
boot() {
	local log=$OUT/boot-$3-$4${5:+-$5}.log status fault=
	# The engines of the base cannot be removed while clients have their channels.
	[ "$1 $2" != "$BASE raid.sh" ] || fault=keep
	mkdir -p "$OUT"
	FAULT=$fault KERNEL=$1 "$1/tools/testing/dmatest/$2" run "${@:3}" 2>&1 | tee "$log" >&2
	status=$?
	# shellcheck disable=SC2034 # for those who source this
	RESULT=$(sed -n 's/^results: //p' "$log")
	return $status
}

# check NUMBER NAME CONDITION...: a KTAP result
check() {
	if "${@:3}"; then
		echo "ok $1 $2"
	else
		echo "not ok $1 $2"
		# shellcheck disable=SC2034 # for those who source this
		failed=$E_TEST
	fi
}
