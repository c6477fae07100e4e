#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Carving isolates pageblocks of the host; each must have its old type again.
. "${0%/*}/ktap.sh"
plan 2

blocks() {
	sed -n '/^Number of blocks type/,$p' /proc/pagetypeinfo | grep "^Node $NODE, zone"
}
total() { blocks | awk '{ for (i = 5; i <= NF; i++) s += $i } END { print s }'; }

if [ ! -r /proc/pagetypeinfo ] || ! quiet_node; then
	skip types_come_back "no quiet node here"
	skip sum_stays "no quiet node here"
	finish
fi
before=$(blocks)
sum=$(total)
true_that "there are pageblocks" [ "$sum" -gt 100 ]
same load "$(load "size_mb=64 nid=$NODE")" OK
during=$(total)
isolated=$(blocks | awk '{ s += $NF } END { print s }')
same unload "$(unload)" OK
same "types after unload" "$(blocks)" "$before"
result types_come_back
same "sum while loaded" "$during" "$sum"
same "isolated while loaded" "$isolated" 0
result sum_stays
finish
