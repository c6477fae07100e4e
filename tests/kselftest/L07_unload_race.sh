#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Readers and openers hammer the device and debugfs while the module comes and goes.
. "${0%/*}/ktap.sh"
plan 2
N=$(times 15 3 200)

hammer() {
	while [ ! -e /tmp/race_end.$$ ]; do
		cat $DEBUGFS/buddyinfo $DEBUGFS/zoneinfo $DEBUGFS/clients >/dev/null 2>&1
		(exec 4<$DEV) 2>/dev/null	# "<>" would make a file of that name
	done
}
rm -f /tmp/race_end.$$
hammer &
a=$!
hammer &
b=$!
i=0
refused=0
while [ $i -lt "$N" ] && [ $ktap_bad = 0 ]; do
	same "load $i" "$(load "size_mb=4 nid=$NODE")" OK
	tries=0
	until r=$(unload); do
		tries=$((tries + 1))
		refused=$((refused + 1))
		[ $tries -lt 500 ] || break
	done
	same "unload $i" "$r" OK
	i=$((i + 1))
done
: >/tmp/race_end.$$
wait $a $b
rm -f /tmp/race_end.$$
echo "# $refused unloads were refused while busy"
result "load_unload_${N}_times_under_readers"
! loaded || unload >/dev/null
true_that "nothing left" nothing_left
true_that "taint $(tainted)" taint_ok
result nothing_left_and_taint
finish
