#!/bin/bash
# kernel.sh VERSION DIR: a Debian kernel of this version (6.1, 6.12), its headers and its uacce.c,
# unpacked below DIR, and the two modules compiled. Nothing is installed. Prints the directory.
# Exit status 77 and a reason: the packages can't be had.
set -eu -o pipefail
version=$1 dir=$2
here=$(cd "$(dirname "$0")" && pwd)

skip() { echo "$*"; exit 77; }

# A package that another one needs, by a pattern.
needs() { { apt-cache depends "$1" 2>/dev/null || true; } | sed -n "s/^ *Depends: \($2\)$/\1/p" | head -1; }

find_image() {
	if [ "$version" = 6.1 ]; then
		image=$(needs linux-image-cloud-amd64 'linux-image-[0-9].*-cloud-amd64')
	else
		image=$(needs "linux-image-$version-cloud-amd64" 'linux-image-[0-9].*-cloud-amd64')
	fi
	case $image in "linux-image-$version".*) ;; *) image= ;; esac
}

update() { [ "$(id -u)" = 0 ] && apt-get -qq update >/dev/null 2>&1; }

download() {
	local release=${image#linux-image-} kbuild
	kbuild=linux-kbuild-${release%-cloud-amd64}
	apt-cache show "$kbuild" >/dev/null 2>&1 || kbuild=linux-kbuild-$version
	rm -rf "$k/deb"
	mkdir -p "$k/deb"
	# apt-get reads and writes there as a user of its own, if it is root.
	chmod 755 "$dir" "$k" "$k/deb"
	(cd "$k/deb" && apt-get -qq download "$image" "linux-headers-$release" \
		"linux-headers-${release%-cloud-amd64}-common" "$kbuild" "linux-source-$version") \
		>/dev/null 2>&1
}

unpack() {
	local headers=linux-headers-$release source=linux-source-$version
	for deb in "$k"/deb/linux-headers-* "$k"/deb/linux-kbuild-*; do dpkg-deb -x "$deb" "$k"; done
	dpkg-deb --fsys-tarfile "$k/deb/${image}_"* | tar -C "$k" -x --wildcards './boot/vmlinuz-*'
	# One file of the source package; the pipe breaks once tar has it.
	mkdir -p "$k/src"
	dpkg-deb --fsys-tarfile "$k/deb/${source}_"* 2>/dev/null |
		tar -xO "./usr/src/$source.tar.xz" 2>/dev/null |
		tar -C "$k/src" -xJ --strip-components=4 --occurrence=1 \
			"$source/drivers/misc/uacce/uacce.c" 2>/dev/null || true
	[ -s "$k/src/uacce.c" ]
	sed -i "s#include /usr/src#include $k/usr/src#" "$k/usr/src/$headers/Makefile"
	rm -rf "$k/deb"
	touch "$k/complete"
}

find_image
[ -n "$image" ] || { update && find_image; } || true
if [ -z "$image" ]; then
	# Without lists of packages, what an earlier run has left will do.
	k=$(ls -d "$dir/$version".*/complete 2>/dev/null | tail -1) || true
	[ -n "$k" ] || skip "apt-cache knows no cloud kernel $version here"
	k=${k%/complete}
	release=$(basename "$k")
else
	release=${image#linux-image-}
	k=$dir/$release
fi
if [ ! -e "$k/complete" ]; then
	download || { update && find_image && release=${image#linux-image-} && k=$dir/$release && download; } ||
		skip "the packages of $image can't be downloaded"
	unpack
fi

mkdir -p "$k/kmod"
cp -u "$here"/kmod/* "$k/src/uacce.c" "$k/kmod/"
if ! make -s -C "$k/kmod" KDIR="$k/usr/src/linux-headers-$release" >"$k/kmod/log" 2>&1; then
	cat "$k/kmod/log" >&2
	exit 1
fi
echo "$k"
