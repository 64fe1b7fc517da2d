# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of the tooling share: a kernel of four files, a project with a
# series on it, and KTAP.  Each test works in its own copy, in $W/case.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
W=$(mktemp -d) || exit 1
trap 'rm -rf "$W"' EXIT
export LC_ALL=C GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=tester GIT_AUTHOR_EMAIL=tester@localhost
export GIT_COMMITTER_NAME=tester GIT_COMMITTER_EMAIL=tester@localhost
unset BUILD KERNEL JOBS LANES SILENCE DISCARD BASE_ANY STEP MAKEFLAGS MAKELEVEL MFLAGS
export BASE_TARBALL=$W/linux.tar.xz
CASE=$W/case
NAMES=()

# it NAME FUNCTION: register a test; run_tests runs them all
it() {
	[[ " ${NAMES[*]##*$'\t'} " != *" $2 "* ]] || {
		echo "Bail out! two tests are the function $2, of which one is lost"
		exit 1
	}
	NAMES+=("$1"$'\t'"$2")
}

run_tests() {
	local number=0 bad=0 item log=$W/log
	echo "KTAP version 1"
	echo "1..${#NAMES[@]}"
	for item in "${NAMES[@]}"; do
		number=$((number + 1))
		fresh
		# Not in a condition: there the shell would ignore -e.
		(
			set -e
			cd "$CASE"
			"${item#*$'\t'}"
		) >"$log" 2>&1 </dev/null &
		if wait $!; then
			echo "ok $number ${item%%$'\t'*}"
		else
			bad=$((bad + 1))
			tail -n 8 "$log" | sed 's/^/# /'
			echo "not ok $number ${item%%$'\t'*}"
		fi
	done
	[ "$bad" = 0 ]
}

# refused CODE TEXT COMMAND...: it exits with that code, and its last line is an
# error that has the text; no line is a Python trace
refused() {
	local code=$1 text=$2 got=0
	shift 2
	"$@" >out 2>&1 || got=$?
	cat out
	[ "$got" = "$code" ] || {
		echo "exit $got, not $code"
		return 1
	}
	not grep -q Traceback out
	tail -n 1 out | grep '^error: ' | grep -qF -- "$text" || {
		echo "the last line does not say: $text"
		return 1
	}
}

# says TEXT COMMAND...: it succeeds and says so
says() {
	local text=$1
	shift
	"$@" >out 2>&1 || {
		cat out
		return 1
	}
	cat out
	grep -qF -- "$text" out
}

# The shell's own ! does not end a script that has -e; this does.
not() {
	! "$@"
}

tgit() { git -C build/linux "$@"; }

lines() { # FROM TO WORD
	seq -f "$3 %g" "$1" "$2"
}

# --- the kernel and the project ---------------------------------------------

make_kernel() { # DIRECTORY
	mkdir -p "$1/drivers/dma" "$1/include/linux"
	printf 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n' >"$1/Makefile"
	echo 'mainmenu "tiny"' >"$1/Kconfig"
	# As Debian's does: it ignores whatever is new.
	echo '/*' >"$1/.gitignore"
	lines 1 40 core >"$1/drivers/dma/core.c"
	lines 1 40 other >"$1/drivers/dma/other.c"
	lines 1 9 header >"$1/include/linux/dma.h"
}

# patch_file FILE SUBJECT <DIFF: with the headers of a mail
patch_file() {
	{
		echo "From: A Tester <tester@localhost>"
		echo "Date: Mon, 1 Jan 2024 10:00:00 +0100"
		echo "Subject: $2"
		echo
		echo "Why it is so."
		echo "---"
		cat
	} >"$1"
}

# edit_diff FILE SED-SCRIPT: the diff of that edit to the tiny kernel
edit_diff() {
	rm -rf "$W/edit"
	cp -a "$W/kernel" "$W/edit"
	sed -i "$2" "$W/edit/$1"
	echo "diff --git a/$1 b/$1"
	(cd "$W" && diff -u --label "a/$1" --label "b/$1" "kernel/$1" "edit/$1") || true
}

make_project() { # DIRECTORY
	mkdir -p "$1/patches" "$1/drivers/dma"
	cp -r "$REPO/scripts" "$1/"
	rm -rf "$1/scripts/coccinelle"	# that is part of the real series
	cp "$REPO/.gitignore" "$1/"
	printf '/%s\n' out kernel/ saved message editor '*.tar.xz' plan >>"$1/.gitignore"
	echo 'int unmap;' >"$1/drivers/dma/unmap.c"
	echo 'int tool;' >"$1/drivers/dma/tool.c"
	edit_diff drivers/dma/core.c 's/^core 10$/core ten/' |
		patch_file "$1/patches/0001-dma-spell-ten.patch" "dma: spell ten"
	edit_diff drivers/dma/core.c 's/^core 30$/core thirty/' |
		patch_file "$1/patches/0002-dma-spell-thirty.patch" "dma: spell thirty"
	patch_file "$1/patches/0003-dma-add-a-tool.patch" "dma: add a tool" </dev/null
	{
		echo "# The series of the test."
		echo
		echo "0001-dma-spell-ten.patch"
		printf '\t+ drivers/dma/unmap.c\n\n# second\n'
		echo "0002-dma-spell-thirty.patch"
		echo "0003-dma-add-a-tool.patch"
		printf '\t+ drivers/dma/tool.c\n'
	} >"$1/series"
	{
		echo "package linux-tiny"
		echo "version 6.12.1-1 sha256 $(sha256sum <"$BASE_TARBALL" | cut -d' ' -f1)"
	} >"$1/base"
	git -C "$1" init -q
	git -C "$1" add -A
	git -C "$1" commit -q -m project
}

pack_kernel() { # prepare the tarball that serves as the base
	tar -C "$W" -cJf "$BASE_TARBALL" kernel
}

setup() {
	make_kernel "$W/kernel"
	pack_kernel
	make_project "$W/project"
	# Refreshed once, so that the patches are as refresh writes them.
	(cd "$W/project" && scripts/compose && scripts/refresh &&
		git commit -q -a -m refreshed) >"$W/log" 2>&1 || {
		cat "$W/log"
		return 1
	}
}

fresh() {
	rm -rf "$CASE"
	cp -a "$W/project" "$CASE"
}
