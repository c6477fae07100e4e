#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Looks for trouble in the console log of a guest:
#   console-scan.sh FILE [ALLOWED_TAINT]     exit 1 and the lines with context, if there is any
#   console-scan.sh --self-test
# The taint is read from the .taint file that boot.sh leaves beside FILE.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BAD='WARNING:|BUG:|kernel BUG at|KASAN|UBSAN|possible circular locking|possible recursive locking'
BAD+='|inconsistent lock state|possible irq lock inversion|suspicious RCU usage|blocked for more than'
BAD+='|sleeping function called|rcu.*(detected|self-detected) stall|rcu.*stall|Bad page|bad page'
BAD+='|refcount_t:|Oops|Kernel panic|general protection fault|unreferenced object|kmemleak: [1-9]'
BAD+='|soft lockup|hard LOCKUP|list_(add|del) corruption|ODEBUG|Unable to handle|nobody cared'
# What a healthy boot says too.
GOOD='KernelAddressSanitizer initialized|kasan: |kmemleak: Kernel memory leak detector'
GOOD+='|Run /init|Kernel command line'
# A program's own fault, which the kernel mentions.
GOOD+='|traps: [^ ]+ general protection fault ip:'

trouble() { grep -nE "$BAD" "$1" | grep -vE "$GOOD" | cut -d: -f1; }

scan() {
	local n last=0 rc=0
	for n in $(trouble "$1" || true); do
		rc=1
		# Lines that belong to what was just shown.
		[ "$n" -gt "$last" ] || continue
		last=$((n + 20))
		[ "$n" -le 2 ] || sed -n "$((n - 2)),$((n - 1))p" "$1" | sed 's/^/    /'
		sed -n "$n,${last}p" "$1" | sed '1s/^/>>> /; 2,$s/^/    /'
	done
	return "$rc"
}

sample() {
	local want=$1 name=$2 got=0 f
	f=$(mktemp)
	printf '[    1.0] Linux version\n%s\n[    2.0] end\n' "$3" >"$f"
	scan "$f" >/dev/null || got=1
	rm -f "$f"
	count=$((count + 1))
	if [ "$got" = "$want" ]; then
		echo "ok $count console-scan: $name"
	else
		echo "not ok $count console-scan: $name"
		failed=1
	fi
}

self_test() {
	count=0 failed=0
	echo "KTAP version 1"
	echo "1..23"
	sample 1 warning '[    1.5] WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:1 f+0x1/0x2'
	sample 1 warning_73 '[    1.5] WARNING: mm/page_alloc.c:1 at f+0x1/0x2, CPU#0: sh/1'
	sample 1 bug '[    1.5] BUG: unable to handle page fault for address: 0'
	sample 1 kernel_bug '[    1.5] kernel BUG at rust/helpers/bug.c:7!'
	sample 1 kasan '[    1.5] BUG: KASAN: slab-use-after-free in f+0x1/0x2'
	sample 1 ubsan '[    1.5] UBSAN: shift-out-of-bounds in x.c:1:2'
	sample 1 circular '[    1.5] WARNING: possible circular locking dependency detected'
	sample 1 lock_state '[    1.5] WARNING: inconsistent lock state'
	sample 1 rcu_usage '[    1.5] WARNING: suspicious RCU usage'
	sample 1 hung_task '[    1.5] INFO: task sh:1 blocked for more than 120 seconds.'
	sample 1 sleeping '[    1.5] BUG: sleeping function called from invalid context at x.c:1'
	sample 1 rcu_stall '[    1.5] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:'
	sample 1 bad_page '[    1.5] BUG: Bad page state in process sh  pfn:1'
	sample 1 refcount '[    1.5] refcount_t: underflow; use-after-free.'
	sample 1 oops '[    1.5] Oops: general protection fault, probably for x: 0000 [#1]'
	sample 1 panic '[    1.5] Kernel panic - not syncing: Fatal exception'
	sample 1 kmemleak 'unreferenced object 0xffff888004000000 (size 64):'
	sample 1 soft_lockup '[    1.5] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:1]'
	sample 1 list '[    1.5] list_del corruption. prev->next should be 0'
	sample 0 kasan_boot '[    0.1] kasan: KernelAddressSanitizer initialized (generic)'
	sample 0 kmemleak_boot '[    0.1] kmemleak: Kernel memory leak detector initialized (mem pool available: 1)'
	sample 0 alloc_failure '[    1.5] insmod: page allocation failure: order:9, mode:0xcc0(GFP_KERNEL)'
	sample 0 program_fault '[    1.5] traps: x[14] general protection fault ip:418803 sp:7ffc error:402 in x[18803,401000+c1000]'
	return "$failed"
}

case ${1-} in
--self-test) self_test ;;
*)
	[ -f "${1-}" ] || die "no console log ${1-}: usage: console-scan.sh FILE [ALLOWED_TAINT]"
	rc=0
	scan "$1" || rc=1
	taint=$(cat "${1%.console}.taint" 2>/dev/null || true)
	if [ -n "${2-}" ] && [ -n "$taint" ] && [ $((taint & ~$2)) != 0 ]; then
		echo "taint $taint: bits $((taint & ~$2)) are not expected"
		rc=1
	fi
	exit "$rc"
	;;
esac
