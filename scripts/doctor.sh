#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Says line by line why a kernel build tree will or will not do: doctor.sh [--json] [KDIR]
# Exit 0 if the module can be built against it and loaded, 1 otherwise.

set -uo pipefail

json=
if [ "${1-}" = --json ]; then json=1 && shift; fi
kdir=${1:-${KDIR:-/lib/modules/$(uname -r)/build}}
running=
[ "$kdir" != "/lib/modules/$(uname -r)/build" ] || running=1
config=$kdir/.config
bad=0 lines=()

# shellcheck disable=SC2001
quote() { printf '"%s"' "$(sed 's/[\\"]/\\&/g' <<<"$1")"; }

# report ok|no|warn WHAT TEXT [WHAT_TO_DO]
report() {
	[ "$1" != no ] || bad=1
	if [ -n "$json" ]; then
		lines+=("{\"result\":\"$1\",\"what\":$(quote "$2"),\"text\":$(quote "$3"),\"todo\":$(quote "${4-}")}")
	else
		printf '%-4s  %-14s %s\n' "$1" "$2" "$3${4:+: $4}"
	fi
}

finish() {
	if [ -n "$json" ]; then
		local IFS=,
		printf '{"kdir":%s,"ok":%s,"checks":[%s]}\n' "$(quote "$kdir")" \
			"$([ "$bad" = 0 ] && echo true || echo false)" "${lines[*]}"
	elif [ "$bad" = 0 ]; then
		echo "this kernel will do"
	else
		echo "this kernel will not do; make demo runs the module on one that does, in a virtual machine"
	fi
	exit "$bad"
}

on() { grep -q "^CONFIG_$1=y" "$config"; }

want() {
	if on "$1"; then report ok "$1" "CONFIG_$1=y"; else report "$2" "$1" "CONFIG_$1 is off" "$3"; fi
}

tree() {
	[ "$(uname -m)" = x86_64 ] || report no architecture "$(uname -m)" "the module is for x86_64"
	if [ ! -d "$kdir" ]; then
		report no KDIR "$kdir is not there" "install the headers of this kernel, or give KDIR=..."
		finish
	fi
	if [ ! -f "$config" ] || [ ! -f "$kdir/Makefile" ] || [ ! -f "$kdir/include/generated/autoconf.h" ]; then
		report no KDIR "$kdir is not a prepared kernel tree" "run make modules_prepare there"
		finish
	fi
	report ok KDIR "$kdir"
	if [ ! -f "$kdir/Module.symvers" ]; then
		report no symbols "no Module.symvers" "build the kernel there, or take that of the headers package"
	fi
}

version() {
	local v
	v=$(cat "$kdir/include/config/kernel.release" 2>/dev/null)
	v=${v:-$(sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' "$kdir/include/generated/utsrelease.h" 2>/dev/null)}
	if [ -z "$v" ]; then
		report no version "unknown" "run make modules_prepare there"
	elif [ "$(printf '7.3\n%s\n' "${v%%-*}" | sort -V | head -n1)" = 7.3 ]; then
		report ok version "$v"
	else
		report no version "$v" "Linux 7.3 or later is needed"
	fi
}

rust() {
	local wanted have path=$kdir
	want RUST no "a kernel built with CONFIG_RUST=y is needed"
	if [ -f "$path/rust/libkernel.rmeta" ]; then
		report ok metadata "rust/libkernel.rmeta"
	else
		report no metadata "no rust/libkernel.rmeta" "the headers lack it; scripts/rig-a.sh shows how to make it"
	fi
	if grep -q '^CONFIG_HAVE_RUST=y' "$config" && on X86_64 && [ ! -f "$path/scripts/target.json" ]; then
		report warn target.json "no scripts/target.json" "some kernels need it to compile Rust; make modules_prepare makes it"
	fi
	wanted=$(sed -n 's/^CONFIG_RUSTC_VERSION_TEXT="\(.*\)"/\1/p' "$config")
	have=$("${RUSTC:-rustc}" --version 2>/dev/null)
	if [ -z "$have" ]; then
		report no rustc "no rustc in PATH" "install ${wanted:-the one the kernel was built with}"
	elif [ "$have" = "$wanted" ]; then
		report ok rustc "$have"
	else
		report no rustc "$have" "the kernel was built with ${wanted:-an unknown one}; use that"
	fi
	if have=$("${BINDGEN:-bindgen}" --version 2>/dev/null); then
		report ok bindgen "$have"
	else
		report no bindgen "not in PATH" "install bindgen; it makes the Rust side of uapi/rust_buddy.h"
	fi
}

options() {
	want CONTIG_ALLOC no "the region is taken with alloc_contig_pages()"
	want DEBUG_FS warn "the module works without, but its text files are in debugfs"
	if on MODULE_SIG_FORCE; then
		report no signing "CONFIG_MODULE_SIG_FORCE=y" "sign rust_buddy.ko with a key this kernel trusts"
	else
		report ok signing "unsigned modules are taken (the kernel will be tainted)"
	fi
}

machine() {
	local state mib
	if [ -z "$running" ]; then
		report ok machine "KDIR is not the running kernel's: lockdown and memory are not looked at"
		return
	fi
	state=$(sed -n 's/.*\[\(.*\)\].*/\1/p' /sys/kernel/security/lockdown 2>/dev/null)
	case ${state:-none} in
	none) report ok lockdown "none" ;;
	*) report no lockdown "$state" "the module must be signed; debugfs files are not writable" ;;
	esac
	mib=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
	if [ "${mib:-0}" -ge 160 ]; then
		report ok memory "$mib MiB available"
	else
		report warn memory "$mib MiB available" "load with a small size_mb"
	fi
}

tree
version
rust
options
machine
finish
