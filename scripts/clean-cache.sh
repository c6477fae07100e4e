#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Removes from the cache what something newer has replaced: rigs of other configurations, sandboxes and
# kernels that are not chosen any more, cargo's products of work trees that are gone, old locks and logs.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -d "$CACHE" ] || exit 0

# drop PATH: unless somebody works on it.
drop() {
	local fd
	mkdir -p "$CACHE/locks"
	exec {fd}>"$CACHE/locks/$(basename "$1")"
	if ! flock -n "$fd"; then
		say "in use: $1"
	else
		say "removing $(size_of "$1") $1"
		rm -rf --one-file-system "$1" 2>/dev/null ||
			# Leftovers of a cut-off sandbox belong to sub-ids of the user.
			unshare --map-auto --map-root-user rm -rf --one-file-system "$1"
	fi
	exec {fd}>&-
}

KVERSION=none
# shellcheck disable=SC1090
[ ! -s "$KERNEL_CHOICE" ] || . "$KERNEL_CHOICE"
keep=" $SANDBOX kernel-$KVERSION "
for rig in a b c; do keep+="$(readlink "$CACHE/rig-$rig" || true) "; done

for d in "$CACHE"/{rig-?-,sandbox-,kernel-}*/ "$CACHE"/target-*/*/ "$CACHE"/target-*/; do
	d=${d%/}
	[ -d "$d" ] || continue
	case $d in
	*.partial) continue ;; # gone on with or removed by its script
	"$CACHE"/target-*/*) [ ! -s "$d/tree" ] || [ ! -d "$(cat "$d/tree")" ] || continue ;;
	"$CACHE"/target-*) [ -z "$(ls -A "$d")" ] || continue ;;
	"$CACHE"/kernel-*) [[ $keep != *" ${d##*/} "* ]] || continue ;;
	*) [[ $keep != *" $d "* ]] || continue ;;
	esac
	drop "$d"
done
# Whoever takes a lock renews its time.
find "$CACHE/locks" "$CACHE/log" -type f -mtime +1 -delete 2>/dev/null || true
say "$(size_of "$CACHE") left in $CACHE"
