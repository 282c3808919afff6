/* Shared memory on a mediated device behind VFIO: what is not shared yet, not shared any more, or
 * shared for reading only is a fault of the device, and the message says so. Runs on simulated
 * devices, `vfio_share PATH` where PATH is what wd_get_queue_info shall say; with two of them for
 * the queues of one container. The 8 faults that it makes are counted by its test. */
#define _GNU_SOURCE
#include "check.h"
#include <sys/mman.h>
#include <sys/wait.h>

/* What the simulated device says of memory that it does not reach. */
#define BUS_FAULT 0x06

static struct wd_queue q;
static size_t page;
static char *in, *out;

/* The device number `place`, as the sample of the first patches names the first one. */
static void describe(struct wd_queue *queue, int place, int container)
{
	static char paths[2][4][128];
	static const char *const uuids[] = { "22e09922-7a82-11e8-9cf6-d74cffa9e87b",
					     "22e09922-7a82-11e8-9cf6-d74cffa9e87c" };
	char device[64], (*path)[128] = paths[place];

	snprintf(device, sizeof(device), "/sys/class/sdmdev/0000:%x:00.0/device", 0x75 + place);
	snprintf(path[0], sizeof(path[0]), "/dev/vfio/%d", 10 + place);
	snprintf(path[1], sizeof(path[1]), "%s/params/iommu_type", device);
	snprintf(path[2], sizeof(path[2]), "%s/params/dma_flag", device);
	snprintf(path[3], sizeof(path[3]), "%s/mdev_supported_types/hisi_zip-hisi_zip/device_api", device);
	memset(queue, 0, sizeof(*queue));
	queue->container = container;
	queue->mdev_name = uuids[place];
	queue->vfio_group_path = path[0];
	queue->iommu_ext_path = path[1];
	queue->dmaflag_ext_path = path[2];
	queue->device_api_path = path[3];
}

static void *pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	return p;
}

/* Whether a request from in to out is done; else the device must have told of a fault. */
static int served(struct wd_queue *queue)
{
	struct hisi_qm_msg msg;
	void *resp = NULL;
	int ret;

	memset(out, 0x55, 16);
	fill(&msg, in, page, out, 2 * page);
	REQUIRE(wd_send(queue, &msg) == 0);
	ret = wd_recv_sync(queue, &resp, 60000);
	CHECK(resp == &msg);
	if (ret == 0) {
		CHECK(msg.consumed == page && msg.produced > 0);
		return 1;
	}
	CHECK(ret == -EIO && errno == EIO && (msg.dw3 & 0xff) == BUS_FAULT);
	CHECK(!memcmp(out, "\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55", 16));
	return 0;
}

static void only_what_is_shared_is_reached(void)
{
	CHECK(!served(&q));
	CHECK(wd_mem_share(&q, in, page, WD_SHARE_READ) == 0);
	CHECK(!served(&q));
	CHECK(wd_mem_share(&q, out, 2 * page, WD_SHARE_READ) == 0);
	CHECK(!served(&q));
	wd_mem_unshare(&q, out, 2 * page);
	CHECK(wd_mem_share(&q, out, 2 * page, 0) == 0);
	CHECK(served(&q));
	wd_mem_unshare(&q, in, page);
	CHECK(!served(&q));
	/* Shared twice, it stays until both are taken back; and any byte of a page is the page. */
	CHECK(wd_mem_share(&q, in + 1, 5, 0) == 0);
	CHECK(wd_mem_share(&q, in, page, 0) == 0);
	wd_mem_unshare(&q, in, page);
	CHECK(served(&q));
	wd_mem_unshare(&q, in + 1, 5);
	CHECK(!served(&q));
	ANSWERS(wd_mem_share(&q, NULL, 0, WD_SHARE_ALL), EOPNOTSUPP);
	ANSWERS(wd_mem_share(&q, in, 0, 0), EINVAL);
	wd_mem_unshare(&q, out, 2 * page);
}

static void library_memory_is_reached_at_once(void)
{
	char *input = in, *output = out;
	void *block = NULL;

	CHECK(wd_shared_alloc(&q, 3 * page, &block) == 0);
	in = block;
	out = in + page;
	CHECK(served(&q));
	wd_shared_free(block);
	in = input;
	out = output;
}

static void a_released_queue_shares_nothing_and_its_device_is_free(void)
{
	struct wd_queue second;

	CHECK(wd_mem_share(&q, in, page, 0) == 0 && wd_mem_share(&q, out, 2 * page, 0) == 0);
	CHECK(served(&q));
	describe(&second, 0, -1);
	ANSWERS(wd_request_queue(&second), EBUSY);
	CHECK(second.container == -1 && second.group == -1 && second.mdev == -1 && !second.priv);
	wd_release_queue(&q);
	describe(&q, 0, -1);
	CHECK(wd_request_queue(&q) == 0);
	CHECK(!served(&q));
}

static void queues_in_one_container_share_together(void)
{
	struct wd_queue other;

	describe(&other, 1, q.container);
	CHECK(wd_request_queue(&other) == 0);
	CHECK(other.container == q.container);
	CHECK(!served(&other));
	CHECK(wd_mem_share(&q, in, page, 0) == 0 && wd_mem_share(&other, out, 2 * page, 0) == 0);
	CHECK(served(&other) && served(&q));
	/* What a queue has shared goes with it; the container stays while there is another in it. */
	wd_release_queue(&q);
	CHECK(!served(&other));
	CHECK(wd_mem_share(&other, in, page, 0) == 0);
	CHECK(served(&other));
	wd_release_queue(&other);
}

static void a_child_has_a_device_of_its_own(void)
{
	int pid = fork(), status = -1;
	struct hisi_qm_msg msg;

	REQUIRE(pid >= 0);
	if (pid == 0) {
		fill(&msg, in, page, out, 2 * page);
		ANSWERS(wd_send(&q, &msg), ESHUTDOWN);
		wd_release_queue(&q);
		CHECK(q.container == -1 && q.group == -1 && q.mdev == -1);
		describe(&q, 0, -1);
		REQUIRE(wd_request_queue(&q) == 0);
		CHECK(wd_mem_share(&q, in, page, 0) == 0 && wd_mem_share(&q, out, 2 * page, 0) == 0);
		CHECK(served(&q));
		wd_release_queue(&q);
		_exit(failed);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(wd_mem_share(&q, in, page, 0) == 0 && wd_mem_share(&q, out, 2 * page, 0) == 0);
	CHECK(served(&q));
	wd_mem_unshare(&q, in, page);
	wd_mem_unshare(&q, out, 2 * page);
}

static void only_a_container_is_one(void)
{
	int null = open("/dev/null", O_RDWR);

	describe(&q, 0, null);
	ANSWERS(wd_request_queue(&q), EINVAL);
	CHECK(q.container == null && fcntl(null, F_GETFD) >= 0);
	close(null);
	describe(&q, 0, 999);
	ANSWERS(wd_request_queue(&q), EBADF);
}

int main(int argc, char **argv)
{
	struct wd_queue_info info = { .size = sizeof(info) };
	size_t i;

	page = (size_t)sysconf(_SC_PAGESIZE);
	in = pages(page);
	out = pages(2 * page);
	for (i = 0; i < page; i++)
		in[i] = (char)(i * i >> 5);
	describe(&q, 0, -1);
	REQUIRE(wd_request_queue(&q) == 0);
	CHECK(q.dma_flag == VFIO_SDMDEV_DMA_SINGLE_PROC_MAP && q.pasid == 0);
	CHECK(q.container > 2 && q.group > 2 && q.mdev > 2 && q.iommu_type == 1);
	CHECK(!strcmp(q.hw_type, "hisi_qm_v1") && __iommu_type(&q) == 1);
	CHECK(wd_get_queue_info(&q, &info) == 0 && info.capacity == 1023 && info.number == 0);
	CHECK(argc == 2 && info.path == (__u32)atoi(argv[1]));
	only_what_is_shared_is_reached();
	library_memory_is_reached_at_once();
	a_child_has_a_device_of_its_own();
	a_released_queue_shares_nothing_and_its_device_is_free();
	queues_in_one_container_share_together();
	only_a_container_is_one();
	return failed;
}
