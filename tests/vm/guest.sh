#!/bin/sh
# All tests of the test machine, or those of the parts that PARTS names. The last line counts them.
passed=0 failed=0

good() { passed=$((passed + 1)); echo "ok   $*"; }
bad() { failed=$((failed + 1)); echo "FAIL $*"; }

# step NAME COMMAND...: a test. It has five minutes, since the machine that emulates this one may be
# slow, and what it said is shown if it fails.
step() {
	name=$1
	shift
	if timeout -s KILL 300 "$@" >/tmp/said 2>&1; then
		good "$name"
	else
		bad "$name (status $?)"
		tail -20 /tmp/said
		echo "----"
		kill -CONT "$MODEL" 2>/dev/null
	fi
}
# is NAME FOUND EXPECTED
is() { if [ "$2" = "$3" ]; then good "$1"; else bad "$1: $2, not $3"; echo "----"; fi; }

# within COMMAND...: true as soon as the command succeeds; false after a minute.
within() {
	tries=6000
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		usleep 10000
	done
}
gone() { ! [ -e "$1" ]; }
free_is() { [ "$(cat /sys/class/uacce/hisi_zip-0/available_instances)" = "$1" ]; }
ready() { grep -qs READY /tmp/ready || ! kill -0 $client; }

# up DEVICE: a device, served by the process MODEL.
up() {
	rm -f /tmp/name /tmp/report
	MODEL_REPORT=/tmp/report warpdrive-model "$1" >/tmp/name 2>/tmp/model.log &
	MODEL=$!
	export MODEL
	within test -s /tmp/name || bad "no device $1: $(cat /tmp/model.log)"
}
down() {
	kill -9 "$MODEL" 2>/dev/null
	wait "$MODEL" 2>/dev/null
	within gone /sys/class/uacce/hisi_zip-0 || bad "the device does not go"
}
counted() { sed -n "s/^$1 //p" /tmp/report; }

# The usual life, on each version of the interface, at several depths.
life() { # DEVICE CAPACITY
	up "$1"
	step "$1: queues open and close" client_open "$2"
	step "$1: the kernel's interface" client_node
	step "$1: requests by the thousand" client_flow 2000
	grep -h ' ms' /tmp/said
	step "$1: waiting" client_wait
	step "$1: errors" client_errors
	is "$1: doorbells that mean nothing" "$(counted bad_doorbells)" 0
	is "$1: stores beside the doorbell" "$(counted strays)" 0
	down
}

# end_client [MILLISECONDS]: kills it when it says that it is ready, or so much later.
end_client() {
	within ready
	usleep "${1:-0}000"
	kill -9 $client 2>/dev/null || { bad "the client to be killed has ended"; cat /tmp/ready; }
	wait $client 2>/dev/null
}

killed() {
	rm -f /tmp/ready
	client_killed held >/tmp/ready 2>&1 &
	client=$!
	end_client
	within free_is 16 && good "a client is killed with a full ring, at once" || bad "killed: a queue is kept"
	kill -CONT "$MODEL"
	for delay in 10 20 30 40 50 60 70 80; do
		rm -f /tmp/ready
		client_killed busy >/tmp/ready 2>&1 &
		client=$!
		end_client $delay
	done
	within free_is 16 && good "clients are killed at work" || bad "killed at work: a queue is kept"
	step "the device serves the next" client_flow 500
}

many_processes() {
	clients=
	for i in 1 2 3 4 5 6; do
		timeout -s KILL 300 many_queues 1 5 >/tmp/crowd.$i 2>&1 &
		clients="$clients $!"
	done
	sum=0
	for client in $clients; do wait "$client" || sum=$((sum + 1)); done
	is "six processes with queues in both directions: failures" $sum 0
	[ $sum = 0 ] || cat /tmp/crowd.*
	within free_is 16 && good "and all queues are free" || bad "a queue is kept"
}

examples() {
	cat /sample /bin/gzip_file /usr/lib/libwd.so.2 >/tmp/file
	step "gzip_file" gzip_file /tmp/file /tmp/file.gz
	cat /tmp/said
	gunzip -c /tmp/file.gz >/tmp/back
	step "busybox reads what it wrote" cmp /tmp/file /tmp/back
	step "gunzip_file" gunzip_file /tmp/file.gz /tmp/back
	step "it reads what gzip_file wrote" cmp /tmp/file /tmp/back
	gzip -c /tmp/file >/tmp/theirs.gz
	step "gunzip_file of busybox's" gunzip_file /tmp/theirs.gz /tmp/back
	step "it reads what busybox wrote" cmp /tmp/file /tmp/back
	step "async_pipe" async_pipe 2000
	step "many_queues" many_queues 2 5
}

gone_each_way() {
	for way in receive idle send full arm close asleep spinning fork storm opening; do
		up "$1"
		step "$1 goes: $way after $2" client_gone $way "$2"
		down
	done
}

# The API of UADK v2. The programs themselves say who served them: no simulation, and no software.
uadk() {
	up "$1"
	step "$1: v2, all formats and ways" uadk_trip 1
	is "$1: v2, who served" "$(cat /tmp/said)" "simulated 0 software 0 strays 0 timeouts 0"
	cat /sample /bin/gzip_file >/tmp/file
	step "uadk_comp" uadk_comp /tmp/file /tmp/file.zlib
	cat /tmp/said
	step "uadk_zlib" uadk_zlib /tmp/file /tmp/file.gz
	gunzip -c /tmp/file.gz >/tmp/back
	step "busybox reads what it wrote" cmp /tmp/file /tmp/back
	gzip -c /tmp/file >/tmp/theirs.gz
	step "uadk_zlib of busybox's" uadk_zlib -d /tmp/theirs.gz /tmp/back
	step "it reads what busybox wrote" cmp /tmp/file /tmp/back
	down
}
# UADK v1: the program says itself what is wrong; and busybox reads the files that it leaves.
uadk_v1() {
	up "$1"
	rm -rf /tmp/v1
	mkdir /tmp/v1
	step "$1: v1, requests, streams, callbacks, lists" uadk_v1_comp /tmp/v1
	for file in /tmp/v1/*.gz; do
		step "$1: v1, busybox reads $(basename "$file")" gunzip -t "$file"
	done
	down
	is "$1: v1, the device was used" "$([ "$(counted completions)" -gt 50 ] && echo yes)" yes
}

# The tool, on the device alone: with --hw nothing is done in software.
tool() {
	up "$1"
	step "$1: wd list" wd list --json
	is "$1: wd list tells the device from a simulated one" "$(grep -c '"simulated": false' /tmp/said)" 1
	step "$1: wd test" wd test
	is "$1: wd test used the device" "$(grep -c '^hisi_zip-0 .* ok$' /tmp/said)" "$2"
	cat /sample /bin/gzip_file >/tmp/file
	step "$1: wd compress" wd compress --hw -a gzip -f -o /tmp/file.gz /tmp/file
	gunzip -c /tmp/file.gz >/tmp/back
	step "busybox reads what it wrote" cmp /tmp/file /tmp/back
	gzip -c /tmp/file >/tmp/theirs.gz
	step "$1: wd decompress of busybox's" wd decompress --hw -f -o /tmp/back /tmp/theirs.gz
	step "it reads what busybox wrote" cmp /tmp/file /tmp/back
	down
}
uadk_gone_each_way() {
	for task in hw mix; do
		for what in threads flight; do
			up "$1"
			step "$1 goes: v2, $task, $what" uadk_gone $task $what
			tail -1 /tmp/said
			down
		done
	done
}

uadk_v1_gone_each_way() {
	for way in messages callbacks threads waiting; do
		up "$1"
		step "$1 goes: v1, $way" uadk_v1_gone $way
		down
	done
}

# Its process dies under several clients at once, each with a full ring.
gone_in_a_crowd() {
	up "$1"
	clients=
	for i in 1 2 3 4; do
		rm -f /tmp/ready
		timeout -s KILL 300 client_gone crowd 0 >/tmp/ready 2>/tmp/crowd.$i &
		client=$!
		clients="$clients $client"
		within ready
	done
	down
	sum=0
	for client in $clients; do wait "$client" || sum=$((sum + 1)); done
	is "$1 dies under four processes: failures" $sum 0
	[ $sum = 0 ] || cat /tmp/crowd.*
}

# Its process stands still, and requests time out.
stands_still() {
	up "$1"
	step "$1 stands still: v2" uadk_gone hw still
	step "$1 stands still: v1" uadk_v1_gone still
	step "$1: and goes on" client_flow 200
	down
}

comes_back() {
	up hisi_zip
	rm -f /tmp/ready
	client_back >/tmp/ready 2>&1 &
	client=$!
	within ready
	down
	up hisi_zip
	wait $client
	is "a device comes back" $? 0
	down
}

lives() {
	life hisi_zip 1023
	life hisi_zip,api=1 1023
	life hisi_zip,api=3,depth=64 63
	life hisi_zip,api=5,engines=2 1023
}

limits() {
	up hisi_zip,queues=16
	step "the last queue, and permissions" client_limits 16
	step "children" client_fork
	killed
	many_processes
	down
	up hisi_zip,sva=0
	step "a device without SVA" client_errors nosva
	down
}

programs() {
	up hisi_zip
	for program in test_zip test_threads test_share test_fork test_fork_threads; do
		step "tests/c/$program.c" $program
	done
	# Its ring of long requests takes a minute here; client_wait has short ones.
	VALGRIND=1 step "tests/c/test_wait.c" test_wait
	examples
	down
}

uadks() {
	uadk hisi_zip,api=3
	uadk hisi_zip,api=5
	uadk_v1 hisi_zip
	uadk_v1 hisi_zip,api=3
}

tools() {
	tool hisi_zip 14
	tool hisi_zip,api=3 22
}

removals() {
	# The first pass, the end of the rings in sight, and the third pass.
	for rounds in 0 1020; do gone_each_way hisi_zip $rounds; done
	gone_each_way hisi_zip,api=3,depth=64 130
	uadk_gone_each_way hisi_zip,api=3
	uadk_v1_gone_each_way hisi_zip
	uadk_v1_gone_each_way hisi_zip,api=3
	gone_in_a_crowd hisi_zip
	stands_still hisi_zip,api=3
	up hisi_zip
	step "nobody is woken when the device goes" client_node gone
	down
	comes_back
}

insmod /lib/modules/uacce.ko && insmod /lib/modules/uacce_sim.ko || bad "modules do not load"
for part in $(echo ${PARTS:-lives,limits,programs,uadks,tools,removals} | tr , ' '); do $part; done
# Drivers say "oops" in other words too.
if dmesg | grep -E 'BUG:|kernel BUG|WARNING:|Oops:|unsupported store|is lost'; then
	bad "the kernel complains"
fi
rmmod uacce_sim && rmmod uacce && good "modules unload" || bad "modules do not unload"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
