/* The device goes under the v2 API: uadk_gone hw | mix  threads | flight | still. Threads compress and
 * decompress, and requests are in flight. With devices alone each call ends, and says that the device
 * is lost; with software beside them no request fails, and none is finished twice. Or the device stands
 * still, and a request times out. */
#include "vm.h"
#include <stdbool.h>
#include <uadk/wd_comp.h>
#include <uadk/wd_path.h>
#include <uadk/wd_sched.h>

enum { THREADS = 4, ASYNC = 100, SIZE = 20000, ROOM = 24000, AFTERWARDS = 20 };

static bool software;
static int removed;

static handle_t session(int op)
{
	struct sched_params params = { .numa_id = -1, .type = (__u8)op };
	struct wd_comp_sess_setup setup = {
		.alg_type = WD_ZLIB,
		.comp_lv = WD_COMP_L1,
		.win_sz = WD_COMP_WS_32K,
		.op_type = op,
		.sched_param = &params,
	};
	handle_t session = wd_comp_alloc_sess(&setup);

	REQUIRE(session);
	return session;
}

static void request(struct wd_comp_req *req, int op, void *src, __u32 len, void *dst, __u32 room)
{
	memset(req, 0, sizeof(*req));
	req->src = src;
	req->src_len = len;
	req->dst = dst;
	req->dst_len = room;
	req->op_type = op;
	req->data_fmt = WD_FLAT_BUF;
}

static void fill_text(unsigned char *text, unsigned int salt)
{
	unsigned int i;

	for (i = 0; i < SIZE; i++)
		text[i] = (unsigned char)(i * i / (salt + 1000) + salt);
}

/* There and back until the device has gone; with software a while longer. 0, or what a call said. */
static void *worker(void *number)
{
	unsigned char *text = malloc(SIZE), *packed = malloc(ROOM), *again = malloc(SIZE);
	handle_t there = session(WD_DIR_COMPRESS), back = session(WD_DIR_DECOMPRESS);
	struct wd_comp_req req;
	int afterwards = 0;
	long ret = 0;

	REQUIRE(text && packed && again);
	fill_text(text, (unsigned int)(uintptr_t)number);
	while (!ret && afterwards < AFTERWARDS) {
		afterwards += software && __atomic_load_n(&removed, __ATOMIC_ACQUIRE);
		request(&req, WD_DIR_COMPRESS, text, SIZE, packed, ROOM);
		ret = wd_do_comp_sync(there, &req);
		if (ret)
			break;
		REQUIRE(req.status == 0);
		request(&req, WD_DIR_DECOMPRESS, packed, req.dst_len, again, SIZE);
		ret = wd_do_comp_sync(back, &req);
		REQUIRE(ret || (req.status == 0 && req.dst_len == SIZE && !memcmp(text, again, SIZE)));
	}
	wd_comp_free_sess(there);
	wd_comp_free_sess(back);
	free(text);
	free(packed);
	free(again);
	return (void *)ret;
}

struct answer {
	int times;
	__u32 status, len;
};

static void *answered(struct wd_comp_req *req, void *param)
{
	struct answer *answer = param;

	answer->times++;
	answer->status = req->status;
	answer->len = req->dst_len;
	return NULL;
}

static void remove_it(void)
{
	remove_device();
	__atomic_store_n(&removed, 1, __ATOMIC_RELEASE);
}

static void threads_at_work(void)
{
	pthread_t threads[THREADS];
	struct later later;
	void *ret;
	size_t i;

	for (i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, worker, (void *)i) == 0);
	begin_later(&later, 300, remove_it);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &ret);
		if (software)
			CHECK(ret == NULL);
		else
			CHECK((long)ret < 0);
	}
	end_later(&later);
}

/* Software answers each request once. Without it the poll says that they are lost, and none is
 * answered: whoever posted them still has their buffers, and nobody writes there any more. */
static void requests_in_flight(void)
{
	static struct answer answers[ASYNC];
	static unsigned char text[SIZE], packed[ASYNC][ROOM];
	handle_t there = session(WD_DIR_COMPRESS);
	struct wd_comp_req req;
	__u32 got = 0;
	int i, ret = 0;
	long begin;

	fill_text(text, 1);
	hold();
	for (i = 0; i < ASYNC; i++) {
		request(&req, WD_DIR_COMPRESS, text, SIZE, packed[i], ROOM);
		req.cb = answered;
		req.cb_param = &answers[i];
		REQUIRE(wd_do_comp_async(there, &req) == 0);
	}
	remove_it();
	begin = now_ms();
	while (got < ASYNC && (!ret || ret == -WD_EAGAIN) && now_ms() - begin < 60000)
		ret = wd_comp_poll(ASYNC - got, &got);
	CHECK(software ? got == ASYNC : ret == -WD_HW_EACCESS && got == 0);
	for (i = 0; i < ASYNC; i++) {
		const unsigned char *end = packed[i] + answers[i].len;

		CHECK(answers[i].times == software);
		CHECK(!software || (answers[i].status == 0 && adler32(text, SIZE) ==
		      ((__u32)end[-4] << 24 | end[-3] << 16 | end[-2] << 8 | end[-1])));
	}
	wd_comp_free_sess(there);
}

/* The time that a request has is in the environment (main). What is given up reaches nobody later. */
static void a_device_that_stands_still(void)
{
	static unsigned char text[SIZE], packed[2][ROOM];
	handle_t there = session(WD_DIR_COMPRESS);
	struct wd_comp_req req;
	long begin = now_ms();

	fill_text(text, 1);
	hold();
	request(&req, WD_DIR_COMPRESS, text, SIZE, packed[0], ROOM);
	CHECK(wd_do_comp_sync(there, &req) == -WD_ETIMEDOUT);
	CHECK(now_ms() - begin < 30000);
	let_go();
	request(&req, WD_DIR_COMPRESS, text, SIZE, packed[1], ROOM);
	CHECK(wd_do_comp_sync(there, &req) == 0 && req.status == 0 && req.src_len == SIZE);
	wd_comp_free_sess(there);
}

int main(int argc, char **argv)
{
	struct wd_ctx_nums numbers[2] = { { 2, 2 }, { 2, 2 } };
	struct wd_ctx_params params = { .op_type_num = 2, .ctx_set_num = numbers };
	struct wd_comp_stats stats = { .size = sizeof(stats) };

	REQUIRE(argc == 3);
	software = strcmp(argv[1], "mix") == 0;
	if (strcmp(argv[2], "still") == 0)
		setenv("WD_SYNC_TIMEOUT_MS", "1000", 1);
	REQUIRE(wd_comp_init2_((char *)"zlib", SCHED_POLICY_RR, software ? TASK_MIX : TASK_HW, &params) == 0);
	if (strcmp(argv[2], "threads") == 0)
		threads_at_work();
	else if (strcmp(argv[2], "flight") == 0)
		requests_in_flight();
	else
		a_device_that_stands_still();
	CHECK(wd_comp_get_stats(&stats) == 0);
	printf("hardware %llu software %llu errors %llu\n", (unsigned long long)stats.hardware,
	       (unsigned long long)stats.software, (unsigned long long)stats.errors);
	wd_comp_uninit2();
	CHECK(mappings() == 0);
	return failed;
}
