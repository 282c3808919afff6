/* What the examples share: a message for the ZIP engine, and giving up. */
#ifndef EXAMPLES_ZIP_H
#define EXAMPLES_ZIP_H

#include <warpdrive/hisi_qm_udrv.h>
#include <warpdrive/wd.h>

/* What goes around the deflate stream. The engine makes and checks trailers; headers are ours. */
enum format { RAW = 1, ZLIB = 2, GZIP = 3 };

/* The engine takes and gives at most this much in one message. */
#define MESSAGE_MAX (8u << 20)

static inline void fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, strerror(error < 0 ? -error : error));
	exit(1);
}

static inline void open_queue(struct wd_queue *q, char *algorithm, char *direction)
{
	int ret;

	memset(q, 0, sizeof(*q));
	ret = wd_set_queue_attr(q, "algorithm", algorithm);
	if (!ret)
		ret = wd_set_queue_attr(q, "direction", direction);
	if (!ret)
		ret = wd_request_queue(q);
	if (ret)
		fail("no queue (WD_SIM=hisi_zip makes a simulated device)", ret);
}

/* Memory that the queue's device, and that of any other queue, reaches. */
static inline void *shared(struct wd_queue *q, size_t size)
{
	void *memory;
	int ret = wd_shared_alloc(q, size, &memory);

	if (ret)
		fail("wd_shared_alloc", ret);
	return memory;
}

static inline void fill(struct hisi_qm_msg *msg, const struct wd_queue *q, enum format format,
			const void *in, size_t size, void *out, size_t space)
{
	__u64 from = (size_t)in, to = (size_t)out;

	memset(msg, 0, sizeof(*msg));
	msg->input_date_length = size;
	msg->dest_avail_out = space;
	msg->source_addr_l = from & 0xffffffff;
	msg->source_addr_h = from >> 32;
	msg->dest_addr_l = to & 0xffffffff;
	msg->dest_addr_h = to >> 32;
	msg->dw7 = 1 << 25; /* all of the stream is in this message */
	if (strcmp(q->hw_type, "hisi_qm_v1") && strcmp(q->hw_type, "hisi_qm_v2"))
		msg->dw7 |= 3u << 28; /* the descriptor of newer devices */
	msg->dw9 = format;
}

#endif
