#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In the guest: loads the module, whose suites run after its init, and prints their results. insmod
# succeeds whatever they say, and without init there is no suite at all: so look for each one's end.

suites=/sys/kernel/debug/kunit
bad=0
before="$(echo "$suites"/*/)"
if ! insmod /lib/rust_buddy.ko size_mb=16; then
	echo "not ok - insmod"
	dmesg | tail -n 5 | sed 's/^/# /'
	exit 1
fi
found=0
for s in "$suites"/*/; do
	s=${s%/}
	s=${s##*/}
	case $before in *"/$s/"*) continue ;; esac
	found=$((found + 1))
	# One process for each suite: on the debug kernel one takes a tenth of a second.
	awk -v suite="$s" '
		{ print }
		/^ *not ok / { bad = 1 }
		/^(not )?ok / && ($2 == suite || $3 == suite || $4 == suite) { ended = 1 }
		END { if (!ended) print "not ok - suite " suite " was cut off"; exit bad || !ended }
	' "$suites/$s/results" || bad=1
done
[ "$found" != 0 ] || { echo "not ok - the module has KUnit suites"; bad=1; }
echo "# $found suites"
if rmmod rust_buddy; then echo "ok - rmmod"; else echo "not ok - rmmod"; bad=1; fi
exit "$bad"
