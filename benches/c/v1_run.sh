#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a request of UADK v1 costs, as a table:
#
#   v1_run.sh PREFIX          libraries and headers installed there
#   PEER=DIR v1_run.sh ...    and the C libwd 2.10 in DIR, in the same run, with ratios
#
# As run.sh: times are the best of ROUNDS runs that alternate between the libraries, instructions the
# difference between callgrind's counts of two runs. The program's own are in both.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prefix=$1
rounds=${ROUNDS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC:-cc} -O2 -o "$work/bench" "$here/v1_bench.c" -I"$prefix/include" -L"$prefix/lib" -lwd
if ! "$here/v1_world.sh" true >"$work/why"; then
	echo "skipped: benches/c/v1: $(cat "$work/why")"
	exit 0
fi
with() { # LIBRARIES COMMAND...
	local libraries=$1
	shift
	"$here/v1_world.sh" env LD_LIBRARY_PATH="$libraries" "$@"
}
least() { # LIBRARIES MODE BATCH
	local i
	for i in $(seq "$rounds"); do with "$1" "$work/bench" "$2" 200000 "$3"; done | sort -n | head -n 1
}
instructions() { # LIBRARIES MODE BATCH
	local count
	for count in 32768 16384; do
		with "$1" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
			"$work/bench" "$2" $count "$3" once 2>&1 | sed -n 's/.*Collected : //p'
	done | awk 'NR == 1 { a = $1 } END { printf "%.0f", (a - $1) / 16384 }'
}
row() { # NAME FUNCTION ARGUMENTS...
	local name=$1 what=$2 ours theirs
	shift 2
	ours=$($what "$prefix/lib" "$@")
	if [ -z "${PEER:-}" ]; then
		echo "| $name | $ours | | |"
	else
		theirs=$($what "$PEER" "$@")
		awk -v n="$name" -v o="$ours" -v t="$theirs" \
			'BEGIN { printf "| %s | %s | %s | %.2f |\n", n, o, t, o / t }'
	fi
}
echo "| UADK v1, per request | this library | C libwd 2.10 | ratio |"
echo "|---|---|---|---|"
for what in instructions least; do
	[ $what = least ] || command -v valgrind >/dev/null || continue
	unit=$([ $what = least ] && echo ns || echo instructions)
	row "$unit, wcrypto_do_comp, synchronous" $what sync 1
	for b in 1 16; do
		row "$unit, wcrypto_do_comp and wcrypto_comp_poll, batches of $b" $what async $b
		row "$unit, wd_send and wd_recv, batches of $b" $what raw $b
	done
done
