/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that drives a mediated device behind VFIO by itself, with the calls and in the order of
 * the library that came with the first patches. It links nothing of ours; with libwd_sim.so in
 * LD_PRELOAD it finds simulated devices. `vfio_raw PART` runs a part and says what was not so.
 *
 *   compress   the standard input goes to the standard output as a zlib stream
 *   paths      what is below /sys/class/sdmdev and /dev/vfio
 *   refused    what the kernel refuses
 *   mapped     what the device reaches, and when
 *   waits      CMD_WAIT of a driver that can (wait=1)
 *   bound      BIND and CMD_BIND_PASID (dma=4)
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DEVICE "/sys/class/sdmdev/0000:75:00.0/device/"
#define UUID "22e09922-7a82-11e8-9cf6-d74cffa9e87b"

#define VFIO(n) _IO(';', 100 + (n))
#define GET_API_VERSION VFIO(0)
#define CHECK_EXTENSION VFIO(1)
#define SET_IOMMU VFIO(2)
#define GET_STATUS VFIO(3)
#define SET_CONTAINER VFIO(4)
#define UNSET_CONTAINER VFIO(5)
#define GET_DEVICE_FD VFIO(6)
#define GET_INFO VFIO(12)
#define MAP_DMA VFIO(13)
#define UNMAP_DMA VFIO(14)
#define BIND VFIO(22)
#define UNBIND VFIO(23)
#define CMD_WAIT _IO('W', 1)
#define CMD_BIND_PASID _IO('W', 2)

#define DEPTH 1024
#define SQ_SIZE (128 * DEPTH)
#define CQ_SIZE (16 * DEPTH)
#define OUT_SIZE (8u << 20)

#define REQUIRE(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #what, errno); \
			exit(1); \
		} \
	} while (0)

#define FAILS(what, number) \
	do { \
		errno = 0; \
		REQUIRE((what) && errno == (number)); \
	} while (0)

struct map {
	uint32_t argsz, flags;
	uint64_t vaddr, iova, size;
};

struct unmap {
	uint32_t argsz, flags;
	uint64_t iova, size;
};

static int container, group, device;
static char *rings, *page0;
static unsigned int tail, head, phase;
static size_t page;

/* An attribute, as it is, with its length. */
static int attribute(const char *name, char text[64])
{
	char path[256];
	int fd, len;

	snprintf(path, sizeof(path), DEVICE "%s", name);
	fd = open(path, O_RDONLY);
	REQUIRE(fd >= 0);
	memset(text, 0, 64);
	len = read(fd, text, 63);
	close(fd);
	return len;
}

static void open_container(void)
{
	uint32_t status[2] = { sizeof(status), 0 };
	char text[64];

	group = open("/dev/vfio/10", O_RDWR);
	REQUIRE(group >= 0);
	container = open("/dev/vfio/vfio", O_RDWR);
	REQUIRE(container >= 0);
	REQUIRE(ioctl(container, GET_API_VERSION) == 0);
	REQUIRE(attribute("params/iommu_type", text) == 2 && !strcmp(text, "1\n"));
	REQUIRE(ioctl(container, CHECK_EXTENSION, 1) == 1);
	REQUIRE(attribute("mdev_supported_types/hisi_zip-hisi_zip/device_api", text) == 10);
	REQUIRE(!strcmp(text, "hisi_qm_v1"));
	REQUIRE(ioctl(group, GET_STATUS, status) == 0 && status[1] == 1);
	REQUIRE(ioctl(group, SET_CONTAINER, &container) == 0);
	REQUIRE(ioctl(group, GET_STATUS, status) == 0 && status[1] == 3);
	REQUIRE(ioctl(container, SET_IOMMU, 1) == 0);
	device = ioctl(group, GET_DEVICE_FD, UUID);
	REQUIRE(device >= 0 && fcntl(device, F_GETFD) == FD_CLOEXEC);
}

static void map_queue(void)
{
	rings = mmap(NULL, SQ_SIZE + CQ_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, device, (off_t)page);
	REQUIRE(rings != MAP_FAILED);
	page0 = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
	REQUIRE(page0 != MAP_FAILED);
	tail = head = 0;
	phase = 1;
}

static void close_queue(void)
{
	/* The library of the time takes the rings in two pieces. */
	REQUIRE(munmap(page0, page) == 0);
	REQUIRE(munmap(rings + SQ_SIZE, CQ_SIZE) == 0);
	REQUIRE(munmap(rings, SQ_SIZE) == 0);
	REQUIRE(close(device) == 0 && close(container) == 0 && close(group) == 0);
}

static void doorbell(unsigned int command, unsigned int index)
{
	__sync_synchronize();
	*(volatile uint64_t *)(page0 + 0x340) = (uint64_t)command << 16 | (uint64_t)index << 32;
}

static void send_request(const void *in, size_t len, void *out, size_t room)
{
	uint32_t *sqe = (uint32_t *)(rings + 128 * tail);

	memset(sqe, 0, 128);
	sqe[4] = len;
	sqe[9] = 2;
	sqe[14] = room;
	sqe[18] = (uint32_t)(uintptr_t)in;
	sqe[19] = (uint32_t)((uint64_t)(uintptr_t)in >> 32);
	sqe[20] = (uint32_t)(uintptr_t)out;
	sqe[21] = (uint32_t)((uint64_t)(uintptr_t)out >> 32);
	tail = (tail + 1) % DEPTH;
	doorbell(0, tail);
}

static int arrived(void)
{
	volatile uint32_t *cqe = (uint32_t *)(rings + SQ_SIZE + 16 * head);

	return (cqe[3] >> 16 & 1) == phase;
}

/* Waits for the next completion: its status, and how long the output is. */
static unsigned int receive(uint32_t *produced)
{
	uint32_t *cqe = (uint32_t *)(rings + SQ_SIZE + 16 * head), *sqe;

	while (!arrived())
		usleep(100);
	__sync_synchronize();
	sqe = (uint32_t *)(rings + 128 * (cqe[2] & 0xffff));
	if (produced)
		*produced = sqe[1];
	head = (head + 1) % DEPTH;
	phase ^= head == 0;
	doorbell(1, head);
	return sqe[3] & 0xff;
}

static int map_dma(void *address, size_t size, uint32_t flags)
{
	struct map map = { sizeof(map), flags, (uintptr_t)address, (uintptr_t)address, size };

	return ioctl(container, MAP_DMA, &map);
}

static long long unmap_dma(void *address, size_t size)
{
	struct unmap unmap = { sizeof(unmap), 0, (uintptr_t)address, size };

	return ioctl(container, UNMAP_DMA, &unmap) ? -1 : (long long)unmap.size;
}

static void *pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	memset(p, 0x55, size);
	return p;
}

static void compress(void)
{
	struct stat about;
	uint32_t produced;
	size_t size;
	char *in, *out;

	REQUIRE(fstat(0, &about) == 0 && about.st_size > 0);
	size = (about.st_size + page - 1) / page * page;
	in = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0, 0);
	REQUIRE(in != MAP_FAILED);
	out = pages(OUT_SIZE);
	open_container();
	map_queue();
	REQUIRE(map_dma(in, size, 3) == 0 && map_dma(out, OUT_SIZE, 3) == 0);
	send_request(in, about.st_size, out, OUT_SIZE);
	REQUIRE(receive(&produced) == 0);
	REQUIRE(fwrite("\x78\x9c", 1, 2, stdout) == 2);
	REQUIRE(fwrite(out, 1, produced, stdout) == produced && fflush(stdout) == 0);
	close_queue();
}

static void paths(void)
{
	struct stat about;
	struct dirent *entry;
	int found = 0;
	char text[256];
	DIR *dir;

	REQUIRE(attribute("params/dma_flag", text) == 2 && !strcmp(text, "1\n"));
	REQUIRE(attribute("mdev_supported_types/hisi_zip-hisi_zip/available_instances", text) == 1);
	REQUIRE(stat("/dev/vfio/vfio", &about) == 0 && S_ISCHR(about.st_mode));
	REQUIRE(major(about.st_rdev) == 10 && minor(about.st_rdev) == 196);
	REQUIRE(stat("/dev/vfio/10", &about) == 0 && S_ISCHR(about.st_mode) && minor(about.st_rdev) == 10);
	FAILS(open("/dev/vfio/99", O_RDWR) == -1, ENOENT);
	dir = opendir("/dev/vfio");
	REQUIRE(dir);
	while ((entry = readdir(dir)))
		found += !strcmp(entry->d_name, "vfio") + !strcmp(entry->d_name, "10");
	closedir(dir);
	REQUIRE(found == 2);
	REQUIRE(access("/sys/class/sdmdev/0000:75:00.0", R_OK) == 0);
	/* It is in no uacce class. */
	FAILS(access("/dev/hisi_zip-0", F_OK) == -1, ENOENT);
}

static void refused(void)
{
	uint32_t short_status[2] = { 4, 0 }, info[4] = { sizeof(info), 0, 0, 0 };
	struct pollfd ready = { .events = POLLIN };
	int null = open("/dev/null", O_RDWR), other, unknown = -1;
	struct map cut = { 16, 3, 0, 0, 0 };
	char byte, *memory;
	struct stat about;

	container = open("/dev/vfio/vfio", O_RDWR);
	FAILS(ioctl(container, SET_IOMMU, 1) == -1, EINVAL);
	FAILS(ioctl(container, GET_INFO, info) == -1, EINVAL);
	REQUIRE(ioctl(container, CHECK_EXTENSION, 8) == 0);
	REQUIRE(fstat(container, &about) == 0 && S_ISCHR(about.st_mode));
	close(container);
	open_container();
	FAILS(open("/dev/vfio/10", O_RDWR) == -1, EBUSY);
	FAILS(ioctl(container, SET_IOMMU, 1) == -1, EINVAL);
	FAILS(ioctl(group, SET_CONTAINER, &container) == -1, EINVAL);
	FAILS(ioctl(group, SET_CONTAINER, (void *)-4096L) == -1, EFAULT);
	FAILS(ioctl(group, SET_CONTAINER, &null) == -1, EINVAL);
	FAILS(ioctl(group, SET_CONTAINER, &unknown) == -1, EINVAL);
	FAILS(ioctl(group, GET_STATUS, short_status) == -1, EINVAL);
	FAILS(ioctl(group, GET_DEVICE_FD, "22e09922-7a82-11e8-9cf6-d74cffa9e87c") == -1, ENODEV);
	FAILS(ioctl(group, GET_DEVICE_FD, (void *)-4096L) == -1, EFAULT);
	FAILS(ioctl(group, UNSET_CONTAINER) == -1, EBUSY);
	FAILS(ioctl(group, MAP_DMA, &cut) == -1, ENOTTY);
	REQUIRE(ioctl(container, GET_INFO, info) == 0 && info[1] == 1 && (info[2] & page));
	FAILS(ioctl(container, MAP_DMA, &cut) == -1, EINVAL);
	FAILS(ioctl(container, MAP_DMA, (void *)-4096L) == -1, EFAULT);
	memory = pages(2 * page);
	FAILS(map_dma(memory + 1, page, 3) == -1, EINVAL);
	FAILS(map_dma(memory, page, 4) == -1, EINVAL);
	FAILS(map_dma(memory, page, 0) == -1, EINVAL);
	FAILS(map_dma(NULL, page, 3) == -1, EFAULT);
	REQUIRE(map_dma(memory, 2 * page, 3) == 0);
	FAILS(map_dma(memory + page, page, 3) == -1, EEXIST);
	REQUIRE(unmap_dma(memory, 2 * page) == (long long)(2 * page));
	REQUIRE(unmap_dma(memory, 2 * page) == 0);
	FAILS(ioctl(device, CMD_WAIT, 1) == -1, ENODEV);
	FAILS(ioctl(device, CMD_BIND_PASID, 1) == -1, EINVAL);
	FAILS(ioctl(device, _IO('W', 0)) == -1, EINVAL);
	FAILS(ioctl(container, BIND, (uint32_t[]){ 20, 1, 0, 0, 0 }) == -1, ENOTTY);
	FAILS(mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, device, 0) == MAP_FAILED, EINVAL);
	FAILS(mmap(NULL, SQ_SIZE + CQ_SIZE + page, PROT_READ, MAP_SHARED, device, (off_t)page) == MAP_FAILED,
	      EINVAL);
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, device, 2 * (off_t)page) == MAP_FAILED, EINVAL);
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, group, 0) == MAP_FAILED, ENODEV);
	FAILS(read(device, &byte, 1) == -1, EINVAL);
	ready.fd = device;
	REQUIRE(poll(&ready, 1, 0) == 1);
	/* A region may be mapped twice, and unmapped in pieces from any side. */
	map_queue();
	memory = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_SHARED, device, (off_t)page);
	REQUIRE(memory != MAP_FAILED);
	memset(memory, 1, 3 * page);
	REQUIRE(munmap(memory + page, page) == 0);
	REQUIRE(memory[0] == 1 && memory[2 * page] == 1 && rings[page] == 1);
	REQUIRE(munmap(memory, page) == 0 && munmap(memory + 2 * page, page) == 0);
	memset(rings, 0, 3 * page);
	/* The device goes on when its group and container are closed, and keeps them. */
	other = dup(device);
	close(group);
	close(container);
	FAILS(open("/dev/vfio/10", O_RDWR) == -1, EBUSY);
	send_request(NULL, 1, NULL, 1);
	REQUIRE(receive(NULL) == 6);
	close(device);
	FAILS(open("/dev/vfio/10", O_RDWR) == -1, EBUSY);
	close(other);
	/* Its mappings hold it, too. */
	FAILS(open("/dev/vfio/10", O_RDWR) == -1, EBUSY);
	munmap(rings, SQ_SIZE + CQ_SIZE);
	munmap(page0, page);
	open_container();
	map_queue();
	close_queue();
}

static void mapped(void)
{
	char *in = pages(page), *out = pages(page), none[100];
	size_t i;

	open_container();
	map_queue();
	memset(none, 0x55, sizeof(none));
	send_request(in, 1000, out, page);
	REQUIRE(receive(NULL) == 6);
	REQUIRE(map_dma(in, page, 1) == 0 && map_dma(out, page, 1) == 0);
	send_request(in, 1000, out, page);
	REQUIRE(receive(NULL) == 6 && !memcmp(out, none, sizeof(none)));
	REQUIRE(unmap_dma(out, page) == (long long)page && map_dma(out, page, 3) == 0);
	/* Round the ring and beyond. */
	for (i = 0; i < 3 * DEPTH; i++) {
		send_request(in, 1000, out, page);
		REQUIRE(receive(NULL) == 0);
	}
	REQUIRE(unmap_dma(in, page) == (long long)page);
	send_request(in, 1000, out, page);
	REQUIRE(receive(NULL) == 6);
	/* The end of the group is the end of what was mapped. */
	close_queue();
	open_container();
	map_queue();
	send_request(in, 1000, out, page);
	REQUIRE(receive(NULL) == 6);
	close_queue();
}

static void waits(void)
{
	char *in = pages(page), *out = pages(page);

	open_container();
	map_queue();
	REQUIRE(map_dma(in, page, 3) == 0 && map_dma(out, page, 3) == 0);
	REQUIRE(ioctl(device, CMD_WAIT, 2) == 0);
	send_request(in, 1000, out, page);
	REQUIRE(ioctl(device, CMD_WAIT, 0) == 0 && arrived());
	REQUIRE(ioctl(device, CMD_WAIT, 1000) > 0);
	REQUIRE(receive(NULL) == 0);
	REQUIRE(ioctl(device, CMD_WAIT, 1) == 0);
	close_queue();
}

static void bound(void)
{
	uint32_t process[5] = { sizeof(process), 1, 0, 0, 0 };
	char *in = pages(page), *out = pages(page);

	open_container();
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, device, (off_t)page) == MAP_FAILED, EINVAL);
	FAILS(ioctl(device, CMD_BIND_PASID, 1) == -1, EINVAL);
	REQUIRE(ioctl(container, BIND, process) == 0 && process[3] > 0);
	REQUIRE(ioctl(device, CMD_BIND_PASID, (long)process[3]) == 0);
	map_queue();
	send_request(in, 1000, out, page);
	REQUIRE(receive(NULL) == 0);
	REQUIRE(ioctl(container, UNBIND, process) == 0);
	send_request(in, 1000, out, page);
	REQUIRE(receive(NULL) == 6);
	close_queue();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {
		{ "compress", compress }, { "paths", paths }, { "refused", refused },
		{ "mapped", mapped },	  { "waits", waits }, { "bound", bound },
	};
	size_t i;

	page = (size_t)sysconf(_SC_PAGESIZE);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (argc == 2 && !strcmp(argv[1], parts[i].name)) {
			parts[i].run();
			return 0;
		}
	fprintf(stderr, "usage: vfio_raw PART\n");
	return 2;
}
