/* What the kernel's interface does, without the library: the facts that the library is built on.
 * client_node [gone] */
#include "vm.h"
#include <sys/ioctl.h>

#define START _IO('W', 0)
#define PUT_Q _IO('W', 1)

struct context {
	__u16 id, type;
};
#define SET_CONTEXT _IOWR('H', 10, struct context)

static size_t mmio_size, dus_size;

static size_t size_of(const char *region)
{
	char path[128];
	FILE *f;
	long n = 0;

	snprintf(path, sizeof(path), CLASS DEVICE "/region_%s_size", region);
	f = fopen(path, "re");
	REQUIRE(f && fscanf(f, "%ld", &n) == 1 && n > 0);
	fclose(f);
	return (size_t)n;
}

static void *map(int fd, int region, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)region * 4096);
}

/* A call that fails with this errno. */
#define FAILS(call, number) \
	do { \
		errno = 0; \
		CHECK((long)(call) == -1 && errno == (number)); \
	} while (0)

static int open_node(void)
{
	int fd = open("/dev/" DEVICE, O_RDWR | O_CLOEXEC);

	REQUIRE(fd >= 0);
	return fd;
}

static void a_region_is_mapped_once(void)
{
	int fd = open_node();
	void *dus = map(fd, 1, dus_size), *mmio = map(fd, 0, mmio_size);

	CHECK(dus != MAP_FAILED && mmio != MAP_FAILED);
	FAILS(map(fd, 1, dus_size), EEXIST);
	FAILS(map(fd, 0, mmio_size), EEXIST);
	FAILS(map(fd, 2, 4096), EINVAL);
	munmap(dus, dus_size);
	munmap(mmio, mmio_size);
	close(fd);
}

static void a_region_has_its_size(void)
{
	int fd = open_node();

	FAILS(map(fd, 1, dus_size - 4096), EINVAL);
	FAILS(map(fd, 0, mmio_size + 4096), EINVAL);
	close(fd);
}

static void a_queue_is_taken_until_file_and_mappings_are_gone(void)
{
	int free = available(), fd = open_node();
	void *dus = map(fd, 1, dus_size);

	CHECK(available() == free - 1);
	close(fd);
	CHECK(available() == free - 1);
	munmap(dus, dus_size);
	CHECK(available() == free);
}

static void starting_and_stopping_has_an_order(void)
{
	struct context context = { 0, 0 }, wrong = { 0, 7 };
	int fd = open_node();

	FAILS(ioctl(fd, SET_CONTEXT, &wrong), EINVAL);
	CHECK(ioctl(fd, SET_CONTEXT, &context) == 0);
	CHECK(ioctl(fd, START) == 0);
	FAILS(ioctl(fd, START), EINVAL);
	FAILS(ioctl(fd, _IO('W', 99)), EINVAL);
	CHECK(ioctl(fd, PUT_Q) == 0);
	CHECK(ioctl(fd, START) == 0);
	close(fd);
}

static void a_child_has_no_mapping_but_the_file(void)
{
	int fd = open_node(), status = -1;
	void *dus = map(fd, 1, dus_size);
	pid_t pid = fork();

	REQUIRE(dus != MAP_FAILED && pid >= 0);
	if (pid == 0) {
		CHECK(mappings() == 0 && fcntl(fd, F_GETFD) >= 0);
		FAILS(map(fd, 1, dus_size), EEXIST);
		_exit(failed);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	munmap(dus, dus_size);
	close(fd);
}

static void nobody_is_woken_when_the_device_goes(void)
{
	struct context context = { 0, 0 };
	struct later later;
	struct pollfd fd = { open_node(), POLLIN, 0 };

	REQUIRE(ioctl(fd.fd, SET_CONTEXT, &context) == 0 && ioctl(fd.fd, START) == 0);
	begin_later(&later, 100, remove_device);
	CHECK(poll(&fd, 1, 2000) == 0);
	end_later(&later);
	CHECK(poll(&fd, 1, 100) == 0);
	FAILS(ioctl(fd.fd, START), ENXIO);
	FAILS(map(fd.fd, 1, dus_size), ENXIO);
	FAILS(open("/dev/" DEVICE, O_RDWR | O_CLOEXEC), ENOENT);
	close(fd.fd);
}

int main(int argc, char **argv)
{
	(void)argv;
	mmio_size = size_of("mmio");
	dus_size = size_of("dus");
	if (argc == 2) {
		nobody_is_woken_when_the_device_goes();
		return failed;
	}
	a_region_is_mapped_once();
	a_region_has_its_size();
	a_queue_is_taken_until_file_and_mappings_are_gone();
	starting_and_stopping_has_an_order();
	a_child_has_no_mapping_but_the_file();
	return failed;
}
