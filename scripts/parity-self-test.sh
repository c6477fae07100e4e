#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does the comparison with the kernel's allocator notice a wrong rule? parity-self-test.sh [ROW...]
#
# Breaks the rule of each ROW (default: 1 what counts as handed out, 53 which end of a list, 61 what is left
# of a stolen block, 77 how much a list is filled with) in a copy of the tree, and demands that parity.sh
# finds and reports it.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ $# -gt 0 ] || set -- 1 53 61 77
copy=$TOP/out/parity-self-test passed=0 failed=0
for row in "$@"; do
	rm -rf "$copy"
	mkdir -p "$copy"
	git -C "$TOP" ls-files -co --exclude-standard -z | tar -C "$TOP" --null -T - -c | tar -C "$copy" -x
	"$TOP/scripts/in-sandbox" -n "$TOP/scripts/mutants.py" --apply "$copy" "$row"
	begin=$(now) log=$TOP/out/log/parity-self-test-$row.log
	if OPERATIONS=${OPERATIONS:-4000000} SEEDS=8 ARENAS=dma32 DEMAND='' "$copy/scripts/parity.sh" short >"$log" 2>&1; then
		echo "not ok row $row: broken, and nobody noticed, $(($(now) - begin)) s"
		failed=$((failed + 1))
	elif found=$(grep -m1 -E '^parity: .* [1-9][0-9]* divergences' "$log"); then
		echo "ok row $row: $found, $(($(now) - begin)) s in all"
		passed=$((passed + 1))
	else
		echo "not ok row $row: no divergence reported, see $log"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
