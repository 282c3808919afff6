/* What a device says of bad requests, and memory it can and cannot reach: client_errors [nosva] */
#include "vm.h"

/* Sends a request that is spoilt; the status in its descriptor. */
static int status_of(struct wd_queue *q, struct hisi_qm_msg *msg)
{
	void *resp = NULL;

	REQUIRE(wd_send(q, msg) == 0);
	ANSWERS(wd_recv_sync(q, &resp, 30000), EIO);
	CHECK(resp == msg);
	return msg->dw3 & 0xff;
}

static void bad_requests_fail_alone(struct wd_queue *q)
{
	struct hisi_qm_msg *msg = prepare(0, 1);

	msg->source_addr_l = 0x1000;
	msg->source_addr_h = 0;
	CHECK(status_of(q, msg) != 0);
	CHECK(trip(q, 0) == 0);
	msg = prepare(0, 1);
	msg->dest_avail_out = 3;
	CHECK(status_of(q, msg) != 0);
	CHECK(trip(q, 0) == 0);
	CHECK(info_of(q).failed == 2);
}

static void all_memory_is_the_devices(struct wd_queue *q)
{
	enum { LONG = 1 << 20 };
	unsigned char *memory = NULL;
	struct hisi_qm_msg msg;
	void *resp;
	size_t i;

	CHECK(wd_mem_share(q, jobs, sizeof(jobs), 0) == 0);
	wd_mem_unshare(q, jobs, sizeof(jobs));
	ANSWERS(wd_mem_share(q, (void *)0x1000, 4096, 0), EINVAL);
	REQUIRE(wd_shared_alloc(q, 3 * LONG, (void **)&memory) == 0);
	for (i = 0; i < LONG; i++)
		memory[i] = (unsigned char)(i * i >> 7);
	fill(&msg, memory, LONG, memory + LONG, 2 * LONG);
	CHECK(wd_send(q, &msg) == 0 && wd_recv_sync(q, &resp, 30000) == 0);
	CHECK(msg.consumed == LONG && msg.produced > 4);
	memory += LONG + msg.produced;
	CHECK(adler32(memory - msg.produced - LONG, LONG) ==
	      ((__u32)memory[-4] << 24 | memory[-3] << 16 | memory[-2] << 8 | memory[-1]));
	wd_shared_free(memory - LONG - msg.produced);
}

/* Mainline kernels have no static memory for devices without SVA, so that such a device reaches
 * nothing; every call says so, and a request with an address of the process is refused. */
static void without_sva_nothing_is_reached(struct wd_queue *q)
{
	void *memory = NULL;

	CHECK(q->dma_flag != VFIO_SDMDEV_DMA_SVM);
	ANSWERS(wd_mem_share(q, jobs, sizeof(jobs), 0), EOPNOTSUPP);
	ANSWERS(wd_shared_alloc(q, 8192, &memory), EOPNOTSUPP);
	CHECK(status_of(q, prepare(0, 1)) != 0);
}

int main(int argc, char **argv)
{
	struct wd_queue q;

	REQUIRE(try_open(&q, NULL) == 0);
	if (argc == 2 && strcmp(argv[1], "nosva") == 0) {
		without_sva_nothing_is_reached(&q);
	} else {
		bad_requests_fail_alone(&q);
		all_memory_is_the_devices(&q);
	}
	wd_release_queue(&q);
	return failed;
}
