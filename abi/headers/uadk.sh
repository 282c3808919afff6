#!/bin/bash
# Prints one of UADK's headers: uadk.sh CBINDGEN SCRATCH NAME. NAME.h declares what is in
# src/ctypes/v2/NAME.rs and src/capi/v2/NAME.rs; abi/headers/uadk/NAME.toml has its comment, its
# includes and what does not come out of Rust.
set -euo pipefail
cbindgen=$1 scratch=$2 name=$3
types=src/ctypes/v2
# wd.h is two files: the pools of memory have one for themselves.
[ $name = wd ] && more=src/capi/v2/wd_mempool.rs || more=
# Not all headers have structures, nor functions.
functions=$(ls src/capi/v2/$name.rs $more 2>/dev/null || true)
own=$(ls $types/$name.rs 2>/dev/null || true)

# The names that a file of structures declares, as a list for cbindgen.
declared() { sed -nE 's/^pub (struct|enum|type|const) (\w+).*/"\2",/p' "$@"; }
# The other files are read, since this header names some of their structures, and not printed. mod.rs
# is not read: it has the names of C's own types, and Enum and CBool, which uadk.sed knows.
others=$(ls $types/*.rs | grep -v -e "/$name.rs$" -e "/mod.rs$")
# cbindgen forgets of what it does not print whether it is a structure.
tags() { sed -nE 's/^pub (struct|enum) (\w+).*/\2 = "\1 \2"/p' "$@"; }
# What C has from other headers or by a macro of the same name, and functions that only drivers call.
not_ours='"REGIONS", "bitmask", "pthread_spinlock_t", "wd_alg_comp_cb_t",'
hidden() { sed -nE 's/^.* fn (\w+_get_msg)\(.*/"\1",/p' "$@"; }

mkdir -p "$scratch"
{
	for file in $own $others; do
		echo "#[path = \"$PWD/$file\"] mod types_$(basename $file .rs);"
	done
	for file in $functions; do
		echo "#[path = \"$PWD/$file\"] mod functions_$(basename $file .rs);"
	done
} >"$scratch/$name.rs"
{
	cat cbindgen.toml abi/headers/uadk/$name.toml
	echo '[fn]'
	echo 'sort_by = "None"'
	echo 'args = "Horizontal"'
	echo '[export]'
	echo "include = [$(declared $own </dev/null)]"
	echo "exclude = [$not_ours $(declared $others) $(hidden $functions </dev/null)]"
	echo '[export.rename]'
	tags $others
	[ $name != wd_alg_common ] || echo 'bitmask = "struct bitmask"'
} >"$scratch/$name.toml"

"$cbindgen" --quiet --config "$scratch/$name.toml" "$scratch/$name.rs" |
	sed -z -E -f abi/headers/uadk.sed -f abi/headers/c89.sed
