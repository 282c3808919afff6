/* What all clients in the test machine share: the device as the kernel shows it, and the process that
 * serves it. Whoever includes it brings REQUIRE, and MAYBE_UNUSED. */
#ifndef DEVICE_H
#define DEVICE_H

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

#endif
