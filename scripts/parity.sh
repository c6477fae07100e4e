#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module's model beside the stock kernel's allocator, the same operations on both: parity.sh [short]
#
# Machines (arenas), each with a node 1 that has no CPUs and that nobody else uses:
#   dma32    256 MiB of DMA32 alone
#   normal   512 MiB of Normal alone
#   both     Normal and DMA32 in one node: the only one where mixing types is put off (NOFRAGMENT)
#   movable  DMA32 and Movable in one node
# OPERATIONS, SEEDS and ARENAS change what is done, ARGS adds words to rbctl parity.
# The last line sums up; the full form does 10,000,000 operations with 20 seeds.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# What must have happened somewhere in a run; the short form cannot reach everything.
common=refill,drain,fail,below_high,bulk,bulk_holes,nolock,contig,reclaim_free,high_order
case ${1-full} in
full)
	operations=${OPERATIONS:-10000000} seeds=${SEEDS:-20} arenas=${ARENAS:-dma32 both normal movable}
	demand=$common,claim,steal,retype,boost,contig_busy
	;;
short) operations=${OPERATIONS:-100000} seeds=${SEEDS:-2} arenas=${ARENAS:-dma32} demand=$common ;;
*) die "usage: parity.sh [short]" ;;
esac

# arena NAME: sets options and share (percent of the operations).
arena() {
	case $1 in
	dma32) options=(--node "768M,cpus=0-1" --node 256M) share=60 ;;
	both) options=(--node "2816M,cpus=0-1" --node 1280M) share=20 ;;
	normal) options=(--node "4608M,cpus=0-1" --node 512M) share=10 ;;
	movable) options=(--node "768M,cpus=0-1" --node 256M --append kernelcore=256M) share=10 ;;
	*) die "no arena $1: dma32, both, normal or movable" ;;
	esac
}

"$TOP/scripts/build-module.sh" a
"$TOP/scripts/rbctl.sh"
read -r -a arenas <<<"$arenas"
total=0
for name in "${arenas[@]}"; do
	arena "$name"
	total=$((total + share))
done
rc=0 done_ops=0 divergences=0 begin=$(now) seed=${SEED:-1}
for name in "${arenas[@]}"; do
	arena "$name"
	say "arena $name"
	status=0
	mine=$(((seeds * share + total - 1) / total))
	"$TOP/scripts/boot.sh" a --name "parity-$name" "${options[@]}" --limit 1200 \
		--append "init_on_alloc=0" --env "OPERATIONS=$((operations * share / total))" --env "SEEDS=$mine" \
		--env "SEED=$seed" --env "DEMAND=${DEMAND-$demand}" --env "ARGS=${ARGS-}" -- \
		"$TOP/tests/parity/guest.sh" "$TOP/out/a/rust_buddy.ko" "$TOP/out/bin/rbctl" || status=$?
	seed=$((seed + mine))
	[ "$status" = 0 ] || rc=1
	"$TOP/scripts/console-verdict.sh" "parity-$name" 12288 || rc=1
	read -r ops diverged < <(sed -n 's/^parity: \([0-9]*\) operations, [0-9]* seeds, \([0-9]*\) divergences.*/\1 \2/p' \
		"$TOP/out/log/parity-$name.log") || true
	done_ops=$((done_ops + ${ops:-0})) divergences=$((divergences + ${diverged:-0}))
	# No last line: the run ended before its end.
	[ -n "${ops-}" ] || rc=1
	ops='' diverged=''
done
echo "parity: $done_ops operations, $((seed - ${SEED:-1})) seeds, $divergences divergences, $(($(now) - begin)) s"
exit "$rc"
