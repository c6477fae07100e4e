#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds the command-line tool as one static binary: out/bin/rbctl.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

lock "rbctl-$(printf %s "$TOP" | hash_of)"
STATIC=1 "$TOP/scripts/cargo.sh" tools build --release --quiet --bin rbctl
mkdir -p "$TOP/out/bin"
bin=$CARGO_TARGETS/tools/x86_64-unknown-linux-gnu/release/rbctl
cmp -s "$bin" "$TOP/out/bin/rbctl" || {
	cp "$bin" "$TOP/out/bin/rbctl.partial"
	mv "$TOP/out/bin/rbctl.partial" "$TOP/out/bin/rbctl"
	say "out/bin/rbctl: $(size_of "$bin")"
}
