#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rustfmt on every Rust file but the generated one: fmt.sh [--check]

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$TOP"
mapfile -t files < <(git ls-files -co --exclude-standard '*.rs' | grep -v '^tools/rust-buddy-sys/src/uapi.rs$' |
	while read -r f; do [ ! -e "$f" ] || echo "$f"; done)
[ ${#files[@]} != 0 ] || exit 0
exec "$TOP/scripts/in-sandbox" -n rustfmt --edition 2021 --config-path "$TOP/.rustfmt.toml" "$@" "${files[@]}"
