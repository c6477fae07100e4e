#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The main job, on the stock kernel in a virtual machine: load, allocate, show. Leaves out/map.svg.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$TOP/scripts/build-module.sh" a
"$TOP/scripts/rbctl.sh"
rm -rf "$TOP/out/demo"
rc=0
"$TOP/scripts/boot.sh" a --name demo --out "$TOP/out/demo" --node "768M,cpus=0-1" --node 768M \
	--limit 120 --append "init_on_alloc=0 numa_balancing=disable" -- \
	"$TOP/tests/demo/guest.sh" "$TOP/out/a/rust_buddy.ko" "$TOP/out/bin/rbctl" || rc=$?
if [ -s "$TOP/out/demo/map.svg" ]; then
	cp "$TOP/out/demo/map.svg" "$TOP/out/map.svg"
	say "the map of the region: out/map.svg"
fi
exit "$rc"
