/* SPDX-License-Identifier: Apache-2.0
 *
 * Data, sessions and requests of programs that compress: structures are full of junk where a field
 * does not matter, and memory ends at a page that must not be touched. */
#ifndef UADK_DATA_H
#define UADK_DATA_H

#include "uadk.h"

/* `size` bytes of junk that end where a page without access begins. */
static UNUSED unsigned char *guarded(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;
	unsigned char *at = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(at != MAP_FAILED && mprotect(at + whole, page, PROT_NONE) == 0);
	memset(at, 0xA5, whole);
	return at + whole - size;
}

static UNUSED void release(unsigned char *at, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;

	munmap(at + size - whole, whole + page);
}

static UNUSED unsigned char *text(size_t size)
{
	unsigned char *at = guarded(size);
	unsigned state = 1;

	for (size_t i = 0; i < size; i++) {
		state = state * 1664525 + 1013904223;
		at[i] = (unsigned char)(i % 100 < 60 ? i / 100 : state >> 26);
	}
	return at;
}

static UNUSED handle_t session(unsigned alg, unsigned op, unsigned level)
{
	struct sched_params params;
	struct wd_comp_sess_setup setup;
	handle_t s;

	memset(&params, 0xA5, sizeof(params));
	memset(&setup, 0xA5, sizeof(setup));
	params.numa_id = 0;
	params.type = (__u8)op;
	setup.alg_type = alg;
	setup.op_type = op;
	/* What is not looked at for decompression stays junk. */
	if (op == WD_DIR_COMPRESS) {
		setup.comp_lv = level;
		setup.win_sz = WD_COMP_WS_32K;
	}
	setup.sched_param = &params;
	s = wd_comp_alloc_sess(&setup);
	REQUIRE(s);
	return s;
}

static UNUSED void fill(struct wd_comp_req *req, unsigned op, void *src, size_t len, void *dst, size_t room)
{
	memset(req, 0xA5, sizeof(*req));
	req->src = src, req->src_len = (__u32)len;
	req->dst = dst, req->dst_len = (__u32)room;
	req->op_type = op;
	req->data_fmt = WD_FLAT_BUF;
	req->cb = NULL;
}

/* A list of pieces of `size` bytes and then of one. */
static UNUSED struct wd_datalist *list_of(struct wd_datalist *l, size_t n, unsigned char *at, size_t len, size_t size)
{
	for (size_t i = 0; i < n; i++) {
		size_t now = i % 2 ? 1 : size;

		now = now < len && i + 1 < n ? now : len;
		l[i].data = at, l[i].len = (__u32)now;
		l[i].next = now < len ? &l[i + 1] : NULL;
		at += now, len -= now;
		if (!len)
			break;
	}
	REQUIRE(!len);
	return l;
}

#endif
