#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What the module does, in one screenful. Runs in a guest of rig A with two NUMA nodes, the second
# without CPUs, so that nothing else allocates there and every page can be accounted for.
#
# Environment: COLOR=always|never (default never). Leaves map.svg in /out. Exit: 0 if every
# comparison held, 1 if not.

NID=1
COUNT=300
COLOR=${COLOR:-never}
failed=0

uptime_s() { cut -d' ' -f1 /proc/uptime; }

# timed COMMAND...: leaves its time in $took, in steps of 10 ms.
timed() {
	start=$(uptime_s)
	"$@" || return 1
	took=$(echo "$start $(uptime_s)" | awk '{ printf "%.2f s", $2 - $1 }')
}

# title WORDS: a step begins.
title() { printf '[%6.2f s] %s\n' "$(uptime_s)" "$*"; }

# check WORDS -- COMMAND...: one comparison, told in words.
check() {
	words=$1
	shift 2
	if "$@"; then
		echo "    ok  $words"
	else
		echo "FAILED  $words"
		failed=1
	fi
}

# Of the node's zones: free pages, pages on per-CPU lists, pages that buddyinfo's blocks add up to.
free_pages() { node_zoneinfo | awk '$1 == "pages" && $2 == "free" { n += $3 } END { print n + 0 }'; }
pcp_pages() { node_zoneinfo | awk '$1 == "count:" { n += $2 } END { print n + 0 }'; }
block_pages() {
	awk -v node="$NID," '$2 == node { for (i = NF; i > 4; i--) zone = 2 * zone + $i; n += zone; zone = 0 }
		END { print n + 0 }' /proc/buddyinfo
}
node_zoneinfo() { awk -v node="$NID," '$1 == "Node" { on = $2 == node } on' /proc/zoneinfo; }

# Counters of each CPU are folded into the node's by vm.stat_refresh, which may move pages from per-CPU
# lists and leave a difference of its own: repeat until counter and lists agree. No page comes or goes.
settle() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		echo 1 >/proc/sys/vm/stat_refresh
		[ "$(free_pages)" != "$(block_pages)" ] || return 0
	done
}

# ledger NAME: the kernel's rows of the node, and its pages in $pages.
ledger() {
	settle
	free=$(free_pages) pcp=$(pcp_pages)
	pages=$((free + pcp))
	grep "^Node $NID," /proc/buddyinfo | sed "s/^Node $NID, zone */    /; s/   */  /g"
	echo "        $1: $free free + $pcp on per-CPU lists = $pages pages"
}

# Pages that our CPUs keep for themselves.
stock() { awk '$1 == "rb_pcp_pages" { print $2 }' /sys/kernel/debug/rust_buddy/vmstat; }

# info NAME [OPTIONS]: a number of `rbctl info`.
info() {
	name=$1
	shift
	rbctl "$@" --json info | sed "s/.*\"$name\":\([0-9]*\).*/\1/"
}

# The map's rows without its legend.
map_rows() { rbctl map --color "$COLOR" | grep -E '^ *[A-Z][A-Za-z0-9]+ +[0-9]+  '; }

node_cpus() { cat "/sys/devices/system/node/node$1/cpulist"; }
node_mib() { awk '/MemTotal/ { print int($4 / 1024) }' "/sys/devices/system/node/node$1/meminfo"; }

sysctl -q -w vm.percpu_pagelist_high_fraction=8 vm.stat_interval=3600 vm.compaction_proactiveness=0

title "Linux $(uname -r); node 0: CPUs $(node_cpus 0), $(node_mib 0) MiB; node $NID: $(node_mib $NID) MiB"
check "node $NID has no CPUs: quiet, so that each page can be accounted for" -- [ -z "$(node_cpus $NID)" ]
title "the kernel's /proc/buddyinfo of node $NID before"
ledger before
before=$pages

timed insmod /lib/rust_buddy.ko nid=$NID || exit 1
title "insmod rust_buddy.ko nid=$NID: $took; the kernel's buddyinfo after"
ledger "after insmod"
region=$(info region_pages)
pfn=$(info base_pfn)
# What is compared below is read by several commands: nothing works in the background meanwhile.
rbctl tune stat_interval 3600 >/dev/null && rbctl tune compaction_proactiveness 0 >/dev/null ||
	exit 1
check "$before - $pages = $((before - pages)), the region's pages exactly" -- [ $((before - pages)) = "$region" ]
inside=$pages
title "the region: $region pages on node $NID, pfn $(printf "%#x to %#x" "$pfn" $((pfn + region - 1))); its zones and map"
map_rows

exec 3<>/dev/rust_buddy
title "$COUNT allocations of mixed orders and kinds through /dev/rust_buddy, 40 % freed again"
rbctl --fd 3 bulk --count $COUNT --orders 0-6 --even --run 4 --seed 7 --free 40 | grep -v '^kept' | sed 's/^/    /'
title "data through mmap: two blocks of 2 MiB and a page"
rbctl --fd 3 alloc 9 --count 2 --gfp HIGHUSER_MOVABLE --write stamp >/tmp/write.9 2>&1
check "$(tail -n 1 /tmp/write.9)" -- grep -q 'read back.*equal' /tmp/write.9
rbctl --fd 3 alloc 0 --gfp KERNEL --write 'hello, page' >/tmp/write.0 2>&1
check "$(tail -n 1 /tmp/write.0)" -- grep -q 'read back.*equal' /tmp/write.0

title "our buddyinfo beside the kernel's"
rbctl buddyinfo --compare >/tmp/compare
status=$?
grep -v ' sum of ' /tmp/compare | sed 's/^/    /'
check "blocks x 2^order equals the free pages in each of our zones" -- [ $status = 0 ]
check "and in the kernel's" -- grep -q '^kernel .*equals the free pages' /tmp/compare
rbctl buddyinfo >/tmp/ours
check "debugfs has the same rows" -- cmp -s /tmp/ours /sys/kernel/debug/rust_buddy/buddyinfo
used=$(info used_by_me --fd 3)
stock=$(stock)
free=$(info free_pages)
check "$region - $used in use - $stock in the CPUs' stocks = $free free" -- \
	[ "$free" = $((region - used - stock)) ]
title "the map after"
map_rows
rbctl map --color "$COLOR" | grep -E '^(kind|in use)' | sed 's/^/    /'
rbctl map --svg /out/map.svg --title "after $COUNT allocations"
check "the same as a picture: map.svg, $(wc -c </out/map.svg) bytes" -- grep -q '</svg>' /out/map.svg
check "recounted: $(rbctl verify 2>&1)" -- rbctl --json verify >/tmp/verify
exec 3>&-
rbctl drain | sed "s/^/    /"
check "closing the file and draining the stocks gave every page back" -- [ "$(info free_pages)" = "$region" ]
settle
check "the kernel's node still has $inside pages: we took none beyond the region" -- [ $(($(free_pages) + $(pcp_pages))) = "$inside" ]

timed rmmod rust_buddy || failed=1
title "rmmod rust_buddy: $took; the kernel's buddyinfo after"
ledger "after rmmod"
check "$pages = $before: every page came back" -- [ "$pages" = "$before" ]
case $failed in
0) title "every comparison held" ;;
*) title "a comparison FAILED, see above" ;;
esac
exit $failed
