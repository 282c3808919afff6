/* Waiting by the kernel's poll, with a device that answers when it is told to. */
#include "vm.h"

static struct wd_queue q;

static void a_wait_ends_when_the_answer_comes(void)
{
	struct later later;
	void *resp = NULL;
	long begin;
	int i;

	for (i = 0; i < 3; i++) {
		hold();
		CHECK(wd_send(&q, prepare(i, 1)) == 0);
		ANSWERS(wd_recv_sync(&q, &resp, 50), ETIMEDOUT);
		begin = now_ms();
		begin_later(&later, 200, let_go);
		CHECK(wd_recv_sync(&q, &resp, 0) == 0);
		CHECK(now_ms() - begin >= 190);
		CHECK(resp == &jobs[i].msg && good(i));
		end_later(&later);
	}
}

static void a_program_polls_and_is_woken(void)
{
	struct pollfd fd = { wd_queue_fd(&q), POLLIN, 0 };
	struct later later;
	void *resp = NULL;
	int i;

	for (i = 0; i < 3; i++) {
		hold();
		CHECK(wd_queue_arm(&q) == 1);
		CHECK(poll(&fd, 1, 20) == 0);
		CHECK(wd_send(&q, prepare(5, (unsigned int)i)) == 0);
		CHECK(wd_queue_arm(&q) == 1);
		begin_later(&later, 100, let_go);
		CHECK(poll(&fd, 1, 30000) == 1 && fd.revents == POLLIN);
		CHECK(wd_recv(&q, &resp) == 0 && resp == &jobs[5].msg && good(5));
		end_later(&later);
	}
}

/* The kernel keeps a place of its own in the completion queue, and says once that it saw a new one. */
static void what_was_taken_without_poll_is_no_news(void)
{
	struct pollfd fd = { wd_queue_fd(&q), POLLIN, 0 };
	void *resp = NULL;

	CHECK(wd_send(&q, prepare(6, 1)) == 0);
	while (wd_recv(&q, &resp) == -EAGAIN)
		sched_yield();
	CHECK(resp == &jobs[6].msg && good(6));
	CHECK(wd_queue_arm(&q) == 1);
	CHECK(poll(&fd, 1, 50) == 0);
}

/* A device that is armed late finds completions that came before. */
static void arming_behind_a_completion_says_that_it_is_there(void)
{
	void *resp = NULL;
	int armed;

	CHECK(wd_send(&q, prepare(7, 1)) == 0);
	while ((armed = wd_queue_arm(&q)) == 1)
		sleep_ms(1);
	CHECK(armed == 0);
	CHECK(wd_recv(&q, &resp) == 0 && good(7));
}

static void a_full_ring_is_full_at_its_capacity(void)
{
	int sent = 0, capacity = (int)info_of(&q).capacity, i, ret;
	void *resp;

	hold();
	while ((ret = wd_send(&q, prepare(sent, 2))) == 0)
		sent++;
	CHECK(ret == -EBUSY && sent == capacity);
	let_go();
	for (i = 0; i < sent; i++) {
		REQUIRE(wd_recv_sync(&q, &resp, 30000) == 0);
		REQUIRE(resp == &jobs[i].msg && good(i));
	}
	ANSWERS(wd_recv(&q, &resp), EAGAIN);
}

static void closing_does_not_wait_for_a_device_that_is_silent(void)
{
	void *resp;
	long begin;

	hold();
	CHECK(wd_send(&q, prepare(0, 1)) == 0);
	begin = now_ms();
	wd_release_queue(&q);
	CHECK(now_ms() - begin < 5000);
	let_go();
	ANSWERS(wd_recv(&q, &resp), ESHUTDOWN);
}

int main(void)
{
	REQUIRE(try_open(&q, NULL) == 0);
	a_wait_ends_when_the_answer_comes();
	a_program_polls_and_is_woken();
	what_was_taken_without_poll_is_no_news();
	arming_behind_a_completion_says_that_it_is_there();
	a_full_ring_is_full_at_its_capacity();
	closing_does_not_wait_for_a_device_that_is_silent();
	return failed;
}
