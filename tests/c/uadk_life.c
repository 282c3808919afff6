/* SPDX-License-Identifier: Apache-2.0
 *
 * Initialising, in all orders; contexts and schedulers of the caller's own; children. Runs in the
 * world of uadk_world.sh. */
#include "uadk_driver.h"

static char in[32] = "what is compressed", out[32];

static int work(handle_t s)
{
	struct wd_comp_req req = { .src = in, .src_len = sizeof(in), .dst = out, .dst_len = sizeof(out) };
	int answer;

	memset(out, 0, sizeof(out));
	answer = wd_do_comp_sync(s, &req);
	return answer ? answer : memcmp(in, out, sizeof(in)) ? 1 : 0;
}

static void orders(void)
{
	handle_t s;

	title("init2 and uninit2");
	SAY_VOID(wd_comp_uninit2());
	SAY(null_start_with("zlib", SCHED_POLICY_RR, 1, 1));
	SAY(null_start_with("zlib", SCHED_POLICY_RR, 1, 1));
	SAY(null_start_with("gzip", SCHED_POLICY_RR, 1, 1));
	SAY(wd_comp_init2_(NULL, 99, 99, NULL));
	s = null_session(WD_DEFLATE, WD_DIR_COMPRESS);
	SAY(work(s));
	wd_comp_free_sess(s);
	SAY_VOID(wd_comp_uninit2());
	SAY_VOID(wd_comp_uninit2());
	printf("inits %u exits %u\n", null.inits, null.exits);
	for (int i = 0; i < 20; i++) {
		REQUIRE(null_start_with("zlib", SCHED_POLICY_RR, 2, 2) == 0);
		s = null_session(WD_DEFLATE, WD_DIR_COMPRESS);
		REQUIRE(s && work(s) == 0);
		wd_comp_free_sess(s);
		wd_comp_uninit2();
	}
	printf("inits %u exits %u\n", null.inits, null.exits);
	title("a driver that cannot");
	null.init_answer = -WD_EIO;
	SAY(null_start_with("zlib", SCHED_POLICY_RR, 1, 1));
	null.init_answer = 0;
	SAY(null_start_with("zlib", SCHED_POLICY_RR, 1, 1));
	SAY_VOID(wd_comp_uninit2());
	printf("inits %u exits %u\n", null.inits, null.exits);
	title("policies and tasks");
	for (int policy = 0; policy < 5; policy++)
		for (int task = -1; task < 4; task++) {
			struct wd_ctx_nums sets[2] = { { 2, 2 }, { 2, 2 } };
			struct wd_ctx_params params = { .op_type_num = 2, .ctx_set_num = sets };

			/* This project's library has software where the C library has none, and also initialises
			 * with the two simple policies, for which the C library prepares no contexts here. */
			if (task == TASK_INSTR || policy == SCHED_POLICY_NONE || policy == SCHED_POLICY_SINGLE)
				continue;
			null.contexts = 0;
			printf("policy %d task %d: %d", policy, task, wd_comp_init2_("zlib", policy, task, &params));
			/* Of the two devices one was chosen. */
			s = null.contexts ? null_session_on(0, WD_DEFLATE, WD_DIR_COMPRESS) : 0;
			if (null.contexts && !s)
				s = null_session_on(1, WD_DEFLATE, WD_DIR_COMPRESS);
			printf(" contexts %u session %d", null.contexts, s != 0);
			printf(" work %d\n", s ? work(s) : 0);
			wd_comp_free_sess(s);
			wd_comp_uninit2();
		}
	title("formats");
	static char *const names[] = { "zlib", "gzip", "deflate", "lz4", "lz77_zstd", "lz77_only", "", "zli", "zlibb" };

	for (size_t i = 0; i < COUNT(names); i++) {
		printf("%s: %d\n", names[i], null_start_with(names[i], SCHED_POLICY_RR, 1, 0));
		wd_comp_uninit2();
	}
}

/* A scheduler of the caller's own. */
static int keys, picks, polls;
static handle_t my_init(handle_t ctx, void *param)
{
	(void)ctx, (void)param;
	keys++;
	return (handle_t)calloc(1, 8);
}
static __u32 picked;
static __u32 my_pick(handle_t ctx, void *key, const int mode)
{
	(void)ctx, (void)key, (void)mode;
	picks++;
	return picked;
}
static int my_poll(handle_t ctx, __u32 expect, __u32 *count)
{
	(void)ctx, (void)expect;
	polls++;
	*count = 7;
	return -WD_EIO;
}

static void *never(struct wd_comp_req *req, void *param)
{
	(void)req;
	return param;
}

static void own_contexts(void)
{
	struct uacce_dev *dev = wd_get_accel_dev("zlib");
	struct wd_ctx ctxs[2] = { { .op_type = 0, .ctx_mode = CTX_MODE_SYNC },
				  { .op_type = 0, .ctx_mode = CTX_MODE_ASYNC } };
	struct wd_ctx_config config = { .ctx_num = 2, .ctxs = ctxs };
	struct wd_sched sched = { .name = "mine", .sched_init = my_init, .pick_next_ctx = my_pick,
				  .poll_policy = my_poll };
	struct wd_comp_req req = { .src = in, .src_len = 4, .dst = out, .dst_len = 4, .cb = never, .cb_param = in };
	struct wd_sched bad;
	handle_t s;
	__u32 count = 0;

	title("contexts of the caller's own");
	REQUIRE(dev);
	ctxs[0].ctx = wd_request_ctx(dev);
	ctxs[1].ctx = wd_request_ctx(dev);
	REQUIRE(ctxs[0].ctx && ctxs[1].ctx);
	SAY(wd_comp_init(NULL, &sched));
	SAY(wd_comp_init(&config, NULL));
	config.ctx_num = 0;
	SAY(wd_comp_init(&config, &sched));
	config.ctx_num = 2, config.ctxs = NULL;
	SAY(wd_comp_init(&config, &sched));
	config.ctxs = ctxs;
	bad = sched, bad.pick_next_ctx = NULL;
	SAY(wd_comp_init(&config, &bad));
	bad = sched, bad.poll_policy = NULL;
	SAY(wd_comp_init(&config, &bad));
	SAY(wd_comp_init(&config, &sched));
	SAY(wd_comp_init(&config, &sched));
	s = null_session(WD_DEFLATE, WD_DIR_COMPRESS);
	printf("keys %d\n", keys);
	SAY(work(s));
	printf("picks %d\n", picks);
	picked = 1;
	SAY(work(s));
	SAY(wd_do_comp_async(s, &req));
	picked = 0;
	SAY(wd_do_comp_async(s, &req));
	picked = 2;
	SAY(work(s));
	SAY(wd_do_comp_async(s, &req));
	picked = INVALID_POS;
	SAY(work(s));
	SAY(wd_comp_poll(1, &count));
	printf("polls %d count %u\n", polls, count);
	SAY(wd_comp_poll_ctx(1, 1, &count));
	printf("count %u\n", count);
	wd_comp_free_sess(s);
	SAY_VOID(wd_comp_uninit());
	SAY_VOID(wd_comp_uninit());
	wd_release_ctx(ctxs[0].ctx);
	wd_release_ctx(ctxs[1].ctx);
	free(dev);
}

static void devices(void)
{
	struct uacce_dev_list *list = wd_get_accel_list("zlib"), *at;
	struct uacce_dev *dev;
	handle_t h;
	int n = 0;

	title("devices");
	for (at = list; at; at = at->next, n++)
		printf("api %s algs %d flags %d node %d mmio %lu dus %lu ss %lu isolate %d available %d\n",
		       at->dev->api, (int)strlen(at->dev->algs), at->dev->flags, at->dev->numa_id,
		       at->dev->qfrs_offs[UACCE_QFRT_MMIO], at->dev->qfrs_offs[UACCE_QFRT_DUS],
		       at->dev->qfrs_offs[UACCE_QFRT_SS], wd_is_isolate(at->dev), wd_get_avail_ctx(at->dev));
	printf("%d devices\n", n);
	dev = wd_find_dev_by_numa(list, 0);
	printf("on node 0: %d\n", !WD_IS_ERR(dev));
	SAY_PTR(wd_find_dev_by_numa(list, 1));
	SAY_PTR(wd_find_dev_by_numa(list, -1));
	h = wd_request_ctx(dev);
	REQUIRE(h);
	printf("api %s sva %d node %d mmio %lu dus %lu ss %lu\n", wd_ctx_get_api(h), wd_is_sva(h), wd_get_numa_id(h),
	       wd_ctx_get_region_size(h, UACCE_QFRT_MMIO), wd_ctx_get_region_size(h, UACCE_QFRT_DUS),
	       wd_ctx_get_region_size(h, UACCE_QFRT_SS));
	SAY(wd_ctx_get_region_size(h, UACCE_QFRT_MAX));
	SAY_PTR(wd_ctx_get_priv(h));
	SAY(wd_ctx_set_priv(h, in));
	SAY(wd_ctx_get_priv(h) == in);
	printf("name %d\n", strncmp(wd_ctx_get_dev_name(h), "nulldev-", 8));
	SAY(wd_ctx_start(h) < 0);
	SAY(wd_release_ctx_force(h) != 0);
	wd_release_ctx(h);
	wd_free_list_accels(list);
	SAY(wd_get_dev_usage(NULL, "zlib", 0));
}

/* The parent is initialised; a child initialises anew, and works. */
static void children(void)
{
	handle_t s;
	int status;
	pid_t pid;

	title("children");
	fflush(stdout);
	REQUIRE(null_start_with("zlib", SCHED_POLICY_RR, 1, 1) == 0);
	s = null_session(WD_DEFLATE, WD_DIR_COMPRESS);
	REQUIRE(work(s) == 0);
	pid = fork();
	REQUIRE(pid >= 0);
	if (!pid) {
		handle_t mine;

		printf("child init: %d\n", null_start_with("zlib", SCHED_POLICY_RR, 1, 1));
		printf("child init again: %d\n", null_start_with("zlib", SCHED_POLICY_RR, 1, 1));
		mine = null_session(WD_DEFLATE, WD_DIR_COMPRESS);
		printf("child session: %d\n", mine != 0);
		printf("child work: %d\n", work(mine));
		wd_comp_free_sess(mine);
		wd_comp_uninit2();
		_exit(0);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	printf("child exit: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	SAY(work(s));
	wd_comp_free_sess(s);
	wd_comp_uninit2();
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	null_register();
	orders();
	own_contexts();
	devices();
	children();
	return 0;
}
