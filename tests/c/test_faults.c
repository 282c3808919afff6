/* What a program sees when a device fails: one device for each failure. */
#include "check.h"

static const char simulation[] =
	"hisi_zip,queues=1;"
	"hisi_zip,fault=reset@2;"
	"hisi_zip,fault=remove@2;"
	"hisi_zip,fault=sq_head:2000@2;"
	"hisi_zip,fault=duplicate@1;"
	"hisi_zip,fault=delay:3600000@1;"
	"hisi_zip,fault=drop@1;"
	"hisi_zip,fault=status:4@1;"
	"hisi_zip,fault=open:12@from:1;"
	"hisi_zip,fault=region:12@from:1";

enum { BUSY, RESET, REMOVED, BOGUS, TWICE, STUCK, DROPPED, FAILED, NO_OPEN, NO_MAP };

static char input[1000], output[2000];
static struct wd_queue q;
static struct hisi_qm_msg msg, other;

static void choose(struct wd_queue *queue, int device)
{
	static char name[32];

	snprintf(name, sizeof(name), "hisi_zip-%d", device);
	memset(queue, 0, sizeof(*queue));
	queue->mdev_name = name;
}

static void open_device(int device)
{
	choose(&q, device);
	REQUIRE(wd_request_queue(&q) == 0);
	fill(&msg, input, sizeof(input), output, sizeof(output));
	fill(&other, input, sizeof(input), output, sizeof(output));
}

static void roundtrip(void)
{
	void *resp = NULL;

	CHECK(wd_send(&q, &msg) == 0);
	CHECK(wd_recv_sync(&q, &resp, 60000) == 0 && resp == &msg);
}

static void a_device_without_a_free_queue_is_busy(void)
{
	struct wd_queue second;

	open_device(BUSY);
	choose(&second, BUSY);
	ANSWERS(wd_request_queue(&second), EBUSY);
	wd_release_queue(&q);
	CHECK(wd_request_queue(&second) == 0);
	wd_release_queue(&second);
}

static void a_dead_device_is_no_device(int device)
{
	void *resp = NULL;

	open_device(device);
	roundtrip();
	CHECK(wd_send(&q, &msg) == 0);
	ANSWERS(wd_recv_sync(&q, &resp, 60000), ENODEV);
	ANSWERS(wd_recv(&q, &resp), ENODEV);
	ANSWERS(wd_recv_sync(&q, &resp, 0), ENODEV);
	ANSWERS(wd_send(&q, &other), ENODEV);
	CHECK(resp == NULL || resp == &msg);
	wd_release_queue(&q);
	if (device == REMOVED) {
		choose(&q, device);
		ANSWERS(wd_request_queue(&q), ENODEV);
	}
}

static void a_device_that_breaks_the_protocol_is_an_error_and_takes_nothing_more(void)
{
	void *resp = &q;

	open_device(BOGUS);
	roundtrip();
	CHECK(wd_send(&q, &msg) == 0);
	ANSWERS(wd_recv_sync(&q, &resp, 60000), EIO);
	CHECK(resp == NULL);
	ANSWERS(wd_send(&q, &other), EIO);
	ANSWERS(wd_recv(&q, &resp), EAGAIN);
	wd_release_queue(&q);
}

static void a_completion_of_nothing_is_an_error_and_the_queue_goes_on(void)
{
	void *resp = &q;

	open_device(TWICE);
	roundtrip();
	ANSWERS(wd_recv_sync(&q, &resp, 60000), EIO);
	CHECK(resp == NULL);
	roundtrip();
	wd_release_queue(&q);
}

static void a_stuck_device_is_a_timeout_and_can_be_released(int device)
{
	void *resp = NULL;

	open_device(device);
	CHECK(wd_send(&q, &msg) == 0);
	ANSWERS(wd_recv_sync(&q, &resp, 20), ETIMEDOUT);
	CHECK(resp == NULL);
	wd_release_queue(&q);
	ANSWERS(wd_recv(&q, &resp), ESHUTDOWN);
}

static void a_device_error_comes_once_with_its_message(void)
{
	void *resp = NULL;

	open_device(FAILED);
	CHECK(wd_send(&q, &msg) == 0);
	ANSWERS(wd_recv_sync(&q, &resp, 60000), EIO);
	CHECK(resp == &msg && (msg.dw3 & 0xff) == 4);
	ANSWERS(wd_recv(&q, &resp), EAGAIN);
	roundtrip();
	wd_release_queue(&q);
}

static void a_failing_step_of_opening_is_its_own_error(int device)
{
	choose(&q, device);
	ANSWERS(wd_request_queue(&q), ENOMEM);
	CHECK(q.priv == NULL && q.mdev == -1);
}

int main(void)
{
	setenv("WD_SIM", simulation, 1);
	a_device_without_a_free_queue_is_busy();
	a_dead_device_is_no_device(RESET);
	a_dead_device_is_no_device(REMOVED);
	a_device_that_breaks_the_protocol_is_an_error_and_takes_nothing_more();
	a_completion_of_nothing_is_an_error_and_the_queue_goes_on();
	a_stuck_device_is_a_timeout_and_can_be_released(STUCK);
	a_stuck_device_is_a_timeout_and_can_be_released(DROPPED);
	a_device_error_comes_once_with_its_message();
	a_failing_step_of_opening_is_its_own_error(NO_OPEN);
	a_failing_step_of_opening_is_its_own_error(NO_MAP);
	return failed;
}
