# SPDX-License-Identifier: GPL-2.0
#
# Holds what the guest reported against what was asked of it. Reads three
# files: expect, scenario.scn, verdict.log. Writes KTAP, and to the file
# `table` a line a channel: name, tests, failures, least and greatest rate,
# mappings live. Exit status 0 all good, 1 something failed, 2 no verdict.
#
# Nothing counts as good because it is absent: a run passes when every channel
# and thread has exactly one summary and that says what was asked.

function param(run, key, otherwise)
{
	return ((run, key) in setting) ? setting[run, key] : otherwise
}

function add_run(    i, kv)
{
	runs[++nruns] = $2
	item[++nitems] = $2
	for (i = 3; i <= NF; i++) {
		split($i, kv, "=")
		setting[$2, kv[1]] = kv[2]
	}
}

# The driver is quiet but for these lines; another is not expected.
function dmatest_line(text,    thread, rest, w)
{
	if (text ~ /^dmatest: Added [0-9]+ threads using /)
		return
	if (text ~ /^dmatest: Started [0-9]+ threads using /) {
		split(text, w, " ")
		started[run, w[6]] += w[3]
		return
	}
	if (run == "") {
		fail("verdict", "outside any run: " text)
		return
	}
	if (text !~ /^dmatest: dma[0-9]+chan[0-9]+-[a-z]+[0-9]+: /) {
		fail(run, text)
		return
	}
	thread = rest = substr(text, 10)
	sub(/: .*/, "", thread)
	sub(/^[^ ]*: /, "", rest)
	if (rest ~ /^summary /)
		summary(thread, rest)
	else if (rest !~ /^result #[0-9]+: 'test passed' /)
		fail(run, thread ": " rest)
}

# summary T tests, F failures I.II iops R KB/s (E)[, L mappings live]
function summary(thread, text,    w, n, chan, live)
{
	n = split(text, w, " ")
	chan = thread
	sub(/-.*/, "", chan)
	seen[run, thread]++
	told[run, chan]++
	if (!((run, thread) in wanted) && !does_more(thread))
		fail(run, "a summary of " thread ", which was not asked for")
	if (w[3] !~ /^tests,?$/ || w[5] != "failures" || w[9] != "KB/s") {
		fail(run, "not understood: " thread ": " text)
		return
	}
	tests[chan] += w[2]
	failures[chan] += w[4]
	rate(chan, w[8] + 0)
	judge_counts(thread, w[2] + 0, w[4] + 0, w[10])
	if (text !~ /, [0-9]+ mappings? live$/) {
		if (!allow_no_live)
			fail(run, thread ": no count of live mappings: does this kernel have the series?")
		unknown[chan] = 1
		return
	}
	live = w[n - 2] + 0
	alive[chan] += live
	if (live)
		fail(run, thread ": " live " mappings still live")
}

# An engine that can do XOR or P and Q has threads for these, too, as many.
function does_more(thread,    copy)
{
	copy = thread
	if (!sub(/-(xor|pq)/, "-copy", copy) || !((run, copy) in wanted))
		return 0
	return wanted[run, thread] = 1
}

function rate(chan, kbs)
{
	if (!(chan in least) || kbs < least[chan])
		least[chan] = kbs
	if (!(chan in most) || kbs > most[chan])
		most[chan] = kbs
}

function judge_counts(thread, ntests, nfailed, code,    asked)
{
	asked = param(run, "iterations", 0) + 0
	if (asked && ntests != asked)
		fail(run, thread ": " ntests " tests instead of " asked)
	if (ntests == 0)
		fail(run, thread ": no test was done")
	if (nfailed)
		fail(run, thread ": " nfailed " failures")
	if (code !~ /^\(0\),?$/)
		fail(run, thread ": status " code " instead of (0)")
}

function want_summaries(    r, c, t, nthreads, op)
{
	if (!nchans)
		fail("verdict", "expect names no channel")
	for (r = 1; r <= nruns; r++) {
		nthreads = param(runs[r], "threads_per_chan", 1)
		op = param(runs[r], "dmatest", 0) == 1 ? "set" : "copy"
		for (c = 1; c <= nchans; c++)
			for (t = 0; t < nthreads; t++)
				wanted[runs[r], chans[c] "-" op t] = 1
	}
}

function check_summaries(    key, part)
{
	for (key in wanted) {
		split(key, part, SUBSEP)
		if (!(key in seen))
			fail(part[1], "no summary of " part[2])
		else if (seen[key] != 1)
			fail(part[1], seen[key] " summaries of " part[2])
	}
	for (key in started) {
		split(key, part, SUBSEP)
		if (told[key] != started[key])
			fail(part[1], part[2] ": " told[key] + 0 " summaries of " \
			     started[key] " threads")
	}
}

function log_line(text,    w)
{
	nlog++
	sub(/^\[ *[0-9]+\.[0-9]+\](\[[^]]*\])? /, "", text)
	if (text ~ /^dmatest-run: begin /) {
		split(text, w, " ")
		run = w[4]
		begun[run]++
	} else if (text ~ /^dmatest-run: end /) {
		split(text, w, " ")
		if (run != w[4])
			fail(w[4], "its end is in the log, its begin is not")
		ended[w[4]]++
		run = ""
	} else if (text ~ /^dmatest: /) {
		dmatest_line(text)
	}
}

function check_runs(    r)
{
	for (r = 1; r <= nruns; r++) {
		if (begun[runs[r]] != 1 || ended[runs[r]] != 1)
			fail(runs[r], "not in the kernel's log from begin to end")
	}
}

function print_table(    c, chan)
{
	for (c = 1; c <= nchans; c++) {
		chan = chans[c]
		printf "%s %d %d %d %d %s\n", chan, tests[chan],
			failures[chan], least[chan], most[chan],
			(chan in unknown) ? "?" : alive[chan] + 0 > table
	}
	close(table)
}

# All that is expected, once the scenario has been read
function expect_all(    i, n, names)
{
	n = split(checks, names, " ")
	for (i = 1; i <= n; i++)
		item[++nitems] = names[i]
	if (shadow != "")
		item[++nitems] = "dma-shadow"
	want_summaries()
}

FNR == 1		{ nfile++ }
nfile == 1 && $1 == "nonce"	{ nonce = $2 }
nfile == 1 && $1 == "channels"	{
	nchans = NF - 1
	for (i = 1; i <= nchans; i++)
		chans[i] = $(i + 1)
}
nfile == 1 && $1 == "shadow"	{ shadow = $2 }
nfile == 1		{ next }
nfile == 2 && $1 == "run"	{ add_run() }
nfile == 2		{ next }

FNR == 1		{ expect_all() }
guest_line()		{ next }

END {
	if (nfile < 3)		# not a line from the guest
		expect_all()
	if (wrong_nonce)
		have_verdict = 0
	check_reported()
	check_summaries()
	check_runs()
	print_verdict()
	print_table()
	exit !have_verdict ? 2 : bad ? 1 : 0
}
