/* Children: forked with requests in flight, spawned, killed. None disturbs its parent's queue, and
 * none keeps the kernel from taking it back. */
#include "vm.h"
#include <spawn.h>

extern char **environ;

static struct wd_queue q;

static void ends_well(pid_t pid, int expected)
{
	int status = -1;

	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(status == expected);
}

/* Goes through exit(), with the handlers of the library. */
static void child(int fd, int free)
{
	struct wd_queue own;
	void *resp;

	ANSWERS(wd_send(&q, prepare(2, 1)), ESHUTDOWN);
	ANSWERS(wd_recv(&q, &resp), ESHUTDOWN);
	ANSWERS(wd_recv_sync(&q, &resp, 50), ESHUTDOWN);
	ANSWERS(wd_mem_share(&q, jobs, SMALL, 0), ESHUTDOWN);
	CHECK(fcntl(fd, F_GETFD) == -1 && mappings() == 0);
	wd_release_queue(&q);
	let_go();
	REQUIRE(try_open(&own, NULL) == 0);
	CHECK(trip(&own, 3) == 0);
	CHECK(available() == free - 2);
	wd_release_queue(&own);
	CHECK(available() == free - 1);
	exit(failed);
}

static void a_child_has_queues_of_its_own_only(int free)
{
	void *resp = NULL;
	pid_t pid;

	hold();
	CHECK(wd_send(&q, prepare(1, 1)) == 0);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0)
		child(q.mdev, free);
	ends_well(pid, 0);
	CHECK(wd_recv_sync(&q, &resp, 30000) == 0 && resp == &jobs[1].msg && good(1));
	CHECK(trip(&q, 0) == 0);
}

static void children_that_live_on_hold_nothing(int free)
{
	char *argv[] = { (char *)"sleep", (char *)"100", NULL };
	pid_t forked = fork(), spawned;

	REQUIRE(forked >= 0);
	if (forked == 0) {
		pause();
		_exit(0);
	}
	REQUIRE(posix_spawn(&spawned, "/bin/sleep", NULL, NULL, argv, environ) == 0);
	CHECK(trip(&q, 0) == 0);
	/* The child may not have run yet; until it has closed its copy, the queue is taken. */
	wd_release_queue(&q);
	while (available() != free)
		sleep_ms(1);
	kill(forked, SIGKILL);
	kill(spawned, SIGKILL);
	ends_well(forked, SIGKILL);
	ends_well(spawned, SIGKILL);
}

static void children_that_are_killed_or_exec_leave_it_alone(void)
{
	pid_t pid = fork();

	REQUIRE(pid >= 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	kill(pid, SIGKILL);
	ends_well(pid, SIGKILL);
	CHECK(trip(&q, 0) == 0);
	CHECK(system("ls -l /proc/self/fd | grep -q hisi") != 0);
	CHECK(trip(&q, 0) == 0);
}

int main(void)
{
	int free = available();

	REQUIRE(try_open(&q, NULL) == 0);
	CHECK(trip(&q, 0) == 0);
	a_child_has_queues_of_its_own_only(free);
	children_that_live_on_hold_nothing(free);
	REQUIRE(try_open(&q, NULL) == 0);
	children_that_are_killed_or_exec_leave_it_alone();
	wd_release_queue(&q);
	CHECK(available() == free);
	return failed;
}
