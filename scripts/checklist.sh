#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The rows of tests/checklist.tsv, the tests that cover each and how their last runs ended:
# checklist.sh [--json]
#
#   ROWS_RIGS=1   also run what the logs of the rigs lack: kselftest on A and B, KUnit on B and C
#
# The host tests are run if their log is missing or older than the tree. The other logs count as they are.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$TOP"
newest=$(git ls-files -co --exclude-standard -z | xargs -0 stat -c %Y 2>/dev/null | sort -n | tail -n 1 || true)
parts=()

# lacking PART...: what keeps their logs from counting as new, if anything does.
lacking() {
	local part log
	for part in "$@"; do
		log=out/log/check-$part.log
		if [ ! -s "$log" ]; then
			echo "no log"
		elif [ "$(stat -c %Y "$log")" -lt "$newest" ]; then
			echo "its log is older than the tree"
		fi
	done | head -n 1
}

for part in host kselftest-a kselftest-b kunit-b kunit-c; do
	why=$(lacking "$part")
	mapfile -t long < <(parts_of "$part")
	# The long tier will do as well.
	if [ -z "$why" ] || [ -z "$(lacking "${long[@]}")" ]; then continue; fi
	say "$part: $why"
	if [ "$part" = host ] || [ "${ROWS_RIGS:-0}" != 0 ]; then parts+=("$part"); fi
done
# What fails there fails its rows here.
[ ${#parts[@]} = 0 ] || scripts/check.sh "${parts[@]}" >&2 || true
exec scripts/in-sandbox -n scripts/checklist.py "$@"
