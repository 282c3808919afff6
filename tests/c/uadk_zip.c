/* SPDX-License-Identifier: Apache-2.0
 *
 * Compression on hisi_zip devices, by the library's own driver: devices, formats, streams, lists,
 * asynchronous requests, bad data. Runs under libwd_sim.so with two devices.
 * What a device produces depends on the descriptors it is sent, so that equal output says that two
 * libraries send the same. */
#include "uadk.h"

enum { LEN = 70000, ROOM = 2 * LEN };

static unsigned char text[LEN], noise[LEN], zeros[LEN], packed[ROOM], back[ROOM];

static void fill(void)
{
	__u32 state = 1;

	for (size_t i = 0; i < LEN; i++) {
		state = state * 1664525 + 1013904223;
		noise[i] = (unsigned char)(state >> 24);
		text[i] = (unsigned char)("queues and descriptors "[i % 23] + (state >> 29 == 0) + (int)(i / 9000));
	}
}

static __u32 sum(const unsigned char *bytes, size_t len)
{
	__u32 a = 1, b = 0;

	for (size_t i = 0; i < len; i++) {
		a = (a + bytes[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

static handle_t session(enum wd_comp_alg_type alg, enum wd_comp_op_type op, enum wd_ctx_mode mode)
{
	struct sched_params where = { .numa_id = 0, .type = op, .mode = mode };
	struct wd_comp_sess_setup setup = { .alg_type = alg, .op_type = op, .win_sz = WD_COMP_WS_32K,
					    .comp_lv = WD_COMP_L8, .sched_param = &where };
	handle_t s = wd_comp_alloc_sess(&setup);

	REQUIRE(s);
	return s;
}

static struct wd_comp_req request(enum wd_comp_op_type op, void *src, __u32 len, void *dst, __u32 room)
{
	struct wd_comp_req req = { .src = src, .src_len = len, .dst = dst, .dst_len = room, .op_type = op,
				   .data_fmt = WD_FLAT_BUF, .last = 1 };

	return req;
}

static void say(const char *what, int answer, const struct wd_comp_req *req, const unsigned char *out)
{
	printf("%s: %d, src_len %u dst_len %u status %u sum %08x\n", what, answer, req->src_len, req->dst_len,
	       req->status, sum(out, req->dst_len));
}

/* In the order of their numbers: the list has none that is promised. */
static void devices(void)
{
	struct uacce_dev_list *list, *one;
	static const char *const paths[] = { "/dev/hisi_zip-0", "/dev/hisi_zip-1" };

	title("devices");
	list = wd_get_accel_list("zlib");
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct uacce_dev *dev;

		for (one = list; one && strcmp(one->dev->char_dev_path, paths[i]);)
			one = one->next;
		REQUIRE(one);
		dev = one->dev;

		printf("%s, %s, node %d, flags %d, %s\n", dev->char_dev_path, dev->api, dev->numa_id, dev->flags,
		       strrchr(dev->dev_root, '/'));
		printf("regions %lu %lu\n%s", dev->qfrs_offs[0], dev->qfrs_offs[1], dev->algs);
		SAY(wd_get_avail_ctx(dev));
		SAY(wd_is_isolate(dev));
	}
	wd_free_list_accels(list);
	SAY_PTR(wd_get_accel_list("sha1"));
}

/* A queue as programs use it that drive the device by themselves. */
static void contexts(void)
{
	struct uacce_dev *dev = wd_get_accel_dev("gzip");
	handle_t ctx;

	title("contexts");
	REQUIRE(!WD_IS_ERR(dev));
	ctx = wd_request_ctx(dev);
	REQUIRE(ctx);
	printf("%s\n", wd_ctx_get_api(ctx));
	SAY(wd_ctx_get_region_size(ctx, UACCE_QFRT_MMIO));
	SAY(wd_ctx_get_region_size(ctx, UACCE_QFRT_DUS));
	/* Doorbells cannot be mapped where the library itself simulates. */
	wd_ctx_mmap_qfr(ctx, UACCE_QFRT_MMIO);
	SAY_PTR(wd_ctx_mmap_qfr(ctx, UACCE_QFRT_DUS));
	SAY(wd_ctx_start(ctx));
	SAY(wd_ctx_wait(ctx, 1));
	SAY(wd_release_ctx_force(ctx));
	wd_ctx_unmap_qfr(ctx, UACCE_QFRT_MMIO);
	wd_ctx_unmap_qfr(ctx, UACCE_QFRT_DUS);
	wd_release_ctx(ctx);
	free(dev);
}

static void whole(enum wd_comp_alg_type alg)
{
	unsigned char *const data[] = { text, noise, zeros };
	static const __u32 lens[] = { LEN, 4096, 20, 1 };
	handle_t pack = session(alg, WD_DIR_COMPRESS, CTX_MODE_SYNC);
	handle_t unpack = session(alg, WD_DIR_DECOMPRESS, CTX_MODE_SYNC);
	struct wd_comp_req req;

	for (size_t d = 0; d < COUNT(data); d++)
		for (size_t l = 0; l < COUNT(lens); l++) {
			__u32 made;

			printf("data %zu, %u bytes\n", d, lens[l]);
			req = request(WD_DIR_COMPRESS, data[d], lens[l], packed, ROOM);
			say("  packed", wd_do_comp_sync(pack, &req), &req, packed);
			made = req.dst_len;
			req = request(WD_DIR_DECOMPRESS, packed, made, back, ROOM);
			say("  back", wd_do_comp_sync(unpack, &req), &req, back);
			REQUIRE(req.dst_len == lens[l] && !memcmp(back, data[d], lens[l]));
			req = request(WD_DIR_DECOMPRESS, packed, made, back, ROOM);
			say("  back, sync2", wd_do_comp_sync2(unpack, &req), &req, back);
		}
	req = request(WD_DIR_COMPRESS, noise, LEN, packed, 100);
	say("room of 100", wd_do_comp_sync(pack, &req), &req, packed);
	req = request(WD_DIR_COMPRESS, text, LEN, packed, ROOM);
	REQUIRE(wd_do_comp_sync(pack, &req) == 0);
	packed[req.dst_len / 2] ^= 0x55;
	req = request(WD_DIR_DECOMPRESS, packed, req.dst_len, back, ROOM);
	printf("damaged: %d", wd_do_comp_sync(unpack, &req));
	printf(" status %u\n", req.status);
	wd_comp_free_sess(pack);
	wd_comp_free_sess(unpack);
}

/* A stream in pieces of input, and in pieces of output. */
static void stream(enum wd_comp_alg_type alg)
{
	handle_t pack = session(alg, WD_DIR_COMPRESS, CTX_MODE_SYNC);
	handle_t unpack = session(alg, WD_DIR_DECOMPRESS, CTX_MODE_SYNC);
	__u32 at = 0, made = 0, got = 0, i = 0;
	struct wd_comp_req req;

	for (i = 0; at < LEN; i++) {
		__u32 piece = LEN - at < 20000 ? LEN - at : 20000;

		req = request(WD_DIR_COMPRESS, text + at, piece, packed + made, ROOM - made);
		req.last = at + piece == LEN;
		say("packed", wd_do_comp_strm(pack, &req), &req, packed + made);
		REQUIRE(i < 50 && req.src_len <= piece);
		at += req.src_len;
		made += req.dst_len;
	}
	for (at = i = 0; i < 100; i++) {
		__u32 piece = made - at < 3000 ? made - at : 3000;
		int answer;

		req = request(WD_DIR_DECOMPRESS, packed + at, piece, back + got, 17000);
		req.last = 0;
		answer = wd_do_comp_strm(unpack, &req);
		say("back", answer, &req, back + got);
		REQUIRE(answer == 0 && got + req.dst_len <= LEN);
		at += req.src_len;
		got += req.dst_len;
		if (req.status == WD_STREAM_END)
			break;
	}
	REQUIRE(got == LEN && !memcmp(back, text, LEN));
	SAY(wd_comp_reset_sess(pack));
	SAY(wd_comp_reset_sess(unpack));
	wd_comp_free_sess(pack);
	wd_comp_free_sess(unpack);
}

static struct wd_datalist list_in[3], list_out[4];

static void list(struct wd_datalist *list, size_t count, unsigned char *data, __u32 len)
{
	__u32 each = len / (__u32)count;

	for (size_t i = 0; i < count; i++) {
		list[i].data = data + i * each;
		list[i].len = i + 1 == count ? len - (__u32)i * each : each;
		list[i].next = i + 1 == count ? NULL : &list[i + 1];
	}
}

static void lists(enum wd_comp_alg_type alg)
{
	handle_t pack = session(alg, WD_DIR_COMPRESS, CTX_MODE_SYNC);
	handle_t unpack = session(alg, WD_DIR_DECOMPRESS, CTX_MODE_SYNC);
	struct wd_comp_req req = request(WD_DIR_COMPRESS, NULL, LEN, NULL, ROOM);
	__u32 made;

	list(list_in, COUNT(list_in), text, LEN);
	list(list_out, COUNT(list_out), packed, ROOM);
	req.list_src = list_in, req.list_dst = list_out, req.data_fmt = WD_SGL_BUF;
	say("lists, packed", wd_do_comp_sync(pack, &req), &req, packed);
	made = req.dst_len;
	list(list_in, COUNT(list_in), packed, made);
	list(list_out, COUNT(list_out), back, ROOM);
	req = request(WD_DIR_DECOMPRESS, NULL, made, NULL, ROOM);
	req.list_src = list_in, req.list_dst = list_out, req.data_fmt = WD_SGL_BUF;
	say("lists, back", wd_do_comp_sync(unpack, &req), &req, back);
	REQUIRE(!memcmp(back, text, LEN));
	wd_comp_free_sess(pack);
	wd_comp_free_sess(unpack);
}

enum { FLIGHT = 24 };

static unsigned char outs[FLIGHT][8000];
static __u32 came;

static void *finished(struct wd_comp_req *req, void *param)
{
	size_t number = (size_t)param - 1;

	printf("  %zu: status %u, src_len %u dst_len %u sum %08x\n", number, req->status, req->src_len, req->dst_len,
	       sum(outs[number], req->dst_len));
	came++;
	return NULL;
}

static void asynchronous(enum wd_comp_alg_type alg)
{
	handle_t s = session(alg, WD_DIR_COMPRESS, CTX_MODE_ASYNC);
	struct wd_comp_req req;

	printf("asynchronous\n");
	came = 0;
	for (size_t i = 0; i < FLIGHT; i++) {
		req = request(WD_DIR_COMPRESS, text + 100 * i, 4000, outs[i], sizeof(outs[i]));
		req.cb = finished;
		req.cb_param = (void *)(i + 1);
		REQUIRE(wd_do_comp_async(s, &req) == 0);
	}
	for (__u32 got = 0; came < FLIGHT;) {
		int answer = wd_comp_poll(FLIGHT, &got);

		REQUIRE(answer == 0 || answer == -EAGAIN);
	}
	wd_comp_free_sess(s);
}

static void lz77(void)
{
	handle_t s = session(WD_LZ77_ZSTD, WD_DIR_COMPRESS, CTX_MODE_SYNC);
	struct wd_lz77_zstd_data data = { 0 };
	struct wd_comp_req req = request(WD_DIR_COMPRESS, text, 60000, packed, ROOM);
	int answer;

	req.priv = &data;
	answer = wd_do_comp_sync(s, &req);
	printf("%d status %u: %u literals %08x, %u sequences %08x at %ld, overflow %u\n", answer, req.status, data.lit_num,
	       sum(data.literals_start, data.lit_num), data.seq_num, sum(data.sequences_start, data.seq_num * 8ULL),
	       (long)((unsigned char *)data.sequences_start - packed), data.lit_length_overflow_cnt);
	wd_comp_free_sess(s);
}

static int start(const char *alg)
{
	struct wd_ctx_nums numbers[WD_DIR_MAX] = { { 1, 1 }, { 1, 1 } };
	struct wd_ctx_params params = { .op_type_num = WD_DIR_MAX, .ctx_set_num = numbers };
	int answer;

	title(alg);
	answer = wd_comp_init2_((char *)alg, SCHED_POLICY_RR, TASK_HW, &params);
	printf("init: %d\n", answer);
	return answer;
}

int main(void)
{
	static const struct {
		const char *name;
		enum wd_comp_alg_type alg;
	} formats[] = { { "zlib", WD_ZLIB }, { "gzip", WD_GZIP }, { "deflate", WD_DEFLATE } };

	fill();
	devices();
	contexts();
	for (size_t i = 0; i < COUNT(formats); i++) {
		if (start(formats[i].name))
			continue;
		whole(formats[i].alg);
		stream(formats[i].alg);
		lists(formats[i].alg);
		asynchronous(formats[i].alg);
		wd_comp_uninit2();
	}
	if (!start("lz77_zstd")) {
		lz77();
		wd_comp_uninit2();
	}
	return 0;
}
