# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# Common ground of all scripts: paths, messages, timing, locks. Sourced, never run.

set -euo pipefail
umask 022
export LC_ALL=C.UTF-8

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/rust_buddy
JOBS=${JOBS:-$(nproc)}
ME=$(basename "$0")

# Kernel series that the module is written for, and where Debian keeps it.
KSERIES=7.3
SUITE=trixie
FLAVOUR=cloud-amd64

say() { printf '[%s] %s\n' "$ME" "$*" >&2; }

# One line, what was needed and what to do; 2 is "this machine cannot", never "a test failed".
die() {
	printf '%s: %s\n' "$ME" "$*" >&2
	exit 2
}

hash_of() { sha256sum | cut -c1-10; }

size_of() { du -shx "$1" 2>/dev/null | cut -f1; }

now() { date +%s; }

[ "$(uname -m)" = x86_64 ] || die "needs an x86_64 machine, this is $(uname -m): use one"

CHILD=
on_signal() {
	trap '' INT TERM
	[ -z "$CHILD" ] || kill -TERM -- "-$CHILD" 2>/dev/null || true
	[ -z "$CHILD" ] || wait "$CHILD" 2>/dev/null || true
	say "stopped; run it again to go on"
	exit 130
}
trap on_signal INT TERM

# step TITLE CMD...: runs CMD with its output in a log, tells the time every 20 s and at the end.
step() {
	local title=$1 log start rc=0 ticks=0
	shift
	mkdir -p "$CACHE/log"
	log=$CACHE/log/$ME.$(printf %s "$title" | tr -cs 'a-zA-Z0-9.' _).$$.log
	start=$(now)
	say "$title ..."
	setsid "$@" >"$log" 2>&1 </dev/null &
	CHILD=$!
	while kill -0 "$CHILD" 2>/dev/null; do
		sleep 0.2 &
		wait $! || true
		ticks=$((ticks + 1))
		[ $((ticks % 100)) != 0 ] ||
			say "$title ... $(($(now) - start)) s: $(tail -n1 "$log" | tr -d '\r' | cut -c1-70)"
	done
	wait "$CHILD" || rc=$?
	CHILD=
	if [ "$rc" != 0 ]; then
		tail -n 25 "$log" >&2
		say "$title: failed after $(($(now) - start)) s, exit $rc, log $log"
		return "$rc"
	fi
	rm -f "$log"
	say "$title: $(($(now) - start)) s"
}

# lock NAME: held until this script and all its children are gone.
lock() {
	local fd
	mkdir -p "$CACHE/locks" || die "cannot write $CACHE: set XDG_CACHE_HOME to a folder of yours"
	exec {fd}>"$CACHE/locks/$1"
	flock -n "$fd" || {
		say "waiting for another run that makes $1"
		flock "$fd"
	}
}

# parts_of PART: what the part consists of in the long tier. There the kselftests of a rig are a part for
# each slice.
parts_of() {
	case $1 in
	kselftest-?) "$TOP/tests/kselftest/run.sh" --slices | sed "s/^/$1-/" ;;
	*) echo "$1" ;;
	esac
}

# seal DIR: from here on it counts as whole, also after a power cut.
seal() {
	sync -f "$1"
	touch "$1/.whole"
}

# need_space MIB: checked before any long step that fills the cache.
need_space() {
	local free
	mkdir -p "$CACHE" || die "cannot write $CACHE: set XDG_CACHE_HOME to a folder of yours"
	free=$(df -Pm "$CACHE" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$1" ] ||
		die "needs $1 MiB free under $CACHE, there are $free: free some, or set XDG_CACHE_HOME"
}

# need_cmd COMMAND PACKAGE [COMMAND PACKAGE...]: root gets missing ones installed, others are told.
need_cmd() {
	local missing=()
	while [ $# -gt 0 ]; do
		command -v "$1" >/dev/null || missing+=("$2")
		shift 2
	done
	[ ${#missing[@]} != 0 ] || return 0
	[ "$(id -u)" = 0 ] ||
		die "missing packages; as root: apt-get install -y ${missing[*]}"
	command -v apt-get >/dev/null || die "needs ${missing[*]}, and there is no apt-get: install them"
	say "installing on this machine: ${missing[*]}"
	apt-get update -q >/dev/null 2>&1 || true
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
		"${missing[@]}" >/dev/null 2>&1 ||
		die "apt-get install ${missing[*]} failed: check the network and the apt sources"
}

# ---- the toolchain sandbox -------------------------------------------------------------------

SANDBOX_PACKAGES="apt rustc rust-src rustfmt rust-clippy cargo bindgen clang-19 lld-19 llvm-19 \
libclang-19-dev gcc-14 libc6-dev linux-libc-dev valgrind build-essential bc bison flex libelf-dev \
libssl-dev libdw-dev kmod cpio rsync xz-utils zstd python3 pahole gawk busybox-static \
qemu-system-x86 seabios shellcheck git file ca-certificates procps less"
SANDBOX_KEY=$(printf '%s %s 1' "$SUITE" "$SANDBOX_PACKAGES" | hash_of)
SANDBOX=$CACHE/sandbox-$SUITE-$SANDBOX_KEY

# Products of cargo: a folder for each work tree, because tests have its path compiled in.
CARGO_TARGETS=$CACHE/target-$SANDBOX_KEY/$(printf %s "$TOP" | hash_of)

# ---- what kernel-source.sh has chosen ---------------------------------------------------------

KERNEL_CHOICE=$CACHE/kernel-$KSERIES.choice

# load_choice: sets KVERSION (package version), KABI (7.3.4+deb13), KSRC, KPKG.
load_choice() {
	[ -s "$KERNEL_CHOICE" ] || "$TOP/scripts/kernel-source.sh"
	# shellcheck disable=SC1090
	. "$KERNEL_CHOICE"
	KPKG=$CACHE/kernel-$KVERSION
	KSRC=$KPKG/linux-source-$KSERIES
	[ -e "$KPKG/.whole" ] || "$TOP/scripts/kernel-source.sh"
}

# rig_dir RIG CONFIG_TEXT: one folder for each kernel version, toolchain and configuration.
rig_dir() {
	echo "$CACHE/rig-$1-$KVERSION-$(printf '%s %s' "$SANDBOX_KEY" "$2" | hash_of)"
}

# options_y "A B N=1": the lines of a .config.
options_y() { tr -s '[:space:]' '\n' <<<"$1" | sed '/^$/d; s/^/CONFIG_/; /=/!s/$/=y/'; }

# build_kernel RIG TARGET CONFIG MIB MAKE_ARGS...: sets RIG. A build that was cut off goes on where it
# was; if that fails, it is done once more from nothing.
build_kernel() {
	local name=$1 target=$2 config=$3 mib=$4 try
	shift 4
	load_choice
	RIG=$(rig_dir "$name" "$config $*")
	lock "$(basename "$RIG")"
	[ -e "$RIG/.whole" ] && {
		ln -sfnT "$RIG" "$CACHE/rig-$name"
		exit 0
	}
	need_space "$mib"
	for try in 1 2; do
		if [ "$try" = 2 ] || [ ! -e "$RIG/out/.configured" ]; then rm -rf "$RIG"; fi
		mkdir -p "$RIG/out"
		printf '%s\n' "$config" >"$RIG/fragment"
		printf '%s\n' "$@" >"$RIG/make.args"
		(cd "$KSRC" && step "rig ${name^}: kernel" "$TOP/scripts/in-sandbox" -n env "JOBS=$JOBS" \
			"$TOP/scripts/kernel-build.sh" "$RIG/out" "$target" "$RIG/fragment" "$@") && return
		[ -e "$RIG/out/.configured" ] || break
	done
	die "the kernel of rig ${name^} could not be built: see the lines above"
}

finish_kernel() {
	seal "$RIG"
	ln -sfnT "$RIG" "$CACHE/rig-$1"
	say "rig ${1^}: $(size_of "$RIG") in $RIG"
}
