#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Configures and builds one debug kernel; called by rig-b.sh and rig-c.sh through build_kernel:
#   kernel-build.sh OUT TARGET FRAGMENT [make arguments]
# Runs inside the sandbox. tinyconfig drops options whose needs are not met without a word, so every
# wanted line is looked for in the result.

set -euo pipefail
out=$1 target=$2 fragment=$3
shift 3

if [ ! -e "$out/.configured" ]; then
	make "O=$out" "$@" tinyconfig
	cat "$fragment" >>"$out/.config"
	make "O=$out" "$@" olddefconfig
	lost=
	while read -r line; do
		case $line in
		# "is not set" is also true of an option that is not there at all.
		'# '*' is not set') ! grep -q "^$(cut -d' ' -f2 <<<"$line")=" "$out/.config" || lost+=" $line" ;;
		?*) grep -qxF "$line" "$out/.config" || lost+=" $line" ;;
		esac
	done <"$fragment"
	[ -z "$lost" ] || { echo "options not taken:$lost"; exit 1; }
	touch "$out/.configured"
fi
make "O=$out" "$@" -j"$JOBS" "$target" modules_prepare
# Without a module of its own the kernel's list of exported symbols is not written under this name.
[ -e "$out/Module.symvers" ] || cp "$out/vmlinux.symvers" "$out/Module.symvers"
