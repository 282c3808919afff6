/* The process that serves the device dies, or stands still, under UADK v1: uadk_v1_gone HOW. Each
 * request on its way comes back once, as one that the device did not do, or its call says so; and no
 * call waits for ever. */
#define _GNU_SOURCE
#include "../../c/uadk_v1.h"
#define MAYBE_UNUSED UNUSED
#include "device.h"

enum { MESSAGES = 100, POSTS = 60, THREADS = 4, SIZE = 2000, ROOM = 3000, SOON = 30000 };

static struct wd_queue q;
static unsigned char text[SIZE], packed[MESSAGES][ROOM];

static void nothing_works_any_more(void)
{
	struct wcrypto_comp_msg message = { .src = text, .dst = packed[0], .in_size = SIZE, .avail_out = ROOM };
	long begin = now_ms();
	void *resp = NULL;

	REQUIRE(wd_send(&q, &message) == -WD_HW_EACCESS);
	REQUIRE(wd_recv(&q, &resp) == -WD_HW_EACCESS && !resp);
	REQUIRE(wcrypto_comp_poll(&q, 0) == -WD_HW_EACCESS);
	wd_release_queue(&q);
	REQUIRE(now_ms() - begin < SOON && mappings() == 0);
	memset(&q, 0, sizeof(q));
	q.capa.alg = "zlib";
	REQUIRE(wd_request_queue(&q) == -WD_ENODEV);
}

static void messages_come_back(void)
{
	static struct wcrypto_comp_msg sent[MESSAGES];
	static int times[MESSAGES];
	void *resp;

	hold();
	for (int i = 0; i < MESSAGES; i++) {
		sent[i] = (struct wcrypto_comp_msg){ .alg_type = WCRYPTO_ZLIB, .flush_type = WCRYPTO_FINISH,
						     .stream_pos = WCRYPTO_COMP_STREAM_NEW, .comp_lv = 8,
						     .win_size = WCRYPTO_COMP_WS_32K, .src = text, .in_size = SIZE,
						     .dst = packed[i], .avail_out = ROOM, .tag = 1 };
		REQUIRE(wd_send(&q, &sent[i]) == 0);
	}
	remove_device();
	for (int i = 0; i < MESSAGES; i++) {
		resp = NULL;
		REQUIRE(wd_recv(&q, &resp) == -WD_HW_EACCESS && resp);
		times[(struct wcrypto_comp_msg *)resp - sent]++;
	}
	for (int i = 0; i < MESSAGES; i++)
		REQUIRE(times[i] == 1 && sent[i].status == WD_HW_EACCESS);
	nothing_works_any_more();
}

static void *context(wcrypto_cb callback)
{
	struct wcrypto_comp_ctx_setup setup = { .alg_type = WCRYPTO_ZLIB, .comp_lv = 8, .cb = callback };
	void *context = wcrypto_create_comp_ctx(&q, &setup);

	REQUIRE(context);
	return context;
}

static struct wcrypto_comp_op_data request(int number)
{
	struct wcrypto_comp_op_data data = { .alg_type = WCRYPTO_ZLIB, .flush = WCRYPTO_FINISH,
					     .stream_pos = WCRYPTO_COMP_STREAM_NEW, .in = text, .in_len = SIZE,
					     .out = packed[number], .avail_out = ROOM };

	return data;
}

static void count(const void *message, void *tag)
{
	const struct wcrypto_comp_msg *m = message;

	REQUIRE(m->status == WD_HW_EACCESS);
	++*(int *)tag;
}

static void posts_are_called_back_for(void)
{
	static int times[POSTS];
	void *ctx = context(count);
	int ret;

	hold();
	for (int i = 0; i < POSTS; i++) {
		struct wcrypto_comp_op_data data = request(i);

		REQUIRE(wcrypto_do_comp(ctx, &data, &times[i]) == 0);
	}
	remove_device();
	ret = wcrypto_comp_poll(&q, 0);
	REQUIRE(ret == -WD_HW_EACCESS);
	for (int i = 0; i < POSTS; i++)
		REQUIRE(times[i] == 1);
	nothing_works_any_more();
	wcrypto_del_comp_ctx(ctx);
}

/* Requests one after the other, until one fails; what its call said. */
static void *worker(void *number)
{
	void *ctx = context(NULL);
	long ret = 0;

	while (ret == 0) {
		struct wcrypto_comp_op_data data = request((int)(intptr_t)number);

		ret = wcrypto_do_comp(ctx, &data, NULL);
		REQUIRE(ret || (data.status == 0 && data.consumed == SIZE));
	}
	wcrypto_del_comp_ctx(ctx);
	return (void *)ret;
}

static void threads_are_told(long delay)
{
	pthread_t threads[THREADS];
	struct later later;
	void *ret;

	for (intptr_t i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, worker, (void *)i) == 0);
	begin_later(&later, delay, remove_device);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &ret);
		REQUIRE((long)ret == -WD_HW_EACCESS);
	}
	end_later(&later);
	nothing_works_any_more();
}

static void threads_at_work_are_told(void)
{
	threads_are_told(300);
}

static void threads_that_wait_are_told(void)
{
	hold();
	threads_are_told(300);
}

/* The time that a request has is in the environment (main). */
static void a_request_to_a_device_that_stands_still_times_out(void)
{
	struct wcrypto_comp_op_data data = request(0);
	void *ctx = context(NULL);
	long begin = now_ms();

	hold();
	REQUIRE(wcrypto_do_comp(ctx, &data, NULL) == -WD_ETIMEDOUT);
	wd_release_queue(&q);
	wcrypto_del_comp_ctx(ctx);
	REQUIRE(now_ms() - begin < SOON && mappings() == 0);
	let_go();
}

static const struct way {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "messages", messages_come_back },
	{ "callbacks", posts_are_called_back_for },
	{ "threads", threads_at_work_are_told },
	{ "waiting", threads_that_wait_are_told },
	{ "still", a_request_to_a_device_that_stands_still_times_out },
};

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	if (strcmp(argv[1], "still") == 0)
		setenv("WD_SYNC_TIMEOUT_MS", "300", 1);
	fill_text(text, SIZE);
	open_queue(&q, "zlib", 0, MESSAGES);
	for (size_t i = 0; i < COUNT(ways); i++)
		if (strcmp(argv[1], ways[i].name) == 0) {
			ways[i].run();
			return 0;
		}
	return 2;
}
