#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Parameters: what is refused, what is rounded, and what modinfo tells.
. "${0%/*}/ktap.sh"
plan 6

info() { rbmod info "$MODULE" "$1"; }

same license "$(info license=)" GPL
for p in size_mb nid dma_pct dma32_pct movable_pct min_host_free_mb exact poison unsafe_test oracle; do
	true_that "parm $p is described" test -n "$(info "parm=$p:")"
done
for k in description vermagic name; do
	true_that "$k" test -n "$(info $k=)"
done
result modinfo_fields

refused() {
	log_mark
	same "$2" "$(load "$2")" "$1"
	true_that "nothing left after $2" nothing_left
	n=$(log_count rust_buddy)
	same "log lines of ours after $2" "$n" 1 || log_lines | sed 's/^/# /'
}
for p in size_mb=3 wrong_move=1 "dma_pct=50 dma32_pct=50 movable_pct=1"; do
	refused EINVAL "$p"
done
[ "$(times a b a)" = b ] || for p in size_mb=0 exact=2 nid=1000000 exact=4294967295 poison=2 unsafe_test=2 nid=-2 \
	"unsafe_test=1 wrong_move=3" size_mb=1 nid=99 dma_pct=101 dma32_pct=101 movable_pct=101 \
	"dma_pct=100 dma32_pct=1 movable_pct=0"; do
	refused EINVAL "$p"
done
result refused_with_EINVAL_and_one_line

strange="size_mb=-1 exact=yes nid=99999999999999999999"
[ "$(times a b a)" = b ] || strange="$strange size_mb=x exact=-1 nid=y movable_pct="
for p in $strange; do
	same "$p" "$(load "$p")" EINVAL
	true_that "nothing left after $p" nothing_left
done
result not_a_number_is_EINVAL

# value PARAMETER: what the params file says.
value() { awk -v k="$1" '$1 == k { print $2 }' $DEBUGFS/params; }
expect_pages() {
	same "$1" "$(load "$1 nid=$NODE")" OK || return
	same "pages with $1" "$(value region_pages)" "$2"
	same "unload" "$(unload)" OK
}
expect_pages size_mb=5 1024
[ "$(times a b a)" = b ] || expect_pages size_mb=63 8192
[ "$(times a b a)" = b ] || expect_pages size_mb=4 1024
[ "$(times a b a)" = b ] || expect_pages size_mb=64 16384
expect_pages size_mb=0x10 4096
result size_is_rounded_down_to_a_power_of_two

# free_of ZONE: its pages, all free after loading.
free_of() {
	awk -v z="$1" '$4 == z { for (o = 0; o < 11; o++) s += $(5 + o) * (p = o ? 2 * p : 1) } END { print s + 0 }' \
		$DEBUGFS/buddyinfo
}
shares() {
	same "$1" "$(load "$1 nid=$NODE")" OK || return
	same "zones with $1" "$(free_of DMA) $(free_of DMA32) $(free_of Normal) $(free_of Movable)" "$2"
	same "unload" "$(unload)" OK
}
shares "size_mb=64" "1024 4096 7168 4096"
shares "size_mb=64 dma_pct=0 dma32_pct=0 movable_pct=100" "0 0 0 16384"
shares "size_mb=16" "0 1024 2048 1024"
if [ "$(times a b a)" = a ]; then # the rest takes long on the slow rig
	shares "size_mb=64 dma_pct=34 dma32_pct=33 movable_pct=33" "5120 5120 1024 5120"
	shares "size_mb=64 dma_pct=0 dma32_pct=0 movable_pct=0" "0 0 16384 0"
	shares "size_mb=64 dma_pct=50 dma32_pct=50 movable_pct=0" "8192 8192 0 0"
	shares "size_mb=64 dma_pct=6 dma32_pct=6 movable_pct=6" "0 0 16384 0"
	shares "size_mb=8" "0 0 2048 0"
fi
result zones_get_whole_blocks_by_percent

# What CPUs may keep: something, or nothing.
limits() { awk '$1 == "high_max:" || $1 == "vm" { print $NF }' $DEBUGFS/zoneinfo | sort -u | tr '\n' ' '; }
for e in 0 1; do
	same "exact=$e" "$(load "size_mb=64 nid=$NODE exact=$e")" OK
	same "exact in params" "$(value exact)" $e
	if [ $e = 1 ]; then
		same "limits and thresholds with exact=1" "$(limits)" "0 "
	else
		true_that "limits with exact=0" [ "$(limits)" != "0 " ]
	fi
	same "unload" "$(unload)" OK
done
result exact_is_0_or_1
finish
