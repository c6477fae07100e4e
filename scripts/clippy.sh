#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# clippy.sh module|host|tools: warnings are errors.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1-} in
# Products of its own: with and without clippy the command lines differ, and all would be built anew.
module) "$TOP/scripts/build-module.sh" a "$TOP" "MO=$TOP/out/clippy" CLIPPY=1 KRUSTFLAGS=-Dwarnings ;;
# The same source as the module's, so the lints that the kernel turns off with this toolchain are off.
host)
	"$TOP/scripts/cargo.sh" tests/host clippy --quiet --workspace --all-targets -- -D warnings \
		-A clippy::precedence -A clippy::collapsible_if -A clippy::collapsible_match \
		-A clippy::needless_lifetimes -A clippy::uninlined_format_args -A clippy::unwrap_or_default
	;;
tools) "$TOP/scripts/cargo.sh" tools clippy --quiet --workspace --all-targets -- -D warnings ;;
*) die "usage: clippy.sh module|host|tools" ;;
esac
