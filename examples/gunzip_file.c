/* Decompresses a file: gunzip_file IN OUT. A member may hold up to 8 MiB: the engine gives no more
 * in one message, and this example keeps no state from one message to the next. */
#include "zip.h"

/* The size of the header at p, or 0 if there is none. Skips the optional fields. */
static size_t header_size(const unsigned char *p, size_t size)
{
	size_t at = 10;
	int text;

	if (size < at || p[0] != 0x1f || p[1] != 0x8b || p[2] != 8)
		return 0;
	if (p[3] & 4) /* extra field */
		at += size < at + 2 ? size : 2 + p[at] + ((size_t)p[at + 1] << 8);
	for (text = 8; text <= 16; text *= 2) { /* name, comment */
		if (!(p[3] & text))
			continue;
		while (at < size && p[at])
			at++;
		at++;
	}
	if (p[3] & 2) /* checksum of the header */
		at += 2;
	return at < size ? at : 0;
}

/* Decompresses one member; answers how much of it was taken. */
static size_t member(struct wd_queue *q, const unsigned char *p, size_t size, void *space, FILE *out)
{
	struct hisi_qm_msg msg;
	void *done = NULL;
	int ret;

	fill(&msg, q, GZIP, p, size < MESSAGE_MAX ? size : MESSAGE_MAX, space, MESSAGE_MAX);
	ret = wd_send(q, &msg);
	if (ret)
		fail("wd_send", ret);
	ret = wd_recv_sync(q, &done, 10000);
	if (ret == -EIO && done)
		fprintf(stderr, "status 0x%02x%s\n", msg.dw3 & 0xff,
			(msg.dw3 & 0xff) == 0x0e ? ": a member of more than 8 MiB" : "");
	if (ret)
		fail("wd_recv_sync", ret);
	if (fwrite(space, 1, msg.produced, out) != msg.produced)
		fail("write", errno);
	return msg.consumed;
}

int main(int argc, char **argv)
{
	struct wd_queue q;
	struct stat about;
	unsigned char *data, *space;
	size_t size, at = 0;
	FILE *in, *out;

	if (argc != 3 || !(in = fopen(argv[1], "rb")) || !(out = fopen(argv[2], "wb")))
		fail("usage: gunzip_file IN OUT", argc == 3 ? errno : EINVAL);
	if (fstat(fileno(in), &about))
		fail(argv[1], errno);
	size = about.st_size;
	open_queue(&q, "gzip", "decompress");
	space = shared(&q, MESSAGE_MAX);
	data = shared(&q, size ? size : 1);
	if (fread(data, 1, size, in) != size)
		fail("read", errno);
	while (at < size) {
		size_t head = header_size(data + at, size - at), taken;

		if (!head)
			fail("not a gzip header", EINVAL);
		at += head;
		taken = member(&q, data + at, size - at, space, out);
		if (!taken || taken > size - at)
			fail("member", EIO);
		at += taken;
	}
	if (fclose(out))
		fail("write", errno);
	wd_shared_free(data);
	wd_shared_free(space);
	wd_release_queue(&q);
	return 0;
}
