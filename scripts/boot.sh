#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boots a rig and runs one script in it: boot.sh RIG [options] -- GUEST_SCRIPT [FILE[:DEST]...]
#
#   --name NAME      of the logs out/log/NAME.{log,console,taint}; default RIG-SCRIPT
#   --out DIR        for what the guest script leaves in /out; default out/guest/NAME
#   --mem SIZE       of the whole guest (default 768M)
#   --node SIZE[,cpus=FIRST-LAST]   one NUMA node; repeated; then --mem does not count (not rig C)
#   --smp N          CPUs (default 2)
#   --append TEXT    more kernel command line
#   --env NAME=VALUE for the guest script
#   --limit SECONDS  until the guest counts as hung (default 300)
#   --kmemleak       scan for leaks after the script
#
# A FILE goes to DEST; without one a *.ko to /lib, rbctl to /bin, the contents of a folder and any
# other file to /tests. The guest script runs in /tests. Exit: its status; 124 hung, 125 died.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ $# -ge 1 ] || die "usage: boot.sh a|b|c [options] -- GUEST_SCRIPT [FILE[:DEST]...]"
rig=$1 name='' out='' mem=768M smp=2 append='' limit=300 kmemleak='' nodes=() env=("RIG=$1" "SOAK=${SOAK:-0}")
shift
while [ $# -gt 0 ]; do
	case $1 in
	--name) name=$2 ;;
	--out) out=$2 ;;
	--mem) mem=$2 ;;
	--node) nodes+=("$2") ;;
	--smp) smp=$2 ;;
	--append) append+=" $2" ;;
	--env) env+=("$2") ;;
	--limit) limit=$2 ;;
	--kmemleak) kmemleak=rb_kmemleak=1 && shift && continue ;;
	--) shift && break ;;
	*) die "unknown option $1: see the head of scripts/boot.sh" ;;
	esac
	shift 2
done
[ -f "${1-}" ] || die "no guest script ${1-}: name one after --"
script=$(readlink -f "$1")
shift
name=${name:-$rig-$(basename "$script" .sh)}
out=${out:-$TOP/out/guest/$name}
"$TOP/scripts/rig-$rig.sh"
RIG=$(readlink -f "$CACHE/rig-$rig")
mkdir -p "$TOP/out/log"
lock "boot-$(printf %s "$TOP $name" | hash_of)"

# ---- the initramfs ----------------------------------------------------------------------------

tmp=$(mktemp -d "$TOP/out/boot.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
mkdir -p "$root"/{bin,lib,tests,proc,sys,dev,tmp,out,etc,root}
cp "$SANDBOX/root/bin/busybox" "$root/bin/"
ln -s busybox "$root/bin/sh"
cp "$TOP/scripts/guest-init" "$root/init"
cp "$script" "$root/tests/"
chmod 755 "$root/init" "$root/tests/$(basename "$script")"
echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"
for f in "$@"; do
	src=${f%%:*} dest=
	[ "$src" = "$f" ] || dest=${f#*:}
	[ -e "$src" ] || die "no file $src for the guest: build it first"
	case $src in
	*.ko) dest=${dest:-/lib/} ;;
	*/rbctl | rbctl) dest=${dest:-/bin/} ;;
	esac
	mkdir -p "$root$(dirname "${dest:-/tests/}x")"
	if [ -d "$src" ]; then
		mkdir -p "$root${dest:-/tests}"
		tar -C "$src" --exclude=./obj -c . | tar -C "$root${dest:-/tests}" -x --no-same-owner
	else
		cp "$src" "$root${dest:-/tests/}"
	fi
done
printf "export GUEST='%s'" "$(basename "$script")" >"$root/guest.env"
printf " '%s'" "${env[@]}" >>"$root/guest.env"
(cd "$root" && find . | "$TOP/scripts/in-sandbox" -n cpio -o -H newc -R 0:0 --quiet) >"$tmp/initrd"

# ---- the emulator -----------------------------------------------------------------------------

mib() { numfmt --from=iec --to-unit=1048576 "$1"; }

qemu_command() {
	local i=0 size total=0 accel=(-accel "tcg,thread=multi" -cpu "max,erms=off,fsrm=off,la57=off")
	# Early in its boot the kernel forgets for a moment that it has five levels of page tables; KASAN then
	# reports an interrupt's accesses. Hence la57=off.
	# A /dev/kvm without the CPU's flags hangs instead of failing.
	if grep -qwE 'vmx|svm' /proc/cpuinfo && (exec 3<>/dev/kvm) 2>/dev/null; then
		accel=(-accel kvm -cpu host)
	fi
	# Without hotplug slots the ACPI tables are small: seconds less of interpreting them under KASAN.
	COMMAND=(qemu-system-x86_64 "${accel[@]}" -smp "$smp" -display none -no-reboot -net none -nodefaults
		-global PIIX4_PM.acpi-root-pci-hotplug=off -global PIIX4_PM.acpi-pci-hotplug-with-bridge-support=off
		-chardev "file,id=console,path=/proc/self/fd/{console}" -serial chardev:console
		-chardev "file,id=chan,path=/proc/self/fd/{chan}" -serial chardev:chan)
	for size in "${nodes[@]}"; do
		total=$((total + $(mib "${size%%,*}")))
		COMMAND+=(-object "memory-backend-ram,id=m$i,size=$(mib "${size%%,*}")M")
		case $size in
		*,*) COMMAND+=(-numa "node,nodeid=$i,memdev=m$i,${size#*,}") ;;
		*) COMMAND+=(-numa "node,nodeid=$i,memdev=m$i") ;;
		esac
		i=$((i + 1))
	done
	[ "$total" != 0 ] || total=$(mib "$mem")
	COMMAND+=(-m "${total}M" -kernel "$RIG/vmlinuz" -initrd "$tmp/initrd" -append
		"console=ttyS0 panic=-1 quiet loglevel=7 pty.legacy_count=0 rb_chan=ttyS1 $kmemleak$append")
}

uml_command() {
	# shellcheck disable=SC2206
	COMMAND=("$RIG/linux" "mem=$mem" "ncpus=$smp" seccomp=on "initrd=$tmp/initrd" rdinit=/init con=null
		"con0=fd:0,fd:1" "ssl=null" "ssl0=fd:{none},fd:{chan}" rb_chan=ttyS0 panic=-1 loglevel=7 $append)
}

case $rig in
a | b) qemu_command ;;
c) uml_command ;;
esac
boot_limit=$limit
[ "$boot_limit" -lt 120 ] || boot_limit=120

rc=0
for try in 1 2; do
	rc=0
	RUST_BUDDY_BIND=$TOP/out "$TOP/scripts/in-sandbox" -n env TMPDIR=/dev/shm "$TOP/scripts/guest-run.py" \
		"$name" "$TOP/out/log" "$out" "$limit" "$boot_limit" -- "${COMMAND[@]}" || rc=$?
	if [ "$rc" != 126 ] || [ "$try" = 2 ]; then break; fi
	say "the guest hung before its script began: booting it once more"
done
[ "$rc" != 126 ] || rc=124
[ "$rc" -lt 128 ] || say "the emulator of $name was killed from outside: exit $rc"
exit "$rc"
