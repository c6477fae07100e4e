#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds a module folder for a rig, in the sandbox, without network:
#   build-module.sh RIG [DIR] [make arguments]      DIR: default this tree, products in out/RIG
# A folder other than this tree is built in place unless MO=... is given.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ $# -ge 1 ] || die "usage: build-module.sh a|b|c [DIR] [make arguments]"
rig=$1 dir=$TOP mo=()
shift
if [ $# -gt 0 ] && [ -d "$1" ]; then
	dir=$(cd "$1" && pwd -P)
	shift
fi
[ "$dir" != "$TOP" ] || mo=("MO=$TOP/out/$rig")
"$TOP/scripts/rig-$rig.sh"
RIG=$(readlink -f "$CACHE/rig-$rig")
mapfile -t args <"$RIG/make.args"
[ ${#mo[@]} = 0 ] || mkdir -p "$TOP/out/$rig"
lock "build-$rig-$(printf %s "$dir" | hash_of)"
cd "$dir"
quiet=(-s)
[[ " $* " != *" V=1 "* ]] || quiet=()
"$TOP/scripts/in-sandbox" -n make "${quiet[@]}" -C "$RIG/out" "M=$dir" "${mo[@]}" "${args[@]}" -j"$JOBS" "$@"
