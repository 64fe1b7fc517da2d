# SPDX-License-Identifier: GPL-2.0
#
# Holds what the guest reported of its arrays, and of its devices of dm-integrity,
# which are called arrays here, too, against what was asked of it. Reads four files:
# expect, engines.list, scenario.scn, verdict.log. Writes KTAP, and to the file
# `table` a line an array: name, steps, MiB compared, operations of the engines
# (memcpy, xor, pq, validations), errors. Exit status 0 all good, 1 something failed,
# 2 no verdict.
#
# Nothing counts as good because it is absent: a step that writes passes when all
# of the array was compared after it, an array when its engines did what the work
# asks for, or when there was none and none was asked for.

function param(array, key, otherwise)
{
	return ((array, key) in setting) ? setting[array, key] : otherwise
}

function add_item(name)
{
	item[++nitems] = name
}

function add_array(    i, n, kv, steps)
{
	arrays[++narrays] = $2
	kind[$2] = $1
	for (i = 3; i <= NF; i++) {
		split($i, kv, "=")
		setting[$2, kv[1]] = kv[2]
	}
	add_item($2 "-create")
	nsteps[$2] = n = split(param($2, "work", ""), steps, ",")
	for (i = 1; i <= n; i++) {
		step[$2, i] = steps[i]
		asked[$2, steps[i]] = 1
		add_item($2 "-" steps[i])
	}
	add_item($2 "-engines")
	add_item($2 "-removed")
}

# raid-io COMMAND's last words: what it did, and to how many bytes
function data_line(name, what, n)
{
	if (what == "wrong:")
		fail(name, "wrong data: " $0)
	else if (what == "compared")
		compared[name] += n
	else if (what == "filled" || what == "written" || what == "garbage" ||
		 what == "discarded" || what == "corrected" || what == "failed")
		changed[name, what] += n
	else
		fail(name, $0)
}

function bytes_of(array, disks)
{
	if (kind[array] == "integrity")
		return 1024 * param(array, "size", 8192)
	return (disks - param(array, "level", 5) + 4) * 1024 * \
		param(array, "size", 1024)
}

# What a step must have written, if anything
function must_change(array, what, name)
{
	if (what ~ /^(full|odd|reshape|halt|resume|hotplug|dead)$/ && !((name, "filled") in changed))
		fail(name, "nothing was filled")
	if (what ~ /^(small|mixed|crowd|meet|buffered|lose|rebuild|reshape|halt|resume|hotplug|unplug|crash|bad)$/ &&
	    !((name, "written") in changed))
		fail(name, "nothing was written")
	if (what == "repair" && !((name, "garbage") in changed))
		fail(name, "there was no garbage")
	if (what == "discard" && !((name, "discarded") in changed))
		fail(name, "nothing was discarded")
	if (what == "bad" && !(changed[name, "corrected"] > 0))
		fail(name, "no read error was corrected")
	if (what == "dead" && changed[name, "failed"] != 17)
		fail(name, changed[name, "failed"] + 0 " of 17 readers and writers failed")
	if (what ~ /^cost-/ && measured[name] != 8)
		fail(name, measured[name] + 0 " of 8 costs were measured")
}

# How many times all of the array is compared in a step
function comparisons(what, disks)
{
	if (what == "check" || what ~ /^cost-/)
		return 0
	if (what == "degraded")
		return disks
	if (what == "pairs")
		return disks * (disks - 1) / 2
	if (what == "bad")
		return 2
	return 1
}

# How many disks the array has more after a step
function added_by(what)
{
	if (what == "hotplug")
		return 4
	return what ~ /^(reshape|halt|resume)$/
}

function check_data(array,    i, disks, what, name, want)
{
	disks = param(array, "disks", 5)
	want = bytes_of(array, disks)
	if (compared[array "-create"] < want)
		fail(array "-create", "the new array was not compared")
	for (i = 1; i <= nsteps[array]; i++) {
		what = step[array, i]
		name = array "-" what
		want = bytes_of(array, disks) * comparisons(what, disks)
		disks += added_by(what)
		if (added_by(what))
			want += bytes_of(array, disks)
		if (compared[name] + 0 < want)
			fail(name, compared[name] + 0 " bytes were compared instead of " want)
		must_change(array, what, name)
		check_mismatches(array, what)
		total[array] += compared[name]
	}
}

# check and repair, in the order in which they took place: what md counted
function mismatch_line(name, action, n)
{
	synced[name] = synced[name] " " action ":" (n > 0 ? "some" : n == "0" ? 0 : "?")
}

function check_mismatches(array, what,    name)
{
	name = array "-" what
	if (what ~ /^(check|bad)$/ && synced[name] != " check:0")
		fail(name, "md was not checked without a mismatch:" synced[name])
	if (what == "repair" && synced[name] != " check:some repair:some check:0")
		fail(name, "garbage was not seen, mended and gone:" synced[name])
}

# What the work asks of engines that can do all
function wants(array, op)
{
	if (kind[array] == "integrity")
		return op !~ /^(memcpy|xor_val|pq|pq_val)$/
	if (op == "xor")
		return param(array, "level", 5) == 5
	if (op == "pq")
		return param(array, "level", 5) == 6
	if (op == "xor_val")
		return wants(array, "xor") &&
			((array, "check") in asked || (array, "repair") in asked)
	if (op == "pq_val")
		return wants(array, "pq") &&
			((array, "check") in asked || (array, "repair") in asked)
	return 1
}

function check_engines(array,    set, n, i, ops, wanted)
{
	set = param(array, "engines", "one")
	if (!(set in does)) {
		fail(array "-engines", "no set of engines is named " set)
		return
	}
	if (does[set] == "-") {
		if (array in engines)
			fail(array "-engines", "there was an engine")
		return
	}
	if (engines[array] + 0 != instances[set])
		fail(array "-engines", engines[array] + 0 " engines instead of " \
		     instances[set] + 0)
	n = split(does[set], ops, ",")
	for (i = 1; i <= n; i++) {
		if (!wants(array, ops[i]))
			continue
		wanted++
		if (!(did[array, ops[i]] > 0))
			fail(array "-engines", "the engines did no " ops[i])
	}
	if (!wanted)
		fail(array "-engines", "engines " set " can do nothing that is asked for")
}

# A cost that is no number was not measured.
function cost_line(name, n, units)
{
	measured[name] += n ~ /^[0-9]+$/ && units > 0
}

function engine_line(array, name, counter, n)
{
	if (!((array, name) in known))
		engines[array]++
	known[array, name] = 1
	did[array, counter] += n
}

# What md may say of disks with bad blocks, and of an array without enough disks
function expected_error(text)
{
	return running ~ /-dead$/ ||
		(running ~ /-bad$/ && text ~ /: read error corrected /)
}

# md tells in the log what it does; steps must be there from begin to end.
function log_line(text,    w)
{
	nlog++
	sub(/^\[ *[0-9]+\.[0-9]+\](\[[^]]*\])? /, "", text)
	split(text, w, " ")
	if (text ~ /^raid-run: begin /)
		running = w[3]
	else if (text ~ /^raid-run: end /) {
		ended[w[3]] += running == w[3]
		running = ""
	} else if (text ~ /(I\/O error|read error|not correctable)/ &&
		 !expected_error(text))
		fail(running == "" ? "verdict" : running, text)
}

function check_ended(    a, i, name)
{
	for (a = 1; a <= narrays; a++)
		for (i = 1; i <= nsteps[arrays[a]]; i++) {
			name = arrays[a] "-" step[arrays[a], i]
			if (ended[name] != 1)
				fail(name, "not in the kernel's log from begin to end")
		}
}

function print_table(    a, array)
{
	for (a = 1; a <= narrays; a++) {
		array = arrays[a]
		printf "%s %d %d %d %d %d %d %d\n", array, nsteps[array],
			total[array] / 1048576, did[array, "memcpy"],
			did[array, "xor"], did[array, "pq"],
			did[array, "xor_val"] + did[array, "pq_val"],
			did[array, "errors"] + did[array, "prep_failed"] + \
			did[array, "submit_failed"] + \
			did[array, "map_failed"] > table
	}
	close(table)
}

# All that is expected, once the scenario has been read
function expect_all(    i, n, names)
{
	n = split(checks, names, " ")
	for (i = 1; i <= n; i++)
		add_item(names[i])
	if (mode == "shadow")
		add_item("dma-shadow")
	else if (mode == "swiotlb")
		add_item("swiotlb")
}

FNR == 1		{ nfile++ }
nfile == 1 && $1 == "nonce"	{ nonce = $2 }
nfile == 1 && $1 == "mode"	{ mode = $2 }
nfile == 1		{ next }
nfile == 2 && /^[a-z]/	{
	if ($2 == "does")
		does[$1] = $3
	else
		instances[$1]++
}
nfile == 2		{ next }
nfile == 3 && ($1 == "array" || $1 == "integrity")	{ add_array() }
nfile == 3		{ next }

FNR == 1		{ expect_all() }
guest_line()		{ next }
/^# data /		{ data_line($3, $4, $5); next }
/^# mismatch /		{ mismatch_line($3, $4, $5); next }
/^# engine /		{ engine_line($3, $4, $5, $6); next }
/^# cost /		{ cost_line($3, $6, $7); next }

END {
	if (nfile < 4)		# not a line from the guest
		expect_all()
	if (wrong_nonce)
		have_verdict = 0
	check_reported()
	check_ended()
	for (a = 1; a <= narrays; a++) {
		check_data(arrays[a])
		check_engines(arrays[a])
	}
	print_verdict()
	print_table()
	exit !have_verdict ? 2 : bad ? 1 : 0
}
