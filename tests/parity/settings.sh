#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Records what follows from settings in the kernel that it runs in. Runs in a guest with a node 1 that
# has no CPUs and that nobody else uses.
#
# Leaves in /out/settings, for tests/host/src/settings.rs to read:
#   state-NN/{values,zoneinfo}     after each change of a setting
#   index-NN/{buddyinfo,unusable_index,extfrag_index}    of node 1, more and less fragmented

NID=1
VM=/proc/sys/vm
OUT=/out/settings
THP=/sys/kernel/mm/transparent_hugepage/enabled
CPU1=/sys/devices/system/cpu/cpu1/online

fail() {
	echo "settings: $*"
	exit 1
}

# Which CPUs there are, each line with the name of its file.
cpus() { grep "" /sys/devices/system/cpu/online /sys/devices/system/node/node[0-9]*/cpulist; }

# state HOW [COMING]: a picture of now; COMING CPUs came since $cpus was taken.
states=0
state() {
	states=$((states + 1))
	dir=$OUT/state-$(printf %02d $states)
	mkdir -p "$dir" || exit 1
	[ $# = 2 ] || cpus=$(cpus)
	{
		echo "state:$1"
		echo "coming:${2:-0}"
		echo "$cpus"
		grep "" $VM/min_free_kbytes $VM/watermark_scale_factor $VM/lowmem_reserve_ratio \
			$VM/percpu_pagelist_high_fraction
	} >"$dir/values"
	cat /proc/zoneinfo >"$dir/zoneinfo"
}

# six NAME VALUE...: sets each of them, then what it was.
six() {
	setting=$1
	old=$(cat "$VM/$setting")
	shift
	for value; do
		echo "$value" >"$VM/$setting" || fail "$setting cannot be $value"
		state "$setting $value"
	done
	echo "$old" >"$VM/$setting"
}

# A boost of the watermarks is no setting. Nobody must have set min_free_kbytes before, or the kernel
# does not compute it by itself: it does when huge pages are given up.
all_states() {
	echo 0 >$VM/watermark_boost_factor
	echo always >$THP
	state huge_pages
	echo never >$THP
	state default
	six min_free_kbytes 0 1023 4409 8192 66666 150000
	six watermark_scale_factor 1 10 33 150 1000 3000
	six lowmem_reserve_ratio "256 256 32 0 0" "1 2 3 4 5" "0 0 0 0 0" "100 50 25 1 1" "7 256 1 1 1" \
		"2147483647 9 1 5 3"
	six percpu_pagelist_high_fraction 8 9 64 1000 2147483647 0
	if [ -w $CPU1 ] && echo 0 >$CPU1; then
		state offline
		echo 1 >$CPU1
		state online 1
	fi
}

node1() { grep "^Node $NID," "$1"; }

# index: a picture of node 1 while nothing changes there.
indexes=0
index() {
	indexes=$((indexes + 1))
	dir=$OUT/index-$(printf %02d $indexes)
	mkdir -p "$dir" || exit 1
	for _ in 1 2 3 4 5 6 7 8; do
		node1 /proc/buddyinfo >"$dir/buddyinfo"
		for name in unusable_index extfrag_index; do
			node1 /sys/kernel/debug/extfrag/$name >"$dir/$name" || fail "no $name of node $NID"
		done
		! node1 /proc/buddyinfo | cmp -s - "$dir/buddyinfo" || return 0
	done
	fail "node $NID is never quiet"
}

# files PAGES TEXT: 64 files of this size, of which every other one will go.
files() {
	i=0
	while [ $i -lt 32 ]; do
		printf %s "$2" >"goes-$1-$i"
		printf %s "$2" >"stays-$1-$i"
		i=$((i + 1))
	done
}

# Pages of files lie where they were written: rows of files, then all but a rest of the node full, then
# a hole for every other file, the smallest first. Stocks are short, or what was a file would stay there.
all_indexes() {
	index
	echo 0 >$VM/min_free_kbytes
	echo 0 0 0 0 0 >$VM/lowmem_reserve_ratio
	echo 2147483647 >$VM/percpu_pagelist_high_fraction
	mkdir -p /tmp/node
	mount -t tmpfs -o "mpol=bind:$NID,huge=never,size=100g" tmpfs /tmp/node || fail "no files on node $NID"
	cd /tmp/node || exit 1
	page=0123456789abcdef
	while [ ${#page} -lt 4096 ]; do
		page=$page$page
	done
	text=$page
	for pages in 1 2 4 8 16; do
		files $pages "$text"
		text=$text$text
	done
	index
	while read -r _ _ what kb _; do
		[ "$what" != MemFree: ] || free=$kb
	done </sys/devices/system/node/node$NID/meminfo
	fallocate -l $(((free - 3072) * 1024)) fill || fail "cannot fill node $NID"
	index
	for pages in 1 2 4 8 16; do
		rm goes-$pages-*
		index
	done
	rm fill
	index
	cd /
	umount /tmp/node
	index
}

all_states
all_indexes
echo "settings: $states states and $indexes snapshots recorded"
