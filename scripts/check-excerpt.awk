# SPDX-License-Identifier: GPL-2.0
#
# Of KTAP output: each "not ok" with the diagnostics before it. Of those that are long, both ends.

/\r$/ { sub(/\r$/, "") }
/^ *# (Subtest|Totals|[A-Za-z0-9_.]+: [0-9.]+ s$)/ { next }
/^ *# / || /^ *Bail out!/ || /^\[/ { note[++n] = $0; next }
/^ *ok / { n = 0 }
/^ *not ok / && !/# *SKIP/ {
	for (i = 1; i <= n; i++) {
		if (n <= 24 || i <= 16 || i > n - 8) print note[i]
		else if (i == 17) print "    ..."
	}
	print
	n = 0
}
# What came after the last result, or instead of one.
END { for (i = n > 8 ? n - 7 : 1; i <= n; i++) print note[i] }
