#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The runner on doctored programs: S01_ktap_run.sh [FOLDER-OF-ktap_run]
RUN=${1:-${0%/*}}/ktap_run
bad=0
nr=0

echo "KTAP version 1"
echo "1..13"

# expect STATUS NAME SCRIPT
expect() {
	nr=$((nr + 1))
	"$RUN" 2 sh -c "$3" >/tmp/s01.$$ 2>&1
	got=$?
	if [ $got = "$1" ]; then
		echo "ok $nr $2"
	else
		echo "# exit $got, expected $1"
		sed 's/^/# /' /tmp/s01.$$
		echo "not ok $nr $2"
		bad=1
	fi
	rm -f /tmp/s01.$$
}

expect 0 passes 'echo 1..2; echo ok 1 a; echo ok 2 b'
expect 0 skip_among_passes 'echo 1..2; echo ok 1 a; echo "ok 2 b # SKIP c"'
expect 4 all_skipped 'echo 1..1; echo "ok 1 a # SKIP b"; exit 4'
expect 1 not_ok 'echo 1..2; echo ok 1 a; echo not ok 2 b; exit 1'
expect 1 not_ok_but_exit_0 'echo 1..1; echo not ok 1 b'
expect 1 plan_not_kept 'echo 1..3; echo ok 1 a; echo ok 2 b'
expect 1 too_many_results 'echo 1..1; echo ok 1 a; echo ok 2 b'
expect 1 no_plan 'echo ok 1 a'
expect 1 wrong_order 'echo 1..2; echo ok 2 a; echo ok 1 b'
expect 1 exit_status 'echo 1..1; echo ok 1 a; exit 3'
expect 1 killed 'echo 1..1; echo ok 1 a; kill -9 $$'
expect 1 bail_out 'echo 1..1; echo ok 1 a; echo "Bail out! no"'
expect 124 out_of_time 'echo 1..1; echo ok 1 a; sleep 60 & sleep 60'
exit $bad
