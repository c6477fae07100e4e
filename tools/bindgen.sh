#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Generates rust-buddy-sys/src/uapi.rs from ../uapi/rust_buddy.h: bindgen.sh [--check]
#
# --check writes nothing: exit 0 if the committed file is what bindgen makes, 1 with the difference
# if not, 4 (skipped) without bindgen. The committed file is made with the toolchain sandbox's bindgen.

set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
header=../uapi/rust_buddy.h
committed=rust-buddy-sys/src/uapi.rs

# The flags of the module's own build, but for the types' prefix.
generate() {
	printf '// SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note\n\n'
	bindgen "$header" --rust-target 1.85 --use-core --ctypes-prefix core::ffi \
		--with-derive-default --no-doc-comments --no-prepend-enum-name \
		--disable-header-comment --allowlist-file '.*/rust_buddy\.h' -- -I../uapi
}

cd "$here"
if ! command -v bindgen >/dev/null; then
	echo "bindgen.sh: no bindgen: run it as scripts/in-sandbox tools/bindgen.sh $*" >&2
	exit 4
fi
case ${1-} in
"") generate >"$committed.new" && mv "$committed.new" "$committed" ;;
--check) diff -u "$committed" <(generate) ;;
*)
	echo "usage: bindgen.sh [--check]" >&2
	exit 2
	;;
esac
