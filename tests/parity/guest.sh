#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Compares the module with the kernel that it runs in, and records what follows from that one's settings
# for a comparison outside. Runs in a guest with a node 1 that has no CPUs.
#
# Environment: OPERATIONS, SEEDS, SEED, ARGS (more words for rbctl parity).
# Leaves sequences that show a difference in /out. Exit: that of rbctl, or 1.

NID=1

# The statistics worker moves pages and changes limits once a second. What it was about to do when
# its interval is changed it still does, hence the sleep.
sysctl -q -w vm.stat_interval=86400 vm.compaction_proactiveness=0
[ ! -e /proc/sys/kernel/numa_balancing ] || echo 0 >/proc/sys/kernel/numa_balancing
[ ! -e /sys/module/damon_stat/parameters/enabled ] || echo N >/sys/module/damon_stat/parameters/enabled
sleep 3

insmod /lib/rust_buddy.ko nid=0 size_mb=4 min_host_free_mb=0 oracle=1 || exit 1
grep "^Node $NID," /proc/buddyinfo
# shellcheck disable=SC2086
rbctl parity --node $NID --operations "${OPERATIONS:-100000}" --seeds "${SEEDS:-2}" --seed "${SEED:-1}" \
	--save /out --texts ${ARGS-}
status=$?
grep "^Node $NID," /proc/buddyinfo
rmmod rust_buddy || status=1
/tests/settings.sh || status=1
exit $status
