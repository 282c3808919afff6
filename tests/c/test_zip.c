/* What the engine answers: good data, tight output, wild addresses, wrong types; and the way back. */
#include "check.h"
#include <sys/mman.h>

enum { LEN = 100000 };

static unsigned char input[LEN], packed[2 * LEN], back[LEN + 100];

static __u32 run(struct wd_queue *q, struct hisi_qm_msg *msg, int expected)
{
	void *resp = NULL;
	int ret;

	CHECK(wd_send(q, msg) == 0);
	ret = wd_recv_sync(q, &resp, 60000);
	CHECK(ret == expected);
	CHECK(resp == msg);
	return msg->dw3 & 0xff;
}

static void what_is_packed_can_be_unpacked(void)
{
	static const int types[] = { 2, 3 };
	struct wd_queue deflate, inflate;
	struct hisi_qm_msg msg;
	size_t i;

	open_queue(&deflate, NULL);
	open_queue(&inflate, "decompress");
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		__u32 produced;

		fill(&msg, input, LEN, packed, sizeof(packed));
		msg.dw9 = (__u32)types[i];
		msg.tag = 0xabcd;
		CHECK(run(&deflate, &msg, 0) == 0);
		CHECK(msg.consumed == LEN && msg.produced > 0 && msg.produced < LEN);
		CHECK(msg.tag == 0xabcd && msg.input_date_length == LEN && msg.dest_avail_out == sizeof(packed));
		produced = msg.produced;
		memset(back, 0, sizeof(back));
		fill(&msg, packed, produced, back, sizeof(back));
		msg.dw9 = (__u32)types[i];
		CHECK(run(&inflate, &msg, 0) == 0);
		CHECK(msg.consumed == produced && msg.produced == LEN);
		CHECK(memcmp(back, input, LEN) == 0);
		/* A byte of the trailer is wrong. */
		packed[produced - 1] ^= 1;
		fill(&msg, packed, produced, back, sizeof(back));
		msg.dw9 = (__u32)types[i];
		CHECK(run(&inflate, &msg, -EIO) == 0x10);
	}
	wd_release_queue(&inflate);
	wd_release_queue(&deflate);
}

static void output_is_never_written_beyond_its_space(void)
{
	struct wd_queue q;
	struct hisi_qm_msg msg;
	size_t i;

	open_queue(&q, NULL);
	memset(packed, 0xEE, sizeof(packed));
	fill(&msg, input, LEN, packed, 1000);
	CHECK(run(&q, &msg, -EIO) == 0x0e);
	for (i = 1000; i < sizeof(packed); i++)
		REQUIRE(packed[i] == 0xEE);
	/* And the queue goes on. */
	fill(&msg, input, LEN, packed, sizeof(packed));
	CHECK(run(&q, &msg, 0) == 0);
	wd_release_queue(&q);
}

static void a_wild_address_is_an_answer(void)
{
	struct wd_queue q;
	struct hisi_qm_msg msg;
	long page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, (size_t)(2 * page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(pages != MAP_FAILED);
	munmap(pages + page, (size_t)page);
	open_queue(&q, NULL);
	fill(&msg, NULL, 1000, packed, sizeof(packed));
	CHECK(run(&q, &msg, -EIO) == 0x06);
	fill(&msg, (void *)0xdead0000beefUL, 1000, packed, sizeof(packed));
	CHECK(run(&q, &msg, -EIO) == 0x06);
	/* It begins on a page that is there and ends on one that is not. */
	fill(&msg, pages, (size_t)(2 * page), packed, sizeof(packed));
	CHECK(run(&q, &msg, -EIO) == 0x06);
	fill(&msg, input, LEN, NULL, sizeof(packed));
	CHECK(run(&q, &msg, -EIO) == 0x06);
	mprotect(pages, (size_t)page, PROT_READ);
	fill(&msg, input, LEN, pages, (size_t)page);
	CHECK(run(&q, &msg, -EIO) != 0);
	fill(&msg, input, LEN, packed, sizeof(packed));
	CHECK(run(&q, &msg, 0) == 0);
	wd_release_queue(&q);
	munmap(pages, (size_t)page);
}

static void a_bad_request_is_an_answer(void)
{
	struct wd_queue q;
	struct hisi_qm_msg msg;

	open_queue(&q, NULL);
	fill(&msg, input, LEN, packed, sizeof(packed));
	msg.dw9 = 0xff;
	CHECK(run(&q, &msg, -EIO) != 0);
	memset(&msg, 0xff, sizeof(msg));
	CHECK(run(&q, &msg, -EIO) != 0);
	ANSWERS(wd_send(&q, NULL), EINVAL);
	ANSWERS(wd_send(NULL, &msg), EINVAL);
	wd_release_queue(&q);

	open_queue(&q, "decompress");
	memset(packed, 0x55, 1000);
	fill(&msg, packed, 1000, back, sizeof(back));
	CHECK(run(&q, &msg, -EIO) != 0);
	wd_release_queue(&q);
}

static void a_batch_goes_and_comes_as_one(void)
{
	enum { COUNT = 50 };
	struct wd_queue q;
	struct hisi_qm_msg msgs[COUNT];
	static unsigned char outs[COUNT][4096];
	void *reqs[COUNT], *resps[COUNT];
	int i, sent, received = 0, tries = 0;

	open_queue(&q, NULL);
	for (i = 0; i < COUNT; i++) {
		fill(&msgs[i], input + i, 1000, outs[i], sizeof(outs[i]));
		reqs[i] = &msgs[i];
	}
	sent = wd_send_batch(&q, reqs, COUNT);
	CHECK(sent == COUNT);
	while (received < COUNT && tries++ < 100000) {
		int n = wd_recv_batch(&q, resps + received, (__u32)(COUNT - received));

		if (n == -EAGAIN) {
			usleep(100);
			continue;
		}
		REQUIRE(n > 0);
		received += n;
	}
	CHECK(received == COUNT);
	for (i = 0; i < COUNT; i++)
		CHECK(((struct hisi_qm_msg *)resps[i])->produced > 0);
	reqs[1] = NULL;
	ANSWERS(wd_send_batch(&q, reqs, COUNT), EINVAL);
	ANSWERS(wd_send_batch(&q, NULL, 1), EINVAL);
	ANSWERS(wd_send_batch(&q, reqs, 0), EINVAL);
	ANSWERS(wd_recv_batch(&q, resps, 0), EINVAL);
	ANSWERS(wd_recv_batch(&q, NULL, 1), EINVAL);
	ANSWERS(wd_recv_batch(&q, resps, 1), EAGAIN);
	wd_release_queue(&q);
}

int main(void)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		input[i] = (unsigned char)("the quick brown fox"[i * i % 19] + i / 5000);
	what_is_packed_can_be_unpacked();
	output_is_never_written_beyond_its_space();
	a_wild_address_is_an_answer();
	a_bad_request_is_an_answer();
	a_batch_goes_and_comes_as_one();
	return failed;
}
