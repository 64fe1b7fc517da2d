# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# scripts/refresh and scripts/roundtrip.

unchanged() {
	[ -z "$(git status --porcelain)" ]
}

nothing_to_write() {
	says "nothing to write" scripts/refresh
	unchanged
}

fixup_goes_to_its_patch() {
	local tree
	sed -i 's/^core ten$/core TEN/' build/linux/drivers/dma/core.c
	tgit commit -q -a --fixup=HEAD~2
	refused 12 "is still to be folded in" scripts/refresh
	GIT_SEQUENCE_EDITOR=: tgit rebase -q -i --autosquash base
	tree=$(tgit rev-parse 'HEAD^{tree}')
	scripts/refresh
	grep -qx '+core TEN' patches/0001-dma-spell-ten.patch
	[ "$(git status --porcelain)" = " M patches/0001-dma-spell-ten.patch" ]
	says "unchanged" scripts/compose
	[ "$(tgit rev-parse 'HEAD^{tree}')" = "$tree" ]
	scripts/roundtrip
}

new_commit_becomes_a_patch() {
	echo 'int new;' >build/linux/drivers/dma/new.c
	sed -i 's/^other 5$/other five/' build/linux/drivers/dma/other.c
	tgit add -A -f
	tgit commit -q -m "dma: a new file, and: more

It is needed."
	scripts/refresh
	[ "$(tail -n 2 series)" = "$(printf '0004-dma-a-new-file-and-more.patch\n\t+ drivers/dma/new.c')" ]
	cmp drivers/dma/new.c build/linux/drivers/dma/new.c
	not grep -q '^index\|^-- $\|new.c' patches/0004*
	grep -qx '# second' series
	scripts/roundtrip
}

reorder_renumbers() {
	GIT_SEQUENCE_EDITOR="sed -i '1{h;d};2{G}'" tgit rebase -q -i base
	scripts/refresh
	[ "$(ls patches)" = "$(printf '%s\n' 0001-dma-spell-thirty.patch \
		0002-dma-spell-ten.patch 0003-dma-add-a-tool.patch)" ]
	[ "$(head -n 1 series)" = "# The series of the test." ]
	[ "$(grep -A1 '^# second' series | tail -n 1)" = 0001-dma-spell-thirty.patch ]
	scripts/roundtrip
}

whole_file_needs_no_commit() {
	echo 'int edited;' >build/linux/drivers/dma/tool.c
	scripts/refresh
	[ "$(cat drivers/dma/tool.c)" = 'int edited;' ]
	[ "$(git status --porcelain)" = " M drivers/dma/tool.c" ]
	says "unchanged" scripts/compose
}

uncommitted_new_file_is_said() {
	echo new >build/linux/drivers/dma/new.c
	says "drivers/dma/new.c is not committed (git add -f)" scripts/refresh
	[ ! -e drivers/dma/new.c ]
}

base_file_needs_a_commit() {
	echo edit >>build/linux/drivers/dma/other.c
	refused 12 "drivers/dma/other.c has uncommitted edits: git commit --fixup" scripts/refresh
	unchanged
}

later_edit_of_a_whole_file_moves() {
	echo 'int later;' >build/linux/drivers/dma/unmap.c
	sed -i 's/^other 5$/other five/' build/linux/drivers/dma/other.c
	tgit commit -q -a -m "dma: later"
	says "warning: 0004-dma-later.patch edits drivers/dma/unmap.c, which 0001-dma-spell-ten.patch adds" \
		scripts/refresh
	[ "$(cat drivers/dma/unmap.c)" = 'int later;' ]
	not grep -q unmap.c patches/0004*
	[ "$(tgit show base~0:drivers/dma/unmap.c 2>/dev/null)" = '' ]
	[ "$(tgit show HEAD~3:drivers/dma/unmap.c)" = 'int later;' ]
	scripts/roundtrip
}

nothing_else_in_a_later_edit() {
	echo 'int later;' >build/linux/drivers/dma/unmap.c
	tgit commit -q -a -m "dma: later"
	says "nothing is left of 0004-dma-later.patch" scripts/refresh
	[ "$(cat drivers/dma/unmap.c)" = 'int later;' ]
	not grep -q later series
	says "unchanged" scripts/compose
	scripts/roundtrip
}

commit_without_a_message_is_refused() {
	echo 'int edited;' >build/linux/drivers/dma/tool.c
	tgit commit -q -a --allow-empty-message -m ""
	refused 12 "has no message" scripts/refresh
	unchanged
}

dropped_whole_file_goes() {
	tgit rm -q drivers/dma/tool.c
	echo 1 >build/linux/drivers/dma/tool2.c
	tgit add -A -f
	tgit commit -q --amend --no-edit
	scripts/refresh
	[ ! -e drivers/dma/tool.c ]
	[ -e drivers/dma/tool2.c ]
}

changed_repository_is_kept() {
	echo 'int mine;' >drivers/dma/tool.c
	refused 12 "drivers/dma/tool.c was changed here since make tree" scripts/refresh
	[ "$(cat drivers/dma/tool.c)" = 'int mine;' ]
	DISCARD=1 scripts/refresh
	[ "$(cat drivers/dma/tool.c)" = 'int tool;' ]
}

moved_base_is_refused() {
	tgit tag -f base HEAD~1 >/dev/null
	refused 12 "the tag base is not the base that make tree made" scripts/refresh
}

foreign_history_is_refused() {
	tgit checkout -q --orphan other
	tgit commit -q -m other
	refused 12 "HEAD does not descend from the tag base" scripts/refresh
}

merge_is_refused() {
	tgit checkout -q -b side base
	tgit commit -q --allow-empty -m side
	tgit checkout -q series
	tgit merge -q -m merge side
	refused 12 "the history has merges" scripts/refresh
}

rebase_in_progress_is_refused() {
	GIT_SEQUENCE_EDITOR='sed -i 1s/pick/edit/' tgit rebase -q -i base || true
	refused 12 "in the middle of a rebase" scripts/refresh
	refused 12 "in the middle of a rebase" scripts/compose
}

own_path_is_refused() {
	mkdir -p build/linux/scripts
	echo 1 >build/linux/scripts/mine
	tgit add -A -f
	tgit commit -q -m "scripts: mine"
	refused 12 "adds scripts/mine, a path that this repository keeps for itself" scripts/refresh
}

no_tree_is_refused() {
	rm -rf build
	refused 12 "there is no build/linux" scripts/refresh
}

odd_names_and_text_survive() {
	printf 'ohne Zeilenende \303\244' >build/linux/drivers/dma/tool.c
	printf '%s\n' '>From the start,' '' '    diff --git a/x b/x' '' \
		'Gr\303\274\303\237e' | sed 's/^/ /' | printf '%b\n' "$(cat)" >message
	sed -i 's/^other 5$/\tother  five /' build/linux/drivers/dma/other.c
	tgit add -A -f
	{
		printf 'dma: \303\274ber a very long subject line, which is folded in mail because it goes on\n\n'
		cat message
	} | tgit commit -q --author "J\303\266rg <joerg@localhost>" -F -
	scripts/refresh
	scripts/roundtrip
}

roundtrip_of_an_empty_series() {
	rm -rf patches drivers
	: >series
	says "nothing to mail" scripts/roundtrip
}

roundtrip_sees_what_refresh_would_write() {
	sed -i 's/^@@ -27,7 +27,7 @@/@@ -27,7 +27,7 @@ stray/' patches/0002*
	refused 12 "not what make refresh writes" scripts/roundtrip
}

it "refresh: writes nothing after compose" nothing_to_write
it "refresh: a fixup goes to its patch, and composes the same" fixup_goes_to_its_patch
it "refresh: a new commit becomes a patch" new_commit_becomes_a_patch
it "refresh: a new order renumbers" reorder_renumbers
it "refresh: a whole file needs no commit" whole_file_needs_no_commit
it "refresh: a new file that is not committed is said" uncommitted_new_file_is_said
it "refresh: an edit of a base file needs one" base_file_needs_a_commit
it "refresh: a later edit of a whole file moves, with a warning" later_edit_of_a_whole_file_moves
it "refresh: a commit that only edits a whole file is none" nothing_else_in_a_later_edit
it "refresh: a commit without a message is refused" commit_without_a_message_is_refused
it "refresh: a whole file that is gone goes here too" dropped_whole_file_goes
it "refresh: what changed here is not overwritten" changed_repository_is_kept
it "refresh: a moved base is refused" moved_base_is_refused
it "refresh: another history is refused" foreign_history_is_refused
it "refresh: a merge is refused" merge_is_refused
it "refresh: a rebase in progress is refused" rebase_in_progress_is_refused
it "refresh: a path of the tooling is refused" own_path_is_refused
it "refresh: no tree is refused" no_tree_is_refused
it "roundtrip: odd text and names survive" odd_names_and_text_survive
it "roundtrip: an empty series" roundtrip_of_an_empty_series
it "roundtrip: sees what refresh would write" roundtrip_sees_what_refresh_would_write
