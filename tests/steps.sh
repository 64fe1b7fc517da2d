# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# scripts/steps: what it counts.

# plan LINE...: a list of steps in the file `plan`
plan() {
	printf '%s\n' "$@" >plan
}

# ends CODE LAST-LINE: run the plan; it exits and ends so
ends() {
	local got=0
	scripts/steps plan >out 2>&1 || got=$?
	cat out
	[ "$got" = "$1" ]
	[ "$(tail -n 1 out)" = "$2" ]
	[ "$(cat build/results/plan/summary)" = "$2" ]
}

has() {
	grep -qxF -- "$1" out
}

counts_exit_codes() {
	plan 'a|exit|1|9|-|true' 'b|exit|1|9|-|echo why; exit 3' 'c|exit|1|9|-|true'
	ends 16 "2 passed, 1 failed"
	has "ok 1 a"
	has "# why"
	has "not ok 2 b: exit 3, failed"
	has "ok 3 c"
	has "1..3"
}

names_the_code() {
	plan 'a|exit|1|9|-|exit 17' 'b|ktap|1|9|-|exit 14'
	ends 16 "0 passed, 2 failed"
	has "not ok 1 a: exit 17, the kernel complained (warning, oops, leak)"
	has "not ok 2 b: exit 14, the kernel did not build"
}

counts_ktap() {
	plan "a|ktap|1|9|-|printf '1..3\nok 1 x\nok 2 - y\nnot ok 3 z\n'; exit 1" \
		"b|ktap|1|9|-|printf 'ok 1 x\r\n  ok 1 nested\n    not ok 2 nested\nok then\n'"
	ends 16 "3 passed, 1 failed"
	has "not ok 3 a: z"
	has "ok 2 a: y"
	has "ok 4 b: x"
}

last_line_without_newline_counts() {
	plan "a|ktap|1|9|-|printf '1..1\nnot ok 1 x'"
	ends 16 "0 passed, 1 failed"
}

failed_result_with_exit_0_fails() {
	plan "a|ktap|1|9|-|echo not ok 1 x; exit 0"
	ends 16 "0 passed, 1 failed"
}

nonzero_exit_without_failed_result_fails() {
	plan "a|ktap|1|9|-|echo ok 1 x; exit 9"
	ends 16 "1 passed, 1 failed"
	has "not ok 2 a: exit 9, failed"
}

no_results_fail() {
	plan "a|ktap|1|9|-|echo KTAP version 1"
	ends 16 "0 passed, 1 failed"
	has "not ok 1 a: no results"
}

short_plan_fails() {
	plan "a|ktap|1|9|-|printf '1..3\nok 1 x\nok 2 y\n'"
	ends 16 "2 passed, 1 failed"
	has "not ok 3 a: 3 results were planned, 2 came"
}

bail_out_fails() {
	plan "a|ktap|1|9|-|echo ok 1 x; echo 'Bail out! no disk'"
	ends 16 "1 passed, 1 failed"
}

skips_do_not_pass() {
	plan "a|ktap|1|9|-|printf 'ok 1 x # SKIP no engine\nok 2 y # skip\nok 3 z\n'"
	ends 0 "1 passed, 0 failed, 2 skipped"
	has "ok 1 a: x # SKIP no engine"
}

all_skipped_fails() {
	plan "a|ktap|1|9|-|echo 'ok 1 x # SKIP no engine'"
	ends 16 "0 passed, 0 failed, 1 skipped"
}

failed_skip_fails() {
	plan "a|ktap|1|9|-|echo 'not ok 1 x # SKIP'"
	ends 16 "0 passed, 1 failed"
}

time_limit_fails() {
	plan "a|exit|1|3|-|sleep 60" "b|ktap|1|3|-|echo ok 1 x; sleep 60" "c|exit|1|9|-|true"
	ends 16 "2 passed, 2 failed"
	has "not ok 1 a: stopped after 3 s"
	has "not ok 3 b: stopped after 3 s"
}

killed_fails() {
	plan "a|exit|1|99|-|sleep 1; kill -9 \$\$"
	ends 16 "0 passed, 1 failed"
	grep -q "^not ok 1 a: killed after [1-9] s" out
}

interrupted_fails() {
	plan "a|ktap|1|99|-|echo ok 1 x; sleep 60"
	timeout 4 scripts/steps plan >out 2>&1 || true
	cat out
	has "not ok 2 interrupted"
	[ "$(tail -n 1 out)" = "1 passed, 1 failed" ]
}

needs_are_kept() {
	plan "a|exit|1|9|-|false" "b|exit|1|9|a|touch ran" "c|exit|1|9|-|true" \
		"d|exit|1|9|c b|touch ran"
	ends 16 "1 passed, 3 failed"
	has "not ok 2 b: not run, it needs a"
	has "not ok 4 d: not run, it needs b"
	[ ! -e ran ]
}

chooses_steps() {
	plan "a|exit|1|9|-|false" "b|exit|1|9|a|true"
	export STEP=b
	ends 0 "1 passed, 0 failed"
	STEP=c refused 2 "no step 'c': choose among a b" scripts/steps plan
}

logs_and_next_step() {
	plan "one|exit|5|9|-|echo hello" "two|exit|1|9|-|cat"
	ends 0 "2 passed, 0 failed"
	[ "$(cat build/results/plan/01-one.log)" = hello ]
	grep -q '^# step 1 of 2: one, usually 5 s$' out
	grep -q '^# one took [0-9]* s, [0-9]* s so far; next: two$' out
}

bad_lists_are_refused() {
	plan "a b|exit|1|9|-|true"
	refused 2 "plan line 1: bad name 'a b'" scripts/steps plan
	plan "a|exit|x|9|-|true"
	refused 2 "times are seconds" scripts/steps plan
	plan "a|maybe|1|9|-|true"
	refused 2 "kind is exit or ktap" scripts/steps plan
	plan "a|exit|1|9|-|"
	refused 2 "no command" scripts/steps plan
	plan "a|exit|1|9|-|true" "a|exit|1|9|-|true"
	refused 2 "plan line 2: a second step a" scripts/steps plan
	refused 2 "SILENCE=no is no number" env SILENCE=no scripts/steps plan
	plan "a|exit|1|9|@x b|true"
	refused 2 "plan line 1: one @NAME, behind the needs" scripts/steps plan
	refused 2 "there is no list none" scripts/steps none
}

# note WHAT: into a file, which tells in which order things happened
# wait_for FILE: of a step that runs beside this one
lanes_plan() {
	cat >helpers <<-'EOF'
	note() { echo "$1" >>notes; }
	wait_for() { for _ in $(seq 100); do [ ! -e "$1" ] || return 0; sleep 0.1; done; return 1; }
	EOF
	plan "$@"
}

lanes_run_side_by_side() {
	export LANES=2
	lanes_plan "a|ktap|1|30|@x|. ./helpers; touch a; wait_for b && echo ok 1 p; echo '# seen'" \
		"b|ktap|1|30|@y|. ./helpers; touch b; wait_for a && echo not ok 1 q" \
		"c|exit|1|30|@x|. ./helpers; wait_for never & sleep 1; echo why; exit 3"
	ends 16 "1 passed, 2 failed"
	grep -qx 'ok [12] a: p' out
	grep -qx 'not ok [12] b: q' out
	has "# a: seen"
	has "# c: why"
}

one_at_a_time() { # in: LANES
	lanes_plan "a|exit|1|30|$1|. ./helpers; note a; sleep 1; note A" \
		"b|exit|1|30|$2|. ./helpers; note b; sleep 1; note B" \
		"c|exit|1|30|$3|. ./helpers; note c; sleep 1; note C"
	ends 0 "3 passed, 0 failed"
	[ "$(tr -d '\n' <notes)" = aAbBcC ]
}

lanes_keep_apart() {
	export LANES=3
	one_at_a_time @x @x @x
	rm notes
	one_at_a_time @x - @y
	rm notes
	one_at_a_time @x "a @y" "b @z"
	rm notes
	LANES=1 one_at_a_time @x @y @z
}

lanes_do_not_wait_in_vain() {
	export LANES=2
	lanes_plan "a|exit|1|30|@x|. ./helpers; wait_for c" "b|exit|1|30|@x|true" \
		"c|exit|1|30|@y|touch c"
	ends 0 "3 passed, 0 failed"
}

lanes_end_with_the_run() {
	export LANES=2
	lanes_plan "a|exit|1|99|@x|touch a; sleep 3; touch late" \
		"b|exit|1|99|@y|touch b; sleep 3; touch late"
	timeout 2 scripts/steps plan >out 2>&1 || true
	cat out
	[ -e a ] && [ -e b ]
	sleep 3
	[ ! -e late ]
	[ "$(tail -n 1 out)" = "0 passed, 1 failed" ]
}

killed_step_fails() {
	export SILENCE=1
	plan "a|exit|1|99|@x|kill -9 \$(ps -o ppid= -p \$PPID); sleep 2" "b|exit|1|9|-|true"
	ends 16 "1 passed, 1 failed"
	has "# a: somebody killed the process that ran it"
	has "not ok 1 a: exit 255, failed"
}

last_step_without_newline_runs() {
	printf 'a|exit|1|9|-|true\nb|exit|1|9|-|false' >plan
	ends 16 "1 passed, 1 failed"
}

needs_and_lanes_are_looked_at() {
	plan 'a|exit|1|9|b|true'
	refused 2 "plan line 1: it needs b, which no step before it is" scripts/steps plan
	plan 'a|exit|1||-|true'
	refused 2 "plan line 1: times are seconds" scripts/steps plan
	plan 'a|exit|1|9|-|true'
	LANES=x refused 2 "LANES=x is no number" scripts/steps plan
	LANES=0 refused 2 "LANES=0 is no number" scripts/steps plan
}

hangup_stops_what_runs() {
	plan "a|exit|1|99|-|touch a; sleep 4; touch late"
	timeout --signal=HUP 2 scripts/steps plan >out 2>&1 || true
	[ -e a ]
	sleep 4
	[ ! -e late ]
	[ "$(tail -n 1 out)" = "0 passed, 1 failed" ]
}

second_run_is_refused() {
	plan "a|exit|1|99|-|touch a; sleep 3"
	scripts/steps plan >first 2>&1 &
	for _ in $(seq 50); do [ ! -e a ] || break; sleep 0.1; done
	refused 2 "these steps run already" scripts/steps plan
	wait
	[ "$(tail -n 1 first)" = "1 passed, 0 failed" ]
	ends 0 "1 passed, 0 failed"
}

unwritable_results_are_refused() {
	plan "a|exit|1|9|-|true"
	mkdir -p build
	: >build/results
	refused 2 "cannot write to" scripts/steps plan
}

nobody_makes_it_milder() {
	# shellcheck disable=SC2016 # for the step's shell
	plan 'a|exit|1|9|-|[ -z "${NOBUILD-}${ALLOW_SKIP-}${ALLOW_NO_LIVE-}${CROSS_COMPILE-}" ]'
	export NOBUILD=1 ALLOW_SKIP=1 ALLOW_NO_LIVE=1 CROSS_COMPILE=none-
	ends 0 "1 passed, 0 failed"
}

empty_choice_is_refused() {
	plan "a|exit|1|9|-|true"
	STEP=" " refused 2 "STEP names no step: choose among a" scripts/steps plan
}

users_tree_is_left_alone() {
	mkdir mine
	# shellcheck disable=SC2016 # for the step's shell
	plan 'a|exit|1|9|-|[ -z "${KERNEL-}" ]'
	KERNEL=$PWD/mine ends 0 "1 passed, 0 failed"
}

it "steps: a last step without newline runs" last_step_without_newline_runs
it "steps: needs, times and LANES are looked at" needs_and_lanes_are_looked_at
it "steps: the user's KERNEL is not for steps" users_tree_is_left_alone
it "steps: a hangup stops what runs" hangup_stops_what_runs
it "steps: a second run of the same steps is refused" second_run_is_refused
it "steps: results that cannot be written are refused" unwritable_results_are_refused
it "steps: what makes a check milder is not for steps" nobody_makes_it_milder
it "steps: a choice of nothing is refused" empty_choice_is_refused
it "steps: exit codes are results" counts_exit_codes
it "steps: exit codes are named" names_the_code
it "steps: KTAP results are counted, nested ones not" counts_ktap
it "steps: a last line without newline counts" last_line_without_newline_counts
it "steps: a failed result counts though the step exits 0" failed_result_with_exit_0_fails
it "steps: exit non-zero without a failed result fails" nonzero_exit_without_failed_result_fails
it "steps: no results fail" no_results_fail
it "steps: fewer results than planned fail" short_plan_fails
it "steps: Bail out fails" bail_out_fails
it "steps: skips are not passes" skips_do_not_pass
it "steps: all skipped fails" all_skipped_fails
it "steps: a failed result marked as skip fails" failed_skip_fails
it "steps: the time limit holds" time_limit_fails
it "steps: a step that was killed did not take too long" killed_fails
it "steps: interrupted is failed" interrupted_fails
it "steps: a step whose need failed is not run" needs_are_kept
it "steps: a choice of steps" chooses_steps
it "steps: logs, and what comes next" logs_and_next_step
it "steps: bad lists are refused" bad_lists_are_refused
it "steps: steps with different @NAMEs run side by side" lanes_run_side_by_side
it "steps: steps with the same @NAME, with none, or with needs do not" lanes_keep_apart
it "steps: what can start does" lanes_do_not_wait_in_vain
it "steps: one that is killed fails, and the rest goes on" killed_step_fails
it "steps: interrupted, all that run are stopped" lanes_end_with_the_run
