#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tests of tests/kselftest in a guest: kselftest.sh a|b [PATTERN...]. Prints KTAP.
# A PATTERN is a slice of them or how names begin (tests/kselftest/run.sh). SOAK=1: the long tier; there
# all of them at once take hours, and a slice at a time is meant.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

rig=${1:?a or b}
shift
patterns=$*
name=kselftest-$rig${patterns:+-${patterns// /-}}
# A test that injects damage says so.
TAINT_TEST=$((1 << 18))
case $rig in
# The node of the region has room for 256 MiB in one piece wherever the kernel put its own pages.
# kunit.enable=0: no KUnit run at each insmod, and no taint from it.
a) options=(--node "768M,cpus=0-1" --node 1536M --limit 900) taint=$((12288 + TAINT_TEST)) ;;
b) options=(--node "1G,cpus=0-1" --node 1536M --limit 1800 --append kunit.enable=0) taint=$((4096 + TAINT_TEST)) ;;
*) die "usage: kselftest.sh a|b [PATTERN...]" ;;
esac
# Several times what a slice takes.
[ "${SOAK:-0}" = 0 ] || options+=(--limit 7200)

"$TOP/scripts/build-module.sh" "$rig"
"$TOP/scripts/rbctl.sh"
(
	lock "kselftest-$(printf %s "$TOP" | hash_of)"
	"$TOP/scripts/in-sandbox" -n make -s -C "$TOP/tests/kselftest" "OUT=$TOP/out/kselftest" CC=gcc-14 -j"$JOBS"
)
rc=0
"$TOP/scripts/boot.sh" "$rig" --name "$name" --env "PATTERNS=$patterns" "${options[@]}" \
	--append "init_on_alloc=0 numa_balancing=disable no_console_suspend" -- \
	"$TOP/tests/kselftest/run.sh" "$TOP/out/$rig/rust_buddy.ko" "$TOP/out/bin/rbctl" \
	"$TOP/out/kselftest" || rc=$?
"$TOP/scripts/console-verdict.sh" "$name" "$taint" || rc=1
exit "$rc"
