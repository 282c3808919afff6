/* Opening and closing queues of the kernel's device: client_open CAPACITY */
#include "vm.h"

static void a_queue_is_what_the_kernel_says(const char *name, unsigned int capacity)
{
	struct wd_queue q;
	struct wd_queue_info info;
	int free = available();

	REQUIRE(try_open(&q, name) == 0);
	CHECK(available() == free - 1);
	info = info_of(&q);
	CHECK(info.path == WD_PATH_UACCE && strcmp(info.device, DEVICE) == 0);
	CHECK(info.capacity == capacity);
	CHECK(strncmp(q.hw_type, "hisi_qm_v", 9) == 0 && strcmp(q.hw_type, info.api) == 0);
	CHECK(q.mdev > 2 && (fcntl(q.mdev, F_GETFD) & FD_CLOEXEC));
	CHECK(mappings() == 2);
	CHECK(trip(&q, 0) == 0);
	wd_release_queue(&q);
	CHECK(available() == free && mappings() == 0);
	wd_release_queue(&q);
	CHECK(available() == free);
}

static void both_directions_can_be_opened(void)
{
	static const char *const directions[] = { "compress", "decompress" };
	struct wd_queue q;
	int i;

	for (i = 0; i < 2; i++) {
		open_queue(&q, directions[i]);
		CHECK(available() >= 0);
		wd_release_queue(&q);
	}
}

static void what_is_not_there_is_not_opened(void)
{
	struct wd_queue q;

	ANSWERS(try_open(&q, "hisi_zip-7"), ENODEV);
	memset(&q, 0, sizeof(q));
	CHECK(wd_set_queue_attr(&q, "algorithm", (char *)"rot13") == 0);
	ANSWERS(wd_request_queue(&q), ENODEV);
	CHECK(mappings() == 0);
}

static void queues_open_and_close_many_times(void)
{
	struct wd_queue q;
	int i, free = available();

	for (i = 0; i < 200; i++) {
		REQUIRE(try_open(&q, NULL) == 0);
		if (i % 4 == 0)
			REQUIRE(trip(&q, i) == 0);
		wd_release_queue(&q);
	}
	CHECK(available() == free && mappings() == 0);
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	CHECK(wd_dump_all_algos() >= 1);
	a_queue_is_what_the_kernel_says(DEVICE, (unsigned int)atoi(argv[1]));
	a_queue_is_what_the_kernel_says(NULL, (unsigned int)atoi(argv[1]));
	both_directions_can_be_opened();
	what_is_not_there_is_not_opened();
	queues_open_and_close_many_times();
	return failed;
}
