#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tests of tests/kselftest in a guest: kselftest.sh a|b. Prints KTAP.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

rig=${1:?a or b}
# A test that injects damage says so.
TAINT_TEST=$((1 << 18))
case $rig in
# The node of the region has room for 256 MiB in one piece wherever the kernel put its own pages.
# kunit.enable=0: no KUnit run at each insmod, and no taint from it.
a) options=(--node "768M,cpus=0-1" --node 1536M --limit 900) taint=$((12288 + TAINT_TEST)) ;;
b) options=(--node "1G,cpus=0-1" --node 1536M --limit 1800 --append kunit.enable=0) taint=$((4096 + TAINT_TEST)) ;;
*) die "usage: kselftest.sh a|b" ;;
esac
[ "${SOAK:-0}" = 0 ] || options+=(--limit 14400)

"$TOP/scripts/build-module.sh" "$rig"
"$TOP/scripts/rbctl.sh"
(
	lock "kselftest-$(printf %s "$TOP" | hash_of)"
	"$TOP/scripts/in-sandbox" -n make -s -C "$TOP/tests/kselftest" "OUT=$TOP/out/kselftest" CC=gcc-14 -j"$JOBS"
)
rc=0
"$TOP/scripts/boot.sh" "$rig" --name "kselftest-$rig" "${options[@]}" \
	--append "init_on_alloc=0 numa_balancing=disable no_console_suspend" -- \
	"$TOP/tests/kselftest/run.sh" "$TOP/out/$rig/rust_buddy.ko" "$TOP/out/bin/rbctl" \
	"$TOP/out/kselftest" || rc=$?
"$TOP/scripts/console-verdict.sh" "kselftest-$rig" "$taint" || rc=1
exit "$rc"
