#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Whatever holds the module: unloading is refused with EWOULDBLOCK, and works when it is let go.
. "${0%/*}/ktap.sh"
FILES="buddyinfo pagetypeinfo zoneinfo vmstat params clients"
[ "$(times a b a)" = a ] || FILES="buddyinfo clients" # one of each kind on the slow rig
# shellcheck disable=SC2086
plan $((7 + $(echo $FILES | wc -w)))

# start WHAT: holder in the background, fed by a FIFO that this shell keeps open.
start() {
	mkfifo /tmp/hold.$$
	rb_hold "$1" </tmp/hold.$$ >/tmp/held.$$ &
	holder=$!
	exec 3>/tmp/hold.$$
	i=0
	while [ ! -s /tmp/held.$$ ] && [ $i -lt 100 ]; do sleep 0.05; i=$((i + 1)); done
	same "holding $1" "$(cat /tmp/held.$$)" held
}
stop() {
	exec 3>&-
	wait "$holder"
	rm -f /tmp/hold.$$ /tmp/held.$$
}

busy() {
	same load "$(load "size_mb=64 nid=$NODE")" OK
	start "$1"
	same "unload while held by $1" "$(unload)" EWOULDBLOCK
	[ "$(times a b a)" = b ] || same "again" "$(unload)" EWOULDBLOCK
	same "what rmmod says" "$(rmmod rust_buddy 2>&1 | grep -c 'Resource temporarily unavailable')" 1
	true_that "still there" test -c $DEV -a -r $DEBUGFS/buddyinfo
	stop
	same "unload after $1 was let go" "$(unload)" OK
	true_that "nothing left" nothing_left
	result "busy_by_$2"
}

busy fd open_file
busy vma mapping_after_close
busy vma+fd mapping_and_file
if rb_hold sockets </dev/null >/dev/null; then
	busy queue file_in_a_socket_queue
else
	skip busy_by_file_in_a_socket_queue "kernel without local sockets"
fi
for f in $FILES; do
	busy "$DEBUGFS/$f" "debugfs_$f"
done

# A current folder in debugfs may or may not hold the module; nothing may break either way.
same load "$(load "size_mb=64 nid=$NODE")" OK
start "cwd:$DEBUGFS"
r=$(unload)
true_that "unload says $r" [ "$r" = OK -o "$r" = EWOULDBLOCK ]
stop
[ "$r" = OK ] || same "unload afterwards" "$(unload)" OK
true_that "nothing left" nothing_left
result folder_of_debugfs_as_current_folder

# Killed while it holds a mapping and a file.
same load "$(load "size_mb=64 nid=$NODE")" OK
start vma+fd
kill -9 "$holder"
stop 2>/dev/null
same "unload after SIGKILL" "$(unload)" OK
result killed_holder_lets_go

same load "$(load "size_mb=64 nid=$NODE")" OK
i=0
while [ $i -lt "$(times 20 5 200)" ] && [ $ktap_bad = 0 ]; do
	(exec 4<$DEV; exec 5<$DEBUGFS/zoneinfo; cat <&5 >/dev/null)
	i=$((i + 1))
done
same "unload after many opens" "$(unload)" OK
result use_count_is_exact
finish
