# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# scripts/compose and scripts/fetch-base: what they do, and what they refuse.

composes_each_patch() {
	says "3 patches on 6.12.1-1" scripts/compose
	[ "$(tgit rev-list --count base..HEAD)" = 3 ]
	grep -qx 'core ten' build/linux/drivers/dma/core.c
	grep -qx 'core thirty' build/linux/drivers/dma/core.c
	cmp drivers/dma/unmap.c build/linux/drivers/dma/unmap.c
	not tgit cat-file -e HEAD~:drivers/dma/tool.c
	[ "$(tgit log -1 --format='%an %at %ai')" = \
		"A Tester 1704099600 2024-01-01 10:00:00 +0100" ]
}

composes_the_same_ids() {
	local first
	first=$(tgit rev-parse HEAD)
	rm -rf build
	GIT_COMMITTER_DATE='2001-01-01 00:00 +0000' TZ=Asia/Tokyo scripts/compose
	[ "$(tgit rev-parse HEAD)" = "$first" ]
}

composes_an_empty_series() {
	rm -rf patches drivers
	echo "# nothing yet" >series
	says "0 patches" scripts/compose
	[ "$(tgit rev-parse HEAD)" = "$(tgit rev-parse base)" ]
}

keeps_times_of_what_stays() {
	find build/linux -name '*.[ch]' -exec touch -d '2020-01-01' {} +
	tgit update-index -q --refresh
	echo 'int more;' >>drivers/dma/tool.c
	scripts/compose
	find build/linux -name '*.[ch]' -newermt 2020-02-01 >out
	[ "$(cat out)" = build/linux/drivers/dma/tool.c ]
}

does_nothing_twice() {
	says "unchanged" scripts/compose
}

keeps_the_mode_of_a_whole_file() {
	chmod +x drivers/dma/tool.c
	scripts/compose
	[ -x build/linux/drivers/dma/tool.c ]
}

replaces_a_file() {
	echo 'new other' >drivers/dma/other.c
	printf '\t= drivers/dma/other.c\n\t- include/linux/dma.h\n' >>series
	scripts/compose
	cmp drivers/dma/other.c build/linux/drivers/dma/other.c
	[ ! -e build/linux/include/linux/dma.h ]
	scripts/refresh --check
}

adds_a_folder() {
	mkdir -p tools/x
	echo 1 >tools/x/one
	echo 2 >tools/x/two
	printf '\t+ tools/x/\n' >>series
	scripts/compose
	cmp tools/x/two build/linux/tools/x/two
	scripts/refresh --check
	echo 3 >tools/x/three
	scripts/compose
	[ -e build/linux/tools/x/three ]
}

offset_is_a_warning() {
	sed -i 's/^@@ -27,7 +27,7 @@/@@ -25,7 +25,7 @@/' patches/0002*
	says "warning: patches/0002-dma-spell-thirty.patch: drivers/dma/core.c: Hunk #1 succeeded" scripts/compose
	says "(offset 2 lines)" scripts/compose
}

fuzz_is_refused() {
	sed -i 's/^ core 28$/ core twenty-eight/' patches/0002*
	refused 12 "patches/0002-dma-spell-thirty.patch: does not apply: patch failed: drivers/dma/core.c:27" scripts/compose
}

patch_applied_twice_is_refused() {
	sed 's/spell ten/spell ten again/' patches/0001* >patches/0004-dma-spell-ten-again.patch
	echo 0004-dma-spell-ten-again.patch >>series
	refused 12 "it is applied already" scripts/compose
}

patch_that_creates_is_refused() {
	cat >>patches/0002* <<-'P'
		diff --git a/drivers/dma/new.c b/drivers/dma/new.c
		new file mode 100644
		--- /dev/null
		+++ b/drivers/dma/new.c
		@@ -0,0 +1 @@
		+int new;
	P
	refused 12 "this one has 'create mode 100644 drivers/dma/new.c'" scripts/compose
}

patch_that_deletes_is_refused() {
	{
		echo "diff --git a/include/linux/dma.h b/include/linux/dma.h"
		echo "deleted file mode 100644"
		diff -u --label a/include/linux/dma.h --label /dev/null \
			"$W/kernel/include/linux/dma.h" /dev/null || true
	} >>patches/0002*
	refused 12 "'delete mode 100644 include/linux/dma.h'" scripts/compose
}

patch_that_renames_is_refused() {
	cat >>patches/0002* <<-'P'
		diff --git a/drivers/dma/other.c b/drivers/dma/another.c
		similarity index 100%
		rename from drivers/dma/other.c
		rename to drivers/dma/another.c
	P
	refused 12 "'rename drivers/dma/{other.c => another.c} (100%)'" scripts/compose
}

patch_of_a_whole_file_is_refused() {
	cat >>patches/0002* <<-'P'
		diff --git a/drivers/dma/unmap.c b/drivers/dma/unmap.c
		--- a/drivers/dma/unmap.c
		+++ b/drivers/dma/unmap.c
		@@ -1 +1 @@
		-int unmap;
		+int map;
	P
	refused 12 "edits drivers/dma/unmap.c, which stands whole in this repository" scripts/compose
}

patch_that_is_garbage_is_refused() {
	sed -i 's/^@@.*/@@ what @@/' patches/0002*
	refused 12 "patches/0002-dma-spell-thirty.patch: " scripts/compose
}

patch_without_effect_is_refused() {
	patch_file patches/0004-nothing.patch "nothing" </dev/null
	echo 0004-nothing.patch >>series
	refused 12 "patches/0004-nothing.patch: changes nothing" scripts/compose
}

missing_patch_is_refused() {
	rm patches/0002*
	refused 12 "patches/0002-dma-spell-thirty.patch is missing" scripts/compose
}

missing_file_is_refused() {
	rm drivers/dma/tool.c
	refused 12 "names drivers/dma/tool.c, which is missing" scripts/compose
}

unused_patch_is_refused() {
	cp patches/0001* patches/0009-left.patch
	refused 12 "patches/0009-left.patch is not used" scripts/compose
}

unused_file_is_refused() {
	echo 1 >drivers/dma/left.c
	refused 12 "drivers/dma/left.c is not used" scripts/compose
	mkdir -p scripts/coccinelle
	mv drivers/dma/left.c scripts/coccinelle/left.cocci
	refused 12 "scripts/coccinelle/left.cocci is not used" scripts/compose
}

whole_file_of_the_base_is_refused() {
	echo 1 >drivers/dma/other.c
	printf '\t+ drivers/dma/other.c\n' >>series
	refused 12 "drivers/dma/other.c exists in the base" scripts/compose
}

replacing_what_is_not_there_is_refused() {
	printf '\t- drivers/dma/none.c\n' >>series
	refused 12 "drivers/dma/none.c is not in the base" scripts/compose
}

missing_header_is_refused() {
	local key
	for key in From Date Subject; do
		cp patches/0001-dma-spell-ten.patch saved
		sed -i "/^$key:/d" patches/0001*
		refused 12 "has no $key: header" scripts/compose
		mv saved patches/0001-dma-spell-ten.patch
	done
}

bad_headers_are_refused() {
	sed -i 's/^Date:.*/Date: yesterday/' patches/0001*
	refused 12 "is not a mail date" scripts/compose
	sed -i 's/^From:.*/From: somebody/' patches/0001*
	refused 12 "From: must read Name <address>" scripts/compose
}

text_below_the_message_is_refused() {
	sed -i 's/^---$/---\nv2: better/' patches/0001*
	refused 12 "text between --- and the diff" scripts/compose
}

bad_series_is_refused() {
	cp series saved
	echo 'nonsense' >>series
	refused 12 "series line 10: 'nonsense' is not a patch name" scripts/compose
	{
		cat saved
		printf '\tdrivers/dma/tool.c\n'
	} >series
	refused 12 "series line 10: expected + path" scripts/compose
	{
		cat saved
		printf '\t+ ../etc/passwd\n'
	} >series
	refused 12 "not a plain path" scripts/compose
	{
		cat saved
		printf '\t+ drivers/dma/unmap.c\n'
	} >series
	refused 12 "drivers/dma/unmap.c is claimed by" scripts/compose
	rm saved
}

edits_in_the_tree_are_kept() {
	echo edit >>build/linux/drivers/dma/core.c
	refused 12 "uncommitted edits (drivers/dma/core.c)" scripts/compose
	tgit commit -q -a -m "more"
	refused 12 "commits of its own" scripts/compose
	says "given up" env DISCARD=1 scripts/compose
	not grep -q edit build/linux/drivers/dma/core.c
}

untracked_file_in_the_way_is_kept() {
	echo mine >build/linux/drivers/dma/late.c
	echo ours >drivers/dma/late.c
	printf '\t+ drivers/dma/late.c\n' >>series
	refused 12 "drivers/dma/late.c" scripts/compose
	[ "$(cat build/linux/drivers/dma/late.c)" = mine ]
}

# --- the base ----------------------------------------------------------------

wrong_version_is_refused() {
	sed -i 's/^PATCHLEVEL.*/PATCHLEVEL = 13/' "$W/kernel/Makefile"
	tar -C "$W" -cJf other.tar.xz kernel
	sed -i 's/^PATCHLEVEL.*/PATCHLEVEL = 12/' "$W/kernel/Makefile"
	rm -rf build
	export BASE_TARBALL=$PWD/other.tar.xz BASE_ANY=1
	refused 11 "is Linux 6.13, the series is for 6.12" scripts/compose
}

wrong_hash_is_refused() {
	echo "package linux-tiny" >base
	echo "version 6.12.1-1 sha256 0000" >>base
	refused 11 "0000: check where it came from" scripts/compose
	says "!!! base is linux-tiny of unknown version" env BASE_ANY=1 scripts/compose
	says "!!! base is linux-tiny of unknown version" scripts/compose
}

other_known_version_is_loud() {
	sed -i 's/^version/version 6.12.9-1 sha256 0000\nversion/' base
	says "!!! base is linux-tiny 6.12.1-1" scripts/compose
	says "not the pinned 6.12.9-1" scripts/compose
}

broken_tarball_is_refused() {
	head -c 100 "$BASE_TARBALL" >short.tar.xz
	rm -rf build
	export BASE_TARBALL=$PWD/short.tar.xz BASE_ANY=1
	refused 11 "cannot unpack" scripts/compose
	refused 11 "cannot read" env BASE_TARBALL=/nonexistent scripts/compose
}

# --- a tree of the user's own ------------------------------------------------

user_directory() {
	cp -a "$W/kernel" kernel
	export KERNEL=$PWD/kernel
}

user_git() {
	user_directory
	git -C kernel init -q
	git -C kernel add -A -f
	git -C kernel commit -q -m user
}

# What a refusal must not change.
fingerprint() {
	find kernel -type f ! -path '*/.git/index' -exec sha256sum {} + | sort
	[ ! -d kernel/.git ] || git -C kernel rev-parse HEAD
}

refused_untouched() {
	local before
	before=$(fingerprint)
	refused "$@"
	[ "$(fingerprint)" = "$before" ]
}

onto_a_git_tree() {
	user_git
	says "3 commits on" scripts/compose
	[ "$(git -C kernel log --format=%s | head -n 1)" = "dma: add a tool" ]
	[ "$(git -C kernel rev-parse 'HEAD^{tree}')" = "$(tgit rev-parse 'HEAD^{tree}')" ]
	[ -z "$(git -C kernel status --porcelain)" ]
	refused_untouched 12 "is patched already" scripts/compose
}

onto_a_shallow_clone() {
	user_git
	git -C kernel commit -q --allow-empty -m second
	git clone -q --depth 1 "file://$PWD/kernel" saved
	says "3 commits on" env KERNEL=saved scripts/compose
	[ "$(git -C saved rev-list --count HEAD)" = 4 ]
	git -C saved fsck --no-dangling
}

onto_a_directory() {
	user_directory
	says "3 files changed by 3 patches" scripts/compose
	diff -r --exclude=.git kernel build/linux
	refused_untouched 12 "is patched already" scripts/compose
}

onto_a_directory_inside_a_git_tree() {
	user_directory
	sed -i '/kernel/d' .gitignore
	git add -f kernel
	KERNEL='' refused 12 "kernel/.gitignore is not used" scripts/compose
	git rm -rq --cached kernel
	git checkout -q .gitignore
	says "3 files changed" scripts/compose
}

onto_what_is_no_kernel() {
	user_directory
	rm kernel/Makefile
	refused_untouched 12 "is not a kernel tree" scripts/compose
	refused 12 "is not a kernel tree" env KERNEL=/nonexistent scripts/compose
}

onto_the_wrong_version() {
	user_directory
	sed -i 's/^PATCHLEVEL.*/PATCHLEVEL = 13/' kernel/Makefile
	refused_untouched 12 "is Linux 6.13, the series is for 6.12" scripts/compose
}

onto_a_dirty_tree() {
	user_git
	echo edit >>kernel/drivers/dma/other.c
	refused_untouched 12 "has uncommitted edits (drivers/dma/other.c)" scripts/compose
}

onto_a_tree_where_a_patch_fails() {
	local kind
	for kind in user_git user_directory; do
		rm -rf kernel
		$kind
		sed -i 's/^core 28$/core changed/' kernel/drivers/dma/core.c
		[ $kind = user_directory ] || git -C kernel commit -q -a -m change
		refused_untouched 12 "patches/0002-dma-spell-thirty.patch: does not apply" scripts/compose
		[ ! -d kernel/.git ] || [ -z "$(git -C kernel status --porcelain)" ]
	done
}

onto_a_tree_that_lacks_a_file() {
	user_directory
	rm kernel/drivers/dma/core.c
	refused_untouched 12 "patches/0001-dma-spell-ten.patch: does not apply" scripts/compose
}

it "compose: one commit a patch, with its date and author" composes_each_patch
it "compose: commit ids repeat" composes_the_same_ids
it "compose: an empty series is the base" composes_an_empty_series
it "compose: files that stay the same keep their times" keeps_times_of_what_stays
it "compose: nothing to do the second time" does_nothing_twice
it "compose: a whole file keeps its mode" keeps_the_mode_of_a_whole_file
it "compose: replaces and drops files of the base" replaces_a_file
it "compose: adds a folder" adds_a_folder
it "compose: an offset is a warning, each time" offset_is_a_warning
it "compose: fuzz is refused" fuzz_is_refused
it "compose: a patch applied twice is refused" patch_applied_twice_is_refused
it "compose: a patch that creates a file is refused" patch_that_creates_is_refused
it "compose: a patch that deletes a file is refused" patch_that_deletes_is_refused
it "compose: a patch that renames a file is refused" patch_that_renames_is_refused
it "compose: a patch of a whole file is refused" patch_of_a_whole_file_is_refused
it "compose: a patch that is garbage is refused" patch_that_is_garbage_is_refused
it "compose: a patch without effect is refused" patch_without_effect_is_refused
it "compose: a missing patch is refused" missing_patch_is_refused
it "compose: a missing whole file is refused" missing_file_is_refused
it "compose: an unused patch is refused" unused_patch_is_refused
it "compose: an unused whole file is refused" unused_file_is_refused
it "compose: a whole file that the base has is refused" whole_file_of_the_base_is_refused
it "compose: dropping what is not there is refused" replacing_what_is_not_there_is_refused
it "compose: a missing mail header is refused" missing_header_is_refused
it "compose: a bad mail header is refused" bad_headers_are_refused
it "compose: text that would be lost is refused" text_below_the_message_is_refused
it "compose: a bad series file is refused" bad_series_is_refused
build_folder_in_the_repository() {
	BUILD=$PWD/other scripts/compose
	BUILD=$PWD/other says "unchanged" scripts/compose
}

foreign_build_folder_is_refused() {
	mkdir foreign
	echo 1 >foreign/file
	BUILD=$PWD/foreign refused 2 "has files that were not built here" scripts/compose
	BUILD=$PWD/foreign refused 2 "has files that were not built here" scripts/clean all
	ln -s . here
	BUILD=$PWD/here refused 2 "has files that were not built here" scripts/clean
	BUILD=$PWD/patches refused 2 "has files that were not built here" scripts/clean all
	[ -e foreign/file ] && [ -e series ] && [ -e patches/0001-dma-spell-ten.patch ]
	: >out.file
	BUILD=$PWD/out.file refused 2 "cannot write to BUILD=" scripts/clean
}

what_was_built_is_removed() {
	scripts/compose
	mkdir -p build/out/x build/dl
	scripts/clean
	[ -e build/linux ] && [ -e build/dl ] && [ ! -e build/out ]
	scripts/clean all
	[ ! -e build ]
	BUILD=$PWD/new scripts/compose
	BUILD=$PWD/new scripts/clean all
	[ ! -e new ]
}

another_tarball_of_the_same_name_is_seen() {
	scripts/compose
	cp -a "$W/kernel" kernel
	echo "core 41" >>kernel/drivers/dma/core.c
	cp "$BASE_TARBALL" mine.tar.xz
	export BASE_TARBALL=$PWD/mine.tar.xz BASE_ANY=1
	scripts/compose
	tar -cJf mine.tar.xz kernel
	says "base is linux-tiny of unknown version" scripts/compose
	grep -q "^core 41" build/linux/drivers/dma/core.c
}

missing_git_is_named() {
	local python
	python=$(python3 -c 'import sys; print(sys.executable)')
	refused 10 "git is missing" env PATH="$PWD" "$python" scripts/refresh
}

unknown_charset_is_refused() {
	sed -i "s/^From: .*/From: =?x-none?q?me?= <me@localhost>/" patches/0001*
	refused 12 "unknown encoding" scripts/compose
	sed -i "s/^From: .*/From: =?utf-8?b?a?= <me@localhost>/" patches/0001*
	refused 12 "a patch's header" scripts/compose
	printf '# \377\n' >>series
	refused 12 "series: 'utf-8' codec can't decode" scripts/compose
}

it "compose: BUILD may be in the repository" build_folder_in_the_repository
it "BUILD: a folder with other files is refused" foreign_build_folder_is_refused
it "clean: what was built is removed" what_was_built_is_removed
it "base: another tarball of the same name is seen" another_tarball_of_the_same_name_is_seen
it "compose: a missing git is named" missing_git_is_named
it "compose: an unknown charset is refused" unknown_charset_is_refused
it "compose: edits in build/linux are not lost" edits_in_the_tree_are_kept
it "compose: an untracked file in build/linux is not lost" untracked_file_in_the_way_is_kept
it "base: a wrong kernel version is refused" wrong_version_is_refused
it "base: a wrong hash is refused" wrong_hash_is_refused
it "base: a version that is not the pin is said, each time" other_known_version_is_loud
it "base: a broken or missing tarball is refused" broken_tarball_is_refused
it "KERNEL=: commits on a git tree" onto_a_git_tree
it "KERNEL=: commits on a shallow clone" onto_a_shallow_clone
it "KERNEL=: patches a plain directory" onto_a_directory
it "KERNEL=: patches a plain directory inside a git tree" onto_a_directory_inside_a_git_tree
it "KERNEL=: no kernel tree is refused" onto_what_is_no_kernel
it "KERNEL=: a wrong version is refused" onto_the_wrong_version
it "KERNEL=: a dirty tree is refused, untouched" onto_a_dirty_tree
it "KERNEL=: a patch that fails leaves the tree untouched" onto_a_tree_where_a_patch_fails
it "KERNEL=: a missing file leaves the tree untouched" onto_a_tree_that_lacks_a_file
