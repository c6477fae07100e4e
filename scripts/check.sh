#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All checks and tests, in order, each whatever became of those before it: check.sh [PART...]
# The last line is "N passed, N failed, N skipped". With SOAK=1, parts that were done on the very same
# tree are not run again (out/soak).

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

S=$TOP/scripts
LOG=$TOP/out/log
passed=0 failed=0 skipped=0
mkdir -p "$LOG"

# Kind of the output, then the command. one: the exit status is the result (4: skipped).
declare -A PART=(
	[fmt]="one $S/fmt.sh --check"
	[shellcheck]="one $S/shellcheck.sh"
	[console-scan]="ktap $S/console-scan.sh --self-test"
	[clippy-module]="one $S/clippy.sh module"
	[clippy-host]="one $S/clippy.sh host"
	[clippy-tools]="one $S/clippy.sh tools"
	[host]="cargo $S/cargo.sh tests/host test --workspace --no-fail-fast -- --show-output"
	[tools]="cargo $S/cargo.sh tools test --workspace --no-fail-fast"
	[uapi]="one $S/in-sandbox -n tools/bindgen.sh --check"
	[build-a]="one $S/build-module.sh a"
	[no-panic]="one $S/no-panic.sh out/a/rust_buddy.ko"
	[unsafe]="one $S/unsafe-check.sh"
	[kselftest-a]="ktap $S/kselftest.sh a"
	[kselftest-b]="ktap $S/kselftest.sh b"
	[kunit-b]="ktap $S/kunit.sh b"
	[kunit-c]="ktap $S/kunit.sh c"
)
ORDER=(fmt shellcheck console-scan clippy-module clippy-host clippy-tools host tools uapi build-a
	no-panic unsafe kselftest-a kselftest-b kunit-b kunit-c)

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

run() {
	local name=$1 kind=${PART[$1]%% *} command start rc=0 p f s stamp=''
	read -r -a command <<<"${PART[$1]#* }"
	if [ "${SOAK:-0}" != 0 ]; then
		stamp=$TOP/out/soak/$name-$TREE
		mkdir -p "$TOP/out/soak"
		if [ -s "$stamp" ]; then
			read -r p f s <"$stamp"
			say "$name: done on this tree before"
			total "$name" "$p" "$f" "$s" 0
			return
		fi
	fi
	say "$name ..."
	start=$(now)
	# The log has the output alone: messages of the machinery are no test results.
	set +e
	"${command[@]}" | tee "$LOG/check-$name.log"
	rc=${PIPESTATUS[0]}
	set -e
	[ "$rc" != 130 ] || exit 130
	read -r p f s < <(count "$kind" "$LOG/check-$name.log" "$rc")
	total "$name" "$p" "$f" "$s" $(($(now) - start))
	[ -z "$stamp" ] || [ "$f" != 0 ] || echo "$p $f $s" >"$stamp"
}

total() {
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
	TABLE+=$(printf '%-14s %6d passed %4d failed %4d skipped %6d s' "$@")$'\n'
	[ "$3" = 0 ] || TABLE+=$(grep -E '^ *not ok |^test .* FAILED|^guest (hung|died)' "$LOG/check-$1.log" |
		grep -v '# *SKIP' | head -n 20 | sed 's/^ */    /' || true)$'\n'
}

cd "$TOP"
TREE=$(tree_hash) TABLE='' begin=$(now)
[ $# != 0 ] || set -- "${ORDER[@]}"
for part in "$@"; do
	[ -n "${PART[$part]-}" ] || die "no part $part: there are ${ORDER[*]}"
done
for part in "$@"; do run "$part"; done
printf '\n%s\n' "$TABLE" | cat -s
echo "$(($(now) - begin)) s in all, logs in out/log"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
