#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All checks and tests, each whatever becomes of the others: check.sh [PART...]
#
#   LANES=N   how many parts run at once (default 2; 1 with V=1)
#   V=1       show all output as it comes; without it each part's goes to out/log/check-PART.log only
#   SOAK=1    the long tier; parts that were done on the very same tree are not run again (out/soak).
#             kselftest-a and -b are several parts each there: kselftest-a-SLICE
#
# The end is a table, what failed and why, and the line "N passed, N failed, N skipped".

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

S=$TOP/scripts
LOG=$TOP/out/log
mkdir -p "$LOG"
[ "${V:-0}" = 0 ] || LANES=${LANES:-1}
LANES=${LANES:-2}

# Kind of the output, then the command. one: the exit status is the result (4: skipped).
declare -A PART=(
	[build-a]="one $S/build-module.sh a"
	[build-b]="one $S/build-module.sh b"
	[build-c]="one $S/build-module.sh c"
	[fmt]="one $S/fmt.sh --check"
	[shellcheck]="one $S/shellcheck.sh"
	[console-scan]="ktap $S/console-scan.sh --self-test"
	[clippy-module]="one $S/clippy.sh module"
	[clippy-host]="one $S/clippy.sh host"
	[clippy-tools]="one $S/clippy.sh tools"
	[host]="cargo $S/cargo.sh tests/host test --workspace --no-fail-fast -- --show-output"
	[fuzz]="one $S/fuzz.sh --short"
	[loom]="cargo $S/cargo.sh tests/host test --features loom --test loom -- --show-output"
	[tools]="cargo $S/cargo.sh tools test --workspace --no-fail-fast"
	[uapi]="one $S/in-sandbox -n tools/bindgen.sh --check"
	[no-panic]="one $S/no-panic.sh out/a/rust_buddy.ko"
	[mutants-fit]="one $S/mutants.sh --fit"
	[unsafe]="one $S/unsafe-check.sh"
	[kselftest-a]="ktap $S/kselftest.sh a"
	[kselftest-b]="ktap $S/kselftest.sh b"
	[demo]="one $S/demo.sh"
	[parity]="one $S/parity.sh short"
	[kunit-b]="ktap $S/kunit.sh b"
	[kunit-c]="ktap $S/kunit.sh c"
)
slices=$(parts_of kselftest-a && parts_of kselftest-b)
for part in $slices; do
	PART[$part]="ktap $S/kselftest.sh ${part:10:1} ${part:12}"
done
# The builds first, because others need their products; then the longest, beside which all the others
# have time.
ORDER=(build-b build-a build-c kselftest-b fmt shellcheck console-scan unsafe mutants-fit no-panic uapi
	clippy-module clippy-host clippy-tools host fuzz loom tools kselftest-a demo parity kunit-b kunit-c)

# What the tree is, with what is not committed.
tree_hash() {
	{
		git rev-parse 'HEAD^{tree}'
		git diff HEAD
		git ls-files -o --exclude-standard -z | xargs -0r sha256sum
	} | hash_of
}

# count KIND LOG STATUS: "passed failed skipped"
count() {
	local p=0 f=0 s=0
	case $1 in
	one)
		case $3 in
		0) p=1 ;;
		4) s=1 ;;
		*) f=1 ;;
		esac
		;;
	cargo)
		read -r p f s < <(awk '/^test result:/ {
			for (i = 1; i < NF; i++) {
				if ($(i + 1) == "passed;") p += $i
				if ($(i + 1) == "failed;") f += $i
				if ($(i + 1) == "ignored;") s += $i
			}
		} END { print p + 0, f + 0, s + 0 }' "$2") || true
		;;
	ktap) read -r p f s < <(awk -f "$S/ktap-count.awk" "$2") || true ;;
	esac
	# Broken without a failed test, or silent: that is a failure too.
	[ "$f" != 0 ] || [ "$3" = 0 ] || [ "$3" = 4 ] || f=1
	[ "$((p + f + s))" != 0 ] || f=1
	echo "$p $f $s"
}

# ---- what a part needs ------------------------------------------------------------------------

rig_of() {
	case $1 in
	no-panic | clippy-module | demo | parity) echo a ;;
	build-? | kunit-?) echo "${1: -1}" ;;
	kselftest-?*) echo "${1:10:1}" ;;
	esac
}

# The part whose product it needs.
build_of() {
	case $1 in
	no-panic | demo | parity | kselftest-?* | kunit-?) echo "build-$(rig_of "$1")" ;;
	esac
}

# Made here, where their progress is seen, and not in a part.
make_rigs() {
	local r
	"$S/sandbox.sh"
	for r in $(for part in "$@"; do rig_of "$part"; done | sort -u); do
		"$S/rig-$r.sh" || BROKEN+=$r
	done
}

# ---- lanes ------------------------------------------------------------------------------------

declare -A PID=() BEGAN=() RESULT=()

stop_all() {
	local name
	trap '' INT TERM
	clear_progress
	for name in "${!PID[@]}"; do kill -TERM -- "-${PID[$name]}" 2>/dev/null || true; done
	wait
	say "stopped; run it again to go on"
	exit 130
}

stamp_of() { echo "$TOP/out/soak/$1-$TREE"; }

done_before() { [ "${SOAK:-0}" != 0 ] && [ -s "$(stamp_of "$1")" ]; }

start() {
	local name=$1 command
	if done_before "$name"; then
		RESULT[$name]="$(cat "$(stamp_of "$name")") 0"
		tell "$name: done on this tree before"
		return
	fi
	read -r -a command <<<"${PART[$name]#* }"
	[[ $(rig_of "$name") != ["$BROKEN"] ]] ||
		command=(sh -c "echo 'its rig could not be made: see the beginning'; exit 2")
	tell "$name ..."
	BEGAN[$name]=$(now)
	if [ "${V:-0}" = 0 ]; then
		setsid "${command[@]}" >"$LOG/check-$name.log" 2>&1 </dev/null &
	else
		# shellcheck disable=SC2016
		setsid bash -o pipefail -c '"$@" 2>&1 | tee "$0"' "$LOG/check-$name.log" "${command[@]}" </dev/null &
	fi
	PID[$name]=$!
}

# reap: takes in the results of the parts that have ended.
reap() {
	local name rc p f s
	for name in "${!PID[@]}"; do
		kill -0 "${PID[$name]}" 2>/dev/null && continue
		rc=0
		wait "${PID[$name]}" || rc=$?
		unset "PID[$name]"
		read -r p f s < <(count "${PART[$name]%% *}" "$LOG/check-$name.log" "$rc")
		RESULT[$name]="$p $f $s $(($(now) - BEGAN[$name]))"
		tell "$name: $p passed, $f failed, $s skipped, $(($(now) - BEGAN[$name])) s"
		if [ "${SOAK:-0}" != 0 ] && [ "$f" = 0 ]; then
			mkdir -p "$TOP/out/soak"
			echo "$p $f $s" >"$(stamp_of "$name")"
		fi
	done
}

# lanes N: until fewer than N parts run.
lanes() {
	while reap && [ ${#PID[@]} -ge "$1" ]; do pause; done
}

pause() {
	show_progress
	sleep 0.3 &
	wait $! || true
}

# Not while its product is built, nor beside another slice of the same rig.
may_start() {
	local other build
	build=$(build_of "$1")
	[ -z "${PID[${build:-none}]-}" ] || return 1
	for other in "${!PID[@]}"; do
		[ "${other%-*}" != "${1%-*}" ] || [[ $other != kselftest-?-* ]] || return 1
	done
}

# The first that may start is next.
run() {
	local left=("$@") i
	while [ ${#left[@]} != 0 ]; do
		lanes "$LANES"
		for i in "${!left[@]}"; do
			may_start "${left[i]}" || continue
			start "${left[i]}"
			unset "left[i]"
			continue 2
		done
		pause
	done
	lanes 1
}

# ---- what is seen -----------------------------------------------------------------------------

tell() {
	clear_progress
	echo "[check] $*"
}

clear_progress() { [ ! -t 1 ] || printf '\r\033[K'; }

show_progress() {
	local name line='' width
	[ -t 1 ] && [ "${V:-0}" = 0 ] || return 0
	for name in "${!PID[@]}"; do
		line+="  $name $(($(now) - BEGAN[$name])) s $(tail -c 4000 "$LOG/check-$name.log" | tr -d '\r' | awk '
			/# Subtest: / { s = $NF }
			NF { l = $0 }
			END { print s ? s : substr(l, 1, 30) }')"
	done
	width=$(stty size 2>/dev/null | cut -d' ' -f2)
	printf '\r\033[K%s' "${line:0:$((${width:-80} - 1))}"
}

table() {
	local name
	passed=0 failed=0 skipped=0
	echo
	for name in "$@"; do
		# shellcheck disable=SC2086
		set -- ${RESULT[$name]}
		passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
		printf '%-18s %6d passed %4d failed %4d skipped %6d s\n' "$name" "$@"
	done
}

# excerpt NAME KIND: what failed, and the lines that tell why.
excerpt() {
	local log=$LOG/check-$1.log found=''
	case $2 in
	ktap) found=$(awk -f "$S/check-excerpt.awk" "$log") ;;
	cargo)
		found=$(grep -E '^test .* \.\.\. FAILED' "$log" | sort -u || true)
		found+=$(awk '
			/^error/ { on = 8 }
			/^failures:/ { on = 25 }
			/^error: test failed/ { on = 0 }
			on-- > 0' "$log" | sed '1s/^/\n/')
		;;
	esac
	[ -n "$found" ] || found=$(tail -n 30 "$log")
	head -n 50 <<<"$found" | sed 's/\x1b[[(][0-9;]*[A-Za-z]//g; s/\r//' | cut -c1-160
	if grep -qE '^\[guest\].*guest (hung|died)' "$log" && [ -s "$LOG/$1.console" ]; then
		echo "the end of its console:"
		tail -n 15 "$LOG/$1.console" | tr -d '\r' | cut -c1-120 | sed 's/^/    /'
	fi
}

failures() {
	local name
	for name in "$@"; do
		# shellcheck disable=SC2086
		set -- ${RESULT[$name]}
		[ "$2" != 0 ] || continue
		printf '\n==== %s: %d failed; all its output: out/log/check-%s.log\n' "$name" "$2" "$name"
		excerpt "$name" "${PART[$name]%% *}"
	done
}

cd "$TOP"
TREE=$(tree_hash) BROKEN=- begin=$(now)
[ $# != 0 ] || set -- "${ORDER[@]}"
# shellcheck disable=SC2046
[ "${SOAK:-0}" = 0 ] || set -- $(for part in "$@"; do parts_of "$part"; done)
for part in "$@"; do
	[ -n "${PART[$part]-}" ] || die "no part $part: there are ${ORDER[*]}"
done
make_rigs "$@"
trap stop_all INT TERM
run "$@"
table "$@"
failures "$@"
printf '\n%s\n' "$(($(now) - begin)) s in all, logs in out/log"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
