/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory pools of wd.h and wd_bmm.h, as a program without SVA uses them, or with it: whichever the
 * device has. Exit 0 is good. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uadk/wd.h>
#include <uadk/wd_bmm.h>

#define CHECK(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			exit(1); \
		} \
	} while (0)

enum { BLOCK = 4096, BLOCKS = 64, THREADS = 4, ROUNDS = 2000 };

static void *pool;
static handle_t blocks;

/* Takes memory, fills it with what is the thread's own, and finds it so. */
static void *work(void *arg)
{
	unsigned char own = (unsigned char)(uintptr_t)arg;
	unsigned char *held[8] = { NULL };

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned char **place = &held[(i * 7 + own) % 8];
		unsigned char *at = *place;

		if (at) {
			for (int k = 0; k < BLOCK; k += 64)
				CHECK(at[k] == own);
			*place = NULL;
			wd_mem_free(pool, at);
		} else if ((at = wd_mem_alloc(pool, BLOCK))) {
			CHECK(wd_mem_map(pool, at, BLOCK));
			memset(at, own, BLOCK);
			*place = at;
		}
		at = wd_block_alloc(blocks);
		if (at) {
			memset(at, own, 100);
			CHECK(at[0] == own && at[99] == own);
			wd_block_free(blocks, at);
		}
	}
	for (int i = 0; i < 8; i++)
		if (held[i])
			wd_mem_free(pool, held[i]);
	return NULL;
}

static void threads(void)
{
	pthread_t thread[THREADS];
	struct wd_blockpool_stats stats;

	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&thread[i], NULL, work, (void *)(i + 1)));
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(thread[i], NULL));
	wd_blockpool_stats(blocks, &stats);
	CHECK(stats.free_block_num == stats.block_num);
}

/* A pool of wd_bmm.h: what it gives, what it refuses. */
static void one_pool(handle_t ctx, unsigned number, int sva)
{
	unsigned free_num = 0, fail_num = 0;
	char *a = wd_mem_alloc(pool, BLOCK), *b = wd_mem_alloc(pool, 10);

	CHECK(a && b && a != b && wd_get_bufsize(pool) == BLOCK && wd_get_dev_id(pool) == 0);
	CHECK(!wd_get_free_num(pool, &free_num) && free_num == number - 2);
	CHECK((wd_mem_map(pool, a, BLOCK) == a) == sva);
	CHECK((char *)wd_mem_map(pool, a + 100, 10) == (char *)wd_mem_map(pool, a, BLOCK) + 100);
	CHECK(sva || !wd_mem_map(pool, a, BLOCK + 1));
	CHECK(!wd_mem_alloc(pool, (size_t)1 << 30) && !wd_mem_alloc(pool, 0));
	CHECK(!wd_get_fail_num(pool, &fail_num) && fail_num == 1);
	wd_mem_free(pool, a + 1);
	wd_mem_free(pool, &free_num);
	wd_mem_free(pool, a);
	wd_mem_free(pool, a);
	CHECK(!wd_get_free_num(pool, &free_num) && free_num == number - 1);
	wd_mempool_free(ctx, pool); /* b is in use */
	CHECK(!wd_get_free_num(pool, &free_num) && free_num == number - 1);
	wd_mem_free(pool, b);
	CHECK(wd_get_free_num(pool, NULL) == -WD_EINVAL && !wd_get_bufsize(NULL));
}

/* The child has none of the handles, and can have its own. */
static void child(void)
{
	int status;
	char *block = wd_block_alloc(blocks);
	pid_t pid;

	CHECK(block);
	strcpy(block, "the parent's");
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		handle_t own = wd_mempool_create(BLOCK, 0);

		CHECK(!strcmp(block, "the parent's"));
		CHECK(!wd_block_alloc(blocks) && !wd_mem_alloc(pool, 1));
		wd_block_free(blocks, block);
		CHECK(!WD_IS_ERR(own) && own != blocks);
		wd_mempool_destroy(own);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	wd_block_free(blocks, block);
}

int main(void)
{
	struct uacce_dev *dev = wd_get_accel_dev("zlib");
	struct wd_mempool_setup setup;
	struct wd_mempool_stats stats;
	handle_t ctx, memory;
	void *last;
	int sva;

	CHECK(dev);
	ctx = wd_request_ctx(dev);
	free(dev);
	CHECK(ctx);
	sva = wd_is_sva(ctx);
	memory = wd_mempool_create(BLOCKS * BLOCK, 0);
	CHECK(!WD_IS_ERR(memory));
	blocks = wd_blockpool_create(memory, 100, 3);
	CHECK(!WD_IS_ERR(blocks));
	CHECK(WD_IS_ERR(wd_blockpool_create(memory, BLOCK, BLOCKS)));
	wd_mempool_stats(memory, &stats);
	CHECK(stats.blk_num == BLOCKS && stats.free_blk_num == BLOCKS - 1);

	memset(&setup, 0xa5, sizeof(setup));
	setup.block_size = BLOCK;
	setup.block_num = BLOCKS;
	setup.align_size = 64;
	pool = wd_mempool_alloc(ctx, &setup);
	CHECK(pool && setup.block_num >= BLOCKS);
	one_pool(ctx, setup.block_num, sva);
	threads();
	child();

	/* In any order, with a block in use. */
	last = wd_block_alloc(blocks);
	wd_mempool_destroy(memory);
	wd_blockpool_destroy(blocks);
	CHECK(!wd_block_alloc(blocks));
	memset(last, 1, 100);
	wd_block_free(blocks, last);
	wd_release_ctx(ctx);
	last = wd_mem_alloc(pool, BLOCK);
	CHECK(last);
	memset(last, 1, BLOCK);
	wd_mem_free(pool, last);
	wd_mempool_free(ctx, pool);
	CHECK(!wd_mem_alloc(pool, 1));
	return 0;
}
