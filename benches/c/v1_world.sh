#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# v1_world.sh COMMAND...: runs it where the machine has one ZIP device without SVA, hisi_zip-0, whose
# node is a file: see v1_bench.c. Exit status 77: the system does not allow it.
set -e
if [ "$V1_WORLD" != inside ]; then
	V1_WORLD=inside exec "$(dirname "$0")/../../tests/c/uadk_world.sh" "$0" "$@"
fi
unset V1_WORLD
d=/sys/class/uacce/hisi_zip-0
mkdir "$d" "$d/device"
printf 'zlib\ngzip\ndeflate\nlz77_zstd\n' >"$d/algorithms"
echo hisi_qm_v3 >"$d/api"
echo 128 >"$d/flags"
echo 0 >"$d/isolate"
echo 65536 >"$d/region_mmio_size"
echo 151552 >"$d/region_dus_size"
echo 256 >"$d/available_instances"
echo 0 >"$d/node_id"
echo 0 >"$d/numa_distance"
echo 0 >"$d/device/numa_node"
: >/dev/hisi_zip-0
exec "$@"
