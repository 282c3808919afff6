#!/bin/bash
# sanitize.sh [address] [thread]: the C programs of tests/c and the libraries under the sanitizers, over
# simulated devices and over software. The libraries are compiled by a nightly rustc with its standard
# library (component rust-src), and linked, as the programs are, by a C compiler that has the sanitizer's
# runtime. What can't be had is skipped, and why is said. Exit status 1: something was found.
set -u
cd "$(dirname "$0")/.."
: "${CARGO:=cargo}" "${CC:=cc}"
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export PATH="$PATH:/usr/sbin:/sbin"
bad=0

skip() { echo "skipped: sanitize $1: $2"; }

nightly() {
	rustc +nightly --print sysroot >/dev/null 2>&1 || { echo "no nightly rustc here"; return 1; }
	[ -d "$(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library/std" ] ||
		{ echo "no component rust-src for nightly"; return 1; }
}

# run PROGRAM LIMIT ENVIRONMENT...: says what the sanitizer said.
run() {
	count=$((count + 1))
	local name=$1 limit=$2 out=$dir/$1.$count.out status=0
	shift 2
	# A fork child has lost its parent's threads, and with them what they held.
	local leaks=1
	grep -q 'fork()' "tests/c/$name.c" && leaks=0
	env "${options[@]}" ASAN_OPTIONS=detect_leaks=$leaks LD_LIBRARY_PATH="$lib" "$@" timeout --kill-after=5 "$limit" \
		"$dir/$name" ${args[@]+"${args[@]}"} >"$out" 2>&1 </dev/null || status=$?
	if grep -qE 'Sanitizer|^==[0-9]+==ERROR|DEADLYSIGNAL' "$out" || { [ $status != 0 ] && [ $status != 77 ]; }; then
		echo "$kind: $name $*: exit status $status"
		tail -n 60 "$out"
		bad=1
	elif [ $status = 77 ]; then
		echo "skipped: sanitize $kind: $name: $(tail -n 1 "$out")"
	fi
}

sanitize() {
	kind=$1
	local host why
	why=$(nightly) || { skip "$kind" "$why"; return; }
	echo 'int main(void) { return 0; }' | $CC -fsanitize="$kind" -x c -o /dev/null - 2>/dev/null ||
		{ skip "$kind" "$CC has no runtime for it"; return; }
	host=$(rustc +nightly -vV | sed -n 's/^host: //p')
	dir=$target/sanitize-$kind
	mkdir -p "$dir/tmp"
	# Frame pointers make reports readable; some optimisation makes programs bearable.
	if ! env CARGO_TARGET_DIR="$dir" CARGO_BUILD_TARGET="$host" CARGO_UNSTABLE_BUILD_STD=std,panic_unwind \
		CARGO_PROFILE_DEV_OPT_LEVEL=1 RUSTFLAGS="-Zsanitizer=$kind -Cforce-frame-pointers=yes" \
		make -s PROFILE=debug CARGO="$CARGO +nightly" TARGET_DIR="$dir/$host" NUMA= \
		LDFLAGS="-fsanitize=$kind -Wl,-z,undefs" install-lib DESTDIR= STRIP=true \
		PREFIX="$dir/prefix" >"$dir/build.log" 2>&1; then
		echo "$kind: the libraries cannot be built:"
		tail -n 20 "$dir/build.log"
		bad=1
		return
	fi
	lib=$dir/prefix/lib
	export PKG_CONFIG_PATH=$lib/pkgconfig
	options=(TSAN_OPTIONS=history_size=4:exitcode=66:die_after_fork=0)
	count=0
	local flags=(-O1 -g -pthread -fsanitize="$kind" -fno-omit-frame-pointer -rdynamic)
	local program name gap=()
	[ -e "tests/sanitize/$kind.c" ] && gap=("tests/sanitize/$kind.c")
	args=()
	for program in tests/c/test_*.c; do
		name=$(basename "$program" .c)
		# Seen: a child that waits for the lock of asan's allocator, which a thread held at the fork.
		[ "$kind $name" = "address test_fork_threads" ] && continue
		# shellcheck disable=SC2046
		$CC "${flags[@]}" -o "$dir/$name" "$program" ${gap[@]+"${gap[@]}"} $(pkg-config --cflags --libs warpdrive) || { bad=1; continue; }
		# Valgrind's variable: what takes minutes is left out.
		run "$name" 300 WD_SIM=hisi_zip VALGRIND=1
	done
	for name in uadk_trip uadk_streams uadk_attack uadk_sched uadk_null; do
		# shellcheck disable=SC2046
		$CC "${flags[@]}" -o "$dir/$name" "tests/c/$name.c" ${gap[@]+"${gap[@]}"} \
			$(pkg-config --cflags --libs libwd_comp libwd) || bad=1
	done
	# The task types of UADK: 1 devices alone, 2 software alone.
	for how in "1 WD_SIM=hisi_zip,api=3" "1 WD_SIM=hisi_zip,api=3,engines=2;hisi_zip,api=5" "2 WD_SIM="; do
		args=("${how%% *}")
		run uadk_trip 300 "${how#* }" VALGRIND=1
		for part in data restless; do
			args=("$part" "${how%% *}")
			run uadk_attack 300 "${how#* }" VALGRIND=1 WD_SYNC_TIMEOUT_MS=5000
		done
		args=()
		run uadk_streams 300 "${how#* }" VALGRIND=1
	done
	args=(formats 0)
	run uadk_attack 300 WD_SIM=hisi_zip VALGRIND=1
	args=()
	run uadk_sched 100 WD_SIM=
	run uadk_null 100 WD_SIM=
	echo "$kind: $count runs of programs"
}

for kind in "$@"; do sanitize "$kind"; done
exit $bad
