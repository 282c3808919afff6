/* SPDX-License-Identifier: Apache-2.0
 *
 * uadk_attack PART TASK: what no program should do, on this project's library. Nothing may crash, hang,
 * be written beyond a buffer, or come back twice. */
#include "uadk_data.h"
#include <uadk/wd_path.h>

static int task;
static _Atomic int refusals; /* -WD_EINVAL and the like are good answers too. */

static int start(const char *alg)
{
	struct wd_ctx_nums numbers[2] = { { 2, 2 }, { 2, 2 } };
	struct wd_ctx_params params = { .op_type_num = 2, .ctx_set_num = numbers };

	return wd_comp_init2_((char *)alg, SCHED_POLICY_RR, task, &params);
}

/* Memory with a page on both sides that must not be touched; uninitialised for valgrind. */
struct fence {
	unsigned char *map, *at;
	size_t whole;
};

static struct fence fenced(size_t size, bool at_the_front)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;
	struct fence f;

	f.whole = whole + 2 * page;
	f.map = mmap(NULL, f.whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	REQUIRE(f.map != MAP_FAILED && (!whole || mprotect(f.map + page, whole, PROT_READ | PROT_WRITE) == 0));
	f.at = f.map + page + (at_the_front ? 0 : whole - size);
	return f;
}

static void unfence(struct fence f)
{
	munmap(f.map, f.whole);
}

static size_t pack(unsigned alg, const unsigned char *plain, size_t len, unsigned char *packed, size_t room)
{
	handle_t s = session(alg, WD_DIR_COMPRESS, 1);
	struct wd_comp_req req;

	fill(&req, WD_DIR_COMPRESS, (void *)(uintptr_t)plain, len, packed, room);
	REQUIRE(wd_do_comp_sync(s, &req) == 0 && req.status == 0);
	wd_comp_free_sess(s);
	return req.dst_len;
}

/* Streams that end too early, at each byte, in all ways; and then one that does not. */
static void truncated(unsigned alg)
{
	enum { LEN = 700 };
	unsigned char *plain = text(LEN), packed[LEN + 600];
	size_t len = pack(alg, plain, LEN, packed, sizeof(packed));
	handle_t d = session(alg, WD_DIR_DECOMPRESS, 1);
	struct wd_comp_req req;

	for (size_t cut = 0; cut <= len; cut++) {
		for (int front = 0; front < 2; front++) {
			struct fence in = fenced(cut, front), out = fenced(LEN, front);
			struct wd_datalist from = { in.at, (__u32)cut, NULL }, to = { out.at, LEN, NULL };
			int answer;

			memcpy(in.at, packed, cut);
			fill(&req, WD_DIR_DECOMPRESS, in.at, cut, out.at, LEN);
			answer = wd_do_comp_sync(d, &req);
			REQUIRE(answer == 0 ? (cut == len) == (req.status != WD_IN_EPARA) : answer == -WD_EINVAL && cut < 11);
			REQUIRE(answer || req.dst_len <= LEN);
			fill(&req, WD_DIR_DECOMPRESS, &from, cut, &to, LEN);
			req.data_fmt = WD_SGL_BUF;
			answer = wd_do_comp_sync(d, &req);
			REQUIRE(answer == 0 || answer == -WD_EINVAL);
			REQUIRE(answer || (cut == len) == (req.status != WD_IN_EPARA));
			fill(&req, WD_DIR_DECOMPRESS, in.at, cut, out.at, LEN);
			answer = wd_do_comp_sync2(d, &req);
			REQUIRE((cut == len) == (answer == 0) && (!answer || answer == -WD_EINVAL));
			fill(&req, WD_DIR_DECOMPRESS, in.at, cut, out.at, LEN);
			req.last = 1;
			answer = wd_do_comp_strm(d, &req);
			REQUIRE(answer == 0 || answer == -WD_EINVAL);
			REQUIRE(answer || (req.status == WD_STREAM_END) == (cut == len));
			/* The rest, as if nothing had happened, where the stream can go on. */
			if (answer == 0 && req.status == WD_SUCCESS && cut < len) {
				size_t in_now = req.src_len, out_now = req.dst_len;

				REQUIRE(in_now <= cut);
				fill(&req, WD_DIR_DECOMPRESS, packed + in_now, len - in_now, plain + out_now, LEN - out_now);
				if (out_now < LEN) {
					REQUIRE(wd_do_comp_strm(d, &req) == 0 && req.status == WD_STREAM_END);
					REQUIRE(out_now + req.dst_len == LEN);
				}
			}
			REQUIRE(wd_comp_reset_sess(d) == 0);
			unfence(in), unfence(out);
		}
	}
	wd_comp_free_sess(d);
	release(plain, LEN);
}

/* Output that is too small, at each size, and streams that go on with one byte of room a time. */
static void tight(unsigned alg)
{
	enum { LEN = 300 };
	unsigned char *plain = text(LEN), packed[LEN + 600], again[LEN];
	size_t len = pack(alg, plain, LEN, packed, sizeof(packed));

	for (unsigned op = WD_DIR_COMPRESS; op <= WD_DIR_DECOMPRESS; op++) {
		unsigned char *src = op ? packed : plain;
		size_t size = op ? len : LEN, need = op ? LEN : len;
		handle_t s = session(alg, op, 1);
		struct wd_comp_req req;

		for (size_t room = 0; room < need; room++) {
			for (int front = 0; front < 2; front++) {
				struct fence out = fenced(room, front);
				struct wd_datalist from = { src, (__u32)size, NULL }, to = { out.at, (__u32)room, NULL };
				int answer;

				fill(&req, op, src, size, out.at, room);
				answer = wd_do_comp_sync(s, &req);
				REQUIRE(answer == 0 ? req.status == WD_IN_EPARA && req.dst_len <= room : answer == -WD_EINVAL);
				fill(&req, op, &from, size, &to, room);
				req.data_fmt = WD_SGL_BUF;
				answer = wd_do_comp_sync(s, &req);
				REQUIRE(answer == 0 ? req.status == WD_IN_EPARA : answer == -WD_EINVAL);
				unfence(out);
			}
		}
		for (size_t first = 11; first < 13; first++) {
			size_t in = 0, out = 0;
			unsigned char *to = op ? again : packed;

			for (int turn = 0; turn < 5000; turn++) {
				struct fence f = fenced(turn ? 1 : first, false);

				fill(&req, op, src + in, size - in, f.at, turn ? 1 : first);
				req.last = 1;
				REQUIRE(wd_do_comp_strm(s, &req) == 0 && req.status != WD_IN_EPARA);
				REQUIRE(req.dst_len <= (turn ? 1 : first) && out + req.dst_len <= (op ? LEN : sizeof(packed)));
				memcpy(to + out, f.at, req.dst_len);
				in += req.src_len, out += req.dst_len;
				unfence(f);
				if (op ? req.status == WD_STREAM_END : in == size && req.status == WD_SUCCESS)
					break;
				REQUIRE(turn < 4999);
			}
			if (op)
				REQUIRE(out == LEN && !memcmp(plain, again, LEN));
			else
				len = out;
		}
		wd_comp_free_sess(s);
	}
	release(plain, LEN);
}

static void *never(struct wd_comp_req *req, void *param)
{
	(void)req, (void)param;
	REQUIRE(!"called back");
	return NULL;
}

static void *once(struct wd_comp_req *req, void *param)
{
	(void)req;
	REQUIRE(__atomic_add_fetch((int *)param, 1, __ATOMIC_RELAXED) == 1);
	return NULL;
}

static void drain(long expect)
{
	for (long turn = 0; expect > 0; turn++) {
		__u32 got = 0;
		int answer = wd_comp_poll((__u32)expect, &got);

		REQUIRE(answer == 0 && turn < 100000000 && got <= expect);
		expect -= got;
	}
}

/* Requests that are none, and lists that are none. */
static void garbage(void)
{
	unsigned char *plain = text(5000), *packed = guarded(9000);
	handle_t c = session(WD_ZLIB, WD_DIR_COMPRESS, 1);
	struct wd_comp_req req;
	static const unsigned junk[] = { 2, 3, 77, 0x80000000, 0xffffffff };
	int dones[8] = { 0 }, posted = 0;

	for (size_t i = 0; i < COUNT(junk); i++) {
		fill(&req, junk[i], plain, 5000, packed, 9000);
		REQUIRE(wd_do_comp_sync(c, &req) == -WD_EINVAL && wd_do_comp_strm(c, &req) == -WD_EINVAL);
		REQUIRE(wd_do_comp_sync2(c, &req) == -WD_EINVAL);
		fill(&req, WD_DIR_COMPRESS, plain, 5000, packed, 9000);
		req.data_fmt = junk[i];
		REQUIRE(wd_do_comp_sync(c, &req) == -WD_EINVAL && wd_do_comp_strm(c, &req) == -WD_EINVAL);
		req.cb = never, req.cb_param = &req;
		REQUIRE(wd_do_comp_async(c, &req) == -WD_EINVAL);
		REQUIRE(wd_do_comp_sync((handle_t)junk[i], &req) == -WD_EINVAL);
	}
	REQUIRE(wd_do_comp_sync(c, NULL) == -WD_EINVAL && wd_do_comp_async(c, NULL) == -WD_EINVAL);
	REQUIRE(wd_do_comp_strm(c, NULL) == -WD_EINVAL && wd_do_comp_sync2(c, NULL) == -WD_EINVAL);
	REQUIRE(wd_do_comp_sync(0, NULL) == -WD_EINVAL);

	/* Lists: one that bites its tail is longer than the request says, so it is good; one that is too
	 * short, has no data, or is empty is not. */
	struct wd_datalist from[3], to[3], loop = { plain, 100, &loop }, nothing = { NULL, 0, &nothing };

	for (int kind = 0; kind < 8; kind++) {
		int answer;

		from[0] = (struct wd_datalist){ plain, 2500, &from[1] };
		from[1] = (struct wd_datalist){ plain + 2500, 2500, NULL };
		to[0] = (struct wd_datalist){ packed, 4500, &to[1] };
		to[1] = (struct wd_datalist){ packed + 4500, 4500, NULL };
		fill(&req, WD_DIR_COMPRESS, from, 5000, to, 9000);
		req.data_fmt = WD_SGL_BUF;
		switch (kind) {
		case 0: from[1].len = 2000; break;
		case 1: to[1].len = 10; break;
		case 2: from[1].data = NULL; break;
		case 3: to[0].data = NULL; break;
		case 4: req.list_src = &nothing; break;
		case 5: req.list_dst = &nothing; break;
		case 6: from[0].next = NULL, from[0].len = 0; break;
		case 7: req.list_src = &loop; break;
		}
		alarm(20);
		answer = wd_do_comp_sync(c, &req);
		REQUIRE(answer == -WD_EINVAL || (answer == 0 && (kind == 7 || kind == 1 || req.status == WD_IN_EPARA)));
		req.cb = once, req.cb_param = &dones[kind];
		fill(&req, WD_DIR_COMPRESS, req.src, 5000, req.dst, 9000);
		req.data_fmt = WD_SGL_BUF;
		req.cb = once, req.cb_param = &dones[kind];
		answer = wd_do_comp_async(c, &req);
		REQUIRE(answer == 0 || answer == -WD_EINVAL);
		posted += !answer;
		drain(posted - dones[0] - dones[1] - dones[2] - dones[3] - dones[4] - dones[5] - dones[6] - dones[7]);
		alarm(0);
	}
	/* The session is as good as before. */
	fill(&req, WD_DIR_COMPRESS, plain, 5000, packed, 9000);
	REQUIRE(wd_do_comp_sync(c, &req) == 0 && req.status == 0);
	wd_comp_free_sess(c);
	release(plain, 5000), release(packed, 9000);
}

/* Lengths beyond what a device can, up to the greatest there is. */
static void huge(void)
{
	static const __u32 lengths[] = { 8 << 20, (8 << 20) + 1, 16 << 20, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff };
	handle_t c = session(WD_ZLIB, WD_DIR_COMPRESS, 1), d = session(WD_ZLIB, WD_DIR_DECOMPRESS, 1);
	unsigned char *zero = mmap(NULL, 1UL << 32, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned char *room = mmap(NULL, 1UL << 32, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct wd_comp_req req;

	REQUIRE(zero != MAP_FAILED && room != MAP_FAILED);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		int answer;

		/* Much input to devices only: software would take its time. */
		if (task == TASK_HW || lengths[i] <= 16 << 20) {
			fill(&req, WD_DIR_COMPRESS, zero, lengths[i], room, 1 << 20);
			answer = wd_do_comp_sync(c, &req);
			REQUIRE(answer == 0 || answer == -WD_EINVAL);
		}
		fill(&req, WD_DIR_COMPRESS, zero, 1 << 20, room, lengths[i]);
		answer = wd_do_comp_sync(c, &req);
		REQUIRE(answer == -WD_EINVAL || (answer == 0 && req.status == 0));
		if (!answer) {
			__u32 len = req.dst_len;

			fill(&req, WD_DIR_DECOMPRESS, room, len, room + (1 << 21), lengths[i] - (1 << 21));
			answer = wd_do_comp_sync(d, &req);
			REQUIRE(answer == -WD_EINVAL || (answer == 0 && req.dst_len == 1 << 20));
			fill(&req, WD_DIR_DECOMPRESS, room, lengths[i], room + (1 << 21), 1 << 20);
			answer = wd_do_comp_sync(d, &req);
			REQUIRE(answer == -WD_EINVAL || answer == 0);
			fill(&req, WD_DIR_DECOMPRESS, room, len, room + (1 << 21), lengths[i] - (1 << 21));
			answer = wd_do_comp_strm(d, &req);
			REQUIRE(answer == -WD_EINVAL || (answer == 0 && req.dst_len <= 1 << 20));
			REQUIRE(wd_comp_reset_sess(d) == 0);
		}
	}
	wd_comp_free_sess(c), wd_comp_free_sess(d);
	munmap(zero, 1UL << 32), munmap(room, 1UL << 32);
}

/* Sessions are opened, used and freed by some threads, and polled by others, while one ends and begins. */
static _Atomic bool over;

static void *user(void *unused)
{
	unsigned char plain[2000], packed[3000];

	(void)unused;
	memset(plain, 'x', sizeof(plain));
	while (!over) {
		struct sched_params params = { .numa_id = 0, .type = 0 };
		struct wd_comp_sess_setup setup = { .alg_type = WD_ZLIB, .comp_lv = 1, .sched_param = &params };
		handle_t s = wd_comp_alloc_sess(&setup);
		struct wd_comp_req req;

		for (int i = 0; s && i < 20; i++) {
			int answer;

			fill(&req, WD_DIR_COMPRESS, plain, sizeof(plain), packed, sizeof(packed));
			req.last = i % 3 == 2;
			answer = i % 2 ? wd_do_comp_sync(s, &req) : wd_do_comp_strm(s, &req);
			REQUIRE(answer == 0 || answer == -WD_EINVAL || answer == -WD_HW_EACCESS);
			if (answer)
				refusals++;
		}
		wd_comp_free_sess(s);
	}
	return NULL;
}

enum { TOKENS = 4000 };
static int tokens[TOKENS];
static unsigned char sink[TOKENS][64], source[1000];

static void *poster(void *unused)
{
	(void)unused;
	for (int i = 0; i < TOKENS && !over;) {
		struct sched_params params = { .numa_id = 0, .type = 0 };
		struct wd_comp_sess_setup setup = { .alg_type = WD_ZLIB, .comp_lv = 1, .sched_param = &params };
		handle_t s = wd_comp_alloc_sess(&setup);
		struct wd_comp_req req;

		for (int k = 0; s && k < 10 && i < TOKENS; k++) {
			fill(&req, WD_DIR_COMPRESS, source, sizeof(source), sink[i], sizeof(sink[i]));
			req.cb = once, req.cb_param = &tokens[i];
			if (wd_do_comp_async(s, &req) == 0)
				i++;
			else
				refusals++;
		}
		/* With requests on their way. */
		wd_comp_free_sess(s);
	}
	return NULL;
}

static void *poller(void *by_context)
{
	while (!over) {
		__u32 got = 0;

		if (by_context)
			wd_comp_poll_ctx((__u32)(refusals % 6), 5, &got);
		else
			wd_comp_poll(3, &got);
	}
	return NULL;
}

static void restless(void)
{
	pthread_t t[6];

	REQUIRE(start("zlib") == 0);
	pthread_create(&t[0], NULL, user, NULL), pthread_create(&t[1], NULL, user, NULL);
	pthread_create(&t[2], NULL, poster, NULL);
	pthread_create(&t[3], NULL, poller, NULL), pthread_create(&t[4], NULL, poller, &t);
	pthread_create(&t[5], NULL, poller, NULL);
	for (int i = 0; i < 40; i++) {
		usleep(5000);
		wd_comp_uninit2();
		usleep(i % 3 * 1000);
		REQUIRE(start("zlib") == 0 && start("zlib") == -WD_EEXIST);
	}
	over = true;
	for (size_t i = 0; i < COUNT(t); i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 20; i++)
		wd_comp_uninit2();
}

/* Children at any moment: they have nothing of their parent's, and can begin anew. */
static void child(handle_t inherited)
{
	unsigned char plain[2000], packed[3000];
	struct wd_comp_req req;
	__u32 got = 0;

	alarm(30);
	memset(plain, 'y', sizeof(plain));
	fill(&req, WD_DIR_COMPRESS, plain, sizeof(plain), packed, sizeof(packed));
	REQUIRE(wd_do_comp_sync(inherited, &req) == -WD_EINVAL && wd_comp_poll(1, &got) == -WD_EINVAL);
	wd_comp_free_sess(inherited);
	wd_comp_uninit2();
	REQUIRE(start("zlib") == 0);
	REQUIRE(pack(WD_ZLIB, plain, sizeof(plain), packed, sizeof(packed)) < 100);
	wd_comp_uninit2();
	_exit(0);
}

static void wait_for(pid_t pid)
{
	int status;

	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static handle_t mine;

/* A callback that does everything. */
static void *busy(struct wd_comp_req *req, void *param)
{
	static int depth;
	unsigned char packed[100];
	struct wd_comp_req more;
	__u32 got = 0;
	pid_t pid;

	(void)req;
	REQUIRE(++*(int *)param == 1);
	if (depth++ > 2)
		return NULL;
	fill(&more, WD_DIR_COMPRESS, source, sizeof(source), packed, sizeof(packed));
	REQUIRE(wd_do_comp_sync(mine, &more) == 0 && more.status == 0);
	wd_comp_poll(1, &got);
	pid = fork();
	if (!pid)
		child(mine);
	wait_for(pid);
	depth--;
	return NULL;
}

static void forks(void)
{
	static int done[300];
	struct wd_comp_req req;
	pthread_t t[2];
	long posted = 0;

	wait_for(fork() ?: (_exit(0), 0));
	REQUIRE(start("zlib") == 0);
	mine = session(WD_ZLIB, WD_DIR_COMPRESS, 1);
	over = false;
	pthread_create(&t[0], NULL, user, NULL), pthread_create(&t[1], NULL, user, NULL);
	for (int i = 0; i < 30; i++) {
		pid_t pid;

		for (int k = 0; k < 10; k++, posted++) {
			fill(&req, WD_DIR_COMPRESS, source, sizeof(source), sink[posted], sizeof(sink[0]));
			req.cb = i % 10 ? once : busy, req.cb_param = &done[posted];
			REQUIRE(wd_do_comp_async(mine, &req) == 0);
		}
		pid = fork();
		if (!pid)
			child(mine);
		wait_for(pid);
	}
	for (long turn = 0, left = 1; left; turn++) {
		__u32 got = 0;

		REQUIRE(turn < 100000000 && wd_comp_poll(1, &got) == 0);
		left = 0;
		for (long i = 0; i < posted; i++)
			left += !done[i];
	}
	over = true;
	pthread_join(t[0], NULL), pthread_join(t[1], NULL);
	wd_comp_free_sess(mine);
	wd_comp_uninit2();
}

/* Devices that fail: each request comes back once, from software if that is allowed. */
static void faults(void)
{
	enum { ALL = 400 };
	static int done[ALL];
	unsigned char packed[2000], again[1000];
	long posted = 0, lost = 0;
	struct wd_comp_req req;
	handle_t c, d;
	bool helped = task == TASK_MIX;

	REQUIRE(start("zlib") == 0);
	c = session(WD_ZLIB, WD_DIR_COMPRESS, 1), d = session(WD_ZLIB, WD_DIR_DECOMPRESS, 1);
	for (int i = 0; i < ALL; i++) {
		int answer;

		fill(&req, WD_DIR_COMPRESS, source, sizeof(source), sink[i], sizeof(sink[i]));
		req.cb = once, req.cb_param = &done[i];
		answer = wd_do_comp_async(c, &req);
		REQUIRE(answer == 0 || (!helped && answer == -WD_HW_EACCESS));
		posted += !answer;
		if (!answer && i % 50 == 49) {
			__u32 got = 0;

			wd_comp_poll(40, &got);
		}
	}
	for (int i = 0; i < 60; i++) {
		__u32 len;
		int answer;

		fill(&req, WD_DIR_COMPRESS, source, sizeof(source), packed, sizeof(packed));
		answer = wd_do_comp_sync(c, &req);
		REQUIRE(answer == 0 || (!helped && (answer == -WD_HW_EACCESS || answer == -WD_ETIMEDOUT || answer == -WD_EIO)));
		lost += answer != 0 || req.status == WD_IN_EPARA;
		if (answer || req.status == WD_IN_EPARA)
			continue;
		len = req.dst_len;
		fill(&req, WD_DIR_DECOMPRESS, packed, len, again, sizeof(again));
		answer = wd_do_comp_sync(d, &req);
		REQUIRE(answer == 0 || (!helped && (answer == -WD_HW_EACCESS || answer == -WD_ETIMEDOUT || answer == -WD_EIO)));
		if (answer == 0 && req.status != WD_IN_EPARA)
			REQUIRE(req.dst_len == sizeof(again) && !memcmp(again, source, sizeof(again)));
	}
	for (long turn = 0, left = posted; left; turn++) {
		__u32 got = 0;
		int answer = wd_comp_poll((__u32)posted, &got);

		REQUIRE(answer == 0 || (!helped && answer == -WD_HW_EACCESS));
		left = posted;
		for (int i = 0; i < ALL; i++)
			left -= done[i];
		/* What is on its way in a device that is no more is lost, where nobody helps. */
		if (answer)
			break;
		REQUIRE(turn < 100000);
	}
	for (int i = 0; i < 40; i++) {
		fill(&req, WD_DIR_COMPRESS, source, 500, packed, sizeof(packed));
		req.last = 0;
		if (wd_do_comp_strm(c, &req) == 0 && req.status != WD_IN_EPARA) {
			fill(&req, WD_DIR_COMPRESS, source, 500, packed, sizeof(packed));
			req.last = 1;
			wd_do_comp_strm(c, &req);
		}
		REQUIRE(wd_comp_reset_sess(c) == 0);
	}
	wd_comp_free_sess(c), wd_comp_free_sess(d);
	wd_comp_uninit2();
	/* What was on its way is given up, and its memory is the program's again. */
	memset(sink, 0x33, sizeof(sink));
	usleep(20000);
	for (size_t i = 0; i < sizeof(sink); i++)
		REQUIRE(((unsigned char *)sink)[i] == 0x33);
	printf("lost %ld\n", lost);
}

/* What a device does not have: software does it, or it is refused. */
static void formats(void)
{
	struct wd_comp_req req;
	unsigned char *plain = text(4000), packed[30000], again[4000];
	static int done[40];
	struct wd_datalist from[4], to[40];

	REQUIRE(start("zlib") == 0);
	for (unsigned alg = WD_DEFLATE; alg <= WD_LZ4; alg += WD_LZ4 - WD_DEFLATE) {
		handle_t c = session(alg, WD_DIR_COMPRESS, 1), d = session(alg, WD_DIR_DECOMPRESS, 1);
		__u32 len;

		fill(&req, WD_DIR_COMPRESS, plain, 4000, packed, sizeof(packed));
		if (task == TASK_HW) {
			REQUIRE(wd_do_comp_sync(c, &req) == -EOPNOTSUPP && wd_do_comp_sync2(c, &req) < 0);
			fill(&req, WD_DIR_COMPRESS, plain, 4000, packed, sizeof(packed));
			REQUIRE(wd_do_comp_strm(c, &req) == -EOPNOTSUPP);
			req.cb = never, req.cb_param = &req;
			for (int i = 0; i < 3000; i++)
				REQUIRE(wd_do_comp_async(c, &req) == -EOPNOTSUPP);
			wd_comp_free_sess(c), wd_comp_free_sess(d);
			continue;
		}
		REQUIRE(wd_do_comp_sync(c, &req) == 0 && req.status == 0 && wd_comp_sess_path(c) == WD_PATH_SOFTWARE);
		len = req.dst_len;
		fill(&req, WD_DIR_DECOMPRESS, packed, len, again, sizeof(again));
		REQUIRE(wd_do_comp_sync(d, &req) == 0 && req.dst_len == 4000 && !memcmp(plain, again, 4000));
		fill(&req, WD_DIR_COMPRESS, list_of(from, COUNT(from), plain, 4000, 3000), 4000,
		     list_of(to, COUNT(to), packed, sizeof(packed), 2000), sizeof(packed));
		req.data_fmt = WD_SGL_BUF;
		REQUIRE(wd_do_comp_sync(c, &req) == 0 && req.status == 0);
		memset(done, 0, sizeof(done));
		for (size_t i = 0; i < COUNT(done); i++) {
			fill(&req, WD_DIR_COMPRESS, source, sizeof(source), sink[i], sizeof(sink[i]));
			req.cb = once, req.cb_param = &done[i];
			REQUIRE(wd_do_comp_async(c, &req) == 0);
		}
		drain(COUNT(done));
		if (alg == WD_DEFLATE) {
			size_t in = 0, out = 0;

			for (int i = 0; i < 4; i++) {
				fill(&req, WD_DIR_COMPRESS, plain + in, 1000, packed + out, 2000);
				req.last = i == 3;
				REQUIRE(wd_do_comp_strm(c, &req) == 0 && req.src_len == 1000 && !req.status);
				in += req.src_len, out += req.dst_len;
			}
			memset(again, 0, sizeof(again));
			fill(&req, WD_DIR_DECOMPRESS, packed, out, again, 4000);
			REQUIRE(wd_do_comp_sync2(d, &req) == 0 && !memcmp(plain, again, 4000));
		}
		wd_comp_free_sess(c), wd_comp_free_sess(d);
	}
	wd_comp_uninit2();
	release(plain, 4000);
}

int main(int argc, char **argv)
{
	const char *part = argc > 2 ? argv[1] : "";

	REQUIRE(argc > 2);
	setvbuf(stdout, NULL, _IONBF, 0);
	task = atoi(argv[2]);
	memset(source, 'z', sizeof(source));
	if (!strcmp(part, "data")) {
		REQUIRE(start("zlib") == 0);
		for (unsigned alg = WD_DEFLATE; alg <= WD_GZIP; alg++)
			truncated(alg), tight(alg);
		garbage();
		wd_comp_uninit2();
	} else if (!strcmp(part, "huge")) {
		REQUIRE(start("zlib") == 0);
		huge();
		wd_comp_uninit2();
	} else if (!strcmp(part, "restless")) {
		restless();
	} else if (!strcmp(part, "forks")) {
		forks();
	} else if (!strcmp(part, "faults")) {
		faults();
	} else if (!strcmp(part, "formats")) {
		formats();
	} else {
		return 2;
	}
	return 0;
}
