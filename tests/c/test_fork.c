/* A fork child cannot use, stop or disturb its parent's queue, and can open its own. */
#include "check.h"
#include <signal.h>
#include <sys/wait.h>

static char input[5000], output[8192];

static void roundtrip(struct wd_queue *q)
{
	struct hisi_qm_msg msg;
	void *resp = NULL;

	fill(&msg, input, sizeof(input), output, sizeof(output));
	CHECK(wd_send(q, &msg) == 0);
	CHECK(wd_recv_sync(q, &resp, 10000) == 0);
	CHECK(resp == &msg && msg.produced > 0 && msg.consumed == sizeof(input));
}

static int child(struct wd_queue *q, int fd)
{
	struct hisi_qm_msg msg;
	void *resp = NULL;
	struct wd_queue own;

	fill(&msg, input, sizeof(input), output, sizeof(output));
	ANSWERS(wd_send(q, &msg), ESHUTDOWN);
	ANSWERS(wd_recv(q, &resp), ESHUTDOWN);
	ANSWERS(wd_recv_sync(q, &resp, 100), ESHUTDOWN);
	ANSWERS(wd_mem_share(q, input, sizeof(input), 0), ESHUTDOWN);
	ANSWERS(wd_queue_fd(q), ESHUTDOWN);
	wd_flush(q);
	/* The queue's descriptor did not come along. */
	CHECK(fcntl(fd, F_GETFD) == -1);
	wd_release_queue(q);
	open_queue(&own, NULL);
	roundtrip(&own);
	wd_release_queue(&own);
	return failed;
}

static void wait_for(pid_t pid, int expected)
{
	int status = -1;

	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(status == expected);
}

int main(void)
{
	struct wd_queue q;
	struct wd_queue_info info;
	int i;

	memset(input, 'x', sizeof(input));
	open_queue(&q, NULL);
	roundtrip(&q);
	for (i = 0; i < 5; i++) {
		struct hisi_qm_msg msg;
		void *resp = NULL;
		pid_t pid;

		/* With a request in flight, as a program that forks at any moment would. */
		fill(&msg, input, sizeof(input), output, sizeof(output));
		CHECK(wd_send(&q, &msg) == 0);
		pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0)
			_exit(child(&q, q.mdev));
		CHECK(wd_recv_sync(&q, &resp, 10000) == 0 && resp == &msg);
		wait_for(pid, 0);
		roundtrip(&q);
	}
	/* A child that is killed, and one that leaves through its exit handlers, with the queue open. */
	i = fork();
	REQUIRE(i >= 0);
	if (i == 0) {
		pause();
		_exit(0);
	}
	kill(i, SIGKILL);
	wait_for(i, SIGKILL);
	i = fork();
	REQUIRE(i >= 0);
	if (i == 0)
		exit(0);
	wait_for(i, 0);
	roundtrip(&q);
	memset(&info, 0, sizeof(info));
	info.size = sizeof(info);
	CHECK(wd_get_queue_info(&q, &info) == 0);
	CHECK(info.sent == 12 && info.received == 12 && info.failed == 0);
	wd_release_queue(&q);
	return failed;
}
