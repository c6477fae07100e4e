#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rustfmt on every Rust file but the generated one: fmt.sh [--check]. Comments, which it leaves alone,
# must not be wider than code.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$TOP"
mapfile -t files < <(git ls-files -co --exclude-standard '*.rs' | grep -v '^tools/rust-buddy-sys/src/uapi.rs$' |
	while read -r f; do [ ! -e "$f" ] || echo "$f"; done)
[ ${#files[@]} != 0 ] || exit 0
wide=$(awk 'length > 100 && /^ *\/\// { print FILENAME ":" FNR ": break this comment before column 101" }' \
	"${files[@]}")
[ -z "$wide" ] || { echo "$wide" >&2 && exit 1; }
exec "$TOP/scripts/in-sandbox" -n rustfmt --edition 2021 --config-path "$TOP/.rustfmt.toml" "$@" "${files[@]}"
