/* SPDX-License-Identifier: Apache-2.0
 *
 * uadk_v1_pools: pools of blocks and of scatter-gather lists of UADK v1, with memory of a queue and of
 * the program's own. Prints what it sees, which is the same on all libraries and devices; addresses are
 * not printed. With the argument "misuse" what the C library does not survive, too. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uadk/v1/wd.h>
#include <uadk/v1/wd_bmm.h>
#include <uadk/v1/wd_sgl.h>

#define SAY(call) printf("%s: %ld\n", #call, (long)(call))
#define SAY_PTR(call) printf("%s: %s\n", #call, (call) ? "some" : "none")
#define SAY_VOID(call) \
	do { \
		(call); \
		printf("%s: returns\n", #call); \
	} while (0)
#define REQUIRE(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			exit(1); \
		} \
	} while (0)

/* The device sees the program's own memory so much further on. */
enum { SHIFT = 1 << 30, BLOCKS = 20, BUF = 2048 };

static long allocated, mapped, unmapped, maps_left = 1 << 20;

static void *own_alloc(void *usr, size_t size)
{
	REQUIRE(usr == &allocated);
	allocated++;
	return malloc(size);
}

static void own_free(void *usr, void *at)
{
	REQUIRE(usr == &allocated);
	allocated--;
	free(at);
}

static void *own_map(void *usr, void *at, size_t size)
{
	REQUIRE(usr == &allocated && size);
	if (!maps_left)
		return NULL;
	maps_left--, mapped++;
	return (char *)at + SHIFT;
}

static void own_unmap(void *usr, void *at, void *iova, size_t size)
{
	REQUIRE(usr == &allocated && size && (char *)iova == (char *)at + SHIFT);
	unmapped++;
}

static const struct wd_mm_br own = { own_alloc, own_free, own_map, own_unmap, &allocated, NULL };
static const struct wd_mm_br none;

static void request(struct wd_queue *q)
{
	memset(q, 0, sizeof(*q));
	q->capa.alg = "zlib";
	REQUIRE(wd_request_queue(q) == 0);
}

static long free_blocks(void *pool)
{
	__u32 n = 77;

	REQUIRE(wd_get_free_blk_num(pool, &n) == 0);
	return n;
}

static long failures(void *pool)
{
	__u32 n = 77;

	REQUIRE(wd_blk_alloc_failures(pool, &n) == 0);
	return n;
}

/* A pool with blocks of 1000 bytes aligned to 64. */
static void use_blocks(void *pool)
{
	char *block[BLOCKS + 1], *iova;
	int n = 0;

	SAY(wd_blksize(pool));
	SAY(free_blocks(pool));
	while (n <= BLOCKS && (block[n] = wd_alloc_blk(pool))) {
		REQUIRE((uintptr_t)block[n] % 64 == 0);
		memset(block[n], n, 1000);
		REQUIRE((iova = wd_blk_iova_map(pool, block[n])));
		REQUIRE((char *)wd_blk_iova_map(pool, block[n] + 999) == iova + 999);
		wd_blk_iova_unmap(pool, iova, block[n]);
		n++;
	}
	SAY(n);
	for (int i = 0; i < n; i++)
		for (int at = 0; at < 1000; at++)
			REQUIRE(block[i][at] == i);
	SAY(free_blocks(pool));
	SAY(failures(pool));
	SAY_PTR(wd_alloc_blk(pool));
	SAY(failures(pool));
	SAY_VOID(wd_blkpool_destroy(pool));
	SAY_VOID(wd_free_blk(pool, NULL));
	SAY_VOID(wd_free_blk(pool, block[3]));
	SAY(free_blocks(pool));
	SAY_VOID(wd_free_blk(pool, block[3]));
	SAY(free_blocks(pool));
	SAY_PTR(wd_blk_iova_map(pool, block[3]));
	SAY_PTR(wd_blk_iova_map(pool, NULL));
	/* The block that came back last is taken first. */
	SAY(wd_alloc_blk(pool) == block[3]);
	while (n)
		wd_free_blk(pool, block[--n]);
	SAY(free_blocks(pool));
	SAY(wd_get_free_blk_num(pool, NULL));
	SAY(wd_blk_alloc_failures(pool, NULL));
}

static void blocks_of_queue(void)
{
	struct wd_blkpool_setup setup = { .block_size = 1000, .block_num = BLOCKS, .align_size = 64, .br = none };
	struct wd_queue q;
	void *pool;

	printf("blocks of a queue\n");
	request(&q);
	SAY_PTR(pool = wd_blkpool_create(&q, &setup));
	SAY(setup.block_num);
	use_blocks(pool);
	SAY_PTR(wd_blkpool_create(&q, &setup));
	SAY_VOID(wd_blkpool_destroy(pool));
	SAY_VOID(wd_release_queue(&q));
}

static void blocks_of_program(void)
{
	struct wd_blkpool_setup setup = { .block_size = 1000, .block_num = BLOCKS, .align_size = 64, .br = own };
	void *pool;

	printf("blocks of the program\n");
	SAY_PTR(pool = wd_blkpool_create(NULL, &setup));
	SAY(setup.block_num);
	SAY(allocated);
	SAY(mapped);
	use_blocks(pool);
	SAY(mapped);
	SAY_VOID(wd_blkpool_destroy(pool));
	SAY(allocated);
	maps_left = 3;
	SAY_PTR(wd_blkpool_create(NULL, &setup));
	SAY(allocated);
	maps_left = 1 << 20;
}

static const char *tried(__u32 size, __u32 num, __u32 align)
{
	struct wd_blkpool_setup setup = { .block_size = size, .block_num = num, .align_size = align, .br = own };
	void *pool = wd_blkpool_create(NULL, &setup);

	wd_blkpool_destroy(pool);
	return pool ? "some" : "none";
}

static void blocks_that_cannot_be(void)
{
	static const __u32 bad[][3] = {
		{ 0, 1, 8 }, { 1, 0, 8 }, { 1, 1, 1 }, { 1, 1, 3 }, { 1, 1, 8192 }, { (256 << 20) + 1, 1, 8 },
		{ 1, 1, 2 }, { 1, 1, 4096 }, { 5000, 3, 16 },
	};
	struct wd_blkpool_setup setup = { .block_size = 64, .block_num = 1, .align_size = 8, .br = none };
	__u32 n;

	printf("blocks that cannot be\n");
	SAY_PTR(wd_blkpool_create(NULL, NULL));
	SAY_PTR(wd_blkpool_create(NULL, &setup));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		printf("%u blocks of %u aligned to %u: %s\n", bad[i][1], bad[i][0], bad[i][2],
		       tried(bad[i][0], bad[i][1], bad[i][2]));
	SAY_PTR(wd_alloc_blk(NULL));
	SAY_VOID(wd_free_blk(NULL, &n));
	SAY(wd_get_free_blk_num(NULL, &n));
	SAY(wd_blk_alloc_failures(NULL, &n));
	SAY_PTR(wd_blk_iova_map(NULL, &n));
	SAY_VOID(wd_blk_iova_unmap(NULL, NULL, NULL));
	SAY(wd_blksize(NULL));
	SAY_VOID(wd_blkpool_destroy(NULL));
	SAY(allocated);
}

static long free_lists(void *pool)
{
	__u32 n = 77;

	REQUIRE(wd_get_free_sgl_num(pool, &n) == 0);
	return n;
}

static unsigned char text[20 * BUF], back[20 * BUF];

static void say_data(struct wd_sgl *sgl)
{
	__u32 sum = 77, each = 77;

	REQUIRE(wd_get_sgl_datalen(sgl, &sum) == 0);
	printf("data %u:", sum);
	for (int i = 1; i <= wd_get_sgl_sge_num(sgl); i++) {
		REQUIRE(wd_get_sge_datalen(sgl, i, &each) == 0);
		printf(" %u", each);
	}
	printf("\n");
}

/* Copies in and out, and says how each ended. */
static void copy(struct wd_sgl *sgl, size_t offset, size_t size)
{
	int in = wd_sgl_cp_from_pbuf(sgl, offset, text, size), out;
	size_t count = in ? (size_t)in : size;

	memset(back, 0xEE, sizeof(back));
	out = wd_sgl_cp_to_pbuf(sgl, offset, back, size);
	printf("copy %zu at %zu: %d %d\n", size, offset, in, out);
	if (in < 0)
		return;
	REQUIRE(memcmp(text, back, count) == 0 && back[count] == 0xEE);
	say_data(sgl);
}

static void say_list(struct wd_sgl *sgl)
{
	size_t size = 77;
	__u32 n = 77;

	SAY(wd_get_sgl_sge_num(sgl));
	SAY(wd_get_sgl_buf_num(sgl));
	SAY(wd_get_sgl_buf_sum(sgl));
	SAY(wd_get_sgl_mem_size(sgl, &size));
	SAY(size);
	SAY(wd_get_free_sgl_sge_num(sgl, &n));
	SAY(n);
	SAY(wd_get_sgl_bufsize(sgl, &n));
	SAY(n);
	for (int i = 0; i <= wd_get_sgl_sge_num(sgl) + 1; i++)
		printf("entry %d: %s, %d\n", i, wd_get_sge_buf(sgl, i) ? "some" : "none",
		       wd_get_sge_datalen(sgl, i, &n));
	SAY(wd_get_first_sge_buf(sgl) == wd_get_sge_buf(sgl, 1));
	SAY_PTR(wd_get_last_sge_buf(sgl));
}

/* What a device reads of a list in the program's own memory. */
static void say_hardware(void *pool, struct wd_sgl *sgl)
{
	unsigned char *iova = wd_sgl_iova_map(pool, sgl, 1), *list;
	uint64_t next, address;
	uint16_t counts[3];
	uint32_t length;

	wd_sgl_iova_unmap(pool, iova, sgl);
	for (int i = 1; iova; iova = (unsigned char *)(uintptr_t)next) {
		list = iova - SHIFT;
		REQUIRE((uintptr_t)list % 64 == 0);
		memcpy(&next, list, 8);
		memcpy(counts, list + 8, 6);
		printf("hardware list: %u in chain, %u used of %u, %s\n", counts[0], counts[1], counts[2],
		       next ? "goes on" : "ends");
		for (int e = 0; e < counts[1]; e++, i++) {
			memcpy(&address, list + 64 + 32 * e, 8);
			memcpy(&length, list + 64 + 32 * e + 16, 4);
			void *here = (char *)(uintptr_t)address - SHIFT;

			if (i <= wd_get_sgl_buf_num(sgl))
				REQUIRE(here == wd_get_sge_buf(sgl, i));
			if (i == wd_get_sgl_buf_sum(sgl))
				REQUIRE(here == wd_get_last_sge_buf(sgl));
			printf(" %u", length);
		}
		printf("\n");
	}
}

static const struct wd_sglpool_setup good = {
	.buf_num = 40, .buf_size = BUF, .sge_num_in_sgl = 5, .buf_num_in_sgl = 4, .sgl_num = 6, .align_size = 64,
};

static void use_lists(void *pool)
{
	struct wd_sgl *a, *b, *c;
	__u32 n = 77;

	SAY(free_lists(pool));
	SAY(wd_get_free_buf_num(pool, &n));
	SAY(n);
	SAY_PTR(wd_alloc_sgl(pool, 0));
	SAY_PTR(wd_alloc_sgl(pool, 8 * BUF + 1));
	SAY_PTR(a = wd_alloc_sgl(pool, 4 * BUF));
	SAY_PTR(b = wd_alloc_sgl(pool, 1));
	SAY_PTR(c = wd_alloc_sgl(pool, 4 * BUF + 1));
	SAY(free_lists(pool));
	say_list(a), say_list(c);
	SAY_PTR(wd_sgl_iova_map(pool, a, 1));
	SAY_PTR(wd_sgl_iova_map(pool, c, 1));
	static const size_t at[] = { 0, 1, BUF - 1, BUF, 3 * BUF + 5, 4 * BUF - 1, 4 * BUF, 6 * BUF, 8 * BUF - 1, 8 * BUF };
	static const size_t sizes[] = { 0, 1, BUF, BUF + 1, 3 * BUF, 5 * BUF, 9 * BUF };

	say_data(a);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			copy(a, at[i], sizes[j]), copy(c, at[i], sizes[j]);
	SAY(wd_sgl_merge(a, a));
	SAY(wd_sgl_merge(a, c));
	SAY(wd_sgl_merge(c, a));
	SAY(wd_sgl_merge(a, NULL));
	SAY(wd_sgl_merge(NULL, a));
	SAY(wd_sgl_merge(a, b));
	SAY(wd_sgl_merge(a, b));
	SAY(wd_get_sgl_buf_sum(a));
	SAY(wd_get_sgl_buf_sum(b));
	copy(a, BUF, 5 * BUF + 9);
	say_data(b);
	SAY(wd_get_last_sge_buf(a) == wd_get_last_sge_buf(b));
	SAY_VOID(wd_free_sgl(pool, b));
	SAY(free_lists(pool));
	SAY_VOID(wd_sglpool_destroy(pool));
	SAY_VOID(wd_free_sgl(pool, a));
	SAY(free_lists(pool));
	SAY_VOID(wd_free_sgl(pool, c));
	SAY(free_lists(pool));
	/* Data goes with the list. */
	for (int i = 0; i < 6; i++) {
		REQUIRE((a = wd_alloc_sgl(pool, 1)) && wd_get_sgl_datalen(a, &n) == 0 && n == 0);
		REQUIRE(wd_get_sgl_buf_sum(a) == 4);
	}
	SAY_PTR(wd_alloc_sgl(pool, 1));
	SAY(free_lists(pool));
}

static void lists_of_program(struct wd_queue *q)
{
	struct wd_sglpool_setup setup = good;
	struct wd_sgl *list, *chain;
	void *pool, *other;

	printf("lists of the program's memory\n");
	setup.br = own;
	SAY_PTR(pool = wd_sglpool_create(q, &setup));
	SAY(allocated);
	list = wd_alloc_sgl(pool, 1), chain = wd_alloc_sgl(pool, 5 * BUF);
	say_hardware(pool, list), say_hardware(pool, chain);
	REQUIRE(wd_sgl_cp_from_pbuf(chain, 0, text, 8 * BUF) == 0);
	say_hardware(pool, chain);
	SAY_PTR(other = wd_sglpool_create(q, &setup));
	SAY(wd_sgl_merge(list, wd_alloc_sgl(other, 1)));
	wd_free_sgl(pool, list), wd_free_sgl(pool, chain);
	SAY_VOID(wd_sglpool_destroy(pool));
	SAY(allocated);
	use_lists(wd_sglpool_create(q, &setup));
}

static void lists_of_queue(void)
{
	struct wd_sglpool_setup setup = good;
	struct wd_queue q;

	printf("lists of a queue's memory\n");
	request(&q);
	use_lists(wd_sglpool_create(&q, &setup));
	wd_release_queue(&q);
}

#define TRY(field, value) \
	do { \
		struct wd_sglpool_setup setup = good; \
		setup.br = own, setup.field = (value); \
		void *pool = wd_sglpool_create(q, &setup); \
		printf("%s = %s: %s\n", #field, #value, pool ? "some" : "none"); \
		if (pool) \
			wd_sglpool_destroy(pool); \
	} while (0)

static void lists_that_cannot_be(struct wd_queue *q)
{
	struct wd_sglpool_setup setup = good;
	size_t size;
	__u32 n;

	printf("lists that cannot be\n");
	TRY(sgl_num, 0);
	TRY(sgl_num, 2049);
	TRY(sgl_num, 10);
	TRY(sgl_num, 11);
	TRY(sge_num_in_sgl, 0);
	TRY(sge_num_in_sgl, 61);
	TRY(sge_num_in_sgl, 60);
	TRY(buf_num_in_sgl, 0);
	TRY(buf_num_in_sgl, 6);
	TRY(buf_num, 23);
	TRY(buf_num, 24);
	TRY(buf_size, 2047);
	TRY(align_size, 4);
	TRY(align_size, 96);
	TRY(align_size, 4096);
	TRY(align_size, 2048);
	SAY_PTR(wd_sglpool_create(NULL, &setup));
	SAY_PTR(wd_sglpool_create(q, NULL));
	SAY_VOID(wd_sglpool_destroy(NULL));
	SAY_PTR(wd_alloc_sgl(NULL, 1));
	SAY_VOID(wd_free_sgl(NULL, NULL));
	SAY(wd_sgl_cp_to_pbuf(NULL, 0, back, 1));
	SAY(wd_sgl_cp_from_pbuf(NULL, 0, text, 1));
	SAY_PTR(wd_sgl_iova_map(NULL, NULL, 1));
	SAY_VOID(wd_sgl_iova_unmap(NULL, NULL, NULL));
	SAY_PTR(wd_get_last_sge_buf(NULL));
	SAY_PTR(wd_get_first_sge_buf(NULL));
	SAY(wd_get_sgl_sge_num(NULL));
	SAY(wd_get_sgl_buf_num(NULL));
	SAY_PTR(wd_get_sge_buf(NULL, 1));
	SAY(wd_get_sgl_buf_sum(NULL));
	SAY(wd_get_sgl_mem_size(NULL, &size));
	SAY(wd_get_free_sgl_num(NULL, &n));
	SAY(wd_get_free_sgl_sge_num(NULL, &n));
	SAY(wd_get_free_buf_num(NULL, &n));
	SAY(wd_get_sgl_datalen(NULL, &n));
	SAY(wd_get_sge_datalen(NULL, 1, &n));
	SAY(wd_get_sgl_bufsize(NULL, &n));
}

/* A child has none of its parent's pools. */
static void in_child(struct wd_queue *q)
{
	struct wd_blkpool_setup blocks = { .block_size = 64, .block_num = 4, .align_size = 64, .br = own };
	struct wd_sglpool_setup setup = good;
	struct wd_sgl *list;
	int status = -1;
	void *pool, *lists;
	__u32 n;

	setup.br = own;
	REQUIRE((pool = wd_blkpool_create(NULL, &blocks)) && (lists = wd_sglpool_create(q, &setup)));
	REQUIRE((list = wd_alloc_sgl(lists, 1)));
	pid_t child = fork();

	REQUIRE(child >= 0);
	if (child == 0) {
		REQUIRE(!wd_alloc_blk(pool) && wd_get_free_blk_num(pool, &n) == -WD_EINVAL);
		REQUIRE(!wd_alloc_sgl(lists, 1) && wd_get_sgl_buf_num(list) == -WD_EINVAL);
		wd_free_sgl(lists, list), wd_sglpool_destroy(lists), wd_blkpool_destroy(pool);
		/* Its own are none of them either. */
		void *fresh = wd_blkpool_create(NULL, &blocks);

		REQUIRE(fresh && fresh != pool && !wd_alloc_blk(pool) && wd_alloc_blk(fresh));
		_exit(0);
	}
	REQUIRE(waitpid(child, &status, 0) == child && status == 0);
	wd_free_sgl(lists, list), wd_sglpool_destroy(lists), wd_blkpool_destroy(pool);
}

/* What is an error here, and the end of the program on the C library. */
static void misuse(struct wd_queue *q)
{
	struct wd_blkpool_setup blocks = { .block_size = 64, .block_num = 4, .align_size = 64, .br = own };
	struct wd_sglpool_setup setup = good;
	struct wd_sgl *list, *foreign, *chain;
	void *pool, *other, *block;
	uint64_t local = 0;
	__u32 n;
	long before = allocated, maps = mapped - unmapped;

	/* Blocks of other pools and of none, pools that are gone and were never there. */
	REQUIRE((pool = wd_blkpool_create(NULL, &blocks)) && (other = wd_blkpool_create(NULL, &blocks)));
	REQUIRE((block = wd_alloc_blk(other)));
	wd_free_blk(pool, block), wd_free_blk(pool, &local), wd_free_blk(pool, (void *)8);
	REQUIRE(free_blocks(pool) == 4 && free_blocks(other) == 3);
	REQUIRE(!wd_blk_iova_map(pool, block) && !wd_blk_iova_map(pool, &local) && !wd_blk_iova_map(pool, (void *)8));
	wd_free_blk(other, block);
	wd_blkpool_destroy(pool), wd_blkpool_destroy(pool), wd_blkpool_destroy(&local);
	REQUIRE(!wd_alloc_blk(pool) && !wd_alloc_blk(&local) && wd_blksize(pool) == 0);
	REQUIRE(wd_get_free_blk_num(pool, &n) == -WD_EINVAL && wd_blk_alloc_failures(&local, &n) == -WD_EINVAL);
	wd_free_blk(pool, block), wd_blkpool_destroy(other);
	blocks.align_size = 0;
	REQUIRE(!wd_blkpool_create(NULL, &blocks));
	blocks.align_size = 64, blocks.br.iova_map = NULL;
	REQUIRE(!wd_blkpool_create(NULL, &blocks));

	/* Lists of other pools, lists that are gone and were never there. */
	setup.br = own;
	REQUIRE((pool = wd_sglpool_create(q, &setup)) && (other = wd_sglpool_create(q, &setup)));
	REQUIRE((list = wd_alloc_sgl(pool, 1)) && (foreign = wd_alloc_sgl(other, 1)));
	wd_free_sgl(pool, foreign), wd_free_sgl(pool, (void *)&local), wd_free_sgl(&local, list), wd_free_sgl(list, list);
	REQUIRE(free_lists(pool) == 5 && free_lists(other) == 5);
	REQUIRE(!wd_sgl_iova_map(pool, foreign, 1) && !wd_sgl_iova_map(&local, list, 1));
	REQUIRE(wd_sgl_merge(list, (void *)&local) == -WD_EINVAL && wd_sgl_merge((void *)&local, list) == -WD_EINVAL);
	REQUIRE(wd_sgl_cp_from_pbuf(list, 0, NULL, 9) == -WD_EINVAL && wd_sgl_cp_to_pbuf(list, 0, NULL, 9) == -WD_EINVAL);
	wd_free_sgl(pool, list);
	REQUIRE(wd_get_sgl_sge_num(list) == -WD_EINVAL && !wd_get_first_sge_buf(list) && !wd_sgl_iova_map(pool, list, 1));
	REQUIRE(wd_sgl_cp_from_pbuf(list, 0, text, 9) == -WD_EINVAL && wd_get_sgl_datalen(list, &n) == -WD_EINVAL);
	/* A chain leaves nothing for those who have its lists next. */
	REQUIRE((chain = wd_alloc_sgl(pool, 5 * BUF)));
	wd_free_sgl(pool, chain);
	for (int i = 0; i < 6; i++) {
		uint64_t next;

		REQUIRE((list = wd_alloc_sgl(pool, 1)));
		memcpy(&next, (char *)wd_sgl_iova_map(pool, list, 1) - SHIFT, 8);
		REQUIRE(next == 0);
		wd_free_sgl(pool, list);
	}
	wd_free_sgl(other, foreign);
	wd_sglpool_destroy(pool), wd_sglpool_destroy(pool), wd_sglpool_destroy(&local), wd_sglpool_destroy(list);
	REQUIRE(!wd_alloc_sgl(pool, 1) && !wd_alloc_sgl(&local, 1) && wd_get_free_sgl_num(pool, &n) == -WD_EINVAL);
	wd_sglpool_destroy(other);
	setup.buf_size = (8 << 20) + 1;
	REQUIRE(!wd_sglpool_create(q, &setup));

	/* All memory has come back, and all mappings. */
	REQUIRE(allocated == before && mapped - unmapped == maps);

	/* A pool goes on without its queue. */
	struct wd_blkpool_setup of_queue = { .block_size = 1000, .block_num = BLOCKS, .align_size = 64, .br = none };
	struct wd_queue gone;

	request(&gone);
	REQUIRE((pool = wd_blkpool_create(&gone, &of_queue)) && (block = wd_alloc_blk(pool)));
	wd_release_queue(&gone);
	memset(block, 0x5A, 1000);
	wd_free_blk(pool, block);
	wd_blkpool_destroy(pool);
	REQUIRE(!wd_blkpool_create(&gone, &of_queue) && !wd_sglpool_create(&gone, &setup));
	in_child(q);
}

int main(int argc, char **argv)
{
	struct wd_queue q;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i / 251 + i);
	request(&q);
	if (argc > 1 && !strcmp(argv[1], "misuse")) {
		misuse(&q);
		return 0;
	}
	blocks_of_queue();
	blocks_of_program();
	blocks_that_cannot_be();
	lists_of_program(&q);
	lists_of_queue();
	lists_that_cannot_be(&q);
	wd_release_queue(&q);
	return 0;
}
