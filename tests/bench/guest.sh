#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# How long an allocation and a free take through the device, bulk calls, by order. The time includes
# clearing the pages. On User-Mode Linux a system call is slow: runs of many blocks hide it.

set -u
insmod /lib/rust_buddy.ko size_mb=512 || exit 1
echo "order  blocks    alloc ns/block  free ns/block"
for order in 0 1 2 3 4 5 6 7 8 9 10; do
	count=$((65536 >> order))
	[ $count -ge 128 ] || count=128
	best=$(for _ in 1 2 3; do
		rbctl --json bulk --count $count --orders $order --run 4096 --free 100 --gfp KERNEL ||
			exit 1
	done | sed 's/.*"alloc_ns":\([0-9]*\).*"free_ns":\([0-9]*\).*/\1 \2/' | sort -n | head -n 1)
	[ -n "$best" ] || exit 1
	echo "$order $count $best" | awk '{ printf "%5d %7d %17d %14d\n", $1, $2, $3 / $2, $4 / $2 }'
done
rmmod rust_buddy
