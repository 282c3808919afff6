/* SPDX-License-Identifier: Apache-2.0
 *
 * Compression with UADK v1 on simulated devices without SVA: whole requests and streams, small output,
 * callbacks, lists, what is refused. With an argument, a directory, it leaves files there, wrapped as
 * callers wrap what the device makes; others are to read them. */
#include "uadk_v1.h"

static const char *const NAMES[] = { "zlib", "gzip", "deflate" };

enum { SIZE = 100000 };

static unsigned char plain[SIZE], noise[SIZE];
static const char *directory;

static struct wcrypto_comp_ctx_setup setup_of(struct line *l, unsigned alg, unsigned op, unsigned mode)
{
	struct wcrypto_comp_ctx_setup setup;

	memset(&setup, 0, sizeof(setup));
	setup.alg_type = (__u8)alg;
	setup.op_type = (__u8)op;
	setup.stream_mode = (__u8)mode;
	setup.comp_lv = WCRYPTO_COMP_L8;
	setup.win_size = WCRYPTO_COMP_WS_32K;
	setup.data_fmt = WD_FLAT_BUF;
	setup.br = blocks_of(l);
	return setup;
}

static struct wcrypto_comp_op_data request(void *in, __u32 len, void *out, __u32 room)
{
	struct wcrypto_comp_op_data data;

	memset(&data, 0, sizeof(data));
	data.in = in, data.in_len = len;
	data.out = out, data.avail_out = room;
	data.flush = WCRYPTO_FINISH;
	data.stream_pos = WCRYPTO_COMP_STREAM_NEW;
	return data;
}

static void say(const char *what, int answer, const struct wcrypto_comp_op_data *d)
{
	printf("%s: %d, consumed %u produced %u status %u flush %u isize %u checksum %#x\n", what, answer, d->consumed,
	       d->produced, d->status, d->flush, d->isize, d->checksum);
}

/* What a caller puts before the output. */
static size_t header(unsigned alg, unsigned char *to)
{
	static const unsigned char zlib[] = { 0x78, 0x9c }, gzip[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };

	if (alg == WCRYPTO_ZLIB)
		memcpy(to, zlib, sizeof(zlib));
	else if (alg == WCRYPTO_GZIP)
		memcpy(to, gzip, sizeof(gzip));
	return alg == WCRYPTO_ZLIB ? sizeof(zlib) : alg == WCRYPTO_GZIP ? sizeof(gzip) : 0;
}

/* What a caller puts behind the output of a stream that was never finished. */
static size_t trailer(unsigned alg, const struct wcrypto_comp_op_data *d, unsigned char *to)
{
	static const unsigned char last[] = { 1, 0, 0, 0xff, 0xff };
	__u32 crc = 0;

	memcpy(to, last, sizeof(last));
	to += sizeof(last);
	for (int i = 0; i < 4 && alg == WCRYPTO_ZLIB; i++)
		to[i] = (unsigned char)(d->checksum >> (24 - 8 * i));
	for (int i = 0; i < 32; i++)
		crc |= (~d->checksum >> i & 1) << (31 - i);
	for (int i = 0; i < 4 && alg == WCRYPTO_GZIP; i++) {
		to[i] = (unsigned char)(crc >> (8 * i));
		to[4 + i] = (unsigned char)(d->isize >> (8 * i));
	}
	return sizeof(last) + (alg == WCRYPTO_ZLIB ? 4 : alg == WCRYPTO_GZIP ? 8 : 0);
}

static void leave(const char *name, unsigned alg, const unsigned char *bytes, size_t size)
{
	static const char *const ends[] = { "zlib", "gz", "deflate" };
	char path[512];
	FILE *f;

	if (!directory)
		return;
	snprintf(path, sizeof(path), "%s/%s.%s", directory, name, ends[alg]);
	f = fopen(path, "w");
	REQUIRE(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
}

static void whole(unsigned alg)
{
	struct line there, back;
	unsigned char *in, *out, *again, file[SIZE * 2];
	struct wcrypto_comp_ctx_setup setup;
	struct wcrypto_comp_op_data d;
	void *ctx, *other;
	size_t head;

	title("whole requests");
	open_line(&there, NAMES[alg], 0, 0);
	open_line(&back, NAMES[alg], 1, 0);
	setup = setup_of(&there, alg, WCRYPTO_DEFLATE, WCRYPTO_COMP_STATELESS);
	ctx = wcrypto_create_comp_ctx(&there.q, &setup);
	setup = setup_of(&back, alg, WCRYPTO_INFLATE, WCRYPTO_COMP_STATELESS);
	other = wcrypto_create_comp_ctx(&back.q, &setup);
	REQUIRE(ctx && other);
	in = wd_alloc_blk(there.pool), out = wd_alloc_blk(there.pool);
	memcpy(in, plain, SIZE);
	for (__u32 len = 1; len <= SIZE; len = len * 10) {
		d = request(in, len, out, BLOCK);
		say("compress", wcrypto_do_comp(ctx, &d, NULL), &d);
		printf("output %#x\n", sum_of(out, d.produced));
		head = header(alg, file);
		memcpy(file + head, out, d.produced);
		leave("whole", alg, file, head + d.produced);
		again = wd_alloc_blk(back.pool);
		memcpy(again, out, d.produced);
		d = request(again, d.produced, again + BLOCK / 4, BLOCK * 3 / 4);
		say("decompress", wcrypto_do_comp(other, &d, NULL), &d);
		REQUIRE(memcmp(again + BLOCK / 4, plain, len) == 0);
		wd_free_blk(back.pool, again);
	}
	memcpy(in, noise, SIZE);
	d = request(in, 5000, out, BLOCK);
	say("noise", wcrypto_do_comp(ctx, &d, NULL), &d);
	d = request(in, 5000, out, 1000);
	say("no room", wcrypto_do_comp(ctx, &d, NULL), &d);
	again = wd_alloc_blk(back.pool);
	memcpy(again, noise, 5000);
	d = request(again, 5000, again + BLOCK / 2, BLOCK / 2);
	say("no deflate", wcrypto_do_comp(other, &d, NULL), &d);
	wcrypto_del_comp_ctx(ctx);
	wcrypto_del_comp_ctx(other);
	close_line(&there);
	close_line(&back);
}

/* Sends `len` bytes as a stream in pieces; how many bytes of output. */
static size_t stream(void *ctx, unsigned char *in, size_t len, __u32 piece, __u32 room, unsigned flush,
		     unsigned char *space, unsigned char *to, struct wcrypto_comp_op_data *d)
{
	size_t at = 0, made = 0;
	int calls = 0, answer;

	memset(d, 0, sizeof(*d));
	do {
		__u32 isize = d->isize, checksum = d->checksum, now = len - at < piece ? (__u32)(len - at) : piece;

		*d = request(in + at, now, space, room);
		d->stream_pos = calls ? WCRYPTO_COMP_STREAM_OLD : WCRYPTO_COMP_STREAM_NEW;
		d->flush = now == len - at ? (__u8)flush : WCRYPTO_SYNC_FLUSH;
		d->isize = isize, d->checksum = checksum;
		answer = wcrypto_do_comp(ctx, d, NULL);
		REQUIRE(answer == 0 && d->produced <= room && d->consumed <= now);
		if (calls++ < 6)
			say("piece", answer, d);
		memcpy(to + made, space, d->produced);
		at += d->consumed, made += d->produced;
		if (d->status == WCRYPTO_DECOMP_END || d->status == WD_IN_EPARA || d->status == WD_VERIFY_ERR)
			break;
		REQUIRE(calls < 5000);
	} while (at < len || d->status == WCRYPTO_DECOMP_END_NOSPACE || d->status == WCRYPTO_DECOMP_BLK_NOSTART);
	say("last", answer, d);
	printf("calls %d consumed %zu produced %zu output %#x\n", calls, at, made, sum_of(to, made));
	return made;
}

static void streams(unsigned alg)
{
	static const struct {
		__u32 piece, room;
	} ways[] = { { SIZE, BLOCK }, { 5000, BLOCK }, { 5000, 3000 }, { 5000, 201 }, { 300, 200 }, { 300, 40 }, { 300, 17 }, { 100, 5 } };
	static unsigned char made[SIZE * 2], back_again[SIZE * 2];
	struct line there, back;
	struct wcrypto_comp_ctx_setup setup;
	struct wcrypto_comp_op_data d;
	unsigned char *in, *out, *coming, *room;
	void *ctx, *other;

	title("streams");
	open_line(&there, NAMES[alg], 0, 0);
	open_line(&back, NAMES[alg], 1, 0);
	setup = setup_of(&there, alg, WCRYPTO_DEFLATE, WCRYPTO_COMP_STATEFUL);
	ctx = wcrypto_create_comp_ctx(&there.q, &setup);
	setup = setup_of(&back, alg, WCRYPTO_INFLATE, WCRYPTO_COMP_STATEFUL);
	other = wcrypto_create_comp_ctx(&back.q, &setup);
	REQUIRE(ctx && other);
	in = wd_alloc_blk(there.pool), out = wd_alloc_blk(there.pool);
	coming = wd_alloc_blk(back.pool), room = wd_alloc_blk(back.pool);
	memcpy(in, plain, SIZE);
	for (size_t w = 0; w < COUNT(ways); w++) {
		size_t len = ways[w].room > 200 ? SIZE : 3000;

		for (unsigned flush = WCRYPTO_SYNC_FLUSH; flush <= WCRYPTO_FINISH; flush++) {
			char name[64];
			size_t size, head;

			printf("pieces of %u, room for %u, flush %u\n", ways[w].piece, ways[w].room, flush);
			head = header(alg, made);
			size = stream(ctx, in, len, ways[w].piece, ways[w].room, flush, out, made + head, &d);
			if (flush == WCRYPTO_SYNC_FLUSH)
				size += trailer(alg, &d, made + head + size);
			snprintf(name, sizeof(name), "stream-%zu-%u", w, flush);
			leave(name, alg, made, head + size);
			REQUIRE(size <= BLOCK);
			memcpy(coming, made + head, size);
			size = stream(other, coming, size, ways[w].piece, ways[w].room, WCRYPTO_SYNC_FLUSH, room, back_again, &d);
			printf("equal %d\n", size == len && memcmp(back_again, plain, len) == 0);
		}
	}
	wcrypto_del_comp_ctx(ctx);
	wcrypto_del_comp_ctx(other);
	close_line(&there);
	close_line(&back);
}

struct post {
	struct wcrypto_comp_op_data data;
	const struct wcrypto_comp_msg *seen;
	unsigned calls, produced, checksum;
};

static unsigned order[64], ordered;
static void *again_ctx;
static struct post *again_post;
static int again_answer;

static void callback(const void *message, void *tag)
{
	const struct wcrypto_comp_msg *m = message;
	struct post *p = tag;

	p->calls++;
	p->produced = m->produced;
	p->checksum = m->checksum;
	order[ordered++] = (unsigned)(m->in_size);
	REQUIRE(m->src == p->data.in && m->dst == p->data.out && m->tag == 1);
	if (again_ctx) {
		void *ctx = again_ctx;

		again_ctx = NULL;
		again_answer = wcrypto_do_comp(ctx, &again_post->data, again_post);
	}
}

static int poll_all(struct wd_queue *q, int wanted)
{
	int done = 0, now;

	for (long turn = 0; done < wanted && turn < 100000000; turn++) {
		now = wcrypto_comp_poll(q, 0);
		REQUIRE(now >= 0);
		done += now;
	}
	return done;
}

static void asynchronous(unsigned alg)
{
	struct line l;
	struct wcrypto_comp_ctx_setup setup;
	static struct post posts[8], extra;
	unsigned char *in, *out;
	void *ctx;

	title("callbacks");
	open_line(&l, NAMES[alg], 0, 6);
	setup = setup_of(&l, alg, WCRYPTO_DEFLATE, WCRYPTO_COMP_STATELESS);
	ctx = wcrypto_create_comp_ctx(&l.q, &setup);
	in = wd_alloc_blk(l.pool), out = wd_alloc_blk(l.pool);
	memcpy(in, plain, SIZE);
	posts[0].data = request(in, 100, out, 1000);
	printf("no callback: %d\n", wcrypto_do_comp(ctx, &posts[0].data, &posts[0]));
	wcrypto_del_comp_ctx(ctx);
	setup.cb = callback;
	ctx = wcrypto_create_comp_ctx(&l.q, &setup);
	REQUIRE(ctx);
	printf("nothing: %d\n", wcrypto_comp_poll(&l.q, 0));
	for (unsigned round = 0; round < 50; round++) {
		ordered = 0;
		for (unsigned i = 0; i < COUNT(posts); i++) {
			int answer;

			memset(&posts[i], 0, sizeof(posts[i]));
			posts[i].data = request(in + i * 500, 400 + i, out + i * 2000, 2000);
			answer = wcrypto_do_comp(ctx, &posts[i].data, &posts[i]);
			if (round == 0)
				printf("post %u: %d\n", i, answer);
			REQUIRE(answer == (i < 6 ? 0 : -WD_EBUSY));
		}
		REQUIRE(poll_all(&l.q, 6) == 6);
		for (unsigned i = 0; i < 6; i++) {
			REQUIRE(posts[i].calls == 1);
			if (round == 0)
				printf("in order %u, produced %u checksum %#x output %#x\n", order[i] - 400, posts[i].produced,
				       posts[i].checksum, sum_of(posts[i].data.out, posts[i].produced));
		}
	}
	/* From the callback. */
	ordered = 0;
	extra.data = request(in, 5000, out + 50000, 9000);
	again_ctx = ctx, again_post = &extra;
	posts[0].calls = 0;
	REQUIRE(wcrypto_do_comp(ctx, &posts[0].data, &posts[0]) == 0);
	REQUIRE(poll_all(&l.q, 2) == 2);
	printf("sent from the callback: %d, calls %u %u produced %u\n", again_answer, posts[0].calls, extra.calls,
	       extra.produced);
	/* A number at most. */
	for (unsigned i = 0; i < 4; i++)
		REQUIRE(wcrypto_do_comp(ctx, &posts[i].data, &posts[i]) == 0);
	{
		int first = 0, more;

		while (first == 0)
			first = wcrypto_comp_poll(&l.q, 1);
		more = poll_all(&l.q, 3);
		printf("one: %d, the others: %d\n", first, more);
	}
	wcrypto_del_comp_ctx(ctx);
	close_line(&l);
}

static void *list_alloc(void *pool, size_t size)
{
	return wd_alloc_sgl(pool, (__u32)size);
}

static void list_free(void *pool, void *list)
{
	wd_free_sgl(pool, list);
}

static void *list_map(void *pool, void *list, size_t size)
{
	return wd_sgl_iova_map(pool, list, size);
}

static void list_unmap(void *pool, void *list, void *dma, size_t size)
{
	(void)size;
	wd_sgl_iova_unmap(pool, dma, list);
}

/* A queue, and a pool of lists in its memory. */
static void open_lists(struct line *l, const char *alg, int decompresses, struct wd_mm_br *br)
{
	struct wd_sglpool_setup setup;

	open_queue(&l->q, alg, decompresses, 0);
	memset(&setup, 0, sizeof(setup));
	setup.buf_size = 4096;
	setup.sge_num_in_sgl = setup.buf_num_in_sgl = 30;
	setup.sgl_num = 4;
	setup.buf_num = 120;
	setup.align_size = 64;
	l->pool = wd_sglpool_create(&l->q, &setup);
	REQUIRE(l->pool);
	*br = (struct wd_mm_br){ .alloc = list_alloc, .free = list_free, .iova_map = list_map, .iova_unmap = list_unmap,
				 .usr = l->pool };
}

static void lists(unsigned alg)
{
	static unsigned char made[SIZE * 2], back_again[SIZE];
	struct line there, back;
	struct wd_mm_br br, other_br;
	struct wcrypto_comp_ctx_setup setup;
	struct wcrypto_comp_op_data d;
	struct wd_sgl *in, *out, *coming, *room;
	void *ctx, *other;

	title("lists");
	open_lists(&there, NAMES[alg], 0, &br);
	open_lists(&back, NAMES[alg], 1, &other_br);
	setup = setup_of(&there, alg, WCRYPTO_DEFLATE, WCRYPTO_COMP_STATELESS);
	setup.data_fmt = WD_SGL_BUF;
	setup.br = br;
	ctx = wcrypto_create_comp_ctx(&there.q, &setup);
	setup.op_type = WCRYPTO_INFLATE;
	setup.br = other_br;
	other = wcrypto_create_comp_ctx(&back.q, &setup);
	REQUIRE(ctx && other);
	in = wd_alloc_sgl(there.pool, 120000), out = wd_alloc_sgl(there.pool, 120000);
	coming = wd_alloc_sgl(back.pool, 120000), room = wd_alloc_sgl(back.pool, 120000);
	REQUIRE(in && out && coming && room);
	for (__u32 len = 100; len <= SIZE; len = len * 10) {
		SAY(wd_sgl_cp_from_pbuf(in, 0, plain, len));
		d = request(in, len, out, 120000);
		say("compress", wcrypto_do_comp(ctx, &d, NULL), &d);
		SAY(wd_sgl_cp_to_pbuf(out, 0, made, d.produced));
		printf("output %#x\n", sum_of(made, d.produced));
		SAY(wd_sgl_cp_from_pbuf(coming, 0, made, d.produced));
		d = request(coming, d.produced, room, 120000);
		say("decompress", wcrypto_do_comp(other, &d, NULL), &d);
		SAY(wd_sgl_cp_to_pbuf(room, 0, back_again, d.produced));
		REQUIRE(memcmp(back_again, plain, len) == 0);
	}
	wcrypto_del_comp_ctx(ctx);
	wcrypto_del_comp_ctx(other);
	wd_free_sgl(there.pool, in), wd_free_sgl(there.pool, out);
	wd_free_sgl(back.pool, coming), wd_free_sgl(back.pool, room);
	wd_sglpool_destroy(there.pool), wd_sglpool_destroy(back.pool);
	wd_release_queue(&there.q), wd_release_queue(&back.q);
}

static void say_results(int answer, const struct wcrypto_comp_op_data *d, const struct wcrypto_lz77_zstd_format *f,
			const unsigned char *out)
{
	say("lz77", answer, d);
	if (answer || d->status)
		return;
	printf("literals %u at %td sum %#x, sequences %u at %td sum %#x, frequencies at %td sum %#x, overflow %u %u\n",
	       f->lit_num, (unsigned char *)f->literals_start - out, sum_of(f->literals_start, f->lit_num), f->seq_num,
	       (unsigned char *)f->sequences_start - out, sum_of(f->sequences_start, f->seq_num * 8),
	       (unsigned char *)f->freq - out, sum_of(f->freq, 784), f->lit_length_overflow_cnt, f->lit_length_overflow_pos);
}

static void lz77(void)
{
	struct line l;
	struct wcrypto_comp_ctx_setup setup;
	struct wcrypto_comp_op_data d;
	struct wcrypto_lz77_zstd_format format;
	unsigned char *in, *out;
	void *ctx;

	title("lz77");
	open_line(&l, "lz77_zstd", 0, 0);
	in = wd_alloc_blk(l.pool), out = wd_alloc_blk(l.pool);
	memcpy(in, plain, SIZE);
	for (unsigned mode = WCRYPTO_COMP_STATELESS; mode <= WCRYPTO_COMP_STATEFUL; mode++)
		for (unsigned level = 7; level <= 9; level++) {
			printf("mode %u level %u\n", mode, level);
			setup = setup_of(&l, WCRYPTO_LZ77_ZSTD, WCRYPTO_DEFLATE, mode);
			setup.comp_lv = (__u8)level;
			ctx = wcrypto_create_comp_ctx(&l.q, &setup);
			REQUIRE(ctx);
			memset(&format, 0, sizeof(format));
			for (int piece = 0; piece < 4; piece++) {
				d = request(in + piece * 20000, 20000, out, BLOCK);
				d.stream_pos = piece ? WCRYPTO_COMP_STREAM_OLD : WCRYPTO_COMP_STREAM_NEW;
				d.flush = WCRYPTO_SYNC_FLUSH;
				d.priv = &format;
				memset(out, 0, BLOCK);
				say_results(wcrypto_do_comp(ctx, &d, NULL), &d, &format, out);
				format.blk_type = piece & 1 ? 2 : 0;
			}
			d = request(in, 131073, out, BLOCK);
			d.priv = &format;
			SAY(wcrypto_do_comp(ctx, &d, NULL));
			d = request(in, 1000, out, 1000 + 16 + 783);
			d.priv = &format;
			SAY(wcrypto_do_comp(ctx, &d, NULL));
			wcrypto_del_comp_ctx(ctx);
		}
	close_line(&l);
}

static void refusals(void)
{
	struct line l, other;
	struct wcrypto_comp_ctx_setup setup, good;
	struct wcrypto_comp_op_data d;
	void *ctx, *all[256], *out;

	title("refusals");
	open_line(&l, "zlib", 0, 0);
	open_line(&other, "zlib", 0, 0);
	good = setup_of(&l, WCRYPTO_ZLIB, WCRYPTO_DEFLATE, WCRYPTO_COMP_STATELESS);
	SAY_PTR(wcrypto_create_comp_ctx(NULL, &good));
	SAY_PTR(wcrypto_create_comp_ctx(&l.q, NULL));
#define WITH(field, value) \
	do { \
		setup = good; \
		setup.field = value; \
		ctx = wcrypto_create_comp_ctx(&l.q, &setup); \
		printf("%s = %s: %s\n", #field, #value, ctx ? "some" : "none"); \
		if (ctx) \
			wcrypto_del_comp_ctx(ctx); \
	} while (0)
	WITH(alg_type, WCRYPTO_LZ77_ZSTD);
	WITH(alg_type, WCRYPTO_COMP_MAX_ALG);
	WITH(comp_lv, 0);
	WITH(comp_lv, 9);
	WITH(comp_lv, 10);
	WITH(op_type, 2);
	WITH(stream_mode, 2);
	WITH(win_size, 4);
	WITH(win_size, 5);
	WITH(data_fmt, 2);
	WITH(br.alloc, NULL);
	WITH(br.free, NULL);
	WITH(br.iova_map, NULL);
	WITH(br.iova_unmap, NULL);
	ctx = wcrypto_create_comp_ctx(&l.q, &good);
	REQUIRE(ctx);
	setup = good;
	setup.br.usr = other.pool;
	SAY_PTR(wcrypto_create_comp_ctx(&l.q, &setup));
	out = wd_alloc_blk(l.pool);
	memset(out, 0, 5000);
	d = request(out, 10, (char *)out + 1000, 100);
	SAY(wcrypto_do_comp(NULL, &d, NULL));
	SAY(wcrypto_do_comp(ctx, NULL, NULL));
	d.in = NULL;
	SAY(wcrypto_do_comp(ctx, &d, NULL));
	d = request(out, 10, NULL, 100);
	SAY(wcrypto_do_comp(ctx, &d, NULL));
	d = request(out, (8 << 20) + 1, (char *)out + 1000, 100);
	SAY(wcrypto_do_comp(ctx, &d, NULL));
	d = request(plain, 10, (char *)out + 1000, 100);
	SAY(wcrypto_do_comp(ctx, &d, NULL));
	d = request(out, 10, (char *)out + 1000, 100);
	say("and then", wcrypto_do_comp(ctx, &d, NULL), &d);
	SAY(wcrypto_comp_poll(NULL, 1));
	wcrypto_del_comp_ctx(NULL);
	wcrypto_del_comp_ctx(ctx);
	for (size_t i = 0; i < COUNT(all); i++)
		REQUIRE((all[i] = wcrypto_create_comp_ctx(&l.q, &good)));
	SAY_PTR(wcrypto_create_comp_ctx(&l.q, &good));
	wcrypto_del_comp_ctx(all[7]);
	SAY_PTR(all[7] = wcrypto_create_comp_ctx(&l.q, &good));
	for (size_t i = 0; i < COUNT(all); i++)
		wcrypto_del_comp_ctx(all[i]);
	close_line(&l);
	close_line(&other);
}

int main(int argc, char **argv)
{
	unsigned formats = 3;
	unsigned state = 7;

	setvbuf(stdout, NULL, _IOLBF, 0);
	directory = argc > 1 ? argv[1] : NULL;
	fill_text(plain, SIZE);
	for (size_t i = 0; i < SIZE; i++) {
		state = state * 1664525 + 1013904223;
		noise[i] = (unsigned char)(state >> 24);
	}
	/* Devices before version 3 have no raw deflate. */
	if (wd_get_available_dev_num("deflate") < 1)
		formats = 2;
	for (unsigned alg = 0; alg < formats; alg++) {
		printf("\n%s\n", NAMES[alg]);
		whole(alg);
		streams(alg);
		asynchronous(alg);
		lists(alg);
	}
	if (formats == 3)
		lz77();
	refusals();
	return 0;
}
