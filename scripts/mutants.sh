#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Do the tests notice when a rule is broken? mutants.sh [--sample N] [ROW...]
# See scripts/mutants.py; copy and products lie in out/mutants.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$TOP/scripts/cargo.sh" tests/host fetch
lock "mutants-$(printf %s "$TOP" | hash_of)"
exec "$TOP/scripts/in-sandbox" -n "$TOP/scripts/mutants.py" "$@"
