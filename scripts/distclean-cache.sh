#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Removes the cache, and says how large it was.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -d "$CACHE" ] || exit 0
say "removing $(size_of "$CACHE") in $CACHE"
rm -rf --one-file-system "$CACHE" 2>/dev/null ||
	# Leftovers of a cut-off sandbox belong to sub-ids of the user.
	unshare --map-auto --map-root-user rm -rf --one-file-system "$CACHE"
