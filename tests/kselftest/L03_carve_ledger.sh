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

# What moves all the same is measured again; what the module does wrong, it does wrong again.
ledger() {
	for try in 1 2 3 4 5; do
		before=$(node_pages)
		same "load $1" "$(load "size_mb=$1 nid=$NODE")" OK || return
		taken=$((before - $(node_pages)))
		same "unload" "$(unload)" OK || return
		missing=$((before - $(node_pages)))
		[ $taken != $(($1 * 256)) ] || [ $missing != 0 ] || return
		echo "# try $try: taken $taken, missing after unload $missing"
	done
	same "pages taken" "$taken" $(($1 * 256))
	same "pages missing after unload" "$missing" 0
}

# nothing_lost WHAT SINCE: and on the stock kernel nothing won either.
nothing_lost() {
	lost=$(($2 - $(node_pages)))
	if [ "$RIG" = b ] && [ $lost -lt 0 ]; then
		echo "# $1: the kernel gave back $((-lost)) of its own"
	else
		same "$1" $lost 0
	fi
}
for mb in 4 8 16 64; do
	ledger $mb
	result "ledger_${mb}_MiB"
done

start=$(node_pages)
i=0
while [ $i -lt "$(times 10 1 1000 300)" ] && [ $ktap_bad = 0 ]; do
	ledger 64
	i=$((i + 1))
done
nothing_lost "pages lost in all" "$start"
result ledger_repeated

for p in "size_mb=4194304" "size_mb=64 min_host_free_mb=1000000" "size_mb=64 dma_pct=101"; do
	load "$p nid=$NODE" >/dev/null && unload >/dev/null
done
nothing_lost "pages lost in refused loads" "$start"
result ledger_of_refused_loads
finish
