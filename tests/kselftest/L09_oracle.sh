#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The oracle: who may use it, what it refuses, and that every page of the kernel's comes back.
. "${0%/*}/ktap.sh"
plan 6

if [ "$NODE" != 1 ]; then
	for t in off_by_default one_at_a_time agrees pages_come_back pages_come_back_after_a_kill refused; do
		skip $t "no quiet node"
	done
	finish
fi
quiet_node || echo "# the node is not quiet"

# parity OPTIONS: leaves the message in /tmp/oracle.
parity() {
	rbctl "$@" parity --node $NODE --kernel-only --operations "$(times 20000 3000 200000)" --seeds 1 \
		--save /tmp >/tmp/oracle 2>&1
}
told() { grep -q "$1" /tmp/oracle; }

same load "$(load "size_mb=4 nid=0 min_host_free_mb=0")" OK
parity
same "without oracle=1" $? 1
true_that "what to do is told" told oracle=1
same unload "$(unload)" OK
result off_by_default

same load "$(load "size_mb=4 nid=0 min_host_free_mb=0 oracle=1")" OK
before=$(node_pages)
exec 3<>$DEV
parity --fd 3
same "the first file" $? 0
parity
same "another file" $? 1
true_that "why is told" told "another open file"
result one_at_a_time
exec 3>&-

parity
same "the kernel's lists and counters" $? 0
true_that "the last line" told "^parity: .* 0 divergences"
result agrees
same "pages" "$(node_pages)" "$before"
result pages_come_back

for delay in 0.1 0.3 0.7; do
	rbctl parity --node $NODE --kernel-only --operations 100000000 --seeds 1 >/tmp/oracle 2>&1 &
	sleep $delay
	kill -KILL $!
	wait $! 2>/dev/null
done
parity
same "after three kills" $? 0
same "pages" "$(node_pages)" "$before"
result pages_come_back_after_a_kill

# refuse LINE: an operation that the module does not take.
refuse() {
	echo "$1" >/tmp/operations
	rbctl parity --node $NODE --kernel-only --replay /tmp/operations >/tmp/oracle 2>&1
	same "operation $1" $? 1
	true_that "why is told" told "replay: "
}
refuse "1 0 0 0x200 0 0"       # direct reclaim
refuse "1 11 0 0x0 0 0"        # an order too high
refuse "1 0 0 0x18 0 0"        # two kinds at once
refuse "1 0 0 0x0 1048576 0"   # a slot too high
refuse "3 0 0 0x0 0 513"       # too many pages
refuse "3 0 0 0x0 1048575 2"   # beyond the last slot
refuse "5 0 0 0x0 0 0"         # no pages
echo "5 0 512 0x0 0 4294967295" >/tmp/operations # outside all zones: nothing happens
rbctl parity --node $NODE --kernel-only --replay /tmp/operations >/tmp/oracle 2>&1
same "a range from nowhere" $? 0
for node in -1 7 1000000; do
	rbctl parity --node=$node --kernel-only >/tmp/oracle 2>&1
	same "node $node" $? 1
done
same "pages" "$(node_pages)" "$before"
same unload "$(unload)" OK
result refused
finish
