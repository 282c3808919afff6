/* SPDX-License-Identifier: Apache-2.0
 *
 * What the uadk_v1_*.c programs share, as uadk.h for those of v2: the headers of the two cannot be
 * in one file. Each prints what it sees, the same at every run. */
#ifndef UADK_V1_H
#define UADK_V1_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uadk/v1/wd.h>
#include <uadk/v1/wd_bmm.h>
#include <uadk/v1/wd_comp.h>
#include <uadk/v1/wd_sgl.h>

#define UNUSED __attribute__((unused))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Prints a call that answers a number, and the number. */
#define SAY(call) printf("%s: %ld\n", #call, (long)(call))
/* Prints a call that answers a pointer, and whether it is one. */
#define SAY_PTR(call) printf("%s: %s\n", #call, (call) ? "some" : "none")

/* What must hold, whatever the library. */
#define REQUIRE(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			exit(1); \
		} \
	} while (0)

static UNUSED void title(const char *what)
{
	printf("\n[%s]\n", what);
}

/* Whether the library is this project's: it survives more than can be compared. */
static UNUSED bool ours(void)
{
	return dlsym(RTLD_DEFAULT, "__uadk_v0_wd_send") != NULL;
}

/* A queue, and a pool of blocks in its memory. */
struct line {
	struct wd_queue q;
	void *pool;
};

enum { BLOCK = 160 << 10, BLOCKS = 40 };

static UNUSED void open_queue(struct wd_queue *q, const char *alg, int decompresses, __u32 cookies)
{
	memset(q, 0, sizeof(*q));
	q->capa.alg = alg;
	q->capa.flags = cookies;
	q->capa.priv.direction = (__u8)decompresses;
	REQUIRE(wd_request_queue(q) == 0);
}

static UNUSED void open_line(struct line *l, const char *alg, int decompresses, __u32 cookies)
{
	struct wd_blkpool_setup setup;

	open_queue(&l->q, alg, decompresses, cookies);
	memset(&setup, 0, sizeof(setup));
	setup.block_size = BLOCK;
	setup.block_num = BLOCKS;
	setup.align_size = 64;
	l->pool = wd_blkpool_create(&l->q, &setup);
	REQUIRE(l->pool);
}

static UNUSED void close_line(struct line *l)
{
	wd_blkpool_destroy(l->pool);
	wd_release_queue(&l->q);
}

static UNUSED void *block_alloc(void *pool, size_t size)
{
	return size <= BLOCK ? wd_alloc_blk(pool) : NULL;
}

static UNUSED void *block_map(void *pool, void *va, size_t size)
{
	(void)size;
	return wd_blk_iova_map(pool, va);
}

static UNUSED void block_unmap(void *pool, void *va, void *dma, size_t size)
{
	(void)size;
	wd_blk_iova_unmap(pool, dma, va);
}

/* The operations of a context whose memory is a pool's. */
static UNUSED struct wd_mm_br blocks_of(struct line *l)
{
	struct wd_mm_br br = { .alloc = block_alloc, .free = wd_free_blk, .iova_map = block_map,
			       .iova_unmap = block_unmap, .usr = l->pool };

	return br;
}

static UNUSED void fill_text(unsigned char *at, size_t size)
{
	unsigned state = 1;

	for (size_t i = 0; i < size; i++) {
		state = state * 1664525 + 1013904223;
		at[i] = (unsigned char)(i % 100 < 60 ? i / 100 : state >> 26);
	}
}

static UNUSED unsigned sum_of(const unsigned char *at, size_t size)
{
	unsigned sum = 2166136261u;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ at[i]) * 16777619;
	return sum;
}

#endif
