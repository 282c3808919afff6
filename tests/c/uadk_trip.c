/* SPDX-License-Identifier: Apache-2.0
 *
 * uadk_trip TASK [DIR]: data through this project's library and back, in all formats and ways, on
 * whatever TASK, one of enum alg_task_type, finds. Structures are full of junk where a field does
 * not matter, output ends at a page that must not be touched, and counters tell that the library
 * did the work. What was compressed is left in DIR for other tools to read. */
#include "uadk.h"
#include <uadk/wd_path.h>

static const char *dir;
static unsigned long long requests;

/* `size` bytes of junk that end where a page without access begins. */
static unsigned char *guarded(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;
	unsigned char *at = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(at != MAP_FAILED && mprotect(at + whole, page, PROT_NONE) == 0);
	memset(at, 0xA5, whole);
	return at + whole - size;
}

static void release(unsigned char *at, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;

	munmap(at + size - whole, whole + page);
}

static unsigned char *text(size_t size)
{
	unsigned char *at = guarded(size);
	unsigned state = 1;

	for (size_t i = 0; i < size; i++) {
		state = state * 1664525 + 1013904223;
		at[i] = (unsigned char)(i % 100 < 60 ? i / 100 : state >> 26);
	}
	return at;
}

static handle_t session(unsigned alg, unsigned op, unsigned level)
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

static void fill(struct wd_comp_req *req, unsigned op, void *src, size_t len, void *dst, size_t room)
{
	memset(req, 0xA5, sizeof(*req));
	req->src = src, req->src_len = (__u32)len;
	req->dst = dst, req->dst_len = (__u32)room;
	req->op_type = op;
	req->data_fmt = WD_FLAT_BUF;
	req->cb = NULL;
}

/* A list of pieces of `size` bytes and then of one. */
static struct wd_datalist *list_of(struct wd_datalist *l, size_t n, unsigned char *at, size_t len, size_t size)
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

static void keep(unsigned alg, const char *what, const void *data, size_t len)
{
	static const char *const ends[] = { "deflate", "zlib", "gz" };
	static int number;
	char name[300];
	FILE *file;

	if (!dir || alg > WD_GZIP)
		return;
	snprintf(name, sizeof(name), "%s/%03d-%s.%s", dir, number++, what, ends[alg]);
	file = fopen(name, "wb");
	REQUIRE(file && fwrite(data, 1, len, file) == len && fclose(file) == 0);
}

enum way { SYNC, SYNC2, LISTS, STREAM, TINY };

/* One direction of one way; the bytes that came out. */
static size_t go(enum way way, unsigned alg, unsigned op, unsigned level, unsigned char *src, size_t len,
		 unsigned char *dst, size_t room)
{
	handle_t s = session(alg, op, level);
	struct wd_comp_req req;
	struct wd_datalist from[80], to[80];
	size_t out = 0, in = 0, piece = way == TINY ? 3001 : 40000, space = way == TINY ? 777 : 50000;

	fill(&req, op, src, len, dst, room);
	switch (way) {
	case SYNC:
		REQUIRE(wd_do_comp_sync(s, &req) == 0);
		requests++;
		break;
	case SYNC2:
		REQUIRE(wd_do_comp_sync2(s, &req) == 0);
		requests++;
		break;
	case LISTS:
		req.data_fmt = WD_SGL_BUF;
		req.list_src = list_of(from, COUNT(from), src, len, 2999);
		req.list_dst = list_of(to, COUNT(to), dst, room, 4096);
		REQUIRE(wd_do_comp_sync(s, &req) == 0);
		requests++;
		break;
	default:
		for (;;) {
			size_t give = len - in < piece ? len - in : piece, take = room - out < space ? room - out : space;

			fill(&req, op, src + in, give, dst + out, take);
			req.last = in + give == len;
			REQUIRE(wd_do_comp_strm(s, &req) == 0);
			REQUIRE(req.status != WD_IN_EPARA && req.src_len <= give && req.dst_len <= take);
			requests++;
			in += req.src_len, out += req.dst_len;
			if (op == WD_DIR_DECOMPRESS ? req.status == WD_STREAM_END :
						      in == len && req.last && req.status == WD_SUCCESS)
				break;
			REQUIRE(req.src_len || req.dst_len || give);
		}
		wd_comp_free_sess(s);
		return out;
	}
	REQUIRE(req.status == 0 && req.dst_len <= room);
	if (op == WD_DIR_COMPRESS)
		REQUIRE(way == SYNC2 || req.src_len == len);
	REQUIRE(wd_comp_sess_path(s) > WD_PATH_NONE);
	wd_comp_free_sess(s);
	return req.dst_len;
}

static void trips(void)
{
	static const char *const names[] = { "sync", "sync2", "lists", "stream", "tiny" };
	static const size_t sizes[] = { 1, 100, 70000 };

	for (unsigned alg = WD_DEFLATE; alg <= WD_GZIP; alg++)
		for (enum way way = SYNC; way <= TINY; way++)
			for (size_t i = 0; i < COUNT(sizes); i++) {
				size_t size = sizes[i], room = size + size / 8 + 600, got;
				unsigned char *plain = text(size), *packed = guarded(room), *again = guarded(size);

				got = go(way, alg, WD_DIR_COMPRESS, 1 + (unsigned)i * 4, plain, size, packed, room);
				REQUIRE(size < 1000 || got < size * 9 / 10);
				keep(alg, names[way], packed, got);
				memmove(packed + room - got, packed, got);
				memset(again, 0x5A, size);
				REQUIRE(go(way, alg, WD_DIR_DECOMPRESS, 0, packed + room - got, got, again, size) == size);
				REQUIRE(memcmp(plain, again, size) == 0);
				release(plain, size), release(packed, room), release(again, size);
			}
}

struct job {
	struct wd_comp_req req;
	__u32 produced, status;
	int done;
};

static void *finished(struct wd_comp_req *req, void *param)
{
	struct job *job = param;

	job->produced = req->dst_len;
	job->status = req->status;
	job->done++;
	return NULL;
}

enum { JOBS = 200, SIZE = 3000, ROOM = 4096 };

static void poll_all(bool by_context)
{
	unsigned back = 0;
	struct wd_comp_stats stats = { .size = sizeof(stats) };

	REQUIRE(wd_comp_get_stats(&stats) == 0);
	for (long tries = 0; back < JOBS; tries++) {
		__u32 got = 0;
		int answer;

		REQUIRE(tries < 100000000);
		if (!by_context) {
			answer = wd_comp_poll(JOBS - back, &got);
			REQUIRE(answer == 0);
			back += got;
			continue;
		}
		for (__u32 i = 0; i < stats.contexts; i++) {
			got = 0;
			answer = wd_comp_poll_ctx(i, 7, &got);
			REQUIRE(answer == 0 || answer == -WD_EAGAIN || (answer == -WD_EINVAL && !got));
			back += got;
		}
	}
	REQUIRE(back == JOBS);
}

static void asynchronous(bool by_context)
{
	static struct job jobs[JOBS];
	unsigned char *plain = text(JOBS * SIZE), *packed = guarded(JOBS * ROOM), *again = guarded(JOBS * SIZE);

	for (unsigned op = WD_DIR_COMPRESS; op <= WD_DIR_DECOMPRESS; op++) {
		handle_t s = session(WD_GZIP, op, 5);

		for (int i = 0; i < JOBS; i++) {
			struct job *job = &jobs[i];
			__u32 len = job->produced;

			if (op == WD_DIR_COMPRESS)
				fill(&job->req, op, plain + i * SIZE, SIZE, packed + i * ROOM, ROOM);
			else
				fill(&job->req, op, packed + i * ROOM, len, again + i * SIZE, SIZE);
			job->req.cb = finished;
			job->req.cb_param = job;
			job->done = 0;
			REQUIRE(wd_do_comp_async(s, &job->req) == 0);
			/* The library has its own copy. */
			memset(&job->req, 0x77, sizeof(job->req));
			requests++;
		}
		poll_all(by_context);
		for (int i = 0; i < JOBS; i++)
			REQUIRE(jobs[i].done == 1 && jobs[i].status == 0);
		wd_comp_free_sess(s);
	}
	REQUIRE(memcmp(plain, again, JOBS * SIZE) == 0);
	release(plain, JOBS * SIZE), release(packed, JOBS * ROOM), release(again, JOBS * SIZE);
}

/* Bad data and too little room are statuses, and nothing is written beyond the room. */
static void refused(void)
{
	unsigned char *plain = text(5000), *packed = guarded(6000), *small = guarded(100);
	handle_t c = session(WD_ZLIB, WD_DIR_COMPRESS, 1), d = session(WD_ZLIB, WD_DIR_DECOMPRESS, 1);
	struct wd_comp_req req;
	size_t len;

	fill(&req, WD_DIR_COMPRESS, plain, 5000, small, 100);
	REQUIRE(wd_do_comp_sync(c, &req) == 0 && req.status == WD_IN_EPARA && req.dst_len <= 100);
	fill(&req, WD_DIR_COMPRESS, plain, 5000, packed, 6000);
	REQUIRE(wd_do_comp_sync(c, &req) == 0 && req.status == 0);
	len = req.dst_len;
	fill(&req, WD_DIR_DECOMPRESS, packed, len, small, 100);
	REQUIRE(wd_do_comp_sync(d, &req) == 0 && req.status == WD_IN_EPARA && req.dst_len <= 100);
	packed[len - 1] ^= 1;
	fill(&req, WD_DIR_DECOMPRESS, packed, len, plain, 5000);
	REQUIRE(wd_do_comp_sync(d, &req) == 0 && req.status == WD_IN_EPARA);
	packed[len - 1] ^= 1;
	fill(&req, WD_DIR_DECOMPRESS, packed, len - 9, plain, 5000);
	REQUIRE(wd_do_comp_sync(d, &req) == 0 && req.status == WD_IN_EPARA);
	packed[7] ^= 0xff;
	fill(&req, WD_DIR_DECOMPRESS, packed, len, plain, 5000);
	REQUIRE(wd_do_comp_sync(d, &req) == 0 && req.status == WD_IN_EPARA);
	wd_comp_free_sess(c), wd_comp_free_sess(d);
	/* A session that was freed is none, nor is any number. */
	fill(&req, WD_DIR_COMPRESS, plain, 5000, packed, 6000);
	REQUIRE(wd_do_comp_sync(c, &req) == -WD_EINVAL && wd_do_comp_sync(77, &req) == -WD_EINVAL);
	REQUIRE(wd_comp_reset_sess(c) == -WD_EINVAL);
	wd_comp_free_sess(c);
	release(plain, 5000), release(packed, 6000), release(small, 100);
}

static void *worker(void *number)
{
	unsigned long long mine = 0;
	size_t size = 20000 + 1000 * (size_t)number, room = size * 2;
	unsigned char *plain = text(size), *packed = guarded(room), *again = guarded(size);

	for (int i = 0; i < 20; i++) {
		handle_t c = session(WD_ZLIB, WD_DIR_COMPRESS, 1), d = session(WD_ZLIB, WD_DIR_DECOMPRESS, 1);
		struct wd_comp_req req;
		size_t len;

		fill(&req, WD_DIR_COMPRESS, plain, size, packed, room);
		REQUIRE(wd_do_comp_sync(c, &req) == 0 && req.status == 0);
		len = req.dst_len;
		fill(&req, WD_DIR_DECOMPRESS, packed, len, again, size);
		REQUIRE(wd_do_comp_sync(d, &req) == 0 && req.status == 0 && req.dst_len == size);
		REQUIRE(memcmp(plain, again, size) == 0);
		mine += 2;
		wd_comp_free_sess(c), wd_comp_free_sess(d);
	}
	release(plain, size), release(packed, room), release(again, size);
	return (void *)(uintptr_t)mine;
}

static void threads(void)
{
	pthread_t t[8];
	void *mine;

	for (size_t i = 0; i < COUNT(t); i++)
		REQUIRE(pthread_create(&t[i], NULL, worker, (void *)i) == 0);
	for (size_t i = 0; i < COUNT(t); i++) {
		pthread_join(t[i], &mine);
		requests += (uintptr_t)mine;
	}
}

int main(int argc, char **argv)
{
	struct wd_ctx_nums numbers[2] = { { 2, 2 }, { 2, 2 } };
	struct wd_ctx_params params = { .op_type_num = 2, .ctx_set_num = numbers };
	struct wd_comp_stats stats = { .size = sizeof(stats) };
	int task = argc > 1 ? atoi(argv[1]) : TASK_MIX;

	dir = argc > 2 ? argv[2] : NULL;
	REQUIRE(wd_comp_init2_((char *)"zlib", SCHED_POLICY_RR, task, &params) == 0);
	trips();
	asynchronous(false);
	asynchronous(true);
	REQUIRE(wd_comp_get_stats(&stats) == 0 && stats.requests >= requests && stats.errors == 0);
	refused();
	threads();
	REQUIRE(wd_comp_get_stats(&stats) == 0 && stats.requests >= requests);
	REQUIRE(stats.hardware + stats.simulated + stats.software + stats.foreign == stats.requests);
	printf("simulated %d software %d strays %llu timeouts %llu\n", stats.simulated != 0, stats.software != 0,
	       (unsigned long long)stats.strays, (unsigned long long)stats.timeouts);
	wd_comp_uninit2();
	return 0;
}
