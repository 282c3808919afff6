#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# uadk_world.sh COMMAND...: runs it where the machine has two devices, nulldev-0 and nulldev-1 on
# NUMA node 0, that only tests/c/uadk_driver.h can drive. They are directories of text files and
# empty files, mounted over /sys/class and /dev in a mount namespace of this command's own.
# Exit status 77: the system does not allow it.
set -e
if [ "$UADK_WORLD" != inside ]; then
	for how in -m -rm; do
		if unshare $how true 2>/dev/null; then
			UADK_WORLD=inside exec unshare $how --propagation private "$0" "$@"
		fi
	done
	echo "no mount namespace allowed here"
	exit 77
fi
unset UADK_WORLD
{
	# A mount of this namespace alone: the directory itself is left as it is.
	root=/mnt
	mount -t tmpfs tmpfs "$root"
	mkdir -p "$root/class/uacce" "$root/dev/shm"
	for i in 0 1; do
		d=$root/class/uacce/nulldev-$i
		mkdir -p "$d/device"
		printf 'zlib\ngzip\ndeflate\nlz4\nlz77_zstd\nlz77_only\n' >"$d/algorithms"
		echo hisi_qm_v3 >"$d/api"
		echo 1 >"$d/flags"
		echo 0 >"$d/isolate"
		echo 8192 >"$d/region_mmio_size"
		echo 65536 >"$d/region_dus_size"
		echo 256 >"$d/available_instances"
		echo 0 >"$d/device/numa_node"
		: >"$root/dev/nulldev-$i"
	done
	for f in null zero urandom tty; do
		: >"$root/dev/$f"
		mount --bind /dev/$f "$root/dev/$f"
	done
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s /proc/self/fd/1 "$root/dev/stdout"
	ln -s /proc/self/fd/2 "$root/dev/stderr"
	mount --bind "$root/class" /sys/class
	mount --rbind "$root/dev" /dev
} 2>/dev/null || {
	echo "no mounts allowed here"
	exit 77
}
exec "$@"
