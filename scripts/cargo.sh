#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# cargo of the sandbox on a user-space crate of this tree: cargo.sh DIR SUBCOMMAND [arguments]
# Crates and products lie in the cache. Static products: STATIC=1.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ $# -ge 2 ] || die "usage: cargo.sh DIR SUBCOMMAND [arguments]"
dir=$(cd "$TOP/$1" && pwd -P)
sub=$2
shift 2
"$TOP/scripts/sandbox.sh"
target=$CARGO_TARGETS/${dir##*/}
fetched=$CACHE/cargo/fetched-$(hash_of <"$dir/Cargo.lock")
mkdir -p "$target" "$CACHE/cargo"
echo "$TOP" >"$CARGO_TARGETS/tree" # for clean-cache.sh
cd "$dir"
lock "cargo-${dir##*/}"
if [ ! -e "$fetched" ]; then
	step "crates of ${dir#"$TOP"/}" "$TOP/scripts/in-sandbox" cargo fetch --locked ||
		die "the crates of ${dir#"$TOP"/} could not be fetched: check the network and Cargo.lock"
	touch "$fetched"
fi
args=(--locked --offline)
[ "$sub" != fmt ] || args=()
flags=()
[ -z "${STATIC-}" ] || flags=("RUSTFLAGS=-C target-feature=+crt-static" CARGO_BUILD_TARGET=x86_64-unknown-linux-gnu)
"$TOP/scripts/in-sandbox" env "CARGO_TARGET_DIR=$target" CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0 "${flags[@]}" \
	cargo "$sub" "${args[@]}" "$@"
