/* Compresses a file: gzip_file IN OUT. Each piece becomes a gzip member of its own, and gzip takes
 * members one behind the other as one file. Several pieces are at the device at a time. */
#include "zip.h"

#define PIECE (512 * 1024)
#define SPACE (PIECE + PIECE / 8) /* what cannot be compressed grows a little */
#define SLOTS 8

enum state { FREE, SENT, DONE };

struct slot {
	struct hisi_qm_msg msg; /* first, so that a message leads back to its slot */
	enum state state;
	unsigned char *in, *out;
};

static const unsigned char header[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
static const unsigned char nothing[10] = { 3 }; /* an empty stream, its checksum and length */

static struct wd_queue q;
static FILE *in, *out;
static unsigned long long total_in, total_out;

static void put(const void *data, size_t size)
{
	if (fwrite(data, 1, size, out) != size)
		fail("write", errno);
	total_out += size;
}

/* Writes a slot's member when it is done. The device may finish others before it. */
static void finish(struct slot *slot)
{
	while (slot->state == SENT) {
		void *done;
		int ret = wd_recv_sync(&q, &done, 10000);

		if (ret)
			fail("wd_recv_sync", ret);
		((struct slot *)done)->state = DONE;
	}
	if (slot->state == DONE) {
		put(header, sizeof(header));
		put(slot->out, slot->msg.produced);
		slot->state = FREE;
	}
}

int main(int argc, char **argv)
{
	static struct slot slots[SLOTS];
	static const char *const paths[] = { "no path", "uacce", "vfio", "simulated" };
	struct wd_queue_info info = { .size = sizeof(info) };
	unsigned char *memory;
	unsigned int n, i;
	size_t size;
	int ret;

	if (argc != 3 || !(in = fopen(argv[1], "rb")) || !(out = fopen(argv[2], "wb")))
		fail("usage: gzip_file IN OUT", argc == 3 ? errno : EINVAL);
	open_queue(&q, "gzip", "compress");
	memory = shared(&q, SLOTS * (PIECE + SPACE));
	for (i = 0; i < SLOTS; i++) {
		slots[i].in = memory + i * (PIECE + SPACE);
		slots[i].out = slots[i].in + PIECE;
	}
	for (n = 0;; n++) {
		struct slot *slot = &slots[n % SLOTS];

		finish(slot);
		size = fread(slot->in, 1, PIECE, in);
		if (!size)
			break;
		fill(&slot->msg, &q, GZIP, slot->in, size, slot->out, SPACE);
		ret = wd_send(&q, &slot->msg);
		if (ret)
			fail("wd_send", ret);
		slot->state = SENT;
		total_in += size;
	}
	for (i = 0; i < SLOTS; i++)
		finish(&slots[(n + i) % SLOTS]);
	if (!total_in) {
		put(header, sizeof(header));
		put(nothing, sizeof(nothing));
	}
	if (ferror(in) || fclose(out))
		fail("file", errno);
	ret = wd_get_queue_info(&q, &info);
	if (ret)
		fail("wd_get_queue_info", ret);
	printf("%s (%s): %llu bytes became %llu in %llu requests\n", info.device,
	       paths[info.path & 3], total_in, total_out, (unsigned long long)info.received);
	wd_shared_free(memory);
	wd_release_queue(&q);
	return 0;
}
