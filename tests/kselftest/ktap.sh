# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# KTAP for the scripts that load and unload the module. Sourced; busybox sh is enough.

MODULE=${MODULE:-/lib/rust_buddy.ko}
DIR=${0%/*}
DEV=/dev/rust_buddy
DEBUGFS=/sys/kernel/debug/rust_buddy
RIG=${RIG:-a}
SOAK=${SOAK:-0}
[ -n "$SOAK" ] || SOAK=0
PATH=$PATH:$DIR
ktap_nr=0
ktap_bad=0
ktap_all=0
ktap_skips=0

# The quiet node: the private zone of the rigs with NUMA.
NODE=1
[ -d /sys/devices/system/node/node1 ] || NODE=0

plan() {
	echo "KTAP version 1"
	echo "1..$1"
}

# same WHAT A B: a check inside a case.
same() {
	[ "$2" = "$3" ] && return 0
	echo "# $1: \"$2\", expected \"$3\""
	ktap_bad=$((ktap_bad + 1))
	return 1
}

# true_that WHAT COMMAND...
true_that() {
	ktap_what=$1
	shift
	"$@" && return 0
	echo "# not so: $ktap_what"
	ktap_bad=$((ktap_bad + 1))
	return 1
}

# result NAME: ends a case.
result() {
	ktap_nr=$((ktap_nr + 1))
	if [ "$ktap_bad" = 0 ]; then
		echo "ok $ktap_nr $1"
	else
		echo "not ok $ktap_nr $1"
		ktap_all=$((ktap_all + 1))
	fi
	ktap_bad=0
}

skip() {
	ktap_nr=$((ktap_nr + 1))
	ktap_skips=$((ktap_skips + 1))
	ktap_bad=0
	echo "ok $ktap_nr $1 # SKIP $2"
}

finish() {
	[ "$ktap_all" = 0 ] || exit 1
	[ "$ktap_skips" != "$ktap_nr" ] || exit 4
	exit 0
}

# times A B SOAK [SOAK_B]: how often, by rig and tier. SOAK_B is for what would take too long on B.
times() {
	if [ "$RIG" = b ]; then set -- "$2" "${4:-$3}"; else set -- "$1" "$3"; fi
	if [ "$SOAK" = 0 ]; then echo "$1"; else echo "$2"; fi
}

# A new process takes a tenth of a second on the slow rig; read takes none.
loaded() {
	while read -r ktap_m _; do
		[ "$ktap_m" != rust_buddy ] || return 0
	done </proc/modules
	return 1
}
load() { rbmod load "$MODULE" "$@"; }
unload() { rbmod unload rust_buddy; }

# The log from a mark on.
log_mark() {
	read -r ktap_up _ </proc/uptime
	LOG_MARK="rb_mark_$$_${ktap_up}_$ktap_nr"
	echo "$LOG_MARK" >/dev/kmsg
}
log_lines() { dmesg | sed -e "1,/$LOG_MARK/d" -e 's/^\(<[0-9]*>\)*\[[^]]*\] *//'; }
log_count() {
	dmesg | awk -v mark="$LOG_MARK" -v what="$1" '
		index($0, mark) { on = 1; n = 0; next }
		on && $0 ~ what { n++ }
		END { print n + 0 }'
}

# Nothing of the module is there.
nothing_left() {
	! loaded && [ ! -e $DEV ] && [ ! -e $DEBUGFS ] && [ ! -e /sys/class/misc/rust_buddy ]
}

# Pages of NODE on the free lists, exact, and on the kernel's per-CPU lists.
listed_pages() {
	awk -v node="$NODE" '
		FILENAME == "/proc/buddyinfo" && $2 == node "," {
			for (o = 0; o < 11; o++) sum += $(5 + o) * (p = o ? 2 * p : 1)
		}
		FILENAME == "/proc/zoneinfo" && $1 == "Node" { on = $2 == node "," }
		FILENAME == "/proc/zoneinfo" && $1 == "count:" && on { sum += $2 }
		END { print sum + 0 }' /proc/buddyinfo /proc/zoneinfo
}

with_slabs() {
	cat /proc/sys/vm/stat_refresh
	slabs=$(awk '/^nr_slab_/ { sum += $2 } END { print sum }' "/sys/devices/system/node/node$NODE/vmstat")
	echo $(($(listed_pages) + slabs))
}

# All pages of NODE that nobody has. The debug kernel keeps freed objects back (KASAN's quarantine) and
# gives their pages up when it likes: there those of slabs are counted with them, until two looks in a
# row agree, between which no slab came or went.
node_pages() {
	[ "$RIG" = b ] || { listed_pages; return; }
	seen=none
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		pages=$(with_slabs)
		[ "$pages" != "$seen" ] || break
		seen=$pages
	done
	echo "$pages"
}

# Fixes what the kernel would change by itself on the quiet node, then proves that it is quiet.
quiet_node() {
	[ "$NODE" = 1 ] || return 1
	for s in percpu_pagelist_high_fraction=8 stat_interval=3600 compaction_proactiveness=0; do
		[ ! -e "/proc/sys/vm/${s%=*}" ] || echo "${s#*=}" >"/proc/sys/vm/${s%=*}"
	done
	[ ! -e /proc/sys/vm/stat_refresh ] || cat /proc/sys/vm/stat_refresh >/dev/null
	quiet_a=$(node_pages)
	sleep 1
	[ "$quiet_a" = "$(node_pages)" ] && [ "$quiet_a" -gt 100000 ]
}

# threads: how many of the module's there are.
threads() {
	n=0
	for c in /proc/[0-9]*/comm; do
		read -r name <"$c" || continue
		case $name in rb_kswapd* | rb_kcompactd*) n=$((n + 1)) ;; esac
	done 2>/dev/null
	echo $n
}

# press: somebody who keeps both threads busy, fed by a FIFO.
press() {
	mkfifo /tmp/press.$$
	rb_press </tmp/press.$$ >/tmp/pressing.$$ &
	presser=$!
	exec 3>/tmp/press.$$
	k=0
	while [ ! -s /tmp/pressing.$$ ] && [ $k -lt 100 ]; do sleep 0.05; k=$((k + 1)); done
}
# let_go: that process is gone.
let_go() {
	kill -9 "$presser"
	wait "$presser"
	exec 3>&-
	rm -f /tmp/press.$$ /tmp/pressing.$$
} 2>/dev/null

tainted() { cat /proc/sys/kernel/tainted; }
# Out of tree; on the stock kernel unsigned as well. 262144: a test that does harm was run, or KUnit.
taint_ok() {
	case $RIG in
	a) [ $(($(tainted) & ~262144)) = 12288 ] ;;
	*) [ $(($(tainted) & ~262144)) = 4096 ] ;;
	esac
}

! loaded || { unload >/dev/null || echo "# the module is loaded and busy"; }
