#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Rig A: the distribution's own kernel, unmodified. Prepares the tree that modules build against:
# its headers package lacks the Rust metadata, so the rust/ crates are built from the source.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

load_choice
RIG=$(rig_dir a "stock $FLAVOUR 1")
OUT=$RIG/out
MAKE_ARGS=("CC=x86_64-linux-gnu-gcc-14" "CROSS_COMPILE=x86_64-linux-gnu-" "KERNELRELEASE=$KABI-$FLAVOUR")

lock "$(basename "$RIG")"
if [ ! -e "$RIG/.whole" ]; then
	need_space 2000
	rm -rf "$RIG"
	mkdir -p "$OUT"
	cp "$KPKG/headers/.config" "$OUT/.config"
	step "rig A: kernel tree for modules" "$TOP/scripts/in-sandbox" -n make -C "$KSRC" "O=$OUT" \
		"${MAKE_ARGS[@]}" -j"$JOBS" olddefconfig prepare modules_prepare ||
		die "rig A could not be prepared: see the lines above"
	cmp -s "$KPKG/headers/.config" "$OUT/.config" ||
		die "the prepared .config differs from the one of $KABI: the toolchain is another one"
	cp "$KPKG/headers/Module.symvers" "$OUT/Module.symvers"
	cp "$KPKG/vmlinuz" "$RIG/vmlinuz"
	printf '%s\n' "${MAKE_ARGS[@]}" >"$RIG/make.args"
	seal "$RIG"
	say "rig A: $(size_of "$RIG") in $RIG"
fi
ln -sfnT "$RIG" "$CACHE/rig-a"
