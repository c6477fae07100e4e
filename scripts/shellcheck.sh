#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Checks every shell script of the tree, with the sandbox's shellcheck; those here most strictly.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$TOP"
mapfile -t files < <(git ls-files -co --exclude-standard | while read -r f; do
	if [ -f "$f" ] && head -n1 "$f" | grep -qE '^#!/bin/(ba)?sh|^# shellcheck shell'; then echo "$f"; fi
done; git ls-files -co --exclude-standard '*.sh')
mapfile -t files < <(printf '%s\n' "${files[@]}" | sort -u)
own=() others=()
for f in "${files[@]}"; do
	case $f in
	scripts/* | .ci/*) own+=("$f") ;;
	*) others+=("$f") ;;
	esac
done
rc=0
"$TOP/scripts/in-sandbox" -n shellcheck -x -e SC1091 "${own[@]}" || rc=1
# Variables of a sourced file are unknown to it.
[ ${#others[@]} = 0 ] ||
	"$TOP/scripts/in-sandbox" -n shellcheck -S warning -e SC1091,SC2154 "${others[@]}" || rc=1
exit "$rc"
