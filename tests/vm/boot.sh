#!/bin/bash
# boot.sh KERNEL INITRD LOG: runs a test machine until it powers off. What it says on its serial
# line is in LOG. Exit status 0: its tests passed; 1: they did not; 75: it did not come up.
set -eu
kernel=$1 initrd=$2 log=$3
up=${VM_BOOT_SECONDS:-90} all=${VM_SECONDS:-480}
[ "$up" -le "$all" ] || up=$all

: >"$log"
qemu-system-x86_64 -machine pc -accel tcg,thread=multi -cpu max -smp 2 -m 768 \
	-display none -monitor none -nodefaults -no-reboot -serial "file:$log" \
	-kernel "$kernel" -initrd "$initrd" \
	-append "console=ttyS0 loglevel=4 panic=-1 oops=panic nokaslr no_timer_check ${PARTS:+PARTS=$PARTS}" \
	</dev/null >"$log.qemu" 2>&1 &
qemu=$!
trap 'kill -9 $qemu 2>/dev/null' EXIT

start=$SECONDS
while kill -0 $qemu 2>/dev/null; do
	sleep 0.2
	limit=$all
	grep -q '^GUEST up' "$log" || limit=$up
	if [ $((SECONDS - start)) -ge "$limit" ]; then
		echo "no end after $limit s" >>"$log"
		break
	fi
done
kill -9 $qemu 2>/dev/null || true
wait $qemu 2>/dev/null || true
trap - EXIT
cat "$log.qemu" >>"$log"
rm -f "$log.qemu"
sed -i 's/\r//g' "$log"
grep -q '^GUEST up' "$log" || exit 75
grep -q '^GUEST exit 0$' "$log"
