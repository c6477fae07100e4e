#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# All tests in order, one KTAP stream: run.sh [PATTERN...], or run.sh --slices, which lists the slices
#   PATTERN     a slice, or how the names of tests begin; only these are run
#   PATTERNS=   the same from the environment, where there are no arguments
#   RIG=a|b|c   which kernel this is; SOAK=1: the long tier, same tests, larger counts
# Exit 0: all passed. 1: some failed. 4: all were skipped.

DIR=$(cd "${0%/*}" && pwd)
RIG=${RIG:-a}
SOAK=${SOAK:-0}
export RIG SOAK
PATH=$PATH:$DIR
MODULE=${MODULE:-/lib/rust_buddy.ko}
export MODULE
NODE=1
[ -d /sys/devices/system/node/node1 ] || NODE=0

# What the module must be when the test begins: "none": not loaded; "fresh": just loaded; "exact": the same,
# with nothing in stock for the CPUs; "nodes": 16 MiB of each of two nodes; "same": loaded.
# Seconds are generous for an idle machine; a limit is several times that, so that it means a hang.
# [slice]: the tests from here on are one boot of the long tier, of under half an hour on each rig. The
# first "same" of a slice is "fresh". What is in [each] looks back at its boot and ends every slice.
TESTS='
[load]
S00_checkers			none	10
S01_ktap_run.sh			none	20
U01_abi_sizes			none	5
L01_load_unload.sh		none	40
L02_modinfo_params.sh		none	40
L03_carve_ledger.sh		none	40
L04_carve_blocktypes.sh		none	20
L05_carve_enomem.sh		none	60
[unload]
L06_unload_busy.sh		none	40
L07_unload_race.sh		none	40
L08_region_zeroed		none	30
L09_oracle.sh			none	60
[thread]
L10_unload_threads.sh		none	40
L11_suspend.sh			none	30
[alloc]
A01_alloc_free_each_order	exact	20
A02_split_merge_closed_form	exact	20
A03_pcp_refill_drain		none	60
A04_migratetype_fallback	exact	20
A05_watermarks			exact	20
A07_bulk			none	30
A09_slowpath_order		fresh	30
A10_compaction			fresh	40
A11_purgeable			fresh	20
A14_reclaim			same	20
A15_oom				fresh	60
N01_nodes			nodes	30
[calls]
U02_unknown_cmds		exact	20
U03_struct_growth		same	20
U04_errno_table			same	30
U05_boundary_matrix		same	40
U06_efault_rollback		same	20
U07_readonly_fd			same	20
U08_query_consistency		same	20
U09_compat32			same	20
U12_open_limit			same	30
[life]
M02_map_contents		fresh	30
M03_lifetime_permutations	exact	60
[map]
M04_gup_refused			fresh	20
M06_stale_contents		same	60
M07_mmap_errors			same	20
M08_zap				same	30
M09_fd_passing			same	20
[stats]
P01_buddyinfo_format		fresh	20
P02_pagetypeinfo_format		same	20
P03_zoneinfo_format		same	20
P05_extfrag			same	20
P07_watermark_formula		same	20
P08_pcp_formula			same	30
P06_sum_rules			exact	30
P10_compaction			none	40
O05_events			fresh	30
O06_clients			fresh	20
O07_quiet_log			exact	20
O08_node_stat			fresh	30
[kill]
R07_kill			fresh	60
R08_memlock			same	30
[races]
X02_races			same	40
[storm]
X01_hammer			same	50
X03_storm			fresh	60
X04_pressure			fresh	40
A10_poison			none	30
[each]
R09_kmemleak_final.sh		none	60
'

# NAME:STATE:SECONDS:SLICE of each test.
ROWS=$(echo "$TESTS" | while read -r name state secs; do
	case $name in
	'') ;;
	\[*\]) slice=${name#?} slice=${slice%?} ;;
	*) echo "$name:$state:$secs:${slice-}" ;;
	esac
done)
SLICES=$(echo "$ROWS" | cut -d: -f4 | grep -vx each | uniq)

# What is wrong with the table: every program that was built is in it, once, and in a slice.
wrong_rows() {
	echo "$ROWS" | grep ':$'
	echo "$ROWS" | cut -d: -f1 | sort | uniq -d
	echo "$SLICES" | sort | uniq -d
	[ ! -x "$DIR/kselftest" ] || "$DIR/kselftest" --list | while read -r p; do
		echo "$ROWS" | grep -q "^$p:" || echo "$p"
	done
}

# wanted NAME SLICE
wanted() {
	[ -n "$PATTERNS" ] || return 0
	for p in $PATTERNS; do
		case $1 in $p*) return 0 ;; esac
		[ "$p" != "$2" ] || return 0
		[ "$2" != each ] || ! echo "$SLICES" | grep -qx "$p" || return 0
	done
	return 1
}

loaded() { grep -q '^rust_buddy ' /proc/modules; }

prepare() {
	case $1 in
	same) loaded || rbmod load "$MODULE" "size_mb=64 nid=$NODE" ;;
	fresh)
		! loaded || rbmod unload rust_buddy
		rbmod load "$MODULE" "size_mb=64 nid=$NODE"
		;;
	exact)
		! loaded || rbmod unload rust_buddy
		rbmod load "$MODULE" "size_mb=64 nid=$NODE exact=1"
		;;
	nodes)
		! loaded || rbmod unload rust_buddy
		rbmod load "$MODULE" "size_mb=16 nids=$((NODE * 2 + 1))"
		;;
	none) ! loaded || rbmod unload rust_buddy ;;
	esac >/tmp/prepare.$$ 2>&1 || echo "    # making the module $1: $(cat /tmp/prepare.$$)"
}

limit() {
	f=4
	[ "$RIG" != b ] || f=12
	[ "$SOAK" = 0 ] || f=100
	echo $(($1 * f))
}

wrong=$(wrong_rows)
if [ "${1-}" = --slices ]; then
	echo "$SLICES"
	[ -z "$wrong" ] || { echo "${0##*/}: its table is wrong about" $wrong >&2; exit 1; }
	exit 0
fi
PATTERNS=${*:-${PATTERNS-}}
list=$(echo "$ROWS" | while IFS=: read -r name state secs slice; do
	! wanted "$name" "$slice" || echo "$name:$state:$secs"
done)

echo "KTAP version 1"
echo "1..$(($(echo "$list" | wc -w) + 1))"
# After a complaint of its own the kernel looks less closely (lockdep off, KASAN silent): such a boot
# proves nothing. What a module loaded earlier leaves (12288 and KUnit's bit) is no complaint.
taint=$(cat /proc/sys/kernel/tainted)
if [ $((taint & ~(4096 | 8192 | 262144))) != 0 ]; then
	echo "Bail out! the kernel is tainted ($taint) before any test"
	exit 1
fi
if [ -z "$list" ]; then
	echo "Bail out! no test is called $PATTERNS"
	exit 1
fi
nr=0
failed=
skipped=
begin=$(cut -d. -f1 /proc/uptime)
for t in $list; do
	name=${t%%:*}
	rest=${t#*:}
	nr=$((nr + 1))
	echo "    # Subtest: $name"
	read -r t0 _ </proc/uptime
	prepare "${rest%:*}"
	ktap_run "$(limit "${rest#*:}")" "$DIR/$name"
	status=$?
	secs=$(awk -v a="$t0" '{ printf "%.1f s", $1 - a }' /proc/uptime)
	echo "    # $name: $secs"
	case $status in
	0) echo "ok $nr $name" ;;
	4) echo "ok $nr $name # SKIP nothing of it applies here" && skipped="$skipped $name" ;;
	124) echo "not ok $nr $name # out of time" && failed="$failed $name" ;;
	*) echo "not ok $nr $name" && failed="$failed $name" ;;
	esac
done
nr=$((nr + 1))
if [ -z "$wrong" ]; then
	echo "ok $nr table_is_complete"
else
	echo "not ok $nr table_is_complete # in run.sh, wrong or missing:" $wrong
	failed="$failed table_is_complete"
fi
echo "# $(($(cut -d. -f1 /proc/uptime) - begin)) s, failed:${failed:- none}, skipped:${skipped:- none}"
[ -z "$failed" ] || exit 1
[ "$(echo "$skipped" | wc -w)" != $((nr - 1)) ] || exit 4
exit 0
