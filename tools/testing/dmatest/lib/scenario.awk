# SPDX-License-Identifier: GPL-2.0
#
# Refuses a scenario that is not well formed, in one line.

function bad(why)
{
	printf "%s:%d: %s\n", file, NR, why
	failed = 1
	exit 1
}

function check_setting(setting,    key)
{
	key = setting
	sub(/=.*/, "", key)
	if (!(key in known))
		bad("unknown setting '" setting "'")
	if (setting !~ /^[a-z_]+=-?[0-9]+$/)
		bad("'" setting "' is not KEY=NUMBER")
	seen[key] = 1
}

function check_run(    i, key)
{
	if ($2 !~ /^[a-z0-9][a-z0-9-]*$/)
		bad("a run needs a name of a-z, 0-9 and -")
	if ($2 in runs)
		bad("two runs are named " $2)
	runs[$2] = 1
	for (key in seen)
		delete seen[key]
	for (i = 3; i <= NF; i++)
		check_setting($i)
	if (("iterations" in seen) == ("stop" in seen))
		bad("a run needs either iterations or stop, else it never ends")
}

BEGIN {
	n = split("test_buf_size threads_per_chan iterations timeout " \
		  "noverify norandom alignment transfer_size polled " \
		  "dmatest stop", names, " ")
	for (i = 1; i <= n; i++)
		known[names[i]] = 1
}

/^#/ || NF == 0	{ next }
$1 == "describe" && NF > 1		{ fields++; next }
$1 == "width" && $2 ~ /^(8|32)$/	{ fields++; next }
$1 == "limit" && $2 ~ /^[1-9][0-9]*$/	{ fields++; next }
$1 == "run"				{ check_run(); nruns++; next }
{ bad("expected describe, width 8 or 32, limit SECONDS, or run") }

END {
	if (!failed && (fields != 3 || !nruns)) {
		printf "%s: needs describe, width, limit and a run\n", file
		exit 1
	}
}
