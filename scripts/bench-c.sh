#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The benchmark at the speed of this CPU, on User-Mode Linux: tests/bench/guest.sh in rig C.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$TOP/scripts/build-module.sh" c
mkdir -p "$TOP/out/bench"
"$TOP/scripts/build-module.sh" c "$TOP/tests/bench" "MO=$TOP/out/bench"
"$TOP/scripts/rbctl.sh"
# A region of 512 MiB must be aligned to its size; above 1.5 GiB no Rust module loads.
"$TOP/scripts/boot.sh" c --name bench-c --mem 1536M --limit 600 --append kunit.enable=0 -- \
	"$TOP/tests/bench/guest.sh" "$TOP/out/c/rust_buddy.ko" "$TOP/out/bench/kernel_pages.ko" "$TOP/out/bin/rbctl"
