#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Measures every floor, from the descriptor to the C entry:
#
#   run.sh PREFIX RESULTS     libraries and headers installed in PREFIX; lines go to RESULTS
#   PEER=DIR run.sh ...       and the C libwd 2.10 in DIR, or in DIR/lib, in the same run
#   QUICK=1 run.sh ...        few rounds: whether it works
#
# Instructions are exact: callgrind's count of a run less its count of a shorter one, by the difference
# of what they do. Times are the best of many rounds that take turns. A line of the results:
#
#   floor TAB what TAB unit TAB this library TAB compared with TAB that
#
# tool/examples/performance.rs makes docs/performance.md and its plots of them.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
prefix=$1
results=$2
rounds=${ROUNDS:-$([ -n "${QUICK:-}" ] && echo 1 || echo 7)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here"

peer=${PEER:-}
[ -z "$peer" ] || [ ! -e "$peer/lib/libwd_comp.so.2" ] || peer=$peer/lib
[ -z "$peer" ] || [ -e "$peer/libwd_comp.so.2" ] || { echo "no libwd_comp.so.2 in $peer" >&2; exit 1; }
ours=$prefix/lib
libraries=("$ours")
[ -z "$peer" ] || libraries+=("$peer")

row() { # FLOOR WHAT UNIT OURS [NAME THEIRS]
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "${5:-}" "${6:-0}"
}
valgrind_is_here() {
	command -v valgrind >/dev/null || { echo "skipped: instructions: no valgrind" >&2; return 1; }
}
instructions() { # FEW MANY COMMAND...: for each; COUNT in the command becomes how many
	local few=$1 many=$2 count
	shift 2
	for count in "$many" "$few"; do
		# Caches and branches are not simulated: what is counted does not depend on the machine.
		valgrind --tool=callgrind --callgrind-out-file=/dev/null "${@/#COUNT/$count}" 2>&1 |
			sed -n 's/.*Collected : //p'
	done | awk -v by=$((many - few)) 'NR == 1 { a = $1 } END { printf "%.1f", (a - $1) / by }'
}

# The benchmarks in Rust. Cargo tells where they are.
cargo bench --locked --benches --no-run 2>&1 |
	sed -n 's/.*Executable benches\/\([a-z]*\)\.rs (\(.*\))$/\1 \2/p' >"$work/benches"
bench() {
	sed -n "s/^$1 //p" "$work/benches"
}
counted() { # FLOOR WHAT BENCH NAME [NAME-OF-OTHER OTHER] [FEW MANY]
	local floor=$1 what=$2 program
	program=$(bench "$3")
	local mine theirs=0
	mine=$(instructions "${7:-2000}" "${8:-12000}" "$program" "$4" COUNT)
	[ -z "${6:-}" ] || theirs=$(instructions "${7:-2000}" "${8:-12000}" "$program" "$6" COUNT)
	row "$floor" "$what" instructions "$mine" "${5:-}" "$theirs"
}
rust() {
	local name
	if valgrind_is_here; then
		counted descriptor encode floors encode
		counted descriptor decode floors decode
		counted ring "send and receive" ring ring "hand-written loop" hand
		counted ring "send and receive, by a queue's handle" ring queue "hand-written loop" hand
		counted ring "send and receive, C entries of the seed" ring c-entry "hand-written loop" hand
		counted driver "hisi_zip, a request and its answer" floors driver
		counted driver "hisi_zip, an asynchronous request and its answer" floors driver-async
		# 32 pieces a turn.
		for name in zlib-1 zlib-6 inflate lz4; do
			counted driver "$(software $name)" soft $name "$(crate $name)" crate-$name 1 3 |
				awk -F'\t' -v OFS='\t' '{ $4 = sprintf("%.0f", $4 / 32); $6 = sprintf("%.0f", $6 / 32); print }'
		done
		counted session "synchronous, in Rust" session rust
	fi
	for name in floors ring soft session device; do
		[ -n "${QUICK:-}" ] && [ $name = device ] && continue
		"$(bench $name)" --bench
	done
}
software() {
	case $1 in
	zlib-1) echo "software, zlib level 1, 64 KiB" ;;
	zlib-6) echo "software, zlib level 6, 64 KiB" ;;
	inflate) echo "software, inflate of level 6, 64 KiB" ;;
	lz4) echo "software, LZ4, 64 KiB" ;;
	esac
}
crate() {
	case $1 in lz4) echo lz4_flex ;; *) echo zlib-rs ;; esac
}

# The C entries, by one program for both libraries.
world=$here/tests/c/uadk_world.sh
with() { # LIBRARIES COMMAND...
	local libraries=$1
	shift
	"$world" env LD_LIBRARY_PATH="$libraries" "$@"
}
both() { # WHAT UNIT COMMAND...: the command is given a directory of libraries and answers a number
	local what=$1 unit=$2 lib answers=()
	shift 2
	for lib in "${libraries[@]}"; do
		answers+=("$("$@" "$lib")")
	done
	row "C entry" "$what" "$unit" "${answers[0]}" "${peer:+C libwd 2.10}" "${answers[1]:-0}"
}
c_instructions() { # MODE N BATCH LIBRARIES
	with "$4" bash -c "$(declare -f instructions); instructions 10000 30000 $work/bench $1 COUNT $2 $3 once"
}
# Best of $rounds runs; the libraries take turns.
c_times() { # WHAT MODE COUNT N BATCH
	local what=$1 i lib
	shift
	for i in $(seq "$rounds"); do
		for lib in "${libraries[@]}"; do
			echo "$lib $(with "$lib" "$work/bench" "$@")"
		done
	done | awk '!($1 in best) || $2 < best[$1] { best[$1] = $2 } END { for (l in best) print l, best[l] }' >"$work/best"
	best() { awk -v l="$1" '$1 == l { print $2 }' "$work/best"; }
	both "$what" ns best
}
steady() { # MODE COUNT N BATCH LIBRARIES: allocations
	with "$5" "$work/bench" "$1" "$2" "$3" "$4" steady | sed 's/ .*//' || echo 99999
}
c_entries() {
	local n b
	if ! "$world" true >"$work/why"; then
		echo "skipped: C entries: $(cat "$work/why")" >&2
		return
	fi
	PKG_CONFIG_PATH=$prefix/lib/pkgconfig
	export PKG_CONFIG_PATH
	# shellcheck disable=SC2046
	${CC:-cc} -O2 -pthread -o "$work/bench" "$here/benches/c/comp_bench.c" \
		$(pkg-config --cflags --libs libwd_comp) -lwd
	if valgrind_is_here; then
		both synchronous instructions c_instructions sync 1 1
		for n in 1 4 16 64; do
			for b in 1 8 64; do
				both "asynchronous and polled, $n contexts, batches of $b" instructions c_instructions async $n $b
			done
		done
	fi
	c_times synchronous sync 1000000 1 1
	for n in 1 4 16 64; do
		for b in 1 8 64; do
			c_times "asynchronous and polled, $n contexts, batches of $b" async 200000 $n $b
		done
	done
	c_times "synchronous, one thread" threads 1000000 1 1
	c_times "synchronous, each of 2 threads with its own context" threads 1000000 2 1
	c_times "asynchronous, 1 thread that polls its context" poll-threads 1000000 1 1
	c_times "asynchronous, each of 2 threads that poll their own contexts" poll-threads 1000000 2 1
	both "synchronous, 10000 requests without a system call" allocations steady sync 10000 1 1
	both "asynchronous, 10000 requests without a system call" allocations steady async 10000 4 8
}

# The rows of UADK v1's own table.
v1_entries() {
	PEER=$peer ROUNDS=$rounds benches/c/v1_run.sh "$prefix" | awk -F ' *[|] *' -v name="${peer:+C libwd 2.10}" '
		/^skipped/ { print >"/dev/stderr" }
		$3 ~ /^[0-9]/ {
			split($2, part, ", "); what = substr($2, length(part[1]) + 3)
			printf "C entry\tUADK v1, %s\t%s\t%s\t%s\t%s\n", what, part[1], $3, name, $4 ? $4 : 0
		}'
}

# The preloaded simulation.
preload() {
	local i
	${CC:-cc} -O2 -o "$work/preload" "$here/benches/c/preload.c"
	for i in $(seq $((rounds + 1))); do
		"$work/preload" | sed 's/^/without /'
		WD_SIM=hisi_zip LD_PRELOAD=$ours/libwd_sim.so "$work/preload" | sed 's/^/with /'
	done | awk '
		{ at = $1 " " $2; if (!(at in least) || $3 < least[at]) least[at] = $3; if ($1 == "with") names[$2] = 1 }
		END {
			for (name in names) if (name == "doorbell")
				printf "preload\ta doorbell\tns\t%d\t\t0\n", least["with doorbell"]
			else
				printf "preload\t%s of something else\tns\t%d\twithout it\t%d\n",
					name, least["with " name], least["without " name]
		}' | sort
}

{
	echo "# $(date +%Y-%m-%d), $(sed -n 's/^model name[^:]*: //p;T;q' /proc/cpuinfo), $(nproc) processors, $(uname -m)," \
		"$(rustc --version | cut -d' ' -f1,2), $(${CC:-cc} --version | head -1)"
	rust
	c_entries
	v1_entries
	preload
} | tee "$results"
