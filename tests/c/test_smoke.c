/* The library is there, every name can be called, and a queue that is not open is an error and
 * not a crash. */
#include "check.h"
#include <warpdrive/comp_hw.h>

/* A call that must fail, and say the same by errno. */
#define REFUSED(call) \
	do { \
		int ret; \
		errno = 0; \
		ret = (call); \
		CHECK(ret < 0 && errno == -ret); \
	} while (0)

static void hook(int level, const char *text)
{
	(void)level;
	(void)text;
}

static void refuses(struct wd_queue *q)
{
	struct hisi_qm_msg msg;
	void *resp = &msg;
	struct wd_queue_info info;

	memset(&msg, 0, sizeof(msg));
	memset(&info, 0, sizeof(info));
	info.size = sizeof(info);
	REFUSED(wd_send(q, &msg));
	REFUSED(wd_recv(q, &resp));
	REFUSED(wd_recv_sync(q, &resp, 1));
	REFUSED(wd_send_batch(q, &resp, 1));
	REFUSED(wd_recv_batch(q, &resp, 1));
	REFUSED(wd_mem_share(q, &msg, sizeof(msg), 0));
	REFUSED(wd_queue_fd(q));
	REFUSED(wd_queue_arm(q));
	REFUSED(__iommu_type(q));
	wd_mem_unshare(q, &msg, sizeof(msg));
	wd_flush(q);
	wd_release_queue(q);
}

int main(void)
{
	struct wd_queue q;

	wd_set_log_hook(hook);
	memset(&q, 0, sizeof(q));
	refuses(&q);
	refuses(NULL);
	REFUSED(wd_request_queue(NULL));
	REFUSED(wd_send(&q, NULL));
	REFUSED(wd_recv(&q, NULL));
	REFUSED(wd_get_queue_info(NULL, NULL));
	REFUSED(wd_shared_alloc(NULL, 1, NULL));
	REFUSED(wd_set_queue_attr(NULL, "algorithm", NULL));

	/* A device of this name there is not, on any machine. */
	q.mdev_name = "no such device";
	REFUSED(wd_request_queue(&q));
	wd_release_queue(&q);

	CHECK(wd_dump_all_algos() >= 0);
	wd_shared_free(NULL);
	wd_set_log_hook(NULL);
	return failed;
}
