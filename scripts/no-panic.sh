#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A Rust panic in the kernel is a BUG: no-panic.sh KO fails if the module built for the stock kernel
# imports anything of the core crate that is not in no-panic.allow. Failures hide under names without
# "panic" (slice_index_fail, unwrap_failed, ...), so this is a list of what may be, not of what may not.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ko=$(readlink -f "${1:-$TOP/out/a/rust_buddy.ko}")
[ -f "$ko" ] || die "no module ${1:-out/a/rust_buddy.ko}: build it with make rig-a and scripts/build-module.sh a"
allow=$(sed 's/[[:space:]]*#.*//; /^$/d' "$TOP/scripts/no-panic.allow")
export RUST_BUDDY_BIND=${ko%/*}
imports=$("$TOP/scripts/in-sandbox" -n llvm-nm -u --format=just-symbols "$ko" | grep 4core | grep -vxE "$allow" || true)
if [ -z "$imports" ]; then
	echo "ok - no way to a panic in ${ko##*/}"
	exit 0
fi
users=$("$TOP/scripts/in-sandbox" -n llvm-objdump -dr --no-show-raw-insn "$ko" | awk '
	/^[0-9a-f]+ <.*>:$/ { f = $2; gsub(/[<>:]/, "", f) }
	/R_X86_64_/ { sub(/[-+]0x.*/, "", $NF); print $NF, f }' | sort -u)
while read -r s; do
	echo "import of $s"
	awk -v s="$s" '$1 == s { print "    by", $2 }' <<<"$users"
done <<<"$imports" | "$TOP/scripts/in-sandbox" -n llvm-cxxfilt
echo "not ok - no way to a panic in ${ko##*/}"
exit 1
