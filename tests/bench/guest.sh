#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# How long an allocation and a free take by order: ours through the device, in bulk calls, and the
# kernel's own called from within (kernel_pages.ko). The best of five each, the times include clearing
# the pages. On User-Mode Linux a system call is slow: runs of many blocks hide it.

set -u
insmod /lib/rust_buddy.ko size_mb=512 || exit 1

# Both print "alloc_ns free_ns" of one run.
ours() {
	rbctl --json bulk --count "$2" --orders "$1" --run 4096 --free 100 --gfp KERNEL |
		sed 's/.*"alloc_ns":\([0-9]*\).*"free_ns":\([0-9]*\).*/\1 \2/'
}
kernels() {
	insmod /lib/kernel_pages.ko order="$1" count="$2" 2>/dev/null
	dmesg | sed -n "s/.*kernel_pages: order=$1 count=$2 alloc_ns=\([0-9]*\) free_ns=\([0-9]*\).*/\1 \2/p" |
		tail -n 1
}
best() {
	for _ in 1 2 3 4 5; do "$@"; done | awk '
		NF == 2 && (!n || $1 < a) { a = $1 }
		NF == 2 && (!n || $2 < f) { f = $2 }
		NF == 2 { n++ }
		END { if (n != 5) exit 1; print a, f }'
}

echo "              alloc, ns/block             free, ns/block"
echo "order blocks      ours    kernel  ratio       ours    kernel  ratio"
for order in 0 1 2 3 4 5 6 7 8 9 10; do
	count=$((65536 >> order))
	o=$(best ours $order $count) && k=$(best kernels $order $count) || {
		echo "order $order: a run failed"
		exit 1
	}
	echo "$order $count $o $k" | awk '{
		printf "%5d %6d %9.0f %9.0f %6.2f  %9.0f %9.0f %6.2f\n", $1, $2, $3 / $2, $5 / $2, $3 / $5,
			$4 / $2, $6 / $2, $4 / $6
	}'
done
rmmod rust_buddy
