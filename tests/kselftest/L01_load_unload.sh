#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Loads and unloads again and again; what appears must vanish, and the taint is what it must be.
. "${0%/*}/ktap.sh"
plan 5
N=$(times 20 4 200)

i=0
lines=0
while [ $i -lt "$N" ] && [ $ktap_bad = 0 ]; do
	log_mark
	same "load $i" "$(load "size_mb=64 nid=$NODE")" OK
	true_that "device node" [ -c $DEV ]
	true_that "debugfs folder" [ -d $DEBUGFS ]
	same "unload $i" "$(unload)" OK
	true_that "all gone" nothing_left
	lines=$((lines + $(log_count 'rust_buddy: unloaded: pages=16384 leaked=0')))
	i=$((i + 1))
done
result "load_unload_${N}_times"

same "unloaded lines" "$lines" "$N"
result "one_unloaded_line_each_and_nothing_leaked"

same "load" "$(load "size_mb=4 nid=$NODE")" OK
for f in buddyinfo pagetypeinfo zoneinfo vmstat params clients extfrag/unusable_index extfrag/extfrag_index \
	tunables/defrag_mode tunables/lowmem_reserve_ratio tunables/min_free_kbytes \
	tunables/percpu_pagelist_high_fraction tunables/stat_interval tunables/watermark_boost_factor \
	tunables/watermark_scale_factor; do
	true_that "$f is readable" grep -q . $DEBUGFS/$f
done
same "who may read pagetypeinfo, as in /proc" "$(stat -c %a $DEBUGFS/pagetypeinfo)" 400
for f in tunables/*=600 drain=200 compact=200 extfrag/*=444; do
	for p in $DEBUGFS/${f%=*}; do
		same "who may use ${p#"$DEBUGFS"/}" "$(stat -c %a "$p")" "${f#*=}"
	done
done
true_that "who may only write reads nothing" [ -z "$(cat $DEBUGFS/drain 2>/dev/null)" ]
same "second load" "$(load)" EEXIST
true_that "the first one works on" grep -q Normal $DEBUGFS/buddyinfo
same "zones of 4 MiB" "$(cut -c1-22 $DEBUGFS/buddyinfo)" "Node $NODE, zone   Normal "
same "unload" "$(unload)" OK
result "debugfs_files_and_4_MiB_is_one_Normal_zone"

same "insmod" "$(insmod "$MODULE" size_mb=4 2>&1)" ""
same "rmmod" "$(rmmod rust_buddy 2>&1)" ""
true_that "all gone" nothing_left
result "insmod_and_rmmod_say_nothing"

true_that "taint $(tainted)" taint_ok
result taint
finish
