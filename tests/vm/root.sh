#!/bin/bash
# root.sh DIR PREFIX MODEL TOOL: the file system of the test machine, in DIR: busybox, the libraries as
# installed in PREFIX, the device model, the tool wd, and the programs of tests/vm/client, tests/c and
# examples.
set -eu
root=$1 prefix=$2 model=$3 tool=$4
here=$(cd "$(dirname "$0")" && pwd)
tree=$here/../..

rm -rf "$root"
mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,usr/lib,lib/modules,lib64}
cp "${BUSYBOX:-/bin/busybox}" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
cp "$here/init" "$root/init"
cp "$here/guest.sh" "$root/bin/"
cp "$model" "$root/bin/warpdrive-model"
cp "$tool" "$root/bin/wd"
strip "$root/bin/wd"
cp -a "$prefix"/lib/libwd*.so* "$root/usr/lib/"

compile() { # SOURCE LIBRARY...: a program of that name in bin
	local source=$1
	shift
	${CC:-cc} -O2 -std=gnu99 -pthread -I"$prefix/include" -o "$root/bin/$(basename "$source" .c)" "$source" "$@"
}
for source in "$here"/client/client_*.c "$tree"/tests/c/test_{zip,wait,threads,share,fork,fork_threads}.c \
	"$tree"/examples/{gzip_file,gunzip_file,async_pipe,many_queues}.c; do
	compile "$source" "$prefix/lib/warpdrive/libwd.so.0"
done
for source in "$here"/client/uadk_*.c "$tree"/tests/c/uadk_trip.c "$tree"/examples/c/*.c; do
	compile "$source" -L"$prefix/lib" -lwd_comp -lwd
done
cp "$tree/docs/architecture.md" "$root/sample"

# What all of them load besides.
for program in "$root"/bin/* "$root"/usr/lib/*.so.?; do
	ldd "$program" 2>/dev/null || true
done | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p' | sort -u | while read -r library; do
	case $library in
	*/libwd*.so*) ;;
	*) mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library" ;;
	esac
done
