#!/bin/bash
# run.sh [--prepare] [KERNEL...]: runs the libraries on real kernels (by default 6.1 and 6.12), in
# machines that QEMU emulates, or only downloads and compiles what that takes. README.md says what
# is tested, and what is needed. Says "skipped: ..." and succeeds where it can't be done.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
target=${CARGO_TARGET_DIR:-target}
case $target in /*) ;; *) target=$PWD/$target ;; esac
vm=$target/vm
cache=${VM_CACHE:-$vm/cache}
boots=yes
[ "${1:-}" != --prepare ] || { boots=; shift; }
[ $# -gt 0 ] || set -- 6.1 6.12

skip() { echo "skipped: the real kernel: $*"; exit 0; }

# What a fresh Debian 12 does not have.
tools() {
	local need=()
	command -v qemu-system-x86_64 >/dev/null || need+=(qemu-system-x86)
	command -v cpio >/dev/null || need+=(cpio)
	command -v xz >/dev/null || need+=(xz-utils)
	command -v gcc-12 >/dev/null || need+=(gcc-12)
	[ -e /usr/lib/x86_64-linux-gnu/libelf.so.1 ] || need+=(libelf1)
	static_busybox || need+=(busybox-static)
	[ ${#need[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || skip "not here, and only root can install: ${need[*]}"
	echo "installing: ${need[*]}"
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get -q update && apt-get -o DPkg::Lock::Timeout=300 -qy install --no-install-recommends "${need[@]}"; } \
		>"$vm/install.log" 2>&1 || skip "apt-get can't install ${need[*]} ($vm/install.log)"
}
static_busybox() { [ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; }

[ "$(uname -m)" = x86_64 ] || skip "doorbells are decoded for x86-64 only"
[ -e tests/vm/kmod/uacce_sim.c ] || skip "tests/vm/kmod is not in this copy of the sources"
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || skip "no Debian"
mkdir -p "$vm" "$cache"
tools

make --no-print-directory -s install-lib DESTDIR= PREFIX="$vm/prefix" LIBDIR="$vm/prefix/lib" \
	INCLUDEDIR="$vm/prefix/include" DOCDIR="$vm/prefix/doc" >"$vm/build.log" 2>&1 ||
	{ cat "$vm/build.log"; exit 1; }
# With all checks; `make faults` needs most of it, too.
cargo build --quiet --locked --profile faults --example warpdrive-model
cargo build --quiet --locked --release --package warpdrive-tool
tests/vm/root.sh "$vm/root" "$vm/prefix" "$target/faults/examples/warpdrive-model" "$target/release/wd"

one() { # VERSION
	local k start=$SECONDS status=0 log=$vm/serial-$1.log
	k=$(tests/vm/kernel.sh "$1" "$cache") || status=$?
	case $status in
	0) ;;
	77) echo "skipped: the real kernel $1: $k"; return 0 ;;
	*) echo "kernel $1: its modules can't be made"; return 1 ;;
	esac
	[ -n "$boots" ] || return 0
	cp "$k"/kmod/uacce.ko "$k"/kmod/uacce_sim.ko "$vm/root/lib/modules/"
	(cd "$vm/root" && find . | cpio -o -H newc --quiet) >"$vm/initrd-$1"
	# Once more if it does not come up: the emulation is slow on a machine that has much to do.
	tests/vm/boot.sh "$k"/boot/vmlinuz-* "$vm/initrd-$1" "$log" || status=$?
	[ $status != 75 ] || { status=0; tests/vm/boot.sh "$k"/boot/vmlinuz-* "$vm/initrd-$1" "$log" || status=$?; }
	rm -f "$vm/initrd-$1"
	echo "kernel $(basename "$k"): $(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" || echo "no verdict")" \
		"($((SECONDS - start)) s)"
	[ $status != 0 ] || return 0
	# Each test has a limit of its own, so a machine that is merely slow has no failed one.
	if [ -n "${VM_MAY_STOP:-}" ] && grep -q '^no end after' "$log" && ! grep -q '^FAIL' "$log"; then
		echo "skipped: the rest on kernel $1: $(grep -c '^ok' "$log") tests passed in the time there was"
		return 0
	fi
	sed -n '/^FAIL/,/^----$/p' "$log" | head -200
	echo "The end of $log:"
	tail -40 "$log"
	return 1
}

bad=0
for version in "$@"; do one "$version" || bad=1; done
exit $bad
