# SPDX-License-Identifier: GPL-2.0
#
# Counts KTAP results: prints "passed failed skipped". The line of a suite or a program that only sums
# up nested results is not counted twice. A plan with fewer results than promised counts as a failure
# for each missing one, and so does "Bail out!".

{
	sub(/\r$/, "")
	match($0, /^ */)
	depth = RLENGTH
	line = substr($0, depth + 1)
}
line ~ /^1\.\.[0-9]+/ {
	check(depth)
	split(line, part, /\.\./)
	plan[depth] = part[2] + 0
	seen[depth] = 0
}
line ~ /^Bail out!/ { failed++ }
line ~ /^(not )?ok( |$)/ {
	bad = line ~ /^not /
	skip = line ~ /# *[Ss][Kk][Ii][Pp]/
	for (d in nested) if (d + 0 > depth) inner += nested[d]
	for (d in worse) if (d + 0 > depth) inner_bad += worse[d]
	for (d in plan) if (d + 0 > depth) { before = failed; check(d + 0); inner_bad += failed - before }
	if (!inner) {
		if (bad) failed++
		else if (skip) skipped++
		else passed++
	} else if (bad && !inner_bad) failed++
	for (d in nested) if (d + 0 > depth) delete nested[d]
	for (d in worse) if (d + 0 > depth) delete worse[d]
	nested[depth]++
	worse[depth] += bad
	seen[depth]++
	inner = inner_bad = 0
}
function check(d) {
	if (d in plan && seen[d] < plan[d]) failed += plan[d] - seen[d]
	delete plan[d]
}
END {
	for (d in plan) check(d + 0)
	print passed + 0, failed + 0, skipped + 0
}
