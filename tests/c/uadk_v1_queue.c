/* SPDX-License-Identifier: Apache-2.0
 *
 * Queues of UADK v1 as a program has them, with raw messages: once where the device works on the
 * program's own addresses, and once where it reaches only memory that the queue has reserved. Prints
 * what failed, and nothing else. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <uadk/v1/wd.h>
#include <uadk/v1/wd_comp.h>
#include <uadk/v1/wd_share.h>

#define REQUIRE(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #what, errno); \
			exit(1); \
		} \
	} while (0)

enum { MIB = 1 << 20, ESHUTDOWN_ = 108 };

static const char text[] = "It was the best of times, it was the worst of times, it was the age of "
	"wisdom, it was the age of foolishness, it was the epoch of belief. ";
static int errors;

static void listen_to(const char *format, ...)
{
	va_list list;
	const char *message;

	va_start(list, format);
	message = va_arg(list, const char *);
	errors += !strcmp(format, "%s\n") && message[0];
	va_end(list);
}

static void open_queue(struct wd_queue *q, int direction)
{
	memset(q, 0, sizeof(*q));
	q->capa.alg = "zlib";
	q->capa.priv.direction = direction;
	q->capa.priv.is_poll = 1;
	REQUIRE(!wd_request_queue(q));
	REQUIRE(!strncmp(q->dev_path, "/dev/hisi_zip-", 14) && q->qinfo);
}

static struct wcrypto_comp_msg message(int op, void *from, size_t len, void *to, size_t room)
{
	struct wcrypto_comp_msg msg = {
		.op_type = op, .flush_type = WCRYPTO_FINISH, .stream_pos = WCRYPTO_COMP_STREAM_NEW,
		.win_size = WCRYPTO_COMP_WS_32K, .in_size = len, .avail_out = room, .src = from,
		.dst = to, .tag = 3, .status = 99,
	};
	return msg;
}

static void run(struct wd_queue *q, struct wcrypto_comp_msg *msg)
{
	void *back = NULL;
	int got;

	REQUIRE(!wd_send(q, msg));
	do
		got = wd_recv_sync(q, &back, 1000);
	while (!got);
	REQUIRE(got == 1 && back == msg);
}

/* There and back, in memory that both devices reach. */
static void trip(bool sva)
{
	struct wcrypto_comp_msg there, back;
	struct wd_queue deflate, inflate;
	char *one, *two;

	open_queue(&deflate, 0);
	open_queue(&inflate, 1);
	one = wd_reserve_memory(&deflate, MIB);
	two = wd_reserve_memory(&inflate, MIB);
	REQUIRE(one && two && !wd_reserve_memory(&deflate, MIB) && errno == EEXIST);
	memcpy(one, text, sizeof(text));
	there = message(WCRYPTO_DEFLATE, one, sizeof(text), one + 4096, 4096);
	run(&deflate, &there);
	REQUIRE(!there.status && there.in_cons == sizeof(text) && there.produced > 8);
	memcpy(two, one + 4096, there.produced);
	back = message(WCRYPTO_INFLATE, two, there.produced, two + 4096, 4096);
	run(&inflate, &back);
	REQUIRE(back.produced == sizeof(text) && !memcmp(two + 4096, text, sizeof(text)));

	REQUIRE((wd_iova_map(&deflate, one, 100) == one) == sva);
	REQUIRE(wd_dma_to_va(&deflate, wd_iova_map(&deflate, one + 77, 1)) == one + 77);
	wd_iova_unmap(&deflate, one, wd_iova_map(&deflate, one, 1), 1);
	REQUIRE(wd_mem_share(&deflate, one, 100, 0) == 0);
	wd_mem_unshare(&deflate, one, 100);
	errors = 0;
	wd_mem_unshare(&deflate, one, 100);
	REQUIRE(errors == 1);
	REQUIRE(wd_mem_share(&deflate, one, 100, 77) == -EINVAL);
	REQUIRE(wd_mem_share(&deflate, one, 0, 0) == -EINVAL);
	REQUIRE(wd_mem_share(&deflate, NULL, 0, WD_SHARE_ALL) == (sva ? 0 : -EOPNOTSUPP));
	wd_flush(&deflate);

	if (sva) {
		/* Any memory will do. */
		char in[sizeof(text)], out[1024];

		memcpy(in, text, sizeof(text));
		there = message(WCRYPTO_DEFLATE, in, sizeof(in), out, sizeof(out));
		REQUIRE(!wd_mem_share(&deflate, in, sizeof(in), WD_SHARE_READ));
		run(&deflate, &there);
		REQUIRE(!there.status && there.produced > 8);
	} else {
		there = message(WCRYPTO_DEFLATE, (void *)text, sizeof(text), one, 4096);
		REQUIRE(wd_send(&deflate, &there) == -EINVAL);
		REQUIRE(wd_mem_share(&deflate, text, sizeof(text), WD_SHARE_READ) == -EOPNOTSUPP);
		REQUIRE(!wd_iova_map(&deflate, (void *)text, 1) && errno == EINVAL);
		there = message(WCRYPTO_DEFLATE, two, 100, one, 4096);
		REQUIRE(wd_send(&deflate, &there) == -EINVAL);
	}
	wd_release_queue(&deflate);
	wd_release_queue(&inflate);
}

/* Answers are taken by whom they are for. */
static void tags(void)
{
	struct wcrypto_comp_msg all[3];
	struct wd_queue q;
	void *resp;
	char *at;
	int i;

	open_queue(&q, 0);
	at = wd_reserve_memory(&q, MIB);
	REQUIRE(at);
	for (i = 0; i < 3; i++) {
		all[i] = message(WCRYPTO_DEFLATE, at, 1000, at + 4096 * (i + 1), 4096);
		all[i].tag = 10 + i;
		REQUIRE(!wd_send(&q, &all[i]));
	}
	for (i = 2; i >= 0; i--) {
		do {
			resp = (void *)(uintptr_t)(10 + i);
			REQUIRE(wd_wait(&q, 1000) >= 0);
		} while (!wd_recv(&q, &resp));
		REQUIRE(resp == &all[i] && !all[i].status);
	}
	resp = NULL;
	REQUIRE(wd_recv(&q, &resp) == 0 && !resp);
	REQUIRE(wd_wait(&q, 1) == 0 && wd_recv_sync(&q, &resp, 0) == 0);
	q.capa.priv.is_poll = 0;
	REQUIRE(wd_wait(&q, 1) == -EINVAL && wd_recv_sync(&q, &resp, 0) == -EINVAL);
	wd_release_queue(&q);
}

static void refused(void)
{
	struct wd_queue q;
	void *resp = NULL;
	char byte = 0;

	errno = 0;
	REQUIRE(wd_request_queue(NULL) == -EINVAL && errno == EINVAL);
	wd_release_queue(NULL);
	memset(&q, 0, sizeof(q));
	REQUIRE(wd_request_queue(&q) == -ENODEV && !q.qinfo);
	q.capa.alg = "rsa";
	REQUIRE(wd_request_queue(&q) == -ENODEV);
	q.capa.alg = "zli";
	REQUIRE(wd_request_queue(&q) == -ENODEV);
	q.capa.alg = "zlib";
	q.capa.priv.direction = 2;
	REQUIRE(wd_request_queue(&q) == -EINVAL);
	q.capa.priv.direction = 0;
	strcpy(q.dev_path, "hisi_zip-0");
	q.node_mask = 1;
	REQUIRE(wd_request_queue(&q) == -EINVAL);
	memset(q.dev_path, 'x', sizeof(q.dev_path));
	REQUIRE(wd_request_queue(&q) == -EINVAL);

	/* None of them is open. */
	REQUIRE(wd_send(&q, &byte) == -EINVAL && wd_send(NULL, &byte) == -EINVAL);
	REQUIRE(wd_recv(&q, &resp) == -EINVAL && wd_recv(NULL, &resp) == -EINVAL);
	q.capa.priv.is_poll = 1;
	REQUIRE(wd_wait(&q, 1) == -EINVAL && wd_wait(NULL, 1) == -EINVAL);
	REQUIRE(wd_recv_sync(NULL, &resp, 1) == -EINVAL && wd_recv_sync(&q, NULL, 1) == -EINVAL);
	REQUIRE(wd_get_node_id(&q) == -EINVAL && wd_get_node_id(NULL) == -EINVAL);
	REQUIRE(!wd_reserve_memory(&q, 1) && !wd_reserve_memory(NULL, 1));
	REQUIRE(!wd_iova_map(&q, &byte, 1) && !wd_iova_map(NULL, &byte, 1));
	REQUIRE(!wd_dma_to_va(&q, &byte) && !wd_dma_to_va(NULL, &byte));
	REQUIRE(wd_mem_share(&q, &byte, 1, 0) == -EINVAL && wd_mem_share(NULL, &byte, 1, 0) == -EINVAL);
	wd_mem_unshare(NULL, &byte, 1);
	wd_flush(NULL);
	wd_release_queue(&q);

	REQUIRE(wd_get_available_dev_num("zlib") == 1 && wd_get_available_dev_num("gzip") == 1);
	REQUIRE(wd_get_available_dev_num("rsa") == 0 && wd_get_available_dev_num("") == 0);
	REQUIRE(wd_get_available_dev_num(NULL) == -EINVAL);

	/* Preferences that cannot be had are no hindrance. */
	memset(&q, 0, sizeof(q));
	q.capa.alg = "gzip";
	strcpy(q.dev_path, "hisi_zip-7");
	REQUIRE(!wd_request_queue(&q) && !strcmp(q.dev_path, "/dev/hisi_zip-0"));
	REQUIRE(wd_get_node_id(&q) == 0);
	REQUIRE(wd_send(&q, NULL) == -EINVAL && wd_recv(&q, NULL) == -EINVAL);
	REQUIRE(wd_send(&q, (void *)1) == -EINVAL);
	REQUIRE(!wd_reserve_memory(&q, 0) && !wd_reserve_memory(&q, SIZE_MAX));
	REQUIRE(!wd_iova_map(&q, NULL, 1) && !wd_dma_to_va(&q, NULL));
	wd_release_queue(&q);
	memset(&q, 0, sizeof(q));
	q.capa.alg = "zlib";
	q.node_mask = 1 << 9;
	REQUIRE(!wd_request_queue(&q));
	wd_release_queue(&q);
}

/* What is left of a queue after its release reaches nothing. */
static void released(void)
{
	static struct wcrypto_comp_msg left[8];
	struct wd_queue q, copy;
	void *resp = NULL;
	char *at;
	int i;

	open_queue(&q, 0);
	at = wd_reserve_memory(&q, MIB);
	for (i = 0; i < 8; i++) {
		left[i] = message(WCRYPTO_DEFLATE, at, 65536, at + 65536 * (i + 1), 65536);
		REQUIRE(!wd_send(&q, &left[i]));
	}
	copy = q;
	wd_release_queue(&q);
	REQUIRE(!q.qinfo);
	wd_release_queue(&q);
	REQUIRE(wd_send(&q, &left[0]) == -EINVAL);
	for (i = 0; i < 2; i++) {
		REQUIRE(wd_send(&copy, &left[0]) == -ESHUTDOWN_);
		REQUIRE(wd_recv(&copy, &resp) == -ESHUTDOWN_ && wd_wait(&copy, 1) == -ESHUTDOWN_);
		REQUIRE(!wd_reserve_memory(&copy, 1) && errno == ESHUTDOWN_);
		REQUIRE(wd_get_node_id(&copy) == -ESHUTDOWN_);
		wd_release_queue(&copy);
		/* Also when another queue has its place. */
		open_queue(&q, 0);
	}
	wd_release_queue(&q);

	/* A structure may be copied to open another one. */
	open_queue(&q, 0);
	copy = q;
	REQUIRE(!wd_request_queue(&copy) && copy.qinfo != q.qinfo);
	wd_release_queue(&q);
	at = wd_reserve_memory(&copy, MIB);
	left[0] = message(WCRYPTO_DEFLATE, at, 100, at + 4096, 4096);
	run(&copy, &left[0]);
	wd_release_queue(&copy);
	for (i = 1; i < 1000; i++) {
		copy.qinfo = (void *)(uintptr_t)(i * 0x100000001ull);
		REQUIRE(wd_send(&copy, &left[0]) < 0);
	}
}

/* A child has queues of its own only. */
static void forked(void)
{
	struct wcrypto_comp_msg msg;
	struct wd_queue q, own;
	void *resp = NULL;
	int status;
	char *at;
	pid_t pid;

	open_queue(&q, 0);
	at = wd_reserve_memory(&q, MIB);
	msg = message(WCRYPTO_DEFLATE, at, 100, at + 4096, 4096);
	pid = fork();
	if (!pid) {
		REQUIRE(wd_send(&q, &msg) == -ESHUTDOWN_ && wd_recv(&q, &resp) == -ESHUTDOWN_);
		REQUIRE(!wd_iova_map(&q, at, 1) && errno == ESHUTDOWN_);
		wd_release_queue(&q);
		REQUIRE(!q.qinfo);
		open_queue(&own, 0);
		at = wd_reserve_memory(&own, MIB);
		msg = message(WCRYPTO_DEFLATE, at, 100, at + 4096, 4096);
		run(&own, &msg);
		wd_release_queue(&own);
		_exit(0);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
	run(&q, &msg);
	wd_release_queue(&q);
}

static void *user(void *arg)
{
	struct wd_queue *q = ((void **)arg)[0];
	char *at = ((void **)arg)[1];
	struct wcrypto_comp_msg msg = message(WCRYPTO_DEFLATE, at, 100, at + 4096, 4096);
	void *resp;
	int ret;

	while (1) {
		ret = wd_send(q, &msg);
		while (!ret) {
			resp = NULL;
			ret = wd_recv(q, &resp);
			if (ret == 1) {
				REQUIRE(resp == &msg);
				ret = 0;
				break;
			}
		}
		if (ret && ret != -EBUSY) {
			REQUIRE(ret == -ESHUTDOWN_ || ret == -EINVAL);
			return NULL;
		}
	}
}

/* A queue is released while another thread uses it. */
static void met(void)
{
	struct wd_queue q;
	pthread_t thread;
	void *arg[2];
	int i;

	for (i = 0; i < 10; i++) {
		open_queue(&q, 0);
		arg[0] = &q;
		arg[1] = wd_reserve_memory(&q, MIB);
		REQUIRE(!pthread_create(&thread, NULL, user, arg));
		usleep(2000);
		wd_release_queue(&q);
		REQUIRE(!pthread_join(thread, NULL));
	}
}

int main(int argc, char **argv)
{
	bool sva = argc > 1 && !strcmp(argv[1], "sva");

	REQUIRE(wd_register_log(NULL) == -EINVAL && !log_out);
	REQUIRE(!wd_register_log(listen_to) && log_out == listen_to);
	REQUIRE(wd_register_log(listen_to) == -EINVAL);
	errors = 0;
	refused();
	REQUIRE(errors > 3);
	trip(sva);
	tags();
	released();
	forked();
	met();
	return 0;
}
