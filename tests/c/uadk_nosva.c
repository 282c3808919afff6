/* SPDX-License-Identifier: Apache-2.0
 *
 * uadk_nosva: compression on a device without SVA, in all ways, with memory of a pool of wd_bmm.h: the
 * pool itself (UADK_MEM_PROXY), and operations of the program's own that count what is mapped and
 * allocated (UADK_MEM_USER). At the end everything has come back. */
#include "uadk.h"
#include <uadk/wd_bmm.h>

enum { BLOCK = 4096, BLOCKS = 1024, SIZE = 60000, ROOM = 70000, JOBS = 40 };

static void *pool;
static long mapped, allocated;

static void *own_alloc(void *usr, size_t size)
{
	void *at = wd_mem_alloc(usr, size);

	if (at)
		__atomic_add_fetch(&allocated, 1, __ATOMIC_RELAXED);
	return at;
}

static void own_free(void *usr, void *at)
{
	__atomic_sub_fetch(&allocated, 1, __ATOMIC_RELAXED);
	wd_mem_free(usr, at);
}

static void *own_map(void *usr, void *at, size_t size)
{
	void *bus = wd_mem_map(usr, at, size);

	if (bus)
		__atomic_add_fetch(&mapped, 1, __ATOMIC_RELAXED);
	return bus;
}

static void own_unmap(void *usr, void *at, void *bus, size_t size)
{
	__atomic_sub_fetch(&mapped, 1, __ATOMIC_RELAXED);
	wd_mem_unmap(usr, bus, at, size);
}

static handle_t session(unsigned kind, unsigned alg, unsigned op)
{
	struct sched_params params = { .numa_id = 0, .type = (__u8)op };
	struct wd_comp_sess_setup setup, before;

	memset(&setup, 0xA5, sizeof(setup));
	setup.alg_type = alg, setup.op_type = op;
	setup.comp_lv = WD_COMP_L1, setup.win_sz = WD_COMP_WS_32K;
	setup.sched_param = &params;
	setup.mm_type = kind;
	setup.mm_ops.usr = pool;
	if (kind == UADK_MEM_USER)
		setup.mm_ops = (struct wd_mm_ops){ own_alloc, own_free, own_map, own_unmap, wd_get_bufsize, pool, true };
	before = setup;

	handle_t s = wd_comp_alloc_sess(&setup);

	REQUIRE(memcmp(&before, &setup, sizeof(setup)) == 0);
	return s;
}

static void fill(struct wd_comp_req *req, unsigned op, void *src, size_t len, void *dst, size_t room)
{
	memset(req, 0xA5, sizeof(*req));
	req->src = src, req->src_len = (__u32)len;
	req->dst = dst, req->dst_len = (__u32)room;
	req->op_type = op, req->data_fmt = WD_FLAT_BUF;
	req->cb = NULL;
}

static unsigned char *taken(size_t size)
{
	unsigned char *at = wd_mem_alloc(pool, size);

	REQUIRE(at);
	memset(at, 0x5A, size);
	return at;
}

static struct wd_datalist *list_of(struct wd_datalist *l, unsigned char *at, size_t len, size_t piece)
{
	for (size_t i = 0; len; i++) {
		size_t now = len < piece ? len : piece;

		l[i] = (struct wd_datalist){ at, (__u32)now, len == now ? NULL : &l[i + 1] };
		at += now, len -= now;
	}
	return l;
}

static size_t stream(handle_t s, unsigned op, unsigned char *src, size_t len, unsigned char *dst, size_t room)
{
	struct wd_comp_req req;
	size_t in = 0, out = 0;

	for (int i = 0; i < 1000; i++) {
		size_t give = len - in < 9000 ? len - in : 9000, take = room - out < 7000 ? room - out : 7000;

		fill(&req, op, src + in, give, dst + out, take);
		req.last = in + give == len;
		REQUIRE(wd_do_comp_strm(s, &req) == 0 && req.status != WD_IN_EPARA);
		in += req.src_len, out += req.dst_len;
		if (op == WD_DIR_DECOMPRESS ? req.status == WD_STREAM_END : in == len && req.last && !req.status)
			return out;
	}
	REQUIRE(!"an end");
	return 0;
}

static int back;

static void *finished(struct wd_comp_req *req, void *param)
{
	REQUIRE(req->status == 0);
	*(__u32 *)param = req->dst_len;
	back++;
	return NULL;
}

static void poll_all(int expect)
{
	for (long tries = 0; back < expect; tries++) {
		__u32 got = 0;

		REQUIRE(tries < 100000000 && wd_comp_poll((__u32)(expect - back), &got) == 0);
	}
	back = 0;
}

/* Many requests at once, whose session is freed while they are on their way. */
static void asynchronous(unsigned kind, unsigned char *plain)
{
	unsigned char *packed = taken(JOBS * BLOCK), *again = taken(JOBS * BLOCK);
	static __u32 lens[JOBS], sizes[JOBS];
	struct wd_comp_req req;

	for (unsigned op = WD_DIR_COMPRESS; op <= WD_DIR_DECOMPRESS; op++) {
		handle_t s = session(kind, WD_GZIP, op);

		REQUIRE(s);
		for (int i = 0; i < JOBS; i++) {
			if (op == WD_DIR_COMPRESS)
				fill(&req, op, plain + i * 100, 3000, packed + i * BLOCK, BLOCK);
			else
				fill(&req, op, packed + i * BLOCK, lens[i], again + i * BLOCK, BLOCK);
			req.cb = finished, req.cb_param = op ? &sizes[i] : &lens[i];
			REQUIRE(wd_do_comp_async(s, &req) == 0);
		}
		wd_comp_free_sess(s);
		poll_all(JOBS);
	}
	for (int i = 0; i < JOBS; i++)
		REQUIRE(sizes[i] == 3000 && !memcmp(again + i * BLOCK, plain + i * 100, 3000));
	wd_mem_free(pool, packed), wd_mem_free(pool, again);
}

static void round_trip(unsigned kind)
{
	unsigned char *plain = taken(SIZE), *packed = taken(ROOM), *again = taken(SIZE);
	struct wd_datalist from[80], to[80];
	struct wd_comp_req req;
	size_t len;

	for (int i = 0; i < SIZE; i++)
		plain[i] = (unsigned char)(i % 7 ? i / 300 : i * 40503 >> 3);
	for (unsigned alg = WD_ZLIB; alg <= WD_GZIP; alg++) {
		handle_t c = session(kind, alg, WD_DIR_COMPRESS), d = session(kind, alg, WD_DIR_DECOMPRESS);

		REQUIRE(c && d);
		/* Whole requests. */
		fill(&req, WD_DIR_COMPRESS, plain, SIZE, packed, ROOM);
		REQUIRE(wd_do_comp_sync(c, &req) == 0 && req.status == 0 && req.src_len == SIZE);
		len = req.dst_len;
		fill(&req, WD_DIR_DECOMPRESS, packed, len, again, SIZE);
		REQUIRE(wd_do_comp_sync(d, &req) == 0 && req.status == 0 && req.dst_len == SIZE);
		REQUIRE(memcmp(plain, again, SIZE) == 0);
		/* Lists: their nodes are the program's own memory, their pieces the pool's. */
		memset(again, 0, SIZE);
		fill(&req, WD_DIR_COMPRESS, list_of(from, plain, SIZE, 5000), SIZE, list_of(to, packed, ROOM, 4000), ROOM);
		req.data_fmt = WD_SGL_BUF;
		REQUIRE(wd_do_comp_sync(c, &req) == 0 && req.status == 0);
		len = req.dst_len;
		fill(&req, WD_DIR_DECOMPRESS, list_of(from, packed, len, 3000), len, list_of(to, again, SIZE, 1000), SIZE);
		req.data_fmt = WD_SGL_BUF;
		REQUIRE(wd_do_comp_sync(d, &req) == 0 && req.status == 0 && req.dst_len == SIZE);
		REQUIRE(memcmp(plain, again, SIZE) == 0);
		/* Streams, twice, with one that is given up between them. */
		for (int turn = 0; turn < 2; turn++) {
			memset(again, 0, SIZE);
			len = stream(c, WD_DIR_COMPRESS, plain, SIZE, packed, ROOM);
			REQUIRE(stream(d, WD_DIR_DECOMPRESS, packed, len, again, SIZE) == SIZE);
			REQUIRE(memcmp(plain, again, SIZE) == 0);
			fill(&req, WD_DIR_COMPRESS, plain, 9000, again, SIZE);
			req.last = 0;
			REQUIRE(wd_do_comp_strm(c, &req) == 0 && wd_comp_reset_sess(c) == 0);
			fill(&req, WD_DIR_DECOMPRESS, packed, len / 2, again, SIZE);
			REQUIRE(wd_do_comp_strm(d, &req) == 0 && wd_comp_reset_sess(d) == 0);
		}
		/* In pieces. */
		fill(&req, WD_DIR_COMPRESS, plain, SIZE, packed, ROOM);
		REQUIRE(wd_do_comp_sync2(c, &req) == 0);
		len = req.dst_len;
		fill(&req, WD_DIR_DECOMPRESS, packed, len, again, SIZE);
		REQUIRE(wd_do_comp_sync2(d, &req) == 0 && req.dst_len == SIZE && !memcmp(plain, again, SIZE));
		/* Memory that the device cannot reach. */
		static unsigned char elsewhere[SIZE];

		fill(&req, WD_DIR_COMPRESS, elsewhere, SIZE, packed, ROOM);
		REQUIRE(wd_do_comp_sync(c, &req) == -WD_EINVAL);
		fill(&req, WD_DIR_COMPRESS, plain, SIZE, elsewhere, SIZE);
		REQUIRE(wd_do_comp_sync(c, &req) == -WD_EINVAL);
		fill(&req, WD_DIR_COMPRESS, plain, SIZE + 100000, packed, ROOM);
		REQUIRE(wd_do_comp_sync(c, &req) == -WD_EINVAL);
		wd_comp_free_sess(c), wd_comp_free_sess(d);
	}
	asynchronous(kind, plain);
	wd_mem_free(pool, plain), wd_mem_free(pool, packed), wd_mem_free(pool, again);
}

int main(void)
{
	struct wd_mempool_setup setup = { .block_size = BLOCK, .block_num = BLOCKS, .align_size = 64 };
	__u32 before, after;
	handle_t ctx;

	REQUIRE(!wd_find_ctx("zlib"));
	REQUIRE(wd_comp_init2((char *)"zlib", SCHED_POLICY_RR, TASK_HW) == 0);
	REQUIRE((ctx = wd_find_ctx("zlib")) && (pool = wd_mempool_alloc(ctx, &setup)));
	REQUIRE(wd_get_free_num(pool, &before) == 0);
	REQUIRE(!session(UADK_MEM_AUTO, WD_ZLIB, 0) && !session(77, WD_ZLIB, 0));
	round_trip(UADK_MEM_PROXY);
	round_trip(UADK_MEM_USER);
	REQUIRE(wd_get_free_num(pool, &after) == 0 && before == after);
	REQUIRE(mapped == 0 && allocated == 0);
	/* A session that is not freed has its memory after the end all the same. */
	handle_t left = session(UADK_MEM_USER, WD_ZLIB, 0);

	REQUIRE(left && allocated == 1);
	wd_comp_uninit2();
	REQUIRE(!wd_find_ctx("zlib"));
	wd_comp_free_sess(left);
	REQUIRE(allocated == 0);
	wd_mempool_free(ctx, pool);
	return 0;
}
