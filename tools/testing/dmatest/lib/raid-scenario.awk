# SPDX-License-Identifier: GPL-2.0
#
# Refuses a scenario of arrays and of dm-integrity that is not well formed, in one
# line.

function bad(why)
{
	printf "%s:%d: %s\n", file, NR, why
	failed = 1
	exit 1
}

function names(into, list,    n, i, words)
{
	n = split(list, words, " ")
	for (i = 1; i <= n; i++)
		into[words[i]] = 1
}

function check_value(key, value)
{
	if (key == "layout" || key == "engines" || key == "work")
		return value ~ /^[A-Za-z0-9,-]+$/
	if (key == "consistency")
		return value ~ /^(ppl|write-through|write-back)$/
	return value ~ /^[0-9]+$/
}

function check_setting(setting,    key, value)
{
	key = value = setting
	sub(/=.*/, "", key)
	sub(/^[^=]*=/, "", value)
	if (!(key in known))
		bad("unknown setting '" setting "'")
	if (!check_value(key, value))
		bad("'" setting "' has no right value")
	set[key] = value
}

# The steps, to here[]
function check_work(    n, i, steps)
{
	for (i in here)
		delete here[i]
	n = split(set["work"], steps, ",")
	if (!n)
		bad("a device needs work")
	for (i = 1; i <= n; i++) {
		if (!(steps[i] in work))
			bad("unknown work '" steps[i] "'")
		if (steps[i] in here)
			bad("work '" steps[i] "' twice: results have one name")
		here[steps[i]] = 1
	}
}

function check_array_work()
{
	if ("crash" in here)
		bad("crash: only of dm-integrity the journal is known")
	if ("pairs" in here && set["level"] != 6)
		bad("pairs: only level 6 can do without two disks")
	if ("repair" in here && set["layout"] !~ /^(|left-symmetric)$/)
		bad("repair: the place of P and Q is known of left-symmetric alone")
	if (set["consistency"] != "" &&
	    ("degraded" in here || "pairs" in here || "reshape" in here ||
	     "halt" in here || "resume" in here || "hotplug" in here || "bad" in here ||
	     "dead" in here))
		bad("degraded, pairs, reshape, halt, resume, hotplug, bad, dead: " \
		    "not with a journal or PPL")
	if (("discard" in here) != (set["discard"] == 1))
		bad("discard needs discard=1 and the other way round")
}

function check_integrity(    key, step)
{
	for (key in set)
		if (!(key in integrity_known))
			bad(key ": not with dm-integrity")
	if (set["size"] % 4)
		bad("size: dm-integrity has whole blocks of 4 KiB")
	for (step in here)
		if (!(step in integrity_work))
			bad(step ": not with dm-integrity")
}

function check_device(    i, key)
{
	if ($2 !~ /^[a-z0-9][a-z0-9-]*$/)
		bad("a device needs a name of a-z, 0-9 and -")
	if ($2 in arrays)
		bad("two devices are named " $2)
	arrays[$2] = 1
	for (key in set)
		delete set[key]
	for (i = 3; i <= NF; i++)
		check_setting($i)
	check_work()
	if ($1 == "integrity") {
		check_integrity()
		return
	}
	if (set["level"] !~ /^[56]$/)
		bad("level is 5 or 6")
	check_array_work()
}

BEGIN {
	names(known, "level disks layout chunk size engines consistency " \
		     "skip_copy rmw_level threads discard work count_small")
	names(integrity_known, "size engines work count_small")
	names(work, "full odd small mixed crowd meet buffered restart check " \
		    "repair degraded pairs lose rebuild reshape halt resume hotplug discard " \
		    "unplug crash bad dead cost-full cost-small cost-degraded")
	names(integrity_work, "full odd small mixed buffered restart crash unplug")
}

/^#/ || NF == 0	{ next }
$1 == "describe" && NF > 1		{ fields++; next }
$1 == "limit" && $2 ~ /^[1-9][0-9]*$/	{ fields++; next }
$1 == "array" || $1 == "integrity"	{ check_device(); narrays++; next }
{ bad("expected describe, limit SECONDS, array, or integrity") }

END {
	if (!failed && (fields != 2 || !narrays)) {
		printf "%s: needs describe, limit and a device\n", file
		exit 1
	}
}
