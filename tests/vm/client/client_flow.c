/* Requests by the thousand: client_flow COUNT. One by one, as many as fit, in batches, with a
 * sending and a receiving thread; and both directions at once. */
#include "vm.h"

static int count;

static void one_by_one(void)
{
	struct wd_queue q;
	long begin = now_ms();
	int i;

	REQUIRE(try_open(&q, NULL) == 0);
	for (i = 0; i < count; i++)
		REQUIRE(trip(&q, i % JOBS) == 0);
	printf("%d one by one in %ld ms\n", count, now_ms() - begin);
	wd_release_queue(&q);
}

/* Takes what there is, at least one, in the order of sending. */
static int take(struct wd_queue *q, int next)
{
	void *resp;
	int ret = wd_recv_sync(q, &resp, 30000);

	while (ret == 0) {
		REQUIRE(number_of(resp) == next % JOBS && good(next % JOBS));
		next++;
		ret = wd_recv(q, &resp);
	}
	REQUIRE(ret == -EAGAIN);
	return next;
}

static void as_many_as_fit(void)
{
	struct wd_queue q;
	struct wd_queue_info info;
	long begin = now_ms();
	int sent = 0, received = 0, full = 0, ret;

	REQUIRE(try_open(&q, NULL) == 0);
	while (received < count) {
		while (sent < count && sent - received < JOBS) {
			ret = wd_send(&q, prepare(sent % JOBS, (unsigned int)sent));
			if (ret == -EBUSY) {
				full++;
				break;
			}
			REQUIRE(ret == 0);
			sent++;
		}
		received = take(&q, received);
	}
	info = info_of(&q);
	CHECK(info.sent == (unsigned int)count && info.received == info.sent);
	CHECK(info.failed == 0 && info.in_flight == 0);
	printf("%d together in %ld ms, %d times full\n", count, now_ms() - begin, full);
	wd_release_queue(&q);
}

static void in_batches(void)
{
	enum { BATCH = 32 };
	struct wd_queue q;
	void *msgs[BATCH], *resps[BATCH];
	int i, done, have, ret;

	REQUIRE(try_open(&q, NULL) == 0);
	for (done = 0; done < count; done += BATCH) {
		for (i = 0; i < BATCH; i++)
			msgs[i] = prepare(i, (unsigned int)done + 1);
		REQUIRE(wd_send_batch(&q, msgs, BATCH) == BATCH);
		for (have = 0; have < BATCH; have += ret) {
			ret = wd_recv_batch(&q, resps, BATCH);
			if (ret == -EAGAIN) {
				ret = 0;
				sched_yield();
			}
			REQUIRE(ret >= 0);
			for (i = 0; i < ret; i++)
				REQUIRE(resps[i] == msgs[have + i] && good(have + i));
		}
	}
	wd_release_queue(&q);
}

static struct wd_queue shared;
static int received_by_thread;

static void *sender(void *arg)
{
	int i, ret;

	(void)arg;
	for (i = 0; i < count; i++) {
		while (i - __atomic_load_n(&received_by_thread, __ATOMIC_ACQUIRE) >= JOBS)
			sched_yield();
		prepare(i % JOBS, (unsigned int)i);
		while ((ret = wd_send(&shared, &jobs[i % JOBS].msg)) == -EBUSY)
			sched_yield();
		REQUIRE(ret == 0);
	}
	return NULL;
}

static void two_threads(void)
{
	pthread_t thread;
	void *resp;
	int i;

	REQUIRE(try_open(&shared, NULL) == 0);
	REQUIRE(pthread_create(&thread, NULL, sender, NULL) == 0);
	for (i = 0; i < count; i++) {
		REQUIRE(wd_recv_sync(&shared, &resp, 30000) == 0);
		REQUIRE(number_of(resp) == i % JOBS && good(i % JOBS));
		__atomic_store_n(&received_by_thread, i + 1, __ATOMIC_RELEASE);
	}
	pthread_join(thread, NULL);
	wd_release_queue(&shared);
}

/* Everything that the ring of one queue takes is compressed, and what comes out of it goes into
 * the ring of another, which makes the input of it again. Both rings are full. */
static void both_directions_at_full_depth(void)
{
	struct back {
		struct hisi_qm_msg msg;
		unsigned char out[SMALL];
	} *back = calloc(JOBS, sizeof(*back));
	struct wd_queue compress, decompress;
	void *resp;
	int capacity, i, round;

	REQUIRE(back);
	open_queue(&compress, "compress");
	open_queue(&decompress, "decompress");
	capacity = (int)info_of(&compress).capacity;
	for (round = 0; round < 3; round++) {
		hold();
		for (i = 0; i < capacity; i++)
			REQUIRE(wd_send(&compress, prepare(i, (unsigned int)i + 1)) == 0);
		ANSWERS(wd_send(&compress, prepare(capacity, 1)), EBUSY);
		let_go();
		for (i = 0; i < capacity; i++)
			REQUIRE(wd_recv_sync(&compress, &resp, 30000) == 0 && good(number_of(resp)));
		hold();
		for (i = 0; i < capacity; i++) {
			fill(&back[i].msg, jobs[i].out, jobs[i].msg.produced, back[i].out, SMALL);
			REQUIRE(wd_send(&decompress, &back[i].msg) == 0);
		}
		ANSWERS(wd_send(&decompress, &back[capacity].msg), EBUSY);
		let_go();
		for (i = 0; i < capacity; i++)
			REQUIRE(wd_recv_sync(&decompress, &resp, 30000) == 0 && resp == &back[i].msg);
		for (i = 0; i < capacity; i++)
			REQUIRE(back[i].msg.produced == SMALL &&
				memcmp(back[i].out, jobs[i].in, SMALL) == 0);
	}
	wd_release_queue(&compress);
	wd_release_queue(&decompress);
	free(back);
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	count = atoi(argv[1]);
	one_by_one();
	as_many_as_fit();
	in_batches();
	two_threads();
	both_directions_at_full_depth();
	return failed;
}
