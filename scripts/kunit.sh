#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module's KUnit suites on a rig: kunit.sh b|c. Prints KTAP.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

rig=${1:?b or c}
case $rig in
# Nothing here looks for leaks, and without them it boots in half the time.
b) options=(--node "1G,cpus=0-1" --node 1G --append kmemleak=off) ;;
c) options=(--mem 1G) ;;
*) die "usage: kunit.sh b|c" ;;
esac
"$TOP/scripts/build-module.sh" "$rig"
rc=0
"$TOP/scripts/boot.sh" "$rig" --name "kunit-$rig" "${options[@]}" --limit 600 -- \
	"$TOP/scripts/kunit-guest.sh" "$TOP/out/$rig/rust_buddy.ko" || rc=$?
"$TOP/scripts/console-verdict.sh" "kunit-$rig" $((4096 + 262144)) || rc=1
exit "$rc"
