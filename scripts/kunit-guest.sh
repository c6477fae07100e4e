#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In the guest: loads the module, whose suites run after its init, and prints their results. insmod
# succeeds whatever they say, and without init there is no suite at all: so look for each one's end.

suites=/sys/kernel/debug/kunit
bad=0
ls "$suites" >/tmp/before
if ! insmod /lib/rust_buddy.ko size_mb=16; then
	echo "not ok - insmod"
	dmesg | tail -n 5 | sed 's/^/# /'
	exit 1
fi
found=0
for s in "$suites"/*/; do
	s=$(basename "$s")
	! grep -qxF "$s" /tmp/before || continue
	found=$((found + 1))
	cat "$suites/$s/results"
	if ! grep -qE "^(not )?ok [0-9]+ $s( |\$)" "$suites/$s/results"; then
		echo "not ok - suite $s was cut off"
		bad=1
	elif grep -qE '^ *not ok ' "$suites/$s/results"; then
		bad=1
	fi
done
[ "$found" != 0 ] || { echo "not ok - the module has KUnit suites"; bad=1; }
echo "# $found suites"
if rmmod rust_buddy; then echo "ok - rmmod"; else echo "not ok - rmmod"; bad=1; fi
exit "$bad"
