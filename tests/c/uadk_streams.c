/* SPDX-License-Identifier: Apache-2.0
 *
 * uadk_streams [DIR]: the zlib wrapper, in pieces of all sizes, as an engine behind zlib's API would
 * use it. gzip streams are left in DIR for gzip to read. */
#include "uadk.h"
#include <uadk/wd_path.h>
#include <uadk/wd_zlibwrapper.h>

enum { SIZE = 9000, ROOM = 12000 };

static unsigned char plain[SIZE], packed[ROOM], again[SIZE + 1];
static const char *dir;

static int step(z_stream *z, bool back, int flush)
{
	return back ? wd_inflate(z, flush) : wd_deflate(z, flush);
}

/* Gives `in` bytes and room for `out` bytes at a time; what zlib promises holds at each step. */
static size_t pump(z_stream *z, bool back, unsigned char *src, size_t len, unsigned char *dst, size_t room, size_t in,
		   size_t out)
{
	size_t given = 0, got = 0;
	int ret = Z_OK;

	for (long steps = 0; ret != Z_STREAM_END; steps++) {
		z_stream old;

		REQUIRE(steps < 200000);
		z->next_in = src + given;
		z->avail_in = (__u32)(len - given < in ? len - given : in);
		z->next_out = dst + got;
		z->avail_out = (__u32)(room - got < out ? room - got : out);
		old = *z;
		ret = step(z, back, given + z->avail_in == len ? Z_FINISH : Z_SYNC_FLUSH);
		REQUIRE(ret == Z_OK || ret == Z_STREAM_END || ret == Z_BUF_ERROR);
		REQUIRE(z->avail_in <= old.avail_in && z->avail_out <= old.avail_out);
		REQUIRE(z->next_in - old.next_in == old.avail_in - z->avail_in);
		REQUIRE(z->next_out - old.next_out == old.avail_out - z->avail_out);
		REQUIRE(z->total_in - old.total_in == old.avail_in - z->avail_in);
		REQUIRE(z->total_out - old.total_out == old.avail_out - z->avail_out);
		if (ret == Z_BUF_ERROR)
			REQUIRE(z->avail_in == old.avail_in && z->avail_out == old.avail_out);
		given += old.avail_in - z->avail_in;
		got += old.avail_out - z->avail_out;
	}
	REQUIRE(z->total_in == given && z->total_out == got);
	return got;
}

static void begin(z_stream *z, bool back, int bits)
{
	/* Nothing in it is looked at. */
	memset(z, 0xA5, sizeof(*z));
	REQUIRE((back ? wd_inflate_init(z, bits) : wd_deflate_init(z, 1, bits)) == Z_OK);
	REQUIRE(z->total_in == 0 && z->total_out == 0);
}

static void keep(size_t len, int number)
{
	char name[300];
	FILE *file;

	if (!dir)
		return;
	snprintf(name, sizeof(name), "%s/%02d-streams.gz", dir, number);
	file = fopen(name, "wb");
	REQUIRE(file && fwrite(packed, 1, len, file) == len && fclose(file) == 0);
}

static void trips(void)
{
	static const int bits[] = { -15, 15, 31, -8, 8, 24, 12 };
	static const struct {
		size_t in, out;
	} pieces[] = { { 1, 1 }, { 1, SIZE }, { SIZE, 1 }, { 100, 7 }, { 3000, 255 }, { 3000, 256 }, { SIZE, ROOM } };

	for (size_t b = 0; b < COUNT(bits); b++)
		for (size_t p = 0; p < COUNT(pieces); p++) {
			size_t size = pieces[p].in == 1 ? 150 : SIZE, len;
			z_stream c, d;

			begin(&c, false, bits[b]);
			begin(&d, true, bits[b]);
			/* Twice, with a reset between. */
			for (int twice = 0; twice < 2; twice++) {
				len = pump(&c, false, plain, size, packed, ROOM, pieces[p].in, pieces[p].out);
				if (bits[b] == 31)
					keep(len, (int)p);
				memset(again, 0, sizeof(again));
				/* What follows the stream is not taken. */
				packed[len] = 'x';
				REQUIRE(pump(&d, true, packed, len + 1, again, sizeof(again), pieces[p].in,
					     pieces[p].out) == size);
				REQUIRE(d.total_in == len && memcmp(plain, again, size) == 0);
				REQUIRE(wd_deflate_reset(&c) == Z_OK && wd_inflate_reset(&d) == Z_OK);
				REQUIRE(c.total_in == 0 && c.total_out == 0 && d.total_in == 0 && d.total_out == 0);
			}
			REQUIRE(wd_deflate_end(&c) == Z_OK && wd_inflate_end(&d) == Z_OK);
		}
}

static void refusals(void)
{
	z_stream z, other;

	for (int bits = -20; bits < 40; bits++) {
		bool good = (bits >= -15 && bits <= -8) || (bits >= 8 && bits <= 15) || (bits >= 24 && bits <= 31);

		memset(&z, 0, sizeof(z));
		REQUIRE(wd_deflate_init(&z, 6, bits) == (good ? Z_OK : Z_STREAM_ERROR));
		REQUIRE(wd_deflate_end(&z) == (good ? Z_OK : Z_STREAM_ERROR));
		REQUIRE(wd_inflate_init(&z, bits) == (good ? Z_OK : Z_STREAM_ERROR));
		REQUIRE(wd_inflate_end(&z) == (good ? Z_OK : Z_STREAM_ERROR));
	}
	for (int level = -3; level < 12; level++) {
		bool good = level >= -1 && level <= 9;

		REQUIRE(wd_deflate_init(&z, level, 15) == (good ? Z_OK : Z_STREAM_ERROR));
		if (good)
			REQUIRE(wd_deflate_end(&z) == Z_OK);
	}
	begin(&z, false, 15);
	other = z;
	z.next_in = plain, z.avail_in = 10, z.next_out = packed, z.avail_out = ROOM;
	for (int flush = -1; flush < 7; flush++)
		if (flush != Z_SYNC_FLUSH && flush != Z_FINISH)
			REQUIRE(wd_deflate(&z, flush) == Z_STREAM_ERROR && z.avail_in == 10);
	/* A stream of the other direction. */
	REQUIRE(wd_inflate(&z, Z_FINISH) == Z_STREAM_ERROR && wd_inflate_reset(&z) == Z_STREAM_ERROR);
	REQUIRE(wd_inflate_end(&z) == Z_STREAM_ERROR);
	/* No room is no progress, and neither is nothing to flush. */
	z.avail_out = 0;
	REQUIRE(wd_deflate(&z, Z_FINISH) == Z_BUF_ERROR && wd_deflate(&z, Z_SYNC_FLUSH) == Z_STREAM_ERROR);
	REQUIRE(wd_deflate_reset(&z) == Z_OK);
	z.avail_out = ROOM;
	REQUIRE(wd_deflate(&z, Z_SYNC_FLUSH) == Z_OK && z.avail_in == 0);
	REQUIRE(wd_deflate(&z, Z_SYNC_FLUSH) == Z_BUF_ERROR);
	REQUIRE(wd_deflate(&z, Z_FINISH) == Z_STREAM_END);
	REQUIRE(wd_deflate(&z, Z_FINISH) == Z_STREAM_END);
	z.next_in = NULL, z.avail_in = 5;
	REQUIRE(wd_deflate(&z, Z_FINISH) == Z_STREAM_ERROR);
	REQUIRE(wd_deflate_end(&z) == Z_OK);
	/* Ended, a copy of it, and what never was one. */
	REQUIRE(wd_deflate_end(&z) == Z_STREAM_ERROR && wd_deflate(&other, Z_FINISH) == Z_STREAM_ERROR);
	REQUIRE(wd_deflate_reset(&other) == Z_STREAM_ERROR && wd_deflate_end(&other) == Z_STREAM_ERROR);
	memset(&z, 0xA5, sizeof(z));
	z.avail_in = z.avail_out = 0;
	REQUIRE(wd_deflate(&z, Z_FINISH) == Z_STREAM_ERROR && wd_inflate_end(&z) == Z_STREAM_ERROR);
}

static void bad_data(void)
{
	static unsigned char junk[400];
	z_stream z;

	memset(junk, 0xff, sizeof(junk));
	for (int bits = -15; bits <= 31; bits += bits < 0 ? 30 : 16) {
		begin(&z, true, bits);
		z.next_in = junk, z.avail_in = sizeof(junk), z.next_out = again, z.avail_out = SIZE;
		REQUIRE(wd_inflate(&z, Z_SYNC_FLUSH) == Z_DATA_ERROR);
		REQUIRE(wd_inflate(&z, Z_SYNC_FLUSH) == Z_DATA_ERROR);
		REQUIRE(wd_inflate_reset(&z) == Z_OK && wd_inflate_end(&z) == Z_OK);
	}
}

/* Somebody else's uninit takes the sessions along; the next stream begins anew. */
static void undone(void)
{
	z_stream z;
	struct wd_comp_stats stats = { .size = sizeof(stats) };
	size_t len;

	begin(&z, false, 31);
	wd_comp_uninit2();
	z.next_in = plain, z.avail_in = 10, z.next_out = packed, z.avail_out = ROOM;
	REQUIRE(wd_deflate(&z, Z_FINISH) == Z_STREAM_ERROR);
	REQUIRE(wd_deflate_end(&z) == Z_OK);
	begin(&z, false, 31);
	len = pump(&z, false, plain, SIZE, packed, ROOM, 1000, 1000);
	keep(len, 99);
	REQUIRE(wd_comp_get_stats(&stats) == 0 && stats.requests > 0 && stats.errors == 0);
	REQUIRE(wd_deflate_end(&z) == Z_OK);
}

static void *one(void *unused)
{
	/* Tools do not see what a device writes. */
	unsigned char out[ROOM] = { 0 }, back[SIZE] = { 0 };
	z_stream c, d;

	(void)unused;
	for (int i = 0; i < 10; i++) {
		size_t len;

		begin(&c, false, 15);
		begin(&d, true, 15);
		len = pump(&c, false, plain, SIZE, out, ROOM, 900, 400);
		REQUIRE(pump(&d, true, out, len, back, SIZE, 900, 400) == SIZE && memcmp(plain, back, SIZE) == 0);
		REQUIRE(wd_deflate_end(&c) == Z_OK && wd_inflate_end(&d) == Z_OK);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[6];

	dir = argc > 1 ? argv[1] : NULL;
	for (size_t i = 0; i < SIZE; i++)
		plain[i] = (unsigned char)(i * i / 7 % 23 ^ i >> 9);
	refusals();
	trips();
	bad_data();
	undone();
	for (size_t i = 0; i < COUNT(t); i++)
		REQUIRE(pthread_create(&t[i], NULL, one, NULL) == 0);
	for (size_t i = 0; i < COUNT(t); i++)
		pthread_join(t[i], NULL);
	return 0;
}
