#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What followed from settings in the kernels of these arenas, beside what follows by the module's own
# functions, number by number: parity-settings.sh ARENA...
#
# Takes what tests/parity/settings.sh left in out/guest/parity-ARENA to out/guest/settings-ARENA.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

folders=()
for name in "$@"; do
	from=$TOP/out/guest/parity-$name to=$TOP/out/guest/settings-$name
	rm -rf "$to"
	mkdir -p "$to"
	[ ! -d "$from/settings" ] || mv -T "$from/settings" "$to"
	[ ! -d "$from" ] || rmdir --ignore-fail-on-non-empty "$from"
	folders+=("$to")
done
"$TOP/scripts/cargo.sh" tests/host run --quiet --bin settings -- "${folders[@]}"
