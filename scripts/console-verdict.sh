#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One KTAP line for the console of a guest: console-verdict.sh NAME ALLOWED_TAINT

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if found=$("$TOP/scripts/console-scan.sh" "$TOP/out/log/$1.console" "$2"); then
	echo "ok - console of $1 is clean"
else
	printf '# %s\n' "${found//$'\n'/$'\n# '}"
	echo "not ok - console of $1 is clean"
	exit 1
fi
