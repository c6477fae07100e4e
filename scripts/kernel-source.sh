#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Chooses the newest kernel of the series that has source, headers and image, and unpacks it.
# The choice is kept; kernel-source.sh --refresh chooses anew.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

apt_args() {
	printf '%s\n' -q -o "Dir::State::lists=$CACHE/apt/lists" -o "Dir::Cache=$CACHE/apt/cache" \
		-o "Dir::Etc::sourcelist=$SANDBOX/sources.list" -o Dir::Etc::sourceparts=/no/parts \
		-o APT::Sandbox::User=root
}

# versions PACKAGE: all versions known to the archive, newest first.
versions() {
	"$TOP/scripts/in-sandbox" apt-cache "${APT[@]}" madison "$1" 2>/dev/null |
		awk -F' *\\| *' '{ print $2 }' | sort -Vru
}

# A kernel has an ABI name (7.3.4+deb13) that is part of the names of headers and image.
choose() {
	local abi v image names
	names=$("$TOP/scripts/in-sandbox" apt-cache "${APT[@]}" pkgnames linux- 2>/dev/null)
	while read -r abi; do
		# Where there are binary packages, the image package has nothing but dependencies.
		for image in "linux-binary-$abi-$FLAVOUR" "linux-binary-unsigned-$abi-$FLAVOUR" \
			"linux-image-$abi-$FLAVOUR" "linux-image-$abi-$FLAVOUR-unsigned"; do
			grep -qxF "$image" <<<"$names" || continue
			for v in $(versions "linux-headers-$abi-$FLAVOUR"); do
				versions "$image" | grep -qxF "$v" || continue
				versions "linux-source-$KSERIES" | grep -qxF "$v" || continue
				printf 'KVERSION=%s\nKABI=%s\nKIMAGE=%s\nKAPTVERSION=%s\n' \
					"$(tr '~+:' '___' <<<"$v")" "$abi" "$image" "$v"
				return
			done
		done
	done < <(sed -n "s/^linux-headers-\($KSERIES\.[^-]*\)-$FLAVOUR\$/\1/p" <<<"$names" | sort -Vr)
	return 1
}

fetch() {
	local d
	mkdir -p "$KPKG.partial/deb"
	cd "$KPKG.partial/deb"
	"$TOP/scripts/in-sandbox" apt-get "${APT[@]}" download "linux-source-$KSERIES=$KAPTVERSION" \
		"linux-headers-$KABI-$FLAVOUR=$KAPTVERSION" "$KIMAGE=$KAPTVERSION"
	for d in *.deb; do
		"$TOP/scripts/in-sandbox" dpkg-deb -x "$d" "$KPKG.partial/deb/all"
		rm "$d"
	done
	cd "$KPKG.partial"
	mv "deb/all/usr/src/linux-headers-$KABI-$FLAVOUR" headers
	# Signed images lie in /boot, unsigned ones in /usr/lib/modules.
	find deb/all -name 'vmlinuz*' -type f -exec mv {} vmlinuz ';'
	[ -s vmlinuz ]
	"$TOP/scripts/in-sandbox" tar -xf "deb/all/usr/src/linux-source-$KSERIES.tar.xz" --no-same-owner
	rm -rf deb
	# Here and not in the caller: if that one is killed, this still gets done.
	seal "$KPKG.partial"
	mv -T "$KPKG.partial" "$KPKG"
}

"$TOP/scripts/sandbox.sh"
mapfile -t APT < <(apt_args)

if [ "${1-}" = --inner ]; then
	# shellcheck disable=SC1090
	. "$KERNEL_CHOICE"
	KPKG=$CACHE/kernel-$KVERSION
	fetch
	exit
fi

lock kernel-source
if [ ! -s "$KERNEL_CHOICE" ] || [ "${1-}" = --refresh ]; then
	mkdir -p "$CACHE/apt/lists/partial" "$CACHE/apt/cache/archives/partial"
	step "package lists" "$TOP/scripts/in-sandbox" apt-get "${APT[@]}" update -o APT::Update::Error-Mode=any ||
		die "the Debian mirror of this machine does not answer: check the network"
	choose >"$KERNEL_CHOICE.partial" ||
		die "no linux-source-$KSERIES with linux-headers-$KSERIES.*-$FLAVOUR and its image in $SUITE or $SUITE-backports: wait for one, or set another mirror"
	mv "$KERNEL_CHOICE.partial" "$KERNEL_CHOICE"
fi
# shellcheck disable=SC1090
. "$KERNEL_CHOICE"
KPKG=$CACHE/kernel-$KVERSION
[ ! -e "$KPKG/.whole" ] || exit 0
say "kernel: Linux $KABI, package version $KAPTVERSION, image $KIMAGE"
need_space 3000
rm -rf "$KPKG.partial"
step "source, headers and image of $KABI" "$0" --inner ||
	die "packages of version $KAPTVERSION could not be fetched: run scripts/kernel-source.sh --refresh"
say "kernel source: $(size_of "$KPKG") in $KPKG"
