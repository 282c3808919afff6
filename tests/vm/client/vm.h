/* What clients of the seed API in the test machine share: the device (device.h), and small requests
 * whose results can be checked. */
#ifndef VM_H
#define VM_H

#define _GNU_SOURCE
#include "../../c/check.h"
#include "device.h"

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
