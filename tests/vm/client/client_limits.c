/* More queues than there are, and users who may not: client_limits QUEUES */
#include "vm.h"

enum { MOST = 256 };
static struct wd_queue queues[MOST + 1];

static void *sleeper(void *queue)
{
	void *resp;

	return (void *)(long)wd_recv_sync(queue, &resp, 0);
}

static void the_last_queue_is_the_last(int count)
{
	pthread_t thread;
	void *answer;
	int i;

	for (i = 0; i < count; i++)
		REQUIRE(try_open(&queues[i], i & 1 ? DEVICE : NULL) == 0);
	CHECK(available() == 0);
	ANSWERS(try_open(&queues[count], NULL), EBUSY);
	ANSWERS(try_open(&queues[count], DEVICE), EBUSY);
	for (i = 0; i < count; i++)
		CHECK(trip(&queues[i], i) == 0);
	wd_release_queue(&queues[3]);
	CHECK(available() == 1);
	CHECK(try_open(&queues[count], NULL) == 0 && trip(&queues[count], 0) == 0);
	/* A queue that is closed wakes who waits for it. */
	REQUIRE(pthread_create(&thread, NULL, sleeper, &queues[5]) == 0);
	sleep_ms(100);
	wd_release_queue(&queues[5]);
	pthread_join(thread, &answer);
	CHECK((long)answer == -ESHUTDOWN);
	for (i = 0; i <= count; i++)
		wd_release_queue(&queues[i]);
	CHECK(available() == count && mappings() == 0);
}

static void who_may_not_is_told_so(void)
{
	struct wd_queue q;
	pid_t pid = fork();
	int status = -1;

	REQUIRE(pid >= 0);
	if (pid == 0) {
		REQUIRE(setgid(1000) == 0 && setuid(1000) == 0);
		ANSWERS(try_open(&q, NULL), EACCES);
		ANSWERS(try_open(&q, DEVICE), EACCES);
		_exit(failed);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* As an administrator allows it: the node is all that is needed. */
static void who_may_is_not_asked_for_more(void)
{
	struct wd_queue q;
	int status = -1;
	pid_t pid;

	REQUIRE(chmod("/dev/" DEVICE, 0666) == 0);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		REQUIRE(setgid(1000) == 0 && setuid(1000) == 0);
		CHECK(try_open(&q, NULL) == 0 && trip(&q, 0) == 0);
		wd_release_queue(&q);
		_exit(failed);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	REQUIRE(chmod("/dev/" DEVICE, 0600) == 0);
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0;

	REQUIRE(count > 5 && count <= MOST && available() == count);
	the_last_queue_is_the_last(count);
	who_may_not_is_told_so();
	who_may_is_not_asked_for_more();
	return failed;
}
