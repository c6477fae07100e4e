#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# clippy.sh module|host|tools: warnings are errors.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1-} in
# Products of its own: with and without clippy the command lines differ, and all would be built anew.
module) "$TOP/scripts/build-module.sh" a "$TOP" "MO=$TOP/out/clippy" CLIPPY=1 KRUSTFLAGS=-Dwarnings ;;
host) "$TOP/scripts/cargo.sh" tests/host clippy --quiet --workspace --all-targets -- -D warnings ;;
tools) "$TOP/scripts/cargo.sh" tools clippy --quiet --workspace --all-targets -- -D warnings ;;
*) die "usage: clippy.sh module|host|tools" ;;
esac
