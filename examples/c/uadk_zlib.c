/* Compresses a file, or with -d decompresses one: uadk_zlib [-d] IN OUT. It is what an engine behind
 * zlib's API looks like over wd_zlibwrapper.h: deflate, inflate and their like below have zlib's
 * meaning, also with a byte of input and of room at a time. The format is gzip's.
 *
 *   cc uadk_zlib.c $(pkg-config --cflags --libs libwd_comp) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uadk/wd_zlibwrapper.h>

#define PIECE (256 * 1024)
#define GZIP (16 + MAX_WBITS)

static int deflate_begin(z_stream *z, int level, int window_bits)
{
	return wd_deflate_init(z, level, window_bits);
}

/* There is no Z_NO_FLUSH, and zlib's own may flush as well. */
static int deflate_step(z_stream *z, int flush)
{
	return wd_deflate(z, flush == Z_FINISH ? Z_FINISH : Z_SYNC_FLUSH);
}

static int inflate_begin(z_stream *z, int window_bits)
{
	return wd_inflate_init(z, window_bits);
}

static int inflate_step(z_stream *z, int flush)
{
	int ret = wd_inflate(z, flush == Z_FINISH ? Z_FINISH : Z_SYNC_FLUSH);

	/* zlib says so when a stream that was to be finished is not. */
	return ret == Z_OK && flush == Z_FINISH ? Z_BUF_ERROR : ret;
}

static void fail(const char *what, int number)
{
	fprintf(stderr, "%s: error %d\n", what, number);
	exit(1);
}

int main(int argc, char **argv)
{
	static unsigned char in[PIECE], out[PIECE];
	int back = argc == 4 && !strcmp(argv[1], "-d"), ret = Z_OK, flush;
	FILE *from, *to;
	z_stream z;

	if (argc != 3 + back) {
		fprintf(stderr, "usage: uadk_zlib [-d] IN OUT\n");
		return 2;
	}
	from = fopen(argv[1 + back], "rb");
	to = fopen(argv[2 + back], "wb");
	if (!from || !to)
		fail("fopen", errno);
	memset(&z, 0, sizeof(z));
	ret = back ? inflate_begin(&z, GZIP) : deflate_begin(&z, Z_DEFAULT_COMPRESSION, GZIP);
	if (ret != Z_OK)
		fail("init", ret);
	do {
		z.avail_in = (__u32)fread(in, 1, sizeof(in), from);
		z.next_in = in;
		flush = z.avail_in < sizeof(in) && !back ? Z_FINISH : Z_NO_FLUSH;
		if (!z.avail_in && back)
			fail("the file ends too early", Z_BUF_ERROR);
		do {
			z.next_out = out;
			z.avail_out = sizeof(out);
			ret = back ? inflate_step(&z, flush) : deflate_step(&z, flush);
			if (ret < 0 && ret != Z_BUF_ERROR)
				fail(back ? "inflate" : "deflate", ret);
			fwrite(out, 1, sizeof(out) - z.avail_out, to);
		} while (ret != Z_STREAM_END && z.avail_out == 0);
	} while (ret != Z_STREAM_END);
	printf("%llu bytes to %llu\n", (unsigned long long)z.total_in, (unsigned long long)z.total_out);
	if (ferror(from) || fclose(to))
		fail("file", errno);
	return (back ? wd_inflate_end(&z) : wd_deflate_end(&z)) != Z_OK;
}
