/* SPDX-License-Identifier: Apache-2.0
 *
 * What the library costs per request: compression requests of 4 KiB over a driver that answers at
 * once and touches no data. benches/run.sh runs it with one library or two.
 *
 *   comp_bench sync COUNT            one context, one session
 *   comp_bench async COUNT C B       C contexts with a session each; B requests are sent, each to
 *                                    the next session, then polled for
 *   comp_bench threads COUNT T       T threads, each with a session and a context of its own
 *   comp_bench poll-threads COUNT T  the same, asynchronous, each polling its own context
 *
 * prints nanoseconds of processor time for each request, the best of five runs of COUNT requests.
 * Threads that get into each other's way take more of it; those that only wait for a processor do
 * not, so a busy machine disturbs little. With a fifth argument "once" there is one run and no time: for counting
 * instructions. With "steady" a request that makes a system call kills the program, and what it
 * allocates is counted. */
#define _GNU_SOURCE
#include "bench.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <uadk/wd_alg.h>
#include <uadk/wd_comp.h>
#include <uadk/wd_sched.h>

enum { LANES = 256, RING = 1024, SIZE = 4096 };

/* struct wd_comp_msg, whose header is not installed: only what the driver needs. */
struct message {
	struct wd_comp_req req;
	char before[172 - sizeof(struct wd_comp_req)];
	__u32 in_cons, produced, isize, checksum, tag;
	bool skip_hw;
};
_Static_assert(offsetof(struct message, tag) == 188, "the layout of struct wd_comp_msg");
struct wd_comp_msg;
struct wd_comp_msg *wd_comp_get_msg(__u32 idx, __u32 tag);

static struct lane {
	unsigned head, tail, index, mode;
	__u32 tags[RING];
} __attribute__((aligned(128))) lanes[LANES];

static char in[SIZE], out[SIZE];
static unsigned contexts;

static int drv_init(struct wd_alg_driver *drv, void *conf)
{
	/* The beginning of struct wd_ctx_config_internal, and of its contexts. */
	struct { __u32 ctx_num; int shmid; struct { handle_t ctx; __u8 op, mode; } *ctxs; } *config = conf;

	(void)drv;
	MUST(config->ctx_num <= LANES);
	contexts = config->ctx_num;
	for (unsigned i = 0; i < contexts; i++) {
		lanes[i] = (struct lane){ .index = i, .mode = config->ctxs[i].mode };
		MUST(wd_ctx_set_priv(config->ctxs[i].ctx, &lanes[i]) == 0);
	}
	return 0;
}

static void drv_exit(struct wd_alg_driver *drv)
{
	(void)drv;
}

static int drv_send(struct wd_alg_driver *drv, handle_t ctx, void *msg)
{
	struct lane *lane = wd_ctx_get_priv(ctx);

	(void)drv;
	if (lane->tail - lane->head == RING)
		return -EBUSY;
	lane->tags[lane->tail++ % RING] = ((struct message *)msg)->tag;
	return 0;
}

static int drv_recv(struct wd_alg_driver *drv, handle_t ctx, void *msg)
{
	struct lane *lane = wd_ctx_get_priv(ctx);
	struct message *m = msg;

	(void)drv;
	if (lane->head == lane->tail)
		return -EAGAIN;
	m->tag = lane->tags[lane->head++ % RING];
	if (lane->mode == CTX_MODE_ASYNC)
		m = (struct message *)wd_comp_get_msg(lane->index, m->tag);
	m->in_cons = SIZE;
	m->produced = SIZE / 4;
	m->req.status = 0;
	return 0;
}

static struct wd_alg_driver driver = {
	.drv_name = "nulldev", .alg_name = "zlib", .priority = 900, .calc_type = UADK_ALG_HW, .queue_num = 1,
	.op_type_num = 2, .init = drv_init, .exit = drv_exit, .send = drv_send, .recv = drv_recv,
};

static void start(unsigned sync, unsigned async)
{
	struct wd_ctx_nums numbers[2] = { { sync, async } };
	struct wd_ctx_params params = { .op_type_num = 1, .ctx_set_num = numbers };

	MUST(wd_alg_driver_register(&driver) == 0);
	MUST(wd_comp_init2_((char *)"zlib", SCHED_POLICY_RR, TASK_HW, &params) == 0);
}

static handle_t session(void)
{
	struct sched_params params = { .numa_id = 0, .type = WD_DIR_COMPRESS };
	struct wd_comp_sess_setup setup = { .alg_type = WD_ZLIB, .comp_lv = WD_COMP_L1, .win_sz = WD_COMP_WS_32K,
					    .sched_param = &params };
	handle_t s = wd_comp_alloc_sess(&setup);

	MUST(s);
	return s;
}

static void fill(struct wd_comp_req *req)
{
	req->src_len = SIZE;
	req->dst_len = SIZE;
}

static void sync_requests(handle_t s, long count)
{
	struct wd_comp_req req = { .src = in, .dst = out, .op_type = WD_DIR_COMPRESS };

	while (count-- > 0) {
		fill(&req);
		MUST(wd_do_comp_sync(s, &req) == 0 && req.dst_len == SIZE / 4);
	}
}

static void *called(struct wd_comp_req *req, void *param)
{
	*(long *)param += req->dst_len == SIZE / 4;
	return NULL;
}

/* `poll` asks one context, or all of them. */
static void async_requests(handle_t *s, unsigned n, unsigned batch, long count, int index)
{
	struct wd_comp_req req = { .src = in, .dst = out, .op_type = WD_DIR_COMPRESS, .cb = called };
	unsigned next = 0;
	long back = 0, sent = 0;

	req.cb_param = &back;
	while (back < count) {
		for (unsigned i = 0; i < batch; i++) {
			fill(&req);
			MUST(wd_do_comp_async(s[next], &req) == 0);
			next = next + 1 == n ? 0 : next + 1;
		}
		sent += batch;
		while (back < sent) {
			__u32 got = 0;
			int answer = index < 0 ? wd_comp_poll(sent - back, &got) :
						 wd_comp_poll_ctx(index, sent - back, &got);

			MUST(answer == 0 || answer == -EAGAIN);
		}
	}
}

static handle_t sessions[LANES];
static unsigned batch;
static long each;

/* The context that a session sends to: the one with something in it. */
static int context_of(handle_t s)
{
	struct wd_comp_req req = { .src = in, .dst = out, .cb = called };
	long back = 0;
	__u32 got;

	req.cb_param = &back;
	fill(&req);
	MUST(wd_do_comp_async(s, &req) == 0);
	for (unsigned i = 0; i < contexts; i++)
		if (lanes[i].head != lanes[i].tail) {
			MUST(wd_comp_poll_ctx(i, 1, &got) == 0 && back == 1);
			return (int)i;
		}
	abort();
}

static pthread_barrier_t ready;
static int indexes[LANES];
static double took[LANES];

static void *sync_thread(void *number)
{
	size_t i = (size_t)number;

	pthread_barrier_wait(&ready);
	took[i] = now();
	sync_requests(sessions[i], each);
	took[i] = now() - took[i];
	return NULL;
}

static void *poll_thread(void *number)
{
	size_t i = (size_t)number;

	pthread_barrier_wait(&ready);
	took[i] = now();
	async_requests(&sessions[i], 1, 8, each, indexes[i]);
	took[i] = now() - took[i];
	return NULL;
}

static double run_threads(unsigned n, void *(*body)(void *))
{
	pthread_t threads[LANES];
	double sum = 0;

	pthread_barrier_init(&ready, NULL, n);
	for (size_t i = 0; i < n; i++)
		MUST(pthread_create(&threads[i], NULL, body, (void *)i) == 0);
	for (unsigned i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		sum += took[i];
	}
	return sum / ((double)each * n);
}

static double run(const char *mode, unsigned n, long count)
{
	double begin;

	if (!strcmp(mode, "threads"))
		return run_threads(n, sync_thread);
	if (!strcmp(mode, "poll-threads"))
		return run_threads(n, poll_thread);
	begin = now();
	if (!strcmp(mode, "sync"))
		sync_requests(sessions[0], count);
	else
		async_requests(sessions, n, batch, count, -1);
	return (now() - begin) / (double)count;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "", *how = argc > 5 ? argv[5] : "";
	bool async = strstr(mode, "async") || strstr(mode, "poll");
	unsigned n = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
	double best = 1e30;

	if (argc < 3 || n < 1 || n > LANES / 2) {
		fprintf(stderr, "comp_bench sync|async|threads|poll-threads COUNT [N] [BATCH] [once|steady]\n");
		return 2;
	}
	each = atol(argv[2]);
	batch = argc > 4 ? (unsigned)atoi(argv[4]) : 1;
	start(async ? 1 : n, async ? n : 1);
	for (unsigned i = 0; i < n; i++)
		sessions[i] = session();
	for (unsigned i = 0; i < n && async; i++)
		indexes[i] = context_of(sessions[i]);
	run(mode, n, *how ? 1000 : each / 5);
	if (!strcmp(how, "steady")) {
		long before = allocations;

		forbid_system_calls();
		if (async)
			async_requests(sessions, n, batch, each, -1);
		else
			sync_requests(sessions[0], each);
		exit_steady(before);
	}
	if (!strcmp(how, "once")) {
		run(mode, n, each);
		return 0;
	}
	for (int i = 0; i < 5; i++) {
		double spent = run(mode, n, each);

		best = spent < best ? spent : best;
	}
	printf("%.1f\n", best);
	return 0;
}
