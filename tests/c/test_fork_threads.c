/* A process of many threads forks at any moment: whatever its threads held then, the child can open a
 * queue of its own, and leave through its exit handlers. */
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

enum { THREADS = 4, FORKS = 200, LEN = 100, PATIENCE = 60 };

static char input[LEN];
static struct wd_queue queues[THREADS];
static _Atomic int done;

static void roundtrip(struct wd_queue *q)
{
	struct hisi_qm_msg msg;
	char output[4 * LEN];
	void *resp = NULL;

	fill(&msg, input, LEN, output, sizeof(output));
	CHECK(wd_send(q, &msg) == 0);
	CHECK(wd_recv_sync(q, &resp, 0) == 0);
	CHECK(resp == &msg && msg.produced > 0);
}

/* Opens and closes as well, so that a fork meets every step of it. */
static void *work(void *place)
{
	struct wd_queue *q = place;
	int i;

	while (!done) {
		open_queue(q, NULL);
		for (i = 0; i < 20 && !done; i++)
			roundtrip(q);
		wd_release_queue(q);
	}
	return NULL;
}

static void release_all(void)
{
	int i;

	for (i = 0; i < THREADS; i++)
		wd_release_queue(&queues[i]);
}

static void child(void)
{
	struct wd_queue own;

	/* Ends a child that hangs. */
	alarm(PATIENCE);
	open_queue(&own, NULL);
	roundtrip(&own);
	wd_release_queue(&own);
	atexit(release_all);
	exit(failed);
}

static void a_process_of_many_threads_forks_at_any_moment(void)
{
	pthread_t threads[THREADS];
	int i, forks = getenv("VALGRIND") ? 5 : FORKS;

	memset(input, 'x', sizeof(input));
	for (i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, work, &queues[i]) == 0);
	for (i = 0; i < forks && !failed; i++) {
		int status = -1;
		pid_t pid;

		usleep((useconds_t)(i % 50));
		pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0)
			child();
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(status == 0);
	}
	done = 1;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

int main(void)
{
	a_process_of_many_threads_forks_at_any_moment();
	return failed;
}
