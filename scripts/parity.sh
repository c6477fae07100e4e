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
#   cma      as dma32, with a CMA area
#   cpus     as dma32, with four CPUs: other limits of the per-CPU lists
# OPERATIONS, SEEDS and ARENAS change what is done, ARGS adds words to rbctl parity.
# The last line sums up; the full form does 10,000,000 operations with 20 seeds.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# How often what must have happened, at least; the short form cannot reach everything.
least=1 least_rare=1 least_mix=1
demand="refill drain fail below_high bulk bulk_holes nolock contig reclaim_free high_order merge_tail"
case ${1-full} in
full)
	operations=${OPERATIONS:-10000000} seeds=${SEEDS:-20} arenas=${ARENAS:-dma32 both normal movable cma cpus}
	[ "$operations" -lt 10000000 ] || least=100 least_rare=200 least_mix=500000
	demand+=" claim claim_part steal retype boost above_high contig_busy highatomic take_highatomic other_zone cma take_cma"
	;;
short) operations=${OPERATIONS:-100000} seeds=${SEEDS:-6} arenas=${ARENAS:-dma32 both normal movable cma cpus} ;;
*) die "usage: parity.sh [short]" ;;
esac
demand=${DEMAND-$demand}

# arena NAME: sets options, share (percent of the operations) and mixes (empty: all).
arena() {
	mixes=
	case $1 in
	dma32) options=(--node "768M,cpus=0-1" --node 256M) share=40 ;;
	cpus) options=(--smp 4 --node "768M,cpus=0-3" --node 256M) share=10 ;;
	both) options=(--node "2816M,cpus=0-1" --node 1280M) share=20 ;;
	normal) options=(--node "4608M,cpus=0-1" --node 512M) share=10 ;;
	movable) options=(--node "768M,cpus=0-1" --node 256M --append kernelcore=256M) share=10
		# Ranges are left out: in a movable zone the kernel takes all pages for movable that were not
		# reserved at boot, and a copy does not tell which those are.
		mixes="--mix single --mix mixed --mix phases --mix exhaust --mix bulk --mix atomic --mix nolock --mix reclaim"
		;;
	cma) options=(--node "768M,cpus=0-1" --node 256M --append numa_cma=1:32M) share=10 ;;
	*) die "no arena $1: dma32, both, normal, movable, cma or cpus" ;;
	esac
}

"$TOP/scripts/build-module.sh" a
"$TOP/scripts/rbctl.sh"
read -r -a arenas <<<"$arenas"
total=0 logs=()
for name in "${arenas[@]}"; do
	arena "$name"
	total=$((total + share))
done
rc=0 begin=$(now) seed=${SEED:-1}
for name in "${arenas[@]}"; do
	arena "$name"
	say "arena $name"
	status=0
	mine=$(((seeds * share + total - 1) / total))
	log=$TOP/out/log/parity-$name.log
	rm -rf "$TOP/out/guest/parity-$name" "$log"
	"$TOP/scripts/boot.sh" a --name "parity-$name" "${options[@]}" --limit 1200 \
		--append "init_on_alloc=0" --env "OPERATIONS=$((operations * share / total))" --env "SEEDS=$mine" \
		--env "SEED=$seed" --env "ARGS=${ARGS-$mixes}" -- \
		"$TOP/tests/parity/guest.sh" "$TOP/tests/parity/settings.sh" "$TOP/out/a/rust_buddy.ko" "$TOP/out/bin/rbctl" ||
		status=$?
	seed=$((seed + mine))
	[ "$status" = 0 ] || rc=1
	"$TOP/scripts/console-verdict.sh" "parity-$name" 12288 || rc=1
	grep -q '^parity: ' "$log" || rc=1 # It ended before its end.
	[ ! -f "$log" ] || logs+=("$log")
done

"$TOP/scripts/parity-settings.sh" "${arenas[@]}" || rc=1

# counter NAME: its sum over the arenas.
counter() { awk -v name="$1" '$1 == name { n += $2 } END { print n + 0 }' "${logs[@]}"; }
# at_least NR NAME: says so if a counter is smaller.
at_least() {
	[ "$(counter "$2")" -ge "$1" ] || {
		echo "too seldom: $2 $(counter "$2"), at least $1"
		rc=1
	}
}
for name in $demand texts; do
	case $name in
	claim_part | steal) at_least "$least_rare" "$name" ;;
	# Until it reclaims, which it never does here, the kernel keeps a reserve that it once made, and a
	# boost: each boot shows few of them being made. How often the reserve is used counts fully.
	highatomic | boost) at_least 1 "$name" ;;
	*) at_least "$least" "$name" ;;
	esac
done
for name in single mixed phases exhaust bulk atomic nolock contig reclaim; do
	at_least "$least_mix" "mix_$name"
done
for dir in "${arenas[@]/#/$TOP/out/guest/parity-}"; do
	[ ! -d "$dir" ] || say "sequences that show a difference: ${dir#"$TOP"/}"
done
cat <<'END'
not compared, but proved by tests from the source: what needs the kernel to reclaim (direct reclaim,
giving up reserved pageblocks when it fails), frees that must not wait (not exported), pages counted by
ranges, ranges in a movable zone or with pages in use that are parts of larger blocks
END
awk -v seeds=$((seed - ${SEED:-1})) -v seconds=$(($(now) - begin)) '/^parity: / { ops += $2; differ += $6 }
	END { printf "parity: %d operations, %d seeds, %d divergences, %d s\n", ops, seeds, differ, seconds }' "${logs[@]}"
exit "$rc"
