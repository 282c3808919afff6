/* A queue as a pipe that is kept full: async_pipe [REQUESTS]. Sends until the queue takes no more,
 * receives one, and goes on; nothing ever waits while there is room. */
#include "zip.h"

#define SIZE 4096
#define SPACE (2 * SIZE)
#define MAX 4096 /* more than any queue takes at a time */

int main(int argc, char **argv)
{
	unsigned long wanted = argc > 1 ? strtoul(argv[1], NULL, 0) : 20000;
	unsigned long sent = 0, received = 0, full = 0, most = 0;
	static struct hisi_qm_msg msgs[MAX], *free_msgs[MAX];
	unsigned int free_count = MAX, i;
	struct wd_queue q;
	char *in, *out;
	void *done;
	int ret;

	open_queue(&q, "zlib", "compress");
	in = shared(&q, SIZE);
	out = shared(&q, (size_t)MAX * SPACE);
	for (i = 0; i < SIZE; i++)
		in[i] = "the quick brown fox "[i % 20];
	for (i = 0; i < MAX; i++)
		free_msgs[i] = &msgs[i];

	while (received < wanted) {
		while (sent < wanted && free_count) {
			struct hisi_qm_msg *msg = free_msgs[free_count - 1];

			fill(msg, &q, ZLIB, in, SIZE, out + (msg - msgs) * SPACE, SPACE);
			ret = wd_send(&q, msg);
			if (ret == -EBUSY) {
				full++;
				break;
			}
			if (ret)
				fail("wd_send", ret);
			free_count--;
			sent++;
		}
		if (sent - received > most)
			most = sent - received;
		/* Takes what is there; waits only if nothing is. */
		ret = wd_recv_sync(&q, &done, 10000);
		if (ret)
			fail("wd_recv_sync", ret);
		free_msgs[free_count++] = done;
		received++;
	}
	printf("%lu requests, at most %lu at a time, the queue was full %lu times\n", received,
	       most, full);
	wd_shared_free(in);
	wd_shared_free(out);
	wd_release_queue(&q);
	return 0;
}
