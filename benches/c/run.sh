#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the library costs per request, into docs/performance.md between its markers:
#
#   run.sh PREFIX          libraries and headers installed there
#   PEER=DIR run.sh ...    and the C libwd 2.10 in DIR, in the same run, with ratios
#
# Times are the best of ROUNDS runs that alternate between the libraries. Instructions are exact:
# callgrind's count of a run less its count of a shorter run, by the difference in requests.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
prefix=$1
rounds=${ROUNDS:-5}
doc=$here/docs/performance.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
# shellcheck disable=SC2046
${CC:-cc} -O2 -pthread -o "$work/bench" "$here/benches/c/comp_bench.c" \
	$(pkg-config --cflags --libs libwd_comp) -lwd

world=$here/tests/c/uadk_world.sh
if ! "$world" true >"$work/why"; then
	echo "skipped: benches/c: $(cat "$work/why")"
	exit 0
fi
with() { # LIBRARIES COMMAND...
	local libraries=$1
	shift
	"$world" env LD_LIBRARY_PATH="$libraries" "$@"
}
least() { # LIBRARIES... for each, the least of ROUNDS runs of "$work/bench" $arguments
	local i lib
	for i in $(seq "$rounds"); do
		for lib in "$@"; do
			# shellcheck disable=SC2086
			echo "$lib $(with "$lib" "$work/bench" $arguments)"
		done
	done | awk '!($1 in best) || $2 < best[$1] { best[$1] = $2 }
		END { for (lib in best) print lib, best[lib] }'
}
instructions() { # LIBRARIES MODE [N] [BATCH]: for each request
	local lib=$1 mode=$2 n=${3:-1} batch=${4:-1} few=10000 many=30000 count
	for count in $many $few; do
		with "$lib" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
			"$work/bench" "$mode" $count "$n" "$batch" once 2>&1 |
			sed -n 's/.*Collected : //p'
	done | awk -v by=$((many - few)) 'NR == 1 { a = $1 } END { printf "%.0f", (a - $1) / by }'
}

ours=$prefix/lib
libraries=("$ours")
[ -z "${PEER:-}" ] || libraries+=("$PEER")
row() { # NAME OURS THEIRS
	if [ -n "${PEER:-}" ]; then
		awk -v n="$1" -v o="$2" -v t="$3" 'BEGIN { printf "| %s | %s | %s | %.2f |\n", n, o, t, o / t }'
	else
		echo "| $1 | $2 | | |"
	fi
}
timed() { # NAME ARGUMENTS...
	local name=$1 answers
	shift
	arguments=$*
	answers=$(least "${libraries[@]}")
	row "$name" "$(awk -v l="$ours" '$1 == l { print $2 }' <<<"$answers")" \
		"$(awk -v l="${PEER:-}" '$1 == l { print $2 }' <<<"$answers")"
}
counted() { # NAME ARGUMENTS...
	local name=$1
	shift
	row "$name" "$(instructions "$ours" "$@")" \
		"$([ -z "${PEER:-}" ] || instructions "$PEER" "$@")"
}
steady() { # NAME ARGUMENTS...
	local name=$1 lib answers=()
	shift
	for lib in "${libraries[@]}"; do
		answers+=("$(with "$lib" "$work/bench" "$@" steady || echo "a system call")")
	done
	echo "| $name | ${answers[0]} | ${answers[1]:-} | |"
}

{
	echo
	echo "$(date +%Y-%m-%d), $(sed -n 's/^model name[^:]*: //p;T;q' /proc/cpuinfo), $(nproc) processors, $(uname -m)." \
		"Made by \`make bench\` (benches/c/run.sh)."
	echo
	echo "| per request | this library | C libwd 2.10 | ratio |"
	echo "|---|---|---|---|"
	if command -v valgrind >/dev/null; then
		counted "instructions, synchronous" sync
		for n in 1 4 16 64; do
			for b in 1 8 64; do
				counted "instructions, asynchronous and polled, $n contexts, batches of $b" async $n $b
			done
		done
	fi
	timed "ns, synchronous" sync 1000000
	for n in 1 4 16 64; do
		for b in 1 8 64; do
			timed "ns, asynchronous and polled, $n contexts, batches of $b" async 200000 $n $b
		done
	done
	timed "ns, synchronous, each of 2 threads with its own context" threads 1000000 2
	timed "ns, asynchronous, 1 thread that polls its context" poll-threads 1000000 1
	timed "ns, asynchronous, each of 2 threads that poll their own contexts" poll-threads 1000000 2
	steady "synchronous, 10 000 requests" sync 10000 1 1
	steady "asynchronous, 10 000 requests" async 10000 4 8
	echo
} | tee "$work/table"

awk -v table="$work/table" '
	/<!-- comp_bench begins/ { print; while ((getline line < table) > 0) print line; inside = 1 }
	/<!-- comp_bench ends/ { inside = 0 }
	!inside { print }' "$doc" >"$work/doc"
cat "$work/doc" >"$doc"
