#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Loads that cannot be met: the errno, one line, no OOM kill, no memory gone, and fast.
. "${0%/*}/ktap.sh"
plan 4

oom_kills() { awk '$1 == "oom_kill" { print $2 }' /proc/vmstat; }
kills=$(oom_kills)

# refused WHAT LINE PARAMETERS: ENOMEM with exactly one line that matches.
refused() {
	log_mark
	start=$(cut -d. -f1 /proc/uptime)
	same "$3" "$(load "$3")" ENOMEM
	true_that "within 10 s" [ $(($(cut -d. -f1 /proc/uptime) - start)) -le 10 ]
	same "lines of ours" "$(log_count rust_buddy)" 1 || log_lines | sed 's/^/# /'
	same "lines like $2" "$(log_count "$2")" 1
	same "warnings" "$(log_lines | grep -cE 'Call Trace|page allocation failure|WARNING')" 0
	true_that "nothing left" nothing_left
}

LINE='rust_buddy: no contiguous range of [0-9]* pages on node -*[0-9a-z]*, largest free now: [0-9]* pages'
refused "1 TiB" 'rust_buddy: ' "size_mb=1048576 nid=-1"
refused "4 GiB on one node" 'rust_buddy: ' "size_mb=4096 nid=$NODE"
result too_large_is_ENOMEM_with_one_line

# More than the node has in one aligned piece, though the sum of free memory could do.
big=$(awk -v n="$NODE" '$1 == "Node" && $3 == "MemTotal:" { print int($4 / 1024) }' \
	"/sys/devices/system/node/node$NODE/meminfo" 2>/dev/null)
p=4
while [ -n "$big" ] && [ $p -lt "$big" ]; do p=$((p * 2)); done
if [ -n "$big" ]; then
	refused "$p MiB" "$LINE" "size_mb=$p nid=$NODE min_host_free_mb=0"
	log_lines | grep rust_buddy | sed 's/^/# /'
	true_that "names the pages" [ "$(log_count "of $((p * 256)) pages on node $NODE")" = 1 ]
	largest=$(log_lines | sed -n 's/.*largest free now: \([0-9]*\) pages.*/\1/p')
	true_that "the largest range $largest is possible" [ "${largest:-0}" -ge 1024 ]
	true_that "and less than asked" [ "${largest:-0}" -lt $((p * 256)) ]
	result no_contiguous_range_tells_the_largest
	mb=$((largest / 256))
	[ $mb -gt 64 ] && mb=64
	same "load of what was said to be free" "$(load "size_mb=$mb nid=$NODE")" OK && unload >/dev/null
	result the_range_it_names_can_be_carved
else
	skip no_contiguous_range_tells_the_largest "no NUMA information"
	skip the_range_it_names_can_be_carved "no NUMA information"
fi

refused "host reserve" 'rust_buddy: ' "size_mb=64 nid=$NODE min_host_free_mb=1000000"
same "oom kills" "$(oom_kills)" "$kills"
result host_reserve_is_kept_and_no_OOM_kill
finish
