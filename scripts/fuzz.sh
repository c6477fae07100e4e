#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Fuzzes the allocator on this machine, guided by coverage: fuzz.sh [--short | --merge | FILE]
#
#   FUZZ_SECONDS=N   how long (default 60)
#   --short          the same few hundred runs each time, or 600 seconds of new ones if SOAK=1
#   --merge          takes what out/fuzz/corpus has learned into tests/host/fuzz/corpus
#   FILE             repeats a run and prints its steps
#
# Needs no nightly compiler: the instrumentation is LLVM's, asked for in tests/host/fuzz/.cargo.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

KEPT=tests/host/fuzz/corpus
LEARNED=out/fuzz/corpus
seconds=${FUZZ_SECONDS:-60} seed=0 runs=-1
if [ "${1-}" = --short ]; then
	shift
	if [ "${SOAK:-0}" = 0 ]; then
		# A check that passed passes again: the runs follow from the seed and the kept rows alone.
		seconds=120 seed=1 runs=1500 LEARNED=out/fuzz/short
		rm -rf "$LEARNED"
	else
		seconds=600
	fi
fi

cd "$TOP"
"$TOP/scripts/cargo.sh" tests/host/fuzz build --quiet --release
ops() { "$TOP/scripts/in-sandbox" -n env OPS_PRINT="${PRINT-}" "$CARGO_TARGETS/fuzz/x86_64-unknown-linux-gnu/release/ops" "$@"; }
mkdir -p "$LEARNED" "$KEPT"

case ${1-} in
'') ;;
--merge)
	rm -rf "$LEARNED.new"
	mkdir "$LEARNED.new"
	# By edges alone: how often one is taken would keep ten times as many.
	ops -set_cover_merge=1 -use_counters=0 "$LEARNED.new" "$KEPT" "$LEARNED" 2>&1 | tail -n 1
	rm -rf "$KEPT"
	mv "$LEARNED.new" "$KEPT"
	exit
	;;
*)
	PRINT=1 ops "$1"
	exit
	;;
esac

log=out/fuzz/log
start=$(now)
say "$([ "$runs" = -1 ] && echo "$seconds s" || echo "$runs runs") ..."
rc=0
# Steps are drawn from rows of up to 512 bytes from the start, since short ones do little.
ops -max_total_time="$seconds" -seed="$seed" -runs="$runs" -max_len=512 -len_control=0 -timeout=60 -print_final_stats=1 \
	-artifact_prefix=out/fuzz/ "$LEARNED" "$KEPT" >"$log" 2>&1 || rc=$?
runs=$(awk '/number_of_executed_units/ { print $2 }' "$log")
edges=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)
say "${runs:-0} runs in $(($(now) - start)) s, edges ${edges:-none}"
[ "$rc" != 0 ] || exit 0

found=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
grep -A 3 'panicked at' "$log" | head -n 8 || tail -n 20 "$log"
[ -n "$found" ] || die "the fuzzer failed: see $log"
ops -minimize_crash=1 -max_total_time=20 -exact_artifact_path="$found.min" "$found" >"$log.min" 2>&1 || true
[ ! -s "$found.min" ] || mv "$found.min" "$found"
echo "repeat it with: scripts/fuzz.sh $found"
exit 1
