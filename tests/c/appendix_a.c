/* SPDX-License-Identifier: Apache-2.0
 *
 * What the first libwd got wrong, one row each: `appendix_a ROW` goes through its
 * calls in the order in which programs of its time made them, and looks for the
 * right result. It runs under the fake kernel, which tests/appendix_a.rs sets up
 * for the row; the files that describe the device are in $WD_DEV_ROOT. Without
 * that variable it runs on the simulated device that $WD_SIM names.
 *
 * Exits with 0, 1 after saying what was wrong, or 77 where a row cannot run.
 */
#include <wd.h>
#include <hisi_qm_udrv.h>

#include <dirent.h>
#include <sys/mman.h>
#include <time.h>

#define CHECK(condition)                                                        \
	do {                                                                    \
		if (!(condition)) {                                             \
			fprintf(stderr, "%s:%d: not so: %s (errno %d)\n",       \
				__FILE__, __LINE__, #condition, errno);         \
			exit(1);                                                \
		}                                                               \
	} while (0)

static struct wd_queue q;
static struct hisi_qm_msg messages[1100];

static char *in_root(const char *name)
{
	static const char *const simulated[][2] = {
		{ "vfio/", "/dev/" },
		{ "device_api", "/sys/class/sdmdev/0000:75:00.0/device/mdev_supported_types/hisi_zip-hisi_zip/" },
		{ "", "/sys/class/sdmdev/0000:75:00.0/device/params/" },
	};
	const char *root = getenv("WD_DEV_ROOT");
	char *path;
	int i = 0;

	if (root) {
		CHECK(asprintf(&path, "%s/%s", root, name) > 0);
		return path;
	}
	while (strncmp(name, simulated[i][0], strlen(simulated[i][0])))
		i++;
	CHECK(asprintf(&path, "%s%s", simulated[i][1], name) > 0);
	return path;
}

/* A queue's structure as the programs of the time filled it. */
static void prepare(void)
{
	memset(&q, 0, sizeof(q));
	q.container = -1;
	q.mdev_name = "22e09922-7a82-11e8-9cf6-d74cffa9e87b";
	q.vfio_group_path = in_root("vfio/10");
	q.iommu_ext_path = in_root("iommu_type");
	q.dmaflag_ext_path = in_root("dma_flag");
	q.device_api_path = in_root("device_api");
}

static void request(void)
{
	prepare();
	CHECK(wd_request_queue(&q) == 0);
	CHECK(q.priv && q.mdev > 2);
}

/* Opening fails with this error, and the structure says that nothing is open. */
static void refused(int number)
{
	prepare();
	errno = 0;
	CHECK(wd_request_queue(&q) == -number);
	CHECK(errno == number);
	CHECK(!q.priv && q.mdev == -1 && q.group == -1 && q.container == -1);
	wd_release_queue(&q);
}

static void *pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static void send(int i, unsigned int length)
{
	messages[i].input_date_length = length;
	messages[i].dest_avail_out = 0x800000;
	messages[i].dw9 = 2;
	CHECK(wd_send(&q, &messages[i]) == 0);
}

/* Gives two messages memory that the device reaches. (The fake one asks for none.) */
static void with_memory(void)
{
	char *memory = pages(1 << 16);
	int i;

	CHECK(wd_mem_share(&q, memory, 1 << 16, 0) == 0);
	for (i = 0; i < 2; i++) {
		messages[i].source_addr_l = (__u32)(uintptr_t)memory;
		messages[i].source_addr_h = (__u32)((uintptr_t)memory >> 32);
		messages[i].dest_addr_l = (__u32)(uintptr_t)(memory + (4 << 10) * (i + 1));
		messages[i].dest_addr_h = messages[i].source_addr_h;
	}
}

/* The next message, which the fake device has completed and the simulated one will. */
static int receive(void **message)
{
	int ret;

	do
		ret = wd_recv(&q, message);
	while (ret == -EAGAIN);
	return ret;
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	CHECK(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Whether memory of a device is mapped. */
static int mapped(void)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	int found = 0;

	CHECK(maps);
	while (fgets(line, sizeof(line), maps))
		found |= strstr(line, "/memfd:fake-") || strstr(line, "/memfd:hisi_zip-");
	fclose(maps);
	return found;
}

/* How long the fake kernel's log is: it has a line for each system call on a device. */
static long long log_size(void)
{
	struct stat st;

	if (!getenv("FAKE_LOG"))
		return 0;
	CHECK(stat(getenv("FAKE_LOG"), &st) == 0);
	return st.st_size;
}

static void a_missing_extension_is_no_success(void)
{
	refused(EOPNOTSUPP);
}

static void b_group_in_other_hands_is_no_success(void)
{
	refused(EPERM);
}

static void c_callers_container_stays_open(void)
{
	int container = open(in_root("vfio/vfio"), O_RDWR | O_CLOEXEC);

	CHECK(container > 0);
	prepare();
	q.container = container;
	CHECK(wd_request_queue(&q) == -ENODEV);
	CHECK(fcntl(container, F_GETFD) >= 0);
	CHECK(q.container == container);
	wd_release_queue(&q);
	CHECK(fcntl(container, F_GETFD) >= 0);
	close(container);
}

static void d_newline_after_the_interface_does_not_matter(void)
{
	request();
	CHECK(!strcmp(q.hw_type, "hisi_qm_v1"));
	wd_release_queue(&q);
}

static void e_garbage_is_no_dma_flag(void)
{
	refused(EINVAL);
}

static void f_descriptors_are_closed_on_exec(void)
{
	const int *fds[] = { &q.container, &q.group, &q.mdev };
	size_t i;

	request();
	CHECK(q.dma_flag == VFIO_SDMDEV_DMA_SINGLE_PROC_MAP);
	for (i = 0; i < 3; i++)
		CHECK(*fds[i] > 2 && fcntl(*fds[i], F_GETFD) == FD_CLOEXEC);
	wd_release_queue(&q);
}

static void g_ring_is_full_after_1023(void)
{
	long long size;
	int i;

	request();
	size = log_size();
	for (i = 0; i < 1023; i++)
		send(i, 1);
	for (; i < 1100; i++)
		CHECK(wd_send(&q, &messages[i]) == -EBUSY && errno == EBUSY);
	CHECK(log_size() == size);
	wd_release_queue(&q);
}

static void h_empty_ring_says_again(void)
{
	void *message = NULL;
	long long size;

	request();
	size = log_size();
	CHECK(wd_recv(&q, &message) == -EAGAIN && errno == EAGAIN);
	CHECK(log_size() == size);
	wd_release_queue(&q);
}

static void i_synchronous_receive_waits(void)
{
	struct timespec begin, end;
	void *message = NULL;
	long long waited;

	request();
	clock_gettime(CLOCK_MONOTONIC, &begin);
	CHECK(wd_recv_sync(&q, &message, 100) == -ETIMEDOUT && errno == ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &end);
	waited = (end.tv_sec - begin.tv_sec) * 1000LL + (end.tv_nsec - begin.tv_nsec) / 1000000;
	/* No sooner; later as the machine is busy, but not by orders of magnitude. */
	CHECK(waited >= 99 && waited < 10000);
	wd_release_queue(&q);
}

static void j_completions_find_their_message(void)
{
	void *message = NULL;

	request();
	with_memory();
	send(0, 100);
	send(1, 200);
	CHECK(receive(&message) == 0);
	CHECK(message == &messages[1] && messages[1].consumed == 200);
	CHECK(receive(&message) == 0);
	CHECK(message == &messages[0] && messages[0].consumed == 100);
	wd_release_queue(&q);
}

static void k_error_comes_once_and_with_its_message(void)
{
	void *message = NULL;

	request();
	with_memory();
	send(0, 100);
	send(1, 200);
	CHECK(receive(&message) == -EIO && errno == EIO);
	CHECK(message == &messages[0] && (messages[0].dw3 & 0xff) == 4);
	CHECK(receive(&message) == 0);
	CHECK(message == &messages[1] && (messages[1].dw3 & 0xff) == 0);
	CHECK(wd_recv(&q, &message) == -EAGAIN);
	wd_release_queue(&q);
}

/* Rows L, M and N: the log tells what became of it. */
static void share_and_unshare(void)
{
	char *memory = pages(1 << 16);

	request();
	CHECK(wd_mem_share(&q, memory + 100, 5000, 0) == 0);
	wd_mem_unshare(&q, memory + 100, 5000);
	wd_release_queue(&q);
	munmap(memory, 1 << 16);
}

static void o_release_is_complete_and_harmless_again(void)
{
	int files = open_files();

	request();
	send(0, 1);
	wd_release_queue(&q);
	CHECK(open_files() == files && !mapped());
	CHECK(!q.priv && q.mdev == -1 && q.group == -1 && q.container == -1);
	wd_release_queue(&q);
	wd_release_queue(NULL);
	CHECK(wd_send(&q, &messages[0]) < 0);
}

static void p_failing_mmap_is_an_error(void)
{
	int files = open_files();

	refused(ENOMEM);
	CHECK(open_files() == files && !mapped());
}

static void (*const rows[])(void) = {
	a_missing_extension_is_no_success,
	b_group_in_other_hands_is_no_success,
	c_callers_container_stays_open,
	d_newline_after_the_interface_does_not_matter,
	e_garbage_is_no_dma_flag,
	f_descriptors_are_closed_on_exec,
	g_ring_is_full_after_1023,
	h_empty_ring_says_again,
	i_synchronous_receive_waits,
	j_completions_find_their_message,
	k_error_comes_once_and_with_its_message,
	share_and_unshare,
	share_and_unshare,
	share_and_unshare,
	o_release_is_complete_and_harmless_again,
	p_failing_mmap_is_an_error,
};

int main(int argc, char **argv)
{
	unsigned int row = argc == 2 ? (unsigned int)argv[1][0] - 'A' : 99;

	if (row >= sizeof(rows) / sizeof(rows[0])) {
		fprintf(stderr, "usage: %s A...P\n", argv[0]);
		return 2;
	}
	if (!getenv("WD_SIM") && (!getenv("WD_DEV_ROOT") || !getenv("FAKE_LOG"))) {
		fprintf(stderr, "neither a fake kernel nor a simulated device\n");
		return 77;
	}
	/* With libwd_sim.so the first look makes what it keeps open. */
	access("/dev/vfio/vfio", F_OK);
	rows[row]();
	return 0;
}
