/* What the clients in the test machine share: the device as the kernel shows it, the process that
 * serves it, and small requests whose results can be checked. */
#ifndef VM_H
#define VM_H

#define _GNU_SOURCE
#include "../../c/check.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define DEVICE "hisi_zip-0"
#define CLASS "/sys/class/uacce/"

static MAYBE_UNUSED long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static MAYBE_UNUSED void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Queues that the kernel says are free; -1 if there is no device. */
static MAYBE_UNUSED int available(void)
{
	FILE *f = fopen(CLASS DEVICE "/available_instances", "re");
	int n = -1;

	if (!f)
		return -1;
	REQUIRE(fscanf(f, "%d", &n) == 1);
	fclose(f);
	return n;
}

/* Mappings of device files that this process has. */
static MAYBE_UNUSED int mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	int n = 0;

	REQUIRE(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "/dev/hisi") != NULL;
	fclose(f);
	return n;
}

/* The process that serves the device. */
static MAYBE_UNUSED pid_t model(void)
{
	const char *pid = getenv("MODEL");

	REQUIRE(pid && atoi(pid) > 1);
	return atoi(pid);
}

static MAYBE_UNUSED char model_state(void)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", model());
	f = fopen(path, "re");
	if (!f)
		return 0;
	REQUIRE(fscanf(f, "%*d (%*[^)]) %c", &state) == 1);
	fclose(f);
	return state;
}

/* Makes the device work on nothing until let_go(): the process stands still. */
static MAYBE_UNUSED void hold(void)
{
	REQUIRE(kill(model(), SIGSTOP) == 0);
	while (model_state() != 'T')
		sleep_ms(1);
}

static MAYBE_UNUSED void let_go(void)
{
	REQUIRE(kill(model(), SIGCONT) == 0);
}

/* Removes the device, and waits until it is gone from /sys. */
static MAYBE_UNUSED void remove_device(void)
{
	REQUIRE(kill(model(), SIGKILL) == 0);
	while (access(CLASS DEVICE, F_OK) == 0)
		sleep_ms(1);
}

/* Runs something later, in another thread. */
struct later {
	pthread_t thread;
	long ms;
	void (*run)(void);
};

static MAYBE_UNUSED void *later_main(void *arg)
{
	struct later *later = arg;

	sleep_ms(later->ms);
	later->run();
	return NULL;
}

static MAYBE_UNUSED void begin_later(struct later *later, long ms, void (*run)(void))
{
	later->ms = ms;
	later->run = run;
	REQUIRE(pthread_create(&later->thread, NULL, later_main, later) == 0);
}

static MAYBE_UNUSED void end_later(struct later *later)
{
	pthread_join(later->thread, NULL);
}

/* Small requests. Each has input of its own, and the checksum in its output says whether the
 * device saw that input. */
#define SMALL 64
#define JOBS 2048
#define EXPANDED 0x0d

struct job {
	struct hisi_qm_msg msg; /* first, so that a message leads back to its job */
	unsigned char in[SMALL], out[2 * SMALL];
};

static struct job jobs[JOBS];

static MAYBE_UNUSED struct hisi_qm_msg *prepare(int number, unsigned int salt)
{
	struct job *job = &jobs[number];
	unsigned int i;

	for (i = 0; i < SMALL; i++)
		job->in[i] = (unsigned char)(number * 7 + i * salt + salt);
	memset(job->out, 0, sizeof(job->out));
	fill(&job->msg, job->in, SMALL, job->out, sizeof(job->out));
	return &job->msg;
}

static MAYBE_UNUSED __u32 adler32(const unsigned char *bytes, size_t len)
{
	__u32 a = 1, b = 0;

	while (len--) {
		a = (a + *bytes++) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

/* Whether a request is done, and right: a zlib stream ends with the checksum of its input. */
static MAYBE_UNUSED int good(int number)
{
	const struct job *job = &jobs[number];
	__u32 n = job->msg.produced;
	const unsigned char *end = job->out + n;

	/* Input that nothing can be saved on has a status of its own. */
	if ((job->msg.dw3 & 0xff) != 0 && (job->msg.dw3 & 0xff) != EXPANDED)
		return 0;
	if (job->msg.consumed != SMALL || n < 6 || n > sizeof(job->out))
		return 0;
	return adler32(job->in, SMALL) ==
	       ((__u32)end[-4] << 24 | end[-3] << 16 | end[-2] << 8 | end[-1]);
}

static MAYBE_UNUSED int number_of(const void *msg)
{
	return (int)((const struct job *)msg - jobs);
}

/* One request there and back; 0, or what went wrong. */
static MAYBE_UNUSED int trip(struct wd_queue *q, int number)
{
	void *resp = NULL;
	int ret = wd_send(q, prepare(number, 3));

	if (!ret)
		ret = wd_recv_sync(q, &resp, 30000);
	if (ret)
		return ret;
	return resp == &jobs[number].msg && good(number) ? 0 : 1;
}

/* Opens a queue of a device of this name, or any. */
static MAYBE_UNUSED int try_open(struct wd_queue *q, const char *name)
{
	memset(q, 0, sizeof(*q));
	q->mdev_name = (char *)name;
	return wd_request_queue(q);
}

static MAYBE_UNUSED struct wd_queue_info info_of(struct wd_queue *q)
{
	struct wd_queue_info info;

	memset(&info, 0, sizeof(info));
	info.size = sizeof(info);
	CHECK(wd_get_queue_info(q, &info) == 0);
	return info;
}

#endif
