/* The life of a queue: fields in and out, twice opened, twice released, never opened, copied. */
#include "check.h"

static struct wd_queue_info info_of(struct wd_queue *q)
{
	struct wd_queue_info info;

	memset(&info, 0, sizeof(info));
	info.size = sizeof(info);
	CHECK(wd_get_queue_info(q, &info) == 0);
	return info;
}

static void an_open_queue_tells_what_it_is(void)
{
	struct wd_queue q;
	struct wd_queue_info info;

	open_queue(&q, NULL);
	CHECK(strcmp(q.hw_type, "hisi_qm_v2") == 0 && q.hw_type_id == 1);
	CHECK(q.dma_flag == VFIO_SDMDEV_DMA_SVM);
	CHECK(q.container == -1 && q.group == -1 && q.mdev > 2);
	CHECK(fcntl(q.mdev, F_GETFD) & FD_CLOEXEC);
	CHECK(__iommu_type(&q) == 0);
	info = info_of(&q);
	CHECK(info.size == sizeof(info));
	CHECK(info.path == WD_PATH_SIMULATED);
	CHECK(strncmp(info.device, "hisi_zip-", 9) == 0);
	CHECK(strcmp(info.api, "hisi_qm_v2") == 0);
	CHECK(info.capacity == 1023 && info.in_flight == 0 && info.sent == 0);
	wd_release_queue(&q);
}

static void a_released_queue_is_reset_and_stays_harmless(void)
{
	struct wd_queue q;
	struct hisi_qm_msg msg;
	void *resp = &msg;
	int fd;

	open_queue(&q, NULL);
	fd = q.mdev;
	wd_release_queue(&q);
	CHECK(q.priv == NULL && q.mdev == -1 && q.container == -1 && q.group == -1);
	CHECK(q.hw_type[0] == 0);
	CHECK(fcntl(fd, F_GETFD) == -1);
	wd_release_queue(&q);
	ANSWERS(wd_send(&q, &msg), ESHUTDOWN);
	ANSWERS(wd_recv(&q, &resp), ESHUTDOWN);
	CHECK(resp == &msg);
	CHECK(wd_request_queue(&q) == 0);
	wd_release_queue(&q);
}

static void a_copy_of_a_released_queue_cannot_reach_the_next(void)
{
	struct wd_queue q, old;
	struct hisi_qm_msg msg;

	open_queue(&q, NULL);
	old = q;
	wd_release_queue(&q);
	open_queue(&q, NULL);
	memset(&msg, 0, sizeof(msg));
	ANSWERS(wd_send(&old, &msg), ESHUTDOWN);
	wd_release_queue(&old);
	CHECK(info_of(&q).sent == 0);
	wd_release_queue(&q);
}

static void an_open_queue_is_not_opened_again(void)
{
	struct wd_queue q;

	open_queue(&q, NULL);
	ANSWERS(wd_request_queue(&q), EBUSY);
	ANSWERS(wd_set_queue_attr(&q, "algorithm", (char *)"gzip"), EBUSY);
	CHECK(info_of(&q).path == WD_PATH_SIMULATED);
	wd_release_queue(&q);
}

static void a_failed_request_leaves_a_structure_to_try_again_with(void)
{
	struct wd_queue q;

	memset(&q, 0, sizeof(q));
	q.mdev_name = "hisi_zip-99";
	ANSWERS(wd_request_queue(&q), ENODEV);
	CHECK(q.priv == NULL && q.mdev == -1 && q.container == -1 && q.group == -1);
	q.mdev_name = "hisi_zip-0";
	CHECK(wd_request_queue(&q) == 0);
	wd_release_queue(&q);
}

static void attributes_choose_the_queue(void)
{
	struct wd_queue q;

	memset(&q, 0, sizeof(q));
	CHECK(wd_set_queue_attr(&q, "algorithm", (char *)"gzip") == 0);
	CHECK(wd_set_queue_attr(&q, "direction", (char *)"decompress") == 0);
	CHECK(wd_request_queue(&q) == 0);
	wd_release_queue(&q);

	memset(&q, 0, sizeof(q));
	CHECK(wd_set_queue_attr(&q, "algorithm", (char *)"rot13") == 0);
	ANSWERS(wd_request_queue(&q), ENODEV);

	ANSWERS(wd_set_queue_attr(&q, "algorithm", (char *)""), EINVAL);
	ANSWERS(wd_set_queue_attr(&q, "direction", (char *)"sideways"), EINVAL);
	ANSWERS(wd_set_queue_attr(&q, "colour", (char *)"red"), EINVAL);
	ANSWERS(wd_set_queue_attr(&q, NULL, (char *)"red"), EINVAL);
	ANSWERS(wd_set_queue_attr(&q, "algorithm", NULL), EINVAL);
	ANSWERS(wd_set_queue_attr(NULL, "algorithm", (char *)"zlib"), EINVAL);
}

static void garbage_in_a_structure_is_no_queue(void)
{
	struct wd_queue q;
	struct hisi_qm_msg msg;

	memset(&q, 0xA5, sizeof(q));
	memset(&msg, 0, sizeof(msg));
	ANSWERS(wd_send(&q, &msg), ESHUTDOWN);
	wd_release_queue(&q);
	/* A request with a path is one for VFIO, and needs all four. */
	memset(&q, 0, sizeof(q));
	q.vfio_group_path = (char *)"/dev/vfio/10";
	ANSWERS(wd_request_queue(&q), EINVAL);
	q.mdev_name = "22e09922-7a82-11e8-9cf6-d74cffa9e87b";
	ANSWERS(wd_request_queue(&q), EINVAL);
	ANSWERS(wd_request_queue(NULL), EINVAL);
	wd_release_queue(NULL);
}

static void info_fills_what_the_caller_has_room_for(void)
{
	struct wd_queue q;
	struct wd_queue_info info;

	open_queue(&q, NULL);
	memset(&info, 0x5A, sizeof(info));
	info.size = 8;
	CHECK(wd_get_queue_info(&q, &info) == 0);
	CHECK(info.size == 8 && info.path == WD_PATH_SIMULATED && info.device[0] == 0x5A);
	info.size = 7;
	ANSWERS(wd_get_queue_info(&q, &info), EINVAL);
	info.size = 100000;
	CHECK(wd_get_queue_info(&q, &info) == 0);
	CHECK(info.size == sizeof(info));
	ANSWERS(wd_get_queue_info(&q, NULL), EINVAL);
	wd_release_queue(&q);
}

static void a_thousand_queues_open_and_close(void)
{
	int i;

	for (i = 0; i < 1000; i++) {
		struct wd_queue q;

		open_queue(&q, NULL);
		wd_release_queue(&q);
	}
}

int main(void)
{
	an_open_queue_tells_what_it_is();
	a_released_queue_is_reset_and_stays_harmless();
	a_copy_of_a_released_queue_cannot_reach_the_next();
	an_open_queue_is_not_opened_again();
	a_failed_request_leaves_a_structure_to_try_again_with();
	attributes_choose_the_queue();
	garbage_in_a_structure_is_no_queue();
	info_fills_what_the_caller_has_room_for();
	a_thousand_queues_open_and_close();
	return failed;
}
