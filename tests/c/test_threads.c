/* Queues in threads: one each, one for all, and one released under those who use it. */
#include "check.h"
#include <pthread.h>

/* Together fewer than the ring takes: the senders are joined before anyone receives. */
enum { THREADS = 8, EACH = 100, LEN = 2000 };

static char input[LEN];

static void *own_queue(void *unused)
{
	struct wd_queue q;
	struct hisi_qm_msg msg;
	char output[2 * LEN];
	void *resp;
	int i;

	open_queue(&q, NULL);
	for (i = 0; i < EACH; i++) {
		fill(&msg, input, LEN, output, sizeof(output));
		CHECK(wd_send(&q, &msg) == 0);
		CHECK(wd_recv_sync(&q, &resp, 60000) == 0 && resp == &msg && msg.produced > 0);
	}
	wd_release_queue(&q);
	return unused;
}

static struct wd_queue shared;

static void *send_on_shared(void *unused)
{
	struct hisi_qm_msg *msgs = calloc(EACH, sizeof(*msgs));
	char *outputs = malloc((size_t)EACH * 2 * LEN);
	int i;

	REQUIRE(msgs && outputs);
	for (i = 0; i < EACH; i++) {
		int ret;

		fill(&msgs[i], input, LEN, outputs + (size_t)i * 2 * LEN, 2 * LEN);
		while ((ret = wd_send(&shared, &msgs[i])) == -EBUSY)
			usleep(10);
		REQUIRE(ret == 0);
	}
	(void)unused;
	return msgs;
}

static void one_queue_serves_many_senders_and_receivers(void)
{
	pthread_t senders[THREADS];
	struct hisi_qm_msg *msgs[THREADS];
	char *seen = calloc(THREADS, EACH);
	int i, n;

	REQUIRE(seen);
	open_queue(&shared, NULL);
	for (i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&senders[i], NULL, send_on_shared, NULL) == 0);
	for (i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(senders[i], &result);
		msgs[i] = result;
	}
	for (n = 0; n < THREADS * EACH; n++) {
		void *resp;

		REQUIRE(wd_recv_sync(&shared, &resp, 60000) == 0);
		for (i = 0; i < THREADS; i++) {
			struct hisi_qm_msg *msg = resp;

			if (msg >= msgs[i] && msg < msgs[i] + EACH) {
				CHECK(!seen[i * EACH + (msg - msgs[i])]);
				seen[i * EACH + (msg - msgs[i])] = 1;
			}
		}
	}
	CHECK(!memchr(seen, 0, THREADS * EACH));
	wd_release_queue(&shared);
	for (i = 0; i < THREADS; i++) {
		free((void *)(((uintptr_t)msgs[i][0].dest_addr_h << 32) | msgs[i][0].dest_addr_l));
		free(msgs[i]);
	}
	free(seen);
}

/* Static: the device may write until the release returns, and that is after this thread has left. */
static void *use_until_released(void *unused)
{
	static struct hisi_qm_msg msg;
	static char output[2 * LEN];
	void *resp;
	int ret;

	fill(&msg, input, LEN, output, sizeof(output));
	for (;;) {
		ret = wd_send(&shared, &msg);
		if (ret == -ESHUTDOWN)
			break;
		CHECK(ret == 0 || ret == -EBUSY);
		ret = wd_recv_sync(&shared, &resp, 1000);
		if (ret == -ESHUTDOWN)
			break;
		CHECK(ret == 0);
	}
	return unused;
}

static void a_queue_can_be_released_under_its_users(void)
{
	int round;

	for (round = 0; round < 20; round++) {
		pthread_t user;

		open_queue(&shared, NULL);
		REQUIRE(pthread_create(&user, NULL, use_until_released, NULL) == 0);
		usleep(1000 * (unsigned int)round);
		wd_release_queue(&shared);
		pthread_join(user, NULL);
	}
}

int main(void)
{
	pthread_t threads[THREADS];
	int i;

	memset(input, 'y', sizeof(input));
	for (i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, own_queue, NULL) == 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	one_queue_serves_many_senders_and_receivers();
	a_queue_can_be_released_under_its_users();
	return failed;
}
