/* SPDX-License-Identifier: Apache-2.0
 *
 * A compression driver written in C that does no work: it copies input to output, at once, later,
 * or with an error, as the test asks. It stands for a device named nulldev-*, which the world of
 * uadk_world.sh has. */
#ifndef UADK_DRIVER_H
#define UADK_DRIVER_H

#include "uadk.h"

struct wd_comp_msg;
struct wd_comp_msg *wd_comp_get_msg(__u32 idx, __u32 tag);

enum { RING = 2048, LANES = 128 };

/* One context: what was sent and has not been received. */
struct lane {
	struct uadk_comp_msg *held[RING];
	__u32 tags[RING];
	unsigned head, tail, index, mode;
};

/* What the driver is to do, and what it saw. */
static UNUSED struct {
	int init_answer; /* what init answers */
	int send_answer, recv_answer; /* errors */
	int again; /* recv says "nothing" so often before it answers */
	__u32 status; /* req.status of answers */
	__u32 take, give; /* at most so many bytes of input, output; 0: no limit */
	int room; /* messages a context takes; 0: RING */
	int tell; /* print messages as they are sent */
	unsigned inits, exits, sends, recvs, contexts;
} null;

static struct lane lanes[LANES];

static int null_init(struct wd_alg_driver *drv, void *conf)
{
	struct wd_ctx_config_internal *config = conf;

	(void)drv;
	null.inits++;
	if (null.init_answer)
		return null.init_answer;
	REQUIRE(config && config->ctx_num <= LANES);
	null.contexts = config->ctx_num;
	for (__u32 i = 0; i < config->ctx_num; i++) {
		lanes[i].head = lanes[i].tail = 0;
		lanes[i].index = i;
		lanes[i].mode = config->ctxs[i].ctx_mode;
		REQUIRE(wd_ctx_set_priv(config->ctxs[i].ctx, &lanes[i]) == 0);
	}
	return 0;
}

static void null_exit(struct wd_alg_driver *drv)
{
	(void)drv;
	null.exits++;
}

static __u32 least(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

/* Copies from the list `src` to the list `dst`, at most `len` bytes. */
static __u32 copy_lists(struct wd_datalist *src, struct wd_datalist *dst, __u32 len)
{
	__u32 done = 0, from = 0, to = 0;

	while (src && dst && done < len) {
		__u32 now = least(len - done, least(src->len - from, dst->len - to));

		memcpy((char *)dst->data + to, (char *)src->data + from, now);
		done += now;
		from += now;
		to += now;
		if (from == src->len)
			src = src->next, from = 0;
		if (dst && to == dst->len)
			dst = dst->next, to = 0;
	}
	return done;
}

static void answer(struct uadk_comp_msg *msg)
{
	__u32 len = least(msg->req.src_len, msg->avail_out);

	if (null.take)
		len = least(len, null.take);
	if (msg->req.data_fmt == WD_SGL_BUF)
		len = copy_lists(msg->req.list_src, msg->req.list_dst, len);
	else if (len && msg->req.src && msg->req.dst)
		memcpy(msg->req.dst, msg->req.src, len);
	msg->in_cons = len;
	msg->produced = null.give ? least(len, null.give) : len;
	msg->isize = (msg->stream_pos ? msg->isize : 0) + len;
	msg->checksum = (msg->stream_pos ? msg->checksum : 0) * 31 + len;
	msg->req.status = null.status;
}

/* The first request of a stream finds what the last one left: a driver begins anew there. */
static void tell(const struct uadk_comp_msg *m)
{
	bool old = m->stream_pos != 0;

	printf("  message: op %u fmt %u last %u src_len %u dst_len %u avail_out %u alg %u level %u window %u "
	       "mode %u pos %u isize %u checksum %u ctx_buf %s cb %s mm_type %u\n",
	       m->req.op_type, m->req.data_fmt, m->req.last, m->req.src_len, m->req.dst_len, m->avail_out,
	       m->alg_type, m->comp_lv, m->win_sz, m->stream_mode, m->stream_pos, old ? m->isize : 0, old ? m->checksum : 0,
	       m->ctx_buf ? "yes" : "no", m->req.cb ? "yes" : "no", m->mm_type);
}

static int null_send(struct wd_alg_driver *drv, handle_t ctx, void *drv_msg)
{
	struct lane *lane = wd_ctx_get_priv(ctx);
	struct uadk_comp_msg *msg = drv_msg;
	unsigned room = null.room ? (unsigned)null.room : RING;

	(void)drv;
	if (null.send_answer)
		return null.send_answer;
	if (lane->tail - lane->head >= room)
		return -WD_EBUSY;
	null.sends++;
	if (null.tell)
		tell(msg);
	lane->held[lane->tail % RING] = msg;
	lane->tags[lane->tail % RING] = msg->tag;
	lane->tail++;
	return 0;
}

static int null_recv(struct wd_alg_driver *drv, handle_t ctx, void *drv_msg)
{
	struct lane *lane = wd_ctx_get_priv(ctx);
	struct uadk_comp_msg *msg = drv_msg, *sent;

	(void)drv;
	if (null.recv_answer)
		return null.recv_answer;
	if (lane->head == lane->tail)
		return -WD_EAGAIN;
	if (null.again > 0) {
		null.again--;
		return -WD_EAGAIN;
	}
	null.recvs++;
	if (lane->mode == CTX_MODE_SYNC) {
		answer(msg);
	} else {
		/* Answers of asynchronous requests go to the library's own message. */
		msg->tag = lane->tags[lane->head % RING];
		sent = (struct uadk_comp_msg *)wd_comp_get_msg(lane->index, msg->tag);
		REQUIRE(sent && sent == lane->held[lane->head % RING]);
		answer(sent);
	}
	lane->head++;
	return 0;
}

#define NULL_DRIVER(alg, rank) \
	{ \
		.drv_name = "nulldev", .alg_name = (alg), .priority = (rank), .calc_type = UADK_ALG_HW, \
		.queue_num = 1, .op_type_num = 2, .init = null_init, .exit = null_exit, .send = null_send, \
		.recv = null_recv \
	}

/* The driver of all formats, preferred to any other. */
static UNUSED struct wd_alg_driver null_drivers[] = {
	NULL_DRIVER("zlib", 900), NULL_DRIVER("gzip", 900),	 NULL_DRIVER("deflate", 900),
	NULL_DRIVER("lz4", 900),  NULL_DRIVER("lz77_zstd", 900), NULL_DRIVER("lz77_only", 900),
};

static UNUSED void null_register(void)
{
	for (size_t i = 0; i < COUNT(null_drivers); i++)
		REQUIRE(wd_alg_driver_register(&null_drivers[i]) == 0);
}

/* Initialises with so many contexts of each kind and mode. */
static UNUSED int null_start_with(char *alg, __u32 sched, __u32 sync, __u32 async)
{
	struct wd_ctx_nums numbers[WD_DIR_MAX] = { { sync, async }, { sync, async } };
	struct wd_ctx_params params = { .op_type_num = WD_DIR_MAX, .ctx_set_num = numbers };

	return wd_comp_init2_(alg, sched, TASK_HW, &params);
}

static UNUSED handle_t null_session_on(__u32 device, enum wd_comp_alg_type alg, enum wd_comp_op_type op)
{
	struct sched_params params = { .numa_id = 0, .type = op, .dev_id = device };
	struct wd_comp_sess_setup setup = {
		.alg_type = alg,
		.comp_lv = WD_COMP_L6,
		.win_sz = WD_COMP_WS_16K,
		.op_type = op,
		.sched_param = &params,
	};

	return wd_comp_alloc_sess(&setup);
}

static UNUSED handle_t null_session(enum wd_comp_alg_type alg, enum wd_comp_op_type op)
{
	return null_session_on(0, alg, op);
}

#endif
