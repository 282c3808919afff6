/* What the C tests share: checks that say where they failed, and a ZIP request. */
#ifndef CHECK_H
#define CHECK_H

#include <warpdrive/hisi_qm_udrv.h>
#include <warpdrive/wd.h>

#ifdef __GNUC__
#define MAYBE_UNUSED __attribute__((unused))
#else
#define MAYBE_UNUSED
#endif

static int failed;

#define CHECK(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			failed = 1; \
		} \
	} while (0)

/* A call that must answer this negative errno, and set errno to match. */
#define ANSWERS(call, number) \
	do { \
		int answer_; \
		errno = 0; \
		answer_ = (call); \
		if (answer_ != -(number) || errno != (number)) { \
			fprintf(stderr, "%s:%d: %s is %d (errno %d), not %d\n", __FILE__, __LINE__, #call, answer_, \
				errno, -(number)); \
			failed = 1; \
		} \
	} while (0)

/* Nothing more can be tested. */
#define REQUIRE(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			exit(1); \
		} \
	} while (0)

/* A zlib request. */
static MAYBE_UNUSED void fill(struct hisi_qm_msg *msg, const void *src, size_t len, void *dst, size_t room)
{
	memset(msg, 0, sizeof(*msg));
	msg->dw9 = 2;
	msg->input_date_length = (__u32)len;
	msg->dest_avail_out = (__u32)room;
	msg->source_addr_l = (__u32)(uintptr_t)src;
	msg->source_addr_h = (__u32)((uintptr_t)src >> 32);
	msg->dest_addr_l = (__u32)(uintptr_t)dst;
	msg->dest_addr_h = (__u32)((uintptr_t)dst >> 32);
}

/* A zeroed structure, opened. */
static MAYBE_UNUSED void open_queue(struct wd_queue *q, const char *direction)
{
	memset(q, 0, sizeof(*q));
	if (direction)
		REQUIRE(wd_set_queue_attr(q, "direction", (char *)direction) == 0);
	REQUIRE(wd_request_queue(q) == 0);
}

#endif
