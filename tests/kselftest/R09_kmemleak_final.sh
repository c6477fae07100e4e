#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Last: nothing is leaked, the log has no complaint, the taint is what it must be.
. "${0%/*}/ktap.sh"
plan 4
LEAKS=/sys/kernel/debug/kmemleak

same load "$(load "size_mb=64 nid=$NODE")" OK
same unload "$(unload)" OK
true_that "nothing left" nothing_left
result unloads_at_the_end

if [ -w $LEAKS ] && echo scan >$LEAKS 2>/dev/null; then
	sleep 6 # younger objects are not reported
	echo scan >$LEAKS
	true_that "no leak" [ -z "$(cat $LEAKS)" ] || sed 's/^/# /' $LEAKS | head -n 40
	result kmemleak_finds_nothing
else
	skip kmemleak_finds_nothing "kernel without kmemleak"
fi

BAD='BUG:|WARNING:|KASAN|UBSAN|INFO: |Call Trace|possible (circular|recursive) locking|refcount_t|Bad page|rcu.*stall|Oops|leaked=[1-9]'
n=$(dmesg | grep -cE "$BAD")
same "lines of complaint in the log" "$n" 0 || dmesg | grep -E "$BAD" | head -n 20 | sed 's/^/# /'
result log_without_complaints

true_that "taint $(tainted)" taint_ok
result final_taint
finish
