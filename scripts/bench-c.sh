#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The benchmark at the speed of this CPU, on User-Mode Linux: tests/bench/guest.sh in rig C.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -f "$TOP/tests/bench/guest.sh" ] || die "no tests/bench/guest.sh in this tree: nothing to measure"
"$TOP/scripts/build-module.sh" c
"$TOP/scripts/rbctl.sh"
"$TOP/scripts/boot.sh" c --name bench-c --mem 1G --limit 600 --append kunit.enable=0 -- \
	"$TOP/tests/bench/guest.sh" "$TOP/out/c/rust_buddy.ko" "$TOP/out/bin/rbctl"
