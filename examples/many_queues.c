/* Many threads with queues of their own: many_queues [THREADS [ROUNDS]]. Each thread compresses a
 * text of its own, decompresses the result through a second queue, and compares. Link with -pthread. */
#include "zip.h"
#include <pthread.h>

#define SIZE (256 * 1024)
#define SPACE (SIZE + SIZE / 8)

static int rounds = 20;

/* One message there and back. Answers the bytes that came out. */
static size_t through(struct wd_queue *q, const void *in, size_t size, void *out)
{
	struct hisi_qm_msg msg;
	void *done;
	int ret;

	fill(&msg, q, ZLIB, in, size, out, SPACE);
	ret = wd_send(q, &msg);
	if (!ret)
		ret = wd_recv_sync(q, &done, 10000);
	if (ret)
		fail("request", ret);
	return msg.produced;
}

static void *work(void *number)
{
	struct wd_queue compress, decompress;
	char *text, *packed, *again;
	unsigned int seed = 1 + (size_t)number;
	int round, i;

	open_queue(&compress, "zlib", "compress");
	open_queue(&decompress, "zlib", "decompress");
	/* Of one queue, and good for the other. */
	text = shared(&compress, SIZE);
	packed = shared(&compress, SPACE);
	again = shared(&compress, SPACE);
	for (round = 0; round < rounds; round++) {
		size_t size;

		for (i = 0; i < SIZE; i++)
			text[i] = "etaoin shrdlu\n"[rand_r(&seed) % 14];
		size = through(&compress, text, SIZE, packed);
		if (through(&decompress, packed, size, again) != SIZE || memcmp(text, again, SIZE))
			fail("comparing", EIO);
	}
	wd_shared_free(text);
	wd_shared_free(packed);
	wd_shared_free(again);
	wd_release_queue(&compress);
	wd_release_queue(&decompress);
	return NULL;
}

int main(int argc, char **argv)
{
	size_t threads = argc > 1 ? atoi(argv[1]) : 4, i;
	pthread_t thread[64];

	if (threads < 1 || threads > 64)
		fail("1 to 64 threads", EINVAL);
	if (argc > 2)
		rounds = atoi(argv[2]);
	for (i = 0; i < threads; i++) {
		int error = pthread_create(&thread[i], NULL, work, (void *)i);

		if (error)
			fail("pthread_create", error);
	}
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	printf("%zu threads, %d rounds each: all texts came back\n", threads, rounds);
	return 0;
}
