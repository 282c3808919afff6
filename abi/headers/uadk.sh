#!/bin/bash
# Prints one of UADK's headers: uadk.sh CBINDGEN SCRATCH NAME, where NAME is wd_comp, or v1/wd_comp for
# v1's. The header declares what is in src/ctypes/v2/NAME.rs and src/capi/v2/NAME.rs, or those of v1;
# abi/headers/uadk/NAME.toml has its comment, its includes and what does not come out of Rust.
# abi/headers/uadk/NAME.rs declares functions that are not written yet: nobody else reads it.
set -euo pipefail
cbindgen=$1 scratch=$2 header=$3
name=${header#v1/} generation=v2
[ $header = $name ] || generation=v1
types=src/ctypes/$generation
# v2's wd.h is two files: the pools of memory have one for themselves.
[ $header = wd ] && more=src/capi/v2/wd_mempool.rs || more=
# Not all headers have structures, nor functions.
functions=$(ls src/capi/$generation/$name.rs $more abi/headers/uadk/$header.rs 2>/dev/null || true)
own=$(ls $types/$name.rs 2>/dev/null || true)

# The names that a file of structures declares, as a list for cbindgen.
declared() { sed -nE 's/^pub (struct|union|enum|type|const) (\w+).*/"\2",/p' "$@"; }
# The other files are read, since this header names some of their structures, and not printed. mod.rs
# is not read: it has the names of C's own types, and Enum and CBool, which uadk.sed knows.
others=$(ls $types/*.rs | grep -v -e "/$name.rs$" -e "/mod.rs$")
# cbindgen forgets of what it does not print whether it is a structure.
tags() { sed -nE 's/^pub (struct|union|enum) (\w+).*/\2 = "\1 \2"/p' "$@"; }
# What C has from other headers or by a macro of the same name, and functions that only drivers call.
not_ours='"REGIONS", "bitmask", "pthread_spinlock_t", "wd_alg_comp_cb_t",'
hidden() { sed -nE 's/^.* fn (\w+_get_msg)\(.*/"\1",/p' "$@"; }

mkdir -p "$scratch/$(dirname $header)"
{
	for file in $own $others; do
		echo "#[path = \"$PWD/$file\"] mod types_$(basename $file .rs);"
	done
	for file in $functions; do
		echo "#[path = \"$PWD/$file\"] mod functions_${file//[^a-z0-9]/_};"
	done
} >"$scratch/$header.rs"
{
	cat cbindgen.toml abi/headers/uadk/$header.toml
	echo '[fn]'
	echo 'sort_by = "None"'
	echo 'args = "Horizontal"'
	echo '[export]'
	echo "include = [$(declared $own </dev/null)]"
	echo "exclude = [$not_ours $(declared $others) $(hidden $functions </dev/null)]"
	echo '[export.rename]'
	tags $others
	[ $header != wd_alg_common ] || echo 'bitmask = "struct bitmask"'
} >"$scratch/$header.toml"

"$cbindgen" --quiet --config "$scratch/$header.toml" "$scratch/$header.rs" |
	sed -z -E -f abi/headers/uadk.sed -f abi/headers/c89.sed
