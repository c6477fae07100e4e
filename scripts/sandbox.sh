#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Makes the toolchain sandbox: a Debian root folder in the cache, all files owned by the caller.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The mirror that this machine's own apt uses for Debian, or RUST_BUDDY_MIRROR.
mirror() {
	if [ -n "${RUST_BUDDY_MIRROR-}" ]; then
		echo "$RUST_BUDDY_MIRROR"
	else
		# shellcheck disable=SC2016
		apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
			grep -E '/debian/?$' | head -n1
	fi
}

# apt settings that decide whether and how the mirror is reached.
apt_opts() {
	apt-config dump 2>/dev/null |
		grep -E '^Acquire::((http|https)(::|$)|Check-|Retries)|^Acquire::[a-z]*::Proxy' |
		grep -v '""' || true
}

make_root() {
	local opts=() line keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	while read -r line; do
		[ -z "$line" ] || opts+=("--aptopt=$line")
	done < <(apt_opts)
	# The two pocket lines share one signature check with the main archive.
	mmdebstrap --quiet --variant=apt --components=main --keyring="$keyring" "${opts[@]}" \
		--aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
		--include="$(printf %s "$SANDBOX_PACKAGES" | tr -s ' \t' ,)" "$SUITE" - \
		"deb $MIRROR $SUITE main" "deb $MIRROR $SUITE-backports main" |
		tar -C "$SANDBOX.partial/root" --no-same-owner --exclude='./dev/*' -x
}

# Here and not in the caller: if that one is killed, this still gets done.
finish() {
	remove "$SANDBOX.partial/tmp"
	printf 'deb %s %s main\ndeb %s %s-backports main\n' "$MIRROR" "$SUITE" "$MIRROR" "$SUITE" \
		>"$SANDBOX.partial/sources.list"
	seal "$SANDBOX.partial"
	mv -T "$SANDBOX.partial" "$SANDBOX"
}

# Leftovers of an ordinary user's mmdebstrap belong to its sub-ids.
remove() {
	rm -rf --one-file-system "$@" 2>/dev/null ||
		unshare --map-auto --map-root-user rm -rf --one-file-system "$@"
}

if [ "${1-}" = --inner ]; then
	MIRROR=$2
	make_root
	finish
	exit
fi

lock sandbox
[ ! -e "$SANDBOX/.whole" ] || exit 0
need_cmd mmdebstrap mmdebstrap bwrap bubblewrap newuidmap uidmap
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || need_cmd /no/keyring debian-archive-keyring
need_space 6000

MIRROR=$(mirror)
[ -n "$MIRROR" ] || die "no Debian mirror in this machine's apt sources: set RUST_BUDDY_MIRROR=URL"

remove "$SANDBOX.partial"
mkdir -p "$SANDBOX.partial/root" "$SANDBOX.partial/tmp"
export TMPDIR=$SANDBOX.partial/tmp
ns=()
[ "$(id -u)" != 0 ] || ns=(unshare --mount)
step "toolchain sandbox ($SUITE, $(printf %s "$SANDBOX_PACKAGES" | wc -w) packages)" \
	"${ns[@]}" "$0" --inner "$MIRROR" ||
	die "the sandbox could not be made: check that the Debian mirror of this machine answers"
unset TMPDIR
say "sandbox: $(size_of "$SANDBOX") in $SANDBOX"
