/* The device goes: client_gone HOW ROUNDS. Whatever the first touch of the lost device is, each call
 * says that there is no device, none waits, and nothing crashes. ROUNDS requests before it choose
 * where in the rings it happens. */
#include "vm.h"

static struct wd_queue q;

static void every_call_says_so(void)
{
	struct hisi_qm_msg *msg = prepare(9, 9);
	void *resp = NULL, *msgs[1] = { msg };
	struct wd_queue other;
	long begin = now_ms();

	ANSWERS(wd_send(&q, msg), ENODEV);
	ANSWERS(wd_recv(&q, &resp), ENODEV);
	ANSWERS(wd_recv_sync(&q, &resp, 0), ENODEV);
	ANSWERS(wd_send_batch(&q, msgs, 1), ENODEV);
	ANSWERS(wd_recv_batch(&q, msgs, 1), ENODEV);
	ANSWERS(wd_queue_arm(&q), ENODEV);
	wd_flush(&q);
	wd_release_queue(&q);
	CHECK(now_ms() - begin < 5000);
	CHECK(mappings() == 0);
	ANSWERS(wd_recv(&q, &resp), ESHUTDOWN);
	ANSWERS(try_open(&other, DEVICE), ENODEV);
	ANSWERS(try_open(&other, NULL), ENODEV);
}

static void by_receiving(void)
{
	void *resp;

	remove_device();
	ANSWERS(wd_recv(&q, &resp), ENODEV);
	every_call_says_so();
}

static void by_sending(void)
{
	remove_device();
	ANSWERS(wd_send(&q, prepare(200, 1)), ENODEV);
	every_call_says_so();
}

static void by_sending_to_a_full_ring(void)
{
	while (wd_send(&q, &jobs[200].msg) == 0)
		;
	remove_device();
	ANSWERS(wd_send(&q, &jobs[200].msg), ENODEV);
	every_call_says_so();
}

static void by_arming(void)
{
	remove_device();
	ANSWERS(wd_queue_arm(&q), ENODEV);
	every_call_says_so();
}

static void by_closing(void)
{
	long begin;

	remove_device();
	begin = now_ms();
	wd_release_queue(&q);
	CHECK(now_ms() - begin < 5000 && mappings() == 0);
}

/* The kernel does not wake who polls: the library looks again by itself. */
static void asleep(void)
{
	struct later later;
	void *resp;

	begin_later(&later, 300, remove_device);
	ANSWERS(wd_recv_sync(&q, &resp, 0), ENODEV);
	end_later(&later);
	every_call_says_so();
}

static void spinning(void)
{
	struct later later;
	void *resp;
	int ret;

	begin_later(&later, 100, remove_device);
	while ((ret = wd_recv(&q, &resp)) == -EAGAIN)
		;
	CHECK(ret == -ENODEV);
	end_later(&later);
	every_call_says_so();
}

static void with_a_child(void)
{
	pid_t pid = fork();
	void *resp;
	int status = -1;

	REQUIRE(pid >= 0);
	if (pid == 0) {
		while (access(CLASS DEVICE, F_OK) == 0)
			sleep_ms(1);
		_exit(wd_recv(&q, &resp) == -ESHUTDOWN ? 0 : 1);
	}
	remove_device();
	every_call_says_so();
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* A sender and a receiver at full speed. */
static void *send_all(void *arg)
{
	int i, ret = 0;

	(void)arg;
	for (i = 0; ret == 0 || ret == -EBUSY; i++)
		ret = wd_send(&q, prepare(i % JOBS, (unsigned int)i));
	return (void *)(long)ret;
}

static void in_a_storm(void)
{
	struct later later;
	pthread_t thread;
	void *resp, *answer;
	int ret;

	REQUIRE(pthread_create(&thread, NULL, send_all, NULL) == 0);
	begin_later(&later, 100, remove_device);
	while ((ret = wd_recv_sync(&q, &resp, 0)) == 0)
		;
	CHECK(ret == -ENODEV);
	pthread_join(thread, &answer);
	CHECK((long)answer == -ENODEV);
	end_later(&later);
	every_call_says_so();
}

static void while_opening(void)
{
	struct later later;
	int ret;

	begin_later(&later, 50, remove_device);
	do {
		ret = try_open(&q, NULL);
		if (ret == 0) {
			ret = trip(&q, 0);
			wd_release_queue(&q);
		}
	} while (ret == 0);
	fprintf(stderr, "the last answer: %d\n", ret);
	CHECK(ret == -ENODEV);
	end_later(&later);
	ANSWERS(try_open(&q, NULL), ENODEV);
}

/* One of several processes: who kills the device is none of them. Says READY when it is at work. */
static void in_a_crowd(void)
{
	void *resp;
	int n = 0, ret;

	puts("READY");
	fflush(stdout);
	do {
		while ((ret = wd_send(&q, prepare(n % JOBS, 1))) == 0)
			n++;
		if (ret == -EBUSY)
			ret = wd_recv_sync(&q, &resp, 0);
	} while (ret == 0);
	CHECK(ret == -ENODEV);
	every_call_says_so();
}

static const struct way {
	const char *name;
	void (*run)(void);
	int in_flight;
} ways[] = {
	{ "receive", by_receiving, 100 },
	{ "idle", by_receiving, 0 },
	{ "send", by_sending, 100 },
	{ "full", by_sending_to_a_full_ring, 100 },
	{ "arm", by_arming, 100 },
	{ "close", by_closing, 100 },
	{ "asleep", asleep, 10 },
	{ "spinning", spinning, 10 },
	{ "fork", with_a_child, 10 },
	{ "storm", in_a_storm, 0 },
	{ "opening", while_opening, -1 },
	{ "crowd", in_a_crowd, 0 },
};

/* Messages that were lost with the device are as their owner left them. */
static void lost_messages_are_untouched(int count)
{
	int i;

	for (i = 0; i < count; i++)
		REQUIRE(jobs[i].msg.input_date_length == SMALL &&
			jobs[i].msg.source_addr_l == (__u32)(uintptr_t)jobs[i].in);
}

static void run(const struct way *way, int rounds)
{
	int i;

	if (way->in_flight >= 0)
		REQUIRE(try_open(&q, NULL) == 0);
	for (i = 0; i < rounds && way->in_flight >= 0; i++)
		REQUIRE(trip(&q, i % JOBS) == 0);
	if (way->in_flight > 0)
		hold();
	for (i = 0; i < way->in_flight && wd_send(&q, prepare(i, 1)) == 0; i++)
		;
	way->run();
	/* A depth of less than 100 has room for fewer. */
	lost_messages_are_untouched(i);
}

int main(int argc, char **argv)
{
	size_t i;

	REQUIRE(argc == 3);
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(argv[1], ways[i].name) == 0) {
			run(&ways[i], atoi(argv[2]));
			return failed;
		}
	return 2;
}
