# SPDX-License-Identifier: GPL-2.0
#
# What verdict.awk and raid-verdict.awk share: the lines that each guest gives, what
# is wrong with which result, the guest's results against those that are expected, and
# how they are told.

function fail(what, why)
{
	if (!(what in reason))
		reason[what] = why
	else if (++more[what] < 20)
		detail[what] = detail[what] "# " what ": " why "\n"
}

function guest_result(    number, name, why, skipped)
{
	why = ""
	if ($1 == "not") {
		why = $0
		if (!sub(/^[^#]*# /, "", why))
			why = "the guest says: not ok"
		$0 = substr($0, 5)
	} else if ($0 ~ / # SKIP/) {
		skipped = $0
		sub(/.* # SKIP */, "", skipped)
		if (!allow_skip)
			why = "skipped: " skipped
		else
			lacks[$3] = skipped
	}
	number = $2
	name = $3
	nresults++
	if (number != nresults || name != item[nresults])
		fail("verdict", "result " nresults " is '" number " " name \
		     "', expected '" nresults " " item[nresults] "'")
	reported[name]++
	if (why != "")
		fail(name, why)
}

function final_line()
{
	if ($2 != nonce)
		wrong_nonce = 1
	have_verdict = 1
	final_count = $3
}

# Take a line that each guest gives; tells whether it was one.
function guest_line()
{
	sub(/\r$/, "")
	if (have_verdict)
		fail("verdict", "there is something after the final line: " $0)
	if (/^1\.\.[0-9]+$/)
		plan = substr($0, 4) + 0
	else if (/^(not )?ok [0-9]+ /)
		guest_result()
	else if (/^# log: /)
		log_line(substr($0, 8))
	else if (/^# log-lines: /)
		log_lines = $3
	else if (/^# kmemleak: /)
		fail("kmemleak", substr($0, 13))
	else if (/^Bail out!/)
		bail = $0
	else if ($1 == "verdict")
		final_line()
	else
		return 0
	return 1
}

function check_reported(    i)
{
	for (i = 1; i <= nitems; i++)
		if (!(item[i] in reported))
			fail(item[i], "was not reported")
}

function check_verdict()
{
	if (plan != nitems)
		fail("verdict", "a plan of " plan + 0 " results instead of " nitems)
	if (nresults != nitems)
		fail("verdict", nresults + 0 " results instead of " nitems)
	if (final_count != nresults)
		fail("verdict", "the final line counts " final_count " results of " nresults + 0)
	if (log_lines == "" || log_lines != nlog)
		fail("verdict", "the kernel's log is not whole")
}

function print_item(number, name)
{
	if (name in reason) {
		printf "# %s: %s\n%s", name, reason[name], detail[name]
		printf "not ok %d %s\n", number, name
		bad = 1
	} else {
		printf "ok %d %s%s\n", number, name,
			(name in lacks) ? " # SKIP " lacks[name] : ""
	}
}

function print_verdict(    i)
{
	if (have_verdict)
		check_verdict()
	else
		fail("verdict", bail != "" ? bail : wrong_nonce ? \
		     "the final line has another boot's nonce" : \
		     "the guest gave no verdict")
	print "KTAP version 1"
	print "1.." nitems + 1
	print_item(1, "verdict")
	for (i = 1; i <= nitems; i++)
		print_item(i + 1, item[i])
}
