/* Waiting: for a time, for ever, by poll, through signals, on a ring that is full. */
#include "check.h"
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

static char input[200000], output[300000];

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void an_empty_queue_has_nothing_and_says_so_at_once(void)
{
	struct wd_queue q;
	void *resp = &q;

	open_queue(&q, NULL);
	ANSWERS(wd_recv(&q, &resp), EAGAIN);
	CHECK(resp == &q);
	ANSWERS(wd_recv(&q, NULL), EINVAL);
	ANSWERS(wd_recv_sync(&q, NULL, 1), EINVAL);
	wd_release_queue(&q);
}

static volatile sig_atomic_t rang;

static void ring(int signal)
{
	(void)signal;
	rang++;
}

static void a_wait_lasts_as_long_as_asked_signals_or_not(void)
{
	struct wd_queue q;
	struct itimerval timer;
	struct sigaction action;
	void *resp = NULL;
	long begin;

	memset(&action, 0, sizeof(action));
	action.sa_handler = ring;
	sigaction(SIGALRM, &action, NULL);
	memset(&timer, 0, sizeof(timer));
	timer.it_interval.tv_usec = timer.it_value.tv_usec = 10000;
	open_queue(&q, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	begin = now_ms();
	ANSWERS(wd_recv_sync(&q, &resp, 100), ETIMEDOUT);
	CHECK(now_ms() - begin >= 99);
	memset(&timer, 0, sizeof(timer));
	setitimer(ITIMER_REAL, &timer, NULL);
	CHECK(rang > 0);
	wd_release_queue(&q);
}

static void zero_milliseconds_wait_until_something_comes(void)
{
	struct wd_queue q;
	struct hisi_qm_msg msg;
	void *resp = NULL;

	open_queue(&q, NULL);
	fill(&msg, input, sizeof(input), output, sizeof(output));
	CHECK(wd_send(&q, &msg) == 0);
	CHECK(wd_recv_sync(&q, &resp, 0) == 0);
	CHECK(resp == &msg && (msg.dw3 & 0xff) == 0);
	wd_release_queue(&q);
}

static void a_descriptor_can_be_polled(void)
{
	struct wd_queue q;
	struct hisi_qm_msg msg;
	struct pollfd fd;
	void *resp = NULL;
	int armed;

	open_queue(&q, NULL);
	fd.fd = wd_queue_fd(&q);
	fd.events = POLLIN;
	CHECK(fd.fd > 2);
	CHECK(wd_queue_arm(&q) == 1);
	CHECK(poll(&fd, 1, 20) == 0);
	fill(&msg, input, sizeof(input), output, sizeof(output));
	CHECK(wd_send(&q, &msg) == 0);
	armed = wd_queue_arm(&q);
	CHECK(armed == 0 || poll(&fd, 1, 10000) == 1);
	CHECK(wd_recv(&q, &resp) == 0 && resp == &msg);
	/* And again: arming takes back what is stale. */
	CHECK(wd_queue_arm(&q) == 1);
	CHECK(poll(&fd, 1, 20) == 0);
	wd_release_queue(&q);
}

static void a_full_ring_is_busy_and_empties(void)
{
	enum { DEPTH = 1023 };
	struct wd_queue q;
	struct hisi_qm_msg *msgs = calloc(DEPTH + 100, sizeof(*msgs));
	char *seen = calloc(DEPTH + 100, 1);
	int sent = 0, received = 0, ret = 0;
	void *resp;

	REQUIRE(msgs && seen);
	open_queue(&q, NULL);
	while (sent < DEPTH + 100) {
		/* Long requests, so that the device does not keep up. */
		fill(&msgs[sent], input, sizeof(input), output, sizeof(output));
		ret = wd_send(&q, &msgs[sent]);
		if (ret)
			break;
		sent++;
	}
	CHECK(ret == -EBUSY && sent >= DEPTH);
	while (received < sent) {
		REQUIRE(wd_recv_sync(&q, &resp, 60000) == 0);
		CHECK(!seen[(struct hisi_qm_msg *)resp - msgs]);
		seen[(struct hisi_qm_msg *)resp - msgs] = 1;
		received++;
	}
	ANSWERS(wd_recv(&q, &resp), EAGAIN);
	wd_release_queue(&q);
	free(msgs);
	free(seen);
}

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(input); i++)
		input[i] = (char)(i * i >> 7);
	an_empty_queue_has_nothing_and_says_so_at_once();
	a_wait_lasts_as_long_as_asked_signals_or_not();
	zero_milliseconds_wait_until_something_comes();
	a_descriptor_can_be_polled();
	/* A thousand long requests take a minute under an emulator. */
	if (!getenv("VALGRIND"))
		a_full_ring_is_busy_and_empties();
	return failed;
}
