/* SPDX-License-Identifier: Apache-2.0
 *
 * Asynchronous requests: what is refused, callbacks, poll and poll_ctx, full contexts, drivers that
 * fail. Runs in the world of uadk_world.sh. */
#include "uadk_driver.h"

enum { MANY = 1100 };

static struct job {
	struct wd_comp_req req;
	char in[16], out[16];
	int number, called;
} jobs[MANY];

static int calls, quiet, in_callback;
static struct wd_comp_req *seen;

static void *done(struct wd_comp_req *req, void *param)
{
	struct job *job = param;

	calls++;
	job->called++;
	seen = req;
	if (!quiet)
		printf("  callback %d: src_len %u dst_len %u status %u, same request %d, copy %d\n", job->number,
		       req->src_len, req->dst_len, req->status, req->src == job->in && req->dst == job->out,
		       req != &job->req);
	if (in_callback) {
		/* A callback may send. */
		in_callback = 0;
		jobs[MANY - 1].called = 0;
		printf("  from a callback: %d\n", wd_do_comp_async(*(handle_t *)job->in, &jobs[MANY - 1].req));
	}
	return NULL;
}

static struct wd_comp_req *job(int i)
{
	struct job *j = &jobs[i];

	memset(j, 0, sizeof(*j));
	j->number = i;
	j->in[0] = (char)i;
	j->req.src = j->in, j->req.src_len = sizeof(j->in);
	j->req.dst = j->out, j->req.dst_len = sizeof(j->out);
	j->req.cb = done, j->req.cb_param = j;
	return &j->req;
}

static void poll_for(__u32 expect)
{
	__u32 count = 0;
	int answer;

	calls = 0;
	answer = wd_comp_poll(expect, &count);
	printf("poll for %u: %d, count %u, callbacks %d\n", expect, answer, count, calls);
}

static void poll_ctx(__u32 index, __u32 expect)
{
	__u32 count = 77;
	int answer;

	calls = 0;
	answer = wd_comp_poll_ctx(index, expect, &count);
	printf("poll context %u for %u: %d, count %u, callbacks %d\n", index, expect, answer, count, calls);
}

static void refusals(handle_t s)
{
	struct wd_comp_req *r;
	__u32 count;

	title("refusals");
	SAY(wd_do_comp_async(s, NULL));
	SAY(wd_do_comp_async(0, job(0)));
	r = job(0), r->cb = NULL;
	SAY(wd_do_comp_async(s, r));
	r = job(0), r->cb_param = NULL;
	SAY(wd_do_comp_async(s, r));
	r = job(0), r->src_len = 0;
	SAY(wd_do_comp_async(s, r));
	r = job(0), r->dst_len = 0;
	SAY(wd_do_comp_async(s, r));
	r = job(0), r->src = NULL;
	SAY(wd_do_comp_async(s, r));
	r = job(0), r->dst = NULL;
	SAY(wd_do_comp_async(s, r));
	r = job(0), r->op_type = WD_DIR_MAX;
	SAY(wd_do_comp_async(s, r));
	r = job(0), r->data_fmt = 2;
	SAY(wd_do_comp_async(s, r));
	SAY(wd_comp_poll(1, NULL));
	SAY(wd_comp_poll_ctx(0, 0, &count));
	SAY(wd_comp_poll_ctx(0, 1, NULL));
	/* With one context of each kind and mode, these are what number? */
	for (__u32 i = 0; i < 6; i++)
		poll_ctx(i, 1);
	poll_ctx(0xffffffff, 1);
}

/* The number of the asynchronous context that compresses, once something was sent to it. */
static __u32 sending(void)
{
	for (__u32 i = 0; i < null.contexts; i++)
		if (lanes[i].tail != lanes[i].head)
			return i;
	return 0;
}

static void one_and_several(handle_t s)
{
	title("one and several");
	poll_for(1);
	SAY(wd_do_comp_async(s, job(0)));
	REQUIRE(seen == NULL);
	poll_for(1);
	for (int i = 0; i < 5; i++)
		REQUIRE(wd_do_comp_async(s, job(i)) == 0);
	poll_for(2);
	poll_for(10);
	for (int i = 0; i < 5; i++)
		REQUIRE(wd_do_comp_async(s, job(i)) == 0);
	poll_ctx(sending(), 3);
	poll_ctx(sending(), 9);
	null.status = WD_IN_EPARA;
	null.give = 3;
	REQUIRE(wd_do_comp_async(s, job(6)) == 0);
	poll_for(1);
	null.status = null.give = 0;
	null.again = 100;
	REQUIRE(wd_do_comp_async(s, job(7)) == 0);
	poll_for(1);
	for (int i = 0; i < 8; i++)
		REQUIRE(jobs[i].called <= 1);
}

static void nothing_more(void)
{
	__u32 count = 0;

	/* Expecting nothing: the C library polls until it finds nothing, or for ever. */
	if (ours())
		REQUIRE(wd_comp_poll(0, &count) == 0 && count == 0);
}

static void full(handle_t s)
{
	int sent = 0, answer;

	title("full");
	quiet = 1;
	null.room = 10;
	for (answer = 0; !answer && sent < MANY; sent += !answer)
		answer = wd_do_comp_async(s, job(sent));
	printf("a driver with room for 10: %d after %d\n", answer, sent);
	poll_for(4);
	printf("and after 4 came back: %d\n", wd_do_comp_async(s, job(sent)));
	poll_for(7);
	null.room = 0;
	for (answer = 0, sent = 0; !answer && sent < MANY; sent += !answer)
		answer = wd_do_comp_async(s, job(sent));
	printf("a driver with room for all: %d after %d\n", answer, sent);
	for (int i = 0; i < 10; i++) {
		__u32 count = 0;

		REQUIRE(wd_comp_poll(sent, &count) == 0);
		sent -= count;
	}
	printf("left: %d\n", sent);
	sent = 0;
	for (int i = 0; i < 1024; i++)
		sent += jobs[i].called != 1;
	printf("not called once: %d\n", sent);
	quiet = 0;
}

static void failures(handle_t s)
{
	static const int errors[] = { -WD_HW_EACCESS, -WD_EINVAL, -WD_EBUSY, -WD_EIO };

	title("failures");
	for (size_t i = 0; i < COUNT(errors); i++) {
		null.send_answer = errors[i];
		printf("send fails with %d: %d\n", errors[i], wd_do_comp_async(s, job(0)));
		null.send_answer = 0;
		poll_for(1);
	}
	REQUIRE(wd_do_comp_async(s, job(0)) == 0);
	null.recv_answer = -WD_HW_EACCESS;
	poll_for(1);
	poll_ctx(sending(), 1);
	null.recv_answer = 0;
	/* What became of the request is not the same everywhere; that it is over is. */
	quiet = 1;
	__u32 count = 0;
	wd_comp_poll(1, &count);
	quiet = 0;
}

static void from_a_callback(handle_t s)
{
	title("from a callback");
	in_callback = 1;
	job(MANY - 1);
	job(3);
	memcpy(jobs[3].in, &s, sizeof(s));
	REQUIRE(wd_do_comp_async(s, &jobs[3].req) == 0);
	poll_for(1);
	poll_for(1);
	REQUIRE(jobs[MANY - 1].called == 1);
}

/* The message a driver is told. */
static void told(void)
{
	title("what a driver is told");
	null.tell = 1;
	for (unsigned alg = 0; alg < WD_COMP_ALG_MAX; alg++)
		for (unsigned op = 0; op < WD_DIR_MAX; op++) {
			handle_t s = null_session(alg, op);
			struct wd_comp_req *r = job(1);

			r->op_type = op;
			r->last = 0;
			SAY(wd_do_comp_async(s, r));
			poll_for(1);
			wd_comp_free_sess(s);
		}
	null.tell = 0;
}

static void limits(void)
{
	static const __u32 numbers[] = { 0, 1, 7, 1024, 1025 };

	title("limits");
	quiet = 1;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct wd_ctx_nums sets[WD_DIR_MAX] = { { 1, 1 }, { 1, 1 } };
		struct wd_cap_config cap = { .ctx_msg_num = numbers[i] };
		struct wd_ctx_params params = { .op_type_num = WD_DIR_MAX, .ctx_set_num = sets, .cap = &cap };
		int sent = 0, answer = wd_comp_init2_("zlib", SCHED_POLICY_RR, TASK_HW, &params);
		handle_t s = answer ? 0 : null_session(WD_DEFLATE, WD_DIR_COMPRESS);
		__u32 count = 0;

		printf("ctx_msg_num %u: init %d", numbers[i], answer);
		for (; s && !answer && sent < MANY; sent += !answer)
			answer = wd_do_comp_async(s, job(sent));
		printf(", %d requests, then %d\n", sent, answer);
		for (int t = 0; sent > 0 && t < 10; t++, sent -= (int)count) {
			count = 0;
			REQUIRE(wd_comp_poll(sent, &count) == 0);
		}
		wd_comp_free_sess(s);
		wd_comp_uninit2();
	}
	quiet = 0;
}

int main(void)
{
	handle_t s;

	setvbuf(stdout, NULL, _IONBF, 0);
	null_register();
	SAY(null_start_with("zlib", SCHED_POLICY_RR, 1, 1));
	s = null_session(WD_DEFLATE, WD_DIR_COMPRESS);
	REQUIRE(s);
	refusals(s);
	one_and_several(s);
	nothing_more();
	full(s);
	failures(s);
	from_a_callback(s);
	wd_comp_free_sess(s);
	told();
	wd_comp_uninit2();
	limits();
	return 0;
}
