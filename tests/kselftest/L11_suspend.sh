#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Suspend to memory while kswapd, kcompactd and a client are at work: all freeze, CPUs go and come, and
# afterwards everything goes on as before.
. "${0%/*}/ktap.sh"
plan 2
ALARM=/sys/class/rtc/rtc0/wakealarm

can_suspend() {
	grep -q mem /sys/power/state && grep -q deep /sys/power/mem_sleep && [ -w $ALARM ]
} 2>/dev/null

# suspend: until the clock's alarm wakes the machine.
suspend() {
	echo deep >/sys/power/mem_sleep
	echo 0 >$ALARM
	echo +4 >$ALARM
	echo mem >/sys/power/state
}

if ! can_suspend; then
	skip goes_on_after_suspend "no suspend to memory, or no clock that wakes it"
	skip unloads_after_suspend "no suspend to memory, or no clock that wakes it"
	finish
fi
same load "$(load "size_mb=32 nid=$NODE")" OK
press
log_mark
i=0
while [ $i -lt "$(times 2 1 10)" ]; do
	true_that "suspend $i" suspend
	same "threads after $i" "$(threads)" 2
	true_that "the client is there after $i" kill -0 "$presser"
	sleep 1
	i=$((i + 1))
done
same "times that all froze" "$(log_count 'remaining freezable tasks completed')" "$i"
result goes_on_after_suspend

let_go
k=0
until r=$(unload) || [ $k -ge 100 ]; do
	sleep 0.05
	k=$((k + 1))
done
same unload "$r" OK
same "pages that are missing" "$(log_count 'leaked=[1-9]')" 0
same "pages that came back" "$(log_count 'unloaded: pages=8192 leaked=0')" 1
true_that "nothing left" nothing_left
result unloads_after_suspend
finish
