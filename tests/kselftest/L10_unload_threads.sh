#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Unload while kswapd and kcompactd have just been at work: they are gone before the module is.
. "${0%/*}/ktap.sh"
plan 3
N=$(times 10 3 200)

same "threads before" "$(threads)" 0
same load "$(load "size_mb=16 nid=$NODE")" OK
same "threads of one node" "$(threads)" 2
same unload "$(unload)" OK
same "threads after" "$(threads)" 0
result one_pair_for_a_node

if [ "$NODE" = 1 ]; then
	same load "$(load "size_mb=16 nids=3")" OK
	same "threads of two nodes" "$(threads)" 4
	same unload "$(unload)" OK
	same "threads after" "$(threads)" 0
	result two_pairs_for_two_nodes
else
	skip two_pairs_for_two_nodes "one node"
fi

i=0
busy=0
worst=0
while [ $i -lt "$N" ] && [ $ktap_bad = 0 ]; do
	same "load $i" "$(load "size_mb=16 nid=$NODE")" OK
	press
	sleep "0.$((i % 3 + 1))"
	same "unload while pressed" "$(unload)" EWOULDBLOCK
	let_go
	read -r t0 _ </proc/uptime
	tries=0
	until r=$(unload); do
		tries=$((tries + 1))
		busy=$((busy + 1))
		[ $tries -lt 200 ] || break
	done
	read -r t1 _ </proc/uptime
	same "unload $i" "$r" OK
	same "threads after $i" "$(threads)" 0
	worst=$(awk -v a="$t0" -v b="$t1" -v w="$worst" 'BEGIN { print (b - a > w) ? b - a : w }')
	i=$((i + 1))
done
echo "# $busy unloads were refused while the killed one went; the slowest took $worst s"
true_that "nothing left" nothing_left
true_that "taint $(tainted)" taint_ok
result "unload_${N}_times_from_under_busy_threads"
finish
