#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Interprets the tests of the allocator with miri, which finds undefined behaviour. Debian's toolchain
# has no miri; exits with 4, skipped, where it is missing.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$TOP/scripts/in-sandbox" -n cargo miri --version >/dev/null 2>&1 || {
	say "skipped: this toolchain ($("$TOP/scripts/in-sandbox" -n rustc --version)) has no miri"
	exit 4
}
"$TOP/scripts/cargo.sh" tests/host miri test --lib
"$TOP/scripts/cargo.sh" tests/host miri test --test model short_runs
