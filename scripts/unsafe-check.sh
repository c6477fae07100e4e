#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All unsafe code of the module lies in sys/; every other file forbids it for itself, right after its
# docs. The crate root cannot: the module! macro expands to unsafe code there.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$TOP"
bad=0
while read -r f; do
	if found=$(sed 's|//.*||' "$f" | grep -nwE unsafe); then
		echo "$f: unsafe outside sys/: $found"
		bad=1
	fi
	[ "$f" != rust_buddy.rs ] || continue
	# The first line that is neither blank nor a comment.
	[ "$(grep -vnE '^(//|$)' "$f" | head -n1 | cut -d: -f2-)" = '#![deny(unsafe_code)]' ] || {
		echo "$f: does not start with #![deny(unsafe_code)] after its docs"
		bad=1
	}
done < <(find . -maxdepth 1 -name '*.rs' -printf '%f\n'; find zone pcp gfp slowpath page_alloc device uapi \
	-name '*.rs' ! -name 'uapi_generated.rs' 2>/dev/null)
exit "$bad"
