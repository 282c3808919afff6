/* SPDX-License-Identifier: Apache-2.0
 *
 * Synchronous requests, streams and sync2 over a driver of the test's own: what is refused, what
 * the driver is told, and what comes back. Runs in the world of uadk_world.sh. */
#include "uadk_driver.h"

static char input[64], output[64];

static struct wd_comp_req request(enum wd_comp_op_type op, __u32 len, __u32 room)
{
	struct wd_comp_req req = { .src = input, .src_len = len, .dst = output, .dst_len = room, .op_type = op,
				   .data_fmt = WD_FLAT_BUF, .status = 99 };

	return req;
}

static void say(const char *what, int answer, const struct wd_comp_req *req)
{
	printf("%s: %d, src_len %u dst_len %u status %u\n", what, answer, req->src_len, req->dst_len, req->status);
}

#define SYNC(what, s, r) say(what, wd_do_comp_sync(s, r), r)
#define STRM(what, s, r) say(what, wd_do_comp_strm(s, r), r)
#define SYNC2(what, s, r) say(what, wd_do_comp_sync2(s, r), r)

/* One request that is good but for what the row says, by each of the three functions. */
static void refused(const char *what, handle_t s, struct wd_comp_req req)
{
	struct wd_comp_req a = req, b = req, c = req;

	printf("%s:\n", what);
	SYNC("  sync", s, &a);
	STRM("  strm", s, &b);
	REQUIRE(wd_comp_reset_sess(s) == 0);
	SYNC2("  sync2", s, &c);
	REQUIRE(wd_comp_reset_sess(s) == 0);
}

static void *callback(struct wd_comp_req *req, void *param)
{
	(void)req;
	return param;
}

static void refusals(void)
{
	static const enum wd_comp_alg_type algs[] = { WD_DEFLATE, WD_ZLIB, WD_GZIP };
	struct wd_comp_req req;
	handle_t s = null_session(WD_DEFLATE, WD_DIR_COMPRESS);

	title("refusals");
	REQUIRE(s);
	req = request(WD_DIR_COMPRESS, 20, 40);
	req.src = NULL;
	refused("no source", s, req);
	req = request(WD_DIR_COMPRESS, 20, 40);
	req.dst = NULL;
	refused("no destination", s, req);
	refused("no room", s, request(WD_DIR_COMPRESS, 20, 0));
	req = request(WD_DIR_MAX, 20, 40);
	refused("no such direction", s, req);
	req = request(WD_DIR_COMPRESS, 20, 40);
	req.data_fmt = WD_SGL_BUF + 1;
	refused("no such layout", s, req);
	req = request(WD_DIR_COMPRESS, 20, 40);
	req.cb = callback;
	refused("a callback", s, req);
	req = request(WD_DIR_COMPRESS, 20, 40);
	SAY(wd_do_comp_sync(s, NULL));
	SAY(wd_do_comp_sync(0, &req));
	req.src_len = 0;
	SYNC("nothing, sync", s, &req);
	req = request(WD_DIR_COMPRESS, 0, 40);
	SYNC2("nothing, sync2", s, &req);
	req = request(WD_DIR_COMPRESS, 0, 40);
	req.last = 1;
	STRM("nothing, strm", s, &req);
	wd_comp_free_sess(s);
	for (size_t a = 0; a < COUNT(algs); a++) {
		printf("format %d\n", algs[a]);
		for (__u32 n = 1; n < 13; n++) {
			s = null_session(algs[a], WD_DIR_COMPRESS);
			req = request(WD_DIR_COMPRESS, 20, n);
			printf("  room %u: sync %d", n, wd_do_comp_sync(s, &req));
			req = request(WD_DIR_COMPRESS, 20, n);
			printf(" strm %d", wd_do_comp_strm(s, &req));
			req = request(WD_DIR_COMPRESS, 20, n);
			printf(" then strm %d\n", wd_do_comp_strm(s, &req));
			wd_comp_free_sess(s);
			s = null_session(algs[a], WD_DIR_DECOMPRESS);
			req = request(WD_DIR_DECOMPRESS, n, 40);
			printf("  input %u: sync %d", n, wd_do_comp_sync(s, &req));
			req = request(WD_DIR_DECOMPRESS, n, 40);
			printf(" strm %d", wd_do_comp_strm(s, &req));
			req = request(WD_DIR_DECOMPRESS, n, 40);
			printf(" then strm %d\n", wd_do_comp_strm(s, &req));
			wd_comp_free_sess(s);
		}
	}
}

static void sessions(void)
{
	struct sched_params params = { .numa_id = 0 };
	struct wd_comp_sess_setup setup = { .sched_param = &params };

	title("sessions");
	for (unsigned alg = 0; alg < WD_COMP_ALG_MAX + 2; alg++)
		for (unsigned op = 0; op < WD_DIR_MAX + 1; op++)
			for (unsigned level = 0; level < 17; level += 8)
				for (unsigned window = 0; window < 6; window += 5) {
					handle_t s;

					setup.alg_type = alg, setup.op_type = op;
					setup.comp_lv = level, setup.win_sz = window;
					params.type = op;
					s = wd_comp_alloc_sess(&setup);
					printf("alg %u op %u level %u window %u: %s\n", alg, op, level, window,
					       s ? "some" : "none");
					wd_comp_free_sess(s);
				}
	memset(&setup, 0, sizeof(setup));
	setup.alg_type = WD_ZLIB, setup.comp_lv = WD_COMP_L8;
	SAY_PTR(wd_comp_alloc_sess(&setup));
	setup.sched_param = &params;
	params.type = 0, params.numa_id = 99;
	SAY_PTR(wd_comp_alloc_sess(&setup));
}

/* A request answered in all ways a driver can. */
static void answers(enum wd_comp_op_type op)
{
	static const __u32 statuses[] = { 0, WD_STREAM_END, WD_EAGAIN, WD_IN_EPARA, 1234 };
	static const int errors[] = { -WD_HW_EACCESS, -WD_EINVAL, -WD_EBUSY, -WD_EIO };
	handle_t s = null_session(WD_DEFLATE, op);
	struct wd_comp_req req;

	title(op ? "answers, decompression" : "answers, compression");
	for (size_t i = 0; i < COUNT(statuses); i++) {
		null.status = statuses[i];
		req = request(op, 20, 40);
		SYNC("sync", s, &req);
		/* Whatever else a driver says, sync2 goes on. */
		if (statuses[i] == WD_IN_EPARA || (!op && !statuses[i]) || (op && statuses[i] == WD_STREAM_END)) {
			req = request(op, 20, 40);
			SYNC2("sync2", s, &req);
			REQUIRE(wd_comp_reset_sess(s) == 0);
		}
	}
	null.status = 0;
	for (size_t i = 0; i < COUNT(errors); i++) {
		null.send_answer = errors[i];
		/* A context that stays busy is asked until the time is over. */
		if (errors[i] != -WD_EBUSY) {
			req = request(op, 20, 40);
			SYNC("send fails", s, &req);
		}
		null.send_answer = 0;
		null.recv_answer = errors[i];
		req = request(op, 20, 40);
		SYNC("receive fails", s, &req);
		null.recv_answer = 0;
	}
	null.again = 500;
	req = request(op, 20, 40);
	SYNC("a late answer", s, &req);
	req = request(op, 20, 40);
	SYNC("and again", s, &req);
	wd_comp_free_sess(s);
}

/* What a driver is told of the requests of a stream. */
static void streams(void)
{
	handle_t s = null_session(WD_ZLIB, WD_DIR_COMPRESS);
	struct wd_comp_req req;

	title("a stream of compression");
	null.tell = 1;
	memset(input, 'x', sizeof(input));
	req = request(WD_DIR_COMPRESS, 30, 64);
	STRM("first", s, &req);
	req = request(WD_DIR_COMPRESS, 20, 8);
	STRM("second, with little room", s, &req);
	req = request(WD_DIR_COMPRESS, 12, 64);
	req.last = 1;
	STRM("the rest", s, &req);
	req = request(WD_DIR_COMPRESS, 12, 8);
	req.last = 1;
	STRM("a new one, last but with little room", s, &req);
	req = request(WD_DIR_COMPRESS, 4, 8);
	req.last = 1;
	STRM("its rest", s, &req);
	req = request(WD_DIR_COMPRESS, 12, 64);
	req.last = 7;
	STRM("last is 7", s, &req);
	req = request(WD_DIR_COMPRESS, 12, 64);
	null.status = WD_EAGAIN, req.last = 1;
	STRM("more to come", s, &req);
	null.status = 0;
	req = request(WD_DIR_COMPRESS, 0, 64);
	req.last = 1;
	STRM("no more input", s, &req);
	req = request(WD_DIR_COMPRESS, 12, 64);
	STRM("a new one", s, &req);
	SAY(wd_comp_reset_sess(s));
	req = request(WD_DIR_COMPRESS, 12, 64);
	STRM("after a reset", s, &req);
	null.recv_answer = -WD_HW_EACCESS;
	req = request(WD_DIR_COMPRESS, 12, 64);
	STRM("a failure", s, &req);
	null.recv_answer = 0;
	wd_comp_free_sess(s);

	title("a stream of decompression");
	s = null_session(WD_GZIP, WD_DIR_DECOMPRESS);
	req = request(WD_DIR_DECOMPRESS, 20, 64);
	STRM("first", s, &req);
	null.status = WD_EAGAIN;
	req = request(WD_DIR_DECOMPRESS, 20, 8);
	STRM("no room left", s, &req);
	null.status = WD_STREAM_END;
	req = request(WD_DIR_DECOMPRESS, 8, 64);
	STRM("end", s, &req);
	null.status = 0;
	req = request(WD_DIR_DECOMPRESS, 20, 64);
	STRM("a new one", s, &req);
	null.status = WD_IN_EPARA;
	req = request(WD_DIR_DECOMPRESS, 20, 64);
	STRM("bad data", s, &req);
	null.status = 0;
	req = request(WD_DIR_DECOMPRESS, 20, 64);
	STRM("and after it", s, &req);
	wd_comp_free_sess(s);
	null.tell = 0;
}

/* sync2 cuts its request in pieces of 128 KiB. */
static void pieces(void)
{
	static char from[300 * 1024], to[400 * 1024];
	handle_t s = null_session(WD_ZLIB, WD_DIR_COMPRESS);
	struct wd_comp_req req = request(WD_DIR_COMPRESS, sizeof(from), sizeof(to));

	title("sync2 in pieces");
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (char)(i * 7 + i / 997);
	req.src = from, req.dst = to;
	null.tell = 1;
	SYNC2("300 KiB", s, &req);
	REQUIRE(memcmp(from, to, sizeof(from)) == 0);
	null.tell = 0;
	wd_comp_free_sess(s);
}

static struct wd_datalist *chain(struct wd_datalist *l, char *at, const __u32 *lens, int n)
{
	for (int i = 0; i < n; i++) {
		l[i].data = at;
		l[i].len = lens[i];
		l[i].next = i + 1 < n ? &l[i + 1] : NULL;
		at += lens[i];
	}
	return l;
}

static void lists(void)
{
	static const __u32 in[] = { 5, 1, 30, 28 }, out[] = { 40, 24 };
	struct wd_datalist a[4], b[2];
	struct wd_comp_req req = request(WD_DIR_COMPRESS, 64, 64);
	handle_t s = null_session(WD_DEFLATE, WD_DIR_COMPRESS);

	title("lists");
	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (char)(i * 3);
	memset(output, 0, sizeof(output));
	req.data_fmt = WD_SGL_BUF;
	req.list_src = chain(a, input, in, 4);
	req.list_dst = chain(b, output, out, 2);
	SYNC("sync", s, &req);
	REQUIRE(memcmp(input, output, 64) == 0);
	req.src_len = 64, req.dst_len = 64;
	STRM("strm", s, &req);
	req.src_len = 64, req.dst_len = 64, req.list_src = NULL;
	SYNC("no source", s, &req);
	req.list_src = a, req.list_dst = NULL;
	SYNC("no destination", s, &req);
	wd_comp_free_sess(s);
}

/* The session's direction and the request's need not agree, says the C library. */
static void formats(void)
{
	title("what a driver is told");
	null.tell = 1;
	for (unsigned alg = 0; alg < WD_COMP_ALG_MAX; alg++)
		for (unsigned op = 0; op < WD_DIR_MAX; op++) {
			handle_t s = null_session(alg, op);
			struct wd_comp_req req = request(op, 20, 40);

			req.last = 0x55;
			SYNC("sync", s, &req);
			wd_comp_free_sess(s);
		}
	null.tell = 0;
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	null_register();
	SAY(null_start_with("zlib", SCHED_POLICY_RR, 1, 0));
	printf("contexts %u inits %u\n", null.contexts, null.inits);
	refusals();
	sessions();
	answers(WD_DIR_COMPRESS);
	answers(WD_DIR_DECOMPRESS);
	streams();
	pieces();
	lists();
	formats();
	wd_comp_uninit2();
	printf("inits %u exits %u\n", null.inits, null.exits);
	return 0;
}
