#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Lines of the tree by layer, and the largest files of the module.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$TOP"
lines() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ ! -f "$f" ] || cat "$f"; done | wc -l; }
layers=(sys zone pcp gfp slowpath page_alloc device)
for l in "${layers[@]}"; do printf '%-12s %6d\n' "$l" "$(lines "$l/*.rs" "$l.rs")"; done
for l in uapi/rust_buddy.h tools tests/host tests/kselftest tests/demo scripts; do
	printf '%-20s %6d\n' "$l" "$(lines "$l")"
done
git ls-files -co --exclude-standard -- '*.rs' | grep -vE '^(tools|tests)/' |
	while read -r f; do [ ! -f "$f" ] || echo "$(wc -l <"$f") $f"; done | sort -rn | head -n 5
