/* SPDX-License-Identifier: Apache-2.0
 *
 * What no program should do with contexts of UADK v1, and what it then gets on this library: an
 * answer. Runs on simulated devices without SVA. */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>
#include "uadk_v1.h"

static unsigned char *in, *out;
static unsigned calls;

static void callback(const void *message, void *tag)
{
	(void)message;
	(void)tag;
	calls++;
}

static void *context(struct line *l, unsigned mode)
{
	struct wcrypto_comp_ctx_setup setup = { .cb = callback, .stream_mode = (__u8)mode, .comp_lv = WCRYPTO_COMP_L8,
						.win_size = WCRYPTO_COMP_WS_32K, .br = blocks_of(l) };
	void *ctx = wcrypto_create_comp_ctx(&l->q, &setup);

	REQUIRE(ctx);
	return ctx;
}

static int ask(void *ctx, void *tag)
{
	struct wcrypto_comp_op_data d = { .in = in, .in_len = 1000, .out = out, .avail_out = 2000, .flush = WCRYPTO_FINISH,
					  .stream_pos = WCRYPTO_COMP_STREAM_NEW };

	return wcrypto_do_comp(ctx, &d, tag);
}

static void start(struct line *l)
{
	open_line(l, "zlib", 0, 0);
	in = wd_alloc_blk(l->pool), out = wd_alloc_blk(l->pool);
	REQUIRE(in && out);
	memset(in, 'x', 1000);
}

/* The parent's contexts and queues are nothing to a child, and the parent goes on. */
static void forked(void)
{
	struct line l;
	void *ctx;
	pid_t child;
	int status;

	start(&l);
	ctx = context(&l, WCRYPTO_COMP_STATELESS);
	REQUIRE(ask(ctx, NULL) == 0);
	child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		struct line own;
		bool refused = ask(ctx, NULL) < 0 && wcrypto_comp_poll(&l.q, 0) < 0;

		wcrypto_del_comp_ctx(ctx);
		start(&own);
		ctx = context(&own, WCRYPTO_COMP_STATELESS);
		_exit(refused && ask(ctx, NULL) == 0 ? 0 : 1);
	}
	REQUIRE(waitpid(child, &status, 0) == child && status == 0);
	REQUIRE(ask(ctx, NULL) == 0);
	wcrypto_del_comp_ctx(ctx);
	close_line(&l);
}

int main(void)
{
	struct line l, other;
	struct wd_queue copy;
	void *ctx, *second;
	__u32 free_blocks;

	REQUIRE(ours());
	start(&other);
	start(&l);
	/* What is no context, and one that was. */
	ctx = context(&l, WCRYPTO_COMP_STATEFUL);
	REQUIRE(ask(ctx, NULL) == 0);
	wcrypto_del_comp_ctx(ctx);
	wcrypto_del_comp_ctx(ctx);
	REQUIRE(ask(ctx, NULL) == -WD_EINVAL && errno == WD_EINVAL);
	REQUIRE(ask(&l, NULL) == -WD_EINVAL && ask(l.pool, NULL) == -WD_EINVAL && ask((void *)-1, NULL) == -WD_EINVAL);
	wcrypto_del_comp_ctx(&l);
	REQUIRE(wd_get_free_blk_num(l.pool, &free_blocks) == 0 && free_blocks == BLOCKS - 2);
	/* Memory of another queue. */
	second = context(&other, WCRYPTO_COMP_STATELESS);
	REQUIRE(ask(second, NULL) == -WD_EINVAL);
	wcrypto_del_comp_ctx(second);
	/* Deleted while its requests are on their way: nobody is called back for them. */
	ctx = context(&l, WCRYPTO_COMP_STATELESS);
	for (int i = 0; i < 64; i++)
		REQUIRE(ask(ctx, &l) == 0);
	REQUIRE(ask(ctx, &l) == -WD_EBUSY);
	wcrypto_del_comp_ctx(ctx);
	REQUIRE(wcrypto_comp_poll(&l.q, 0) == 0 && calls == 0);
	/* The queue is released first, and a copy of its structure is used. */
	ctx = context(&l, WCRYPTO_COMP_STATEFUL);
	REQUIRE(ask(ctx, &l) == 0);
	copy = l.q;
	wd_release_queue(&l.q);
	REQUIRE(ask(ctx, NULL) < 0 && wcrypto_comp_poll(&l.q, 0) < 0 && wcrypto_comp_poll(&copy, 0) < 0);
	REQUIRE(!wcrypto_create_comp_ctx(&copy, NULL));
	wcrypto_del_comp_ctx(ctx);
	REQUIRE(wd_get_free_blk_num(l.pool, &free_blocks) == 0 && free_blocks == BLOCKS - 2);
	REQUIRE(calls == 0);
	wd_blkpool_destroy(l.pool);
	close_line(&other);
	forked();
	puts("good");
	return 0;
}
