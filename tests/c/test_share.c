/* Sharing memory: what is accepted, what is refused, and that it counts. With SVA, as simulated
 * devices have it, the arguments are held to the same rules as elsewhere. */
#define _GNU_SOURCE
#include "check.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct wd_queue q;
static size_t page;

static void flags_and_sizes_are_checked(void)
{
	static char buffer[100];

	CHECK(wd_mem_share(&q, buffer, sizeof(buffer), 0) == 0);
	CHECK(wd_mem_share(&q, buffer, sizeof(buffer), WD_SHARE_READ) == 0);
	CHECK(wd_mem_share(&q, buffer, sizeof(buffer), WD_SHARE_READ | WD_SHARE_WRITE) == 0);
	ANSWERS(wd_mem_share(&q, buffer, 0, 0), EINVAL);
	ANSWERS(wd_mem_share(&q, buffer, sizeof(buffer), WD_SHARE_WRITE), EINVAL);
	ANSWERS(wd_mem_share(&q, buffer, sizeof(buffer), 0x40), EINVAL);
	ANSWERS(wd_mem_share(&q, buffer, sizeof(buffer), -1), EINVAL);
	ANSWERS(wd_mem_share(&q, buffer, (size_t)-1, 0), EINVAL);
	ANSWERS(wd_mem_share(&q, NULL, 100, 0), EINVAL);
	wd_mem_unshare(&q, buffer, sizeof(buffer));
	wd_mem_unshare(&q, buffer, sizeof(buffer));
	wd_mem_unshare(&q, buffer, sizeof(buffer));
	/* Once more than shared, and something never shared: left alone. */
	wd_mem_unshare(&q, buffer, sizeof(buffer));
	wd_mem_unshare(&q, NULL, 0);
}

static void all_memory_can_be_shared_where_there_is_sva(void)
{
	char here;

	CHECK(wd_mem_share(&q, NULL, 0, WD_SHARE_ALL) == 0);
	ANSWERS(wd_mem_share(&q, &here, 1, WD_SHARE_ALL), EINVAL);
	ANSWERS(wd_mem_share(&q, NULL, 1, WD_SHARE_ALL), EINVAL);
}

static void a_range_with_a_hole_is_refused(void)
{
	char *three = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(three != MAP_FAILED);
	CHECK(wd_mem_share(&q, three + 5, 3 * page - 10, 0) == 0);
	wd_mem_unshare(&q, three + 5, 3 * page - 10);
	munmap(three + page, page);
	ANSWERS(wd_mem_share(&q, three, 3 * page, 0), EINVAL);
	CHECK(wd_mem_share(&q, three, page, 0) == 0);
	wd_mem_unshare(&q, three, page);
	munmap(three, page);
	munmap(three + 2 * page, page);
}

static void a_shared_file_may_be_read_and_not_written(void)
{
	char name[] = "./wd-share-XXXXXX";
	int fd = mkstemp(name);
	char *file;

	REQUIRE(fd >= 0 && ftruncate(fd, 100) == 0);
	unlink(name);
	file = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(file != MAP_FAILED);
	ANSWERS(wd_mem_share(&q, file, page, 0), EPERM);
	CHECK(wd_mem_share(&q, file, page, WD_SHARE_READ) == 0);
	wd_mem_unshare(&q, file, page);
	munmap(file, page);
	/* As the seed's demo maps its input. */
	file = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	REQUIRE(file != MAP_FAILED);
	CHECK(wd_mem_share(&q, file, page, 0) == 0);
	wd_mem_unshare(&q, file, page);
	munmap(file, page);
	close(fd);
}

static void library_memory_serves_queues_opened_before_and_after(void)
{
	struct wd_queue later;
	void *block = NULL;
	char *bytes;
	size_t i;
	struct hisi_qm_msg msg;
	void *resp;
	int pid, status = -1;

	CHECK(wd_shared_alloc(&q, 3 * page + 1, &block) == 0);
	REQUIRE(block && (uintptr_t)block % page == 0);
	bytes = block;
	for (i = 0; i < 3 * page + 1; i++)
		REQUIRE(bytes[i] == 0);
	open_queue(&later, NULL);
	fill(&msg, bytes, page, bytes + page, 2 * page);
	CHECK(wd_send(&later, &msg) == 0);
	CHECK(wd_recv_sync(&later, &resp, 60000) == 0 && msg.produced > 0);
	wd_release_queue(&later);
	/* Children do not have it. */
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		unsigned char here;

		_exit(mincore(block, page, &here) == 0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	wd_shared_free(block);
	wd_shared_free(block);
	wd_shared_free(NULL);
	wd_shared_free(&later);
	ANSWERS(wd_shared_alloc(&q, 0, &block), EINVAL);
	ANSWERS(wd_shared_alloc(&q, (size_t)-1, &block), EINVAL);
	ANSWERS(wd_shared_alloc(&q, 1, NULL), EINVAL);
	ANSWERS(wd_shared_alloc(NULL, 1, &block), EINVAL);
}

int main(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	open_queue(&q, NULL);
	flags_and_sizes_are_checked();
	all_memory_can_be_shared_where_there_is_sva();
	a_range_with_a_hole_is_refused();
	a_shared_file_may_be_read_and_not_written();
	library_memory_serves_queues_opened_before_and_after();
	wd_release_queue(&q);
	ANSWERS(wd_mem_share(&q, &page, sizeof(page), 0), ESHUTDOWN);
	return failed;
}
