#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The host's books: loading takes exactly the region from the node, unloading gives exactly it back.
. "${0%/*}/ktap.sh"
plan 6

if ! quiet_node; then
	for mb in 4 8 16 64; do skip "ledger_${mb}_MiB" "no quiet node here"; done
	skip "ledger_repeated" "no quiet node here"
	skip "ledger_of_refused_loads" "no quiet node here"
	finish
fi

ledger() {
	before=$(node_pages)
	same "load $1" "$(load "size_mb=$1 nid=$NODE")" OK
	same "pages taken" $((before - $(node_pages))) $(($1 * 256))
	same "unload" "$(unload)" OK
	same "pages missing after unload" $((before - $(node_pages))) 0
}
for mb in 4 8 16 64; do
	ledger $mb
	result "ledger_${mb}_MiB"
done

start=$(node_pages)
i=0
while [ $i -lt "$(times 10 5 1000)" ] && [ $ktap_bad = 0 ]; do
	ledger 64
	i=$((i + 1))
done
same "pages lost in all" $((start - $(node_pages))) 0
result ledger_repeated

for p in "size_mb=4194304" "size_mb=64 min_host_free_mb=1000000" "size_mb=64 dma_pct=101"; do
	load "$p nid=$NODE" >/dev/null && unload >/dev/null
done
same "pages lost in refused loads" $((start - $(node_pages))) 0
result ledger_of_refused_loads
finish
