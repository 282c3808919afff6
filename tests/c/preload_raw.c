/* A program that drives a device by itself: attributes, ioctls, regions, and its own stores to the
 * doorbell. It links no library of ours. It compresses its standard input to a zlib stream on its
 * standard output; with an argument it does something else first. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define START _IO('W', 0)
#define PUT_Q _IO('W', 1)
#define GET_SS_DMA _IOR('W', 3, uint64_t)
#define SET_QP_CTX _IOWR('H', 10, uint32_t)
#define SET_QP_INFO _IOWR('H', 11, uint32_t[4])

#define CLASS "/sys/class/uacce/"
#define NODE "/dev/hisi_zip-0"

#define REQUIRE(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #what, errno); \
			exit(1); \
		} \
	} while (0)
#define FAILS(what, number) \
	do { \
		errno = 0; \
		REQUIRE((what) && errno == (number)); \
	} while (0)

struct queue {
	int fd;
	uint16_t id, depth, tail, head, phase;
	size_t mmio_size, dus_size;
	volatile uint64_t *doorbell;
	unsigned char *dus;
};

static size_t page;
/* Not known to the compiler. */
static char *volatile nowhere;

static long attribute(const char *device, const char *name)
{
	char path[PATH_MAX], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), CLASS "%s/%s", device, name);
	file = fopen(path, "r");
	REQUIRE(file);
	REQUIRE(fgets(text, sizeof(text), file));
	fclose(file);
	return atol(text);
}

static void map_queue(struct queue *q)
{
	char *mmio = mmap(NULL, q->mmio_size, PROT_READ | PROT_WRITE, MAP_SHARED, q->fd, 0);

	REQUIRE(mmio != MAP_FAILED);
	q->dus = mmap(NULL, q->dus_size, PROT_READ | PROT_WRITE, MAP_SHARED, q->fd, (off_t)page);
	REQUIRE(q->dus != MAP_FAILED);
	q->doorbell = (volatile uint64_t *)(mmio + 0x1000);
}

static void open_queue(struct queue *q)
{
	uint16_t context[2] = { 0, 0 };
	uint32_t info[4];

	memset(q, 0, sizeof(*q));
	q->mmio_size = (size_t)attribute("hisi_zip-0", "region_mmio_size");
	q->dus_size = (size_t)attribute("hisi_zip-0", "region_dus_size");
	q->fd = open(NODE, O_RDWR | O_CLOEXEC);
	REQUIRE(q->fd >= 0);
	REQUIRE(ioctl(q->fd, SET_QP_CTX, context) == 0);
	REQUIRE(ioctl(q->fd, SET_QP_INFO, info) == 0);
	REQUIRE(info[0] == 128);
	q->id = context[0];
	q->depth = (uint16_t)info[1];
	q->phase = 1;
	map_queue(q);
	REQUIRE(ioctl(q->fd, START) == 0);
}

static void close_queue(struct queue *q)
{
	REQUIRE(ioctl(q->fd, PUT_Q) == 0);
	REQUIRE(munmap((char *)q->doorbell - 0x1000, q->mmio_size) == 0);
	REQUIRE(munmap(q->dus, q->dus_size) == 0);
	REQUIRE(close(q->fd) == 0);
}

static void ring(struct queue *q, unsigned command, uint16_t index, unsigned arm)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	*q->doorbell = q->id | (uint64_t)command << 12 | (uint64_t)index << 32 | (uint64_t)arm << 48;
}

static void send_request(struct queue *q, const void *src, size_t len, void *dst, size_t room)
{
	uint32_t *sqe = (uint32_t *)(q->dus + 128 * q->tail);
	uint64_t from = (uintptr_t)src, to = (uintptr_t)dst;

	memset(sqe, 0, 128);
	sqe[4] = (uint32_t)len;
	sqe[14] = (uint32_t)room;
	sqe[9] = 2;
	sqe[18] = (uint32_t)from;
	sqe[19] = (uint32_t)(from >> 32);
	sqe[20] = (uint32_t)to;
	sqe[21] = (uint32_t)(to >> 32);
	q->tail = (uint16_t)((q->tail + 1) % q->depth);
	ring(q, 0, q->tail, 0);
}

static int done(struct queue *q)
{
	uint32_t *cqe = (uint32_t *)(q->dus + 128 * q->depth + 16 * q->head);

	return (__atomic_load_n(&cqe[3], __ATOMIC_ACQUIRE) >> 16 & 1) == q->phase;
}

/* Takes one completion; how many bytes were produced, or minus the status. */
static long take(struct queue *q)
{
	uint32_t *cqe = (uint32_t *)(q->dus + 128 * q->depth + 16 * q->head), *sqe, status, produced;

	REQUIRE(done(q));
	REQUIRE(cqe[2] >> 16 == q->id);
	sqe = (uint32_t *)(q->dus + 128 * (cqe[2] & 0xffff));
	status = sqe[3] & 0xff;
	produced = sqe[1];
	if (++q->head == q->depth) {
		q->head = 0;
		q->phase ^= 1;
	}
	ring(q, 1, q->head, 1);
	return status == 0 || status == 0x0d ? (long)produced : -(long)status;
}

static long wait_for_one(struct queue *q)
{
	struct pollfd poller = { .fd = q->fd, .events = POLLIN };

	while (!done(q))
		REQUIRE(poll(&poller, 1, 60000) == 1 && poller.revents == POLLIN);
	return take(q);
}

static long compress(struct queue *q, const void *src, size_t len, void *dst, size_t room)
{
	send_request(q, src, len, dst, room);
	return wait_for_one(q);
}

/* Something that has a known answer: the deflate of zeros is far shorter than they are. */
static void use(struct queue *q)
{
	static const char zeros[5000];
	char out[6000];
	long produced = compress(q, zeros, sizeof(zeros), out, sizeof(out));

	REQUIRE(produced > 6 && produced < 200);
}

static void attributes_and_paths(void)
{
	char text[PATH_MAX], link[PATH_MAX];
	struct dirent **list, *entry;
	struct stat about;
	int count = 0, fd;
	DIR *dir = opendir("/sys/class/uacce");

	REQUIRE(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	REQUIRE(count == 2);
	REQUIRE(scandir("/sys/class/uacce", &list, NULL, alphasort) == 4);
	while (count--)
		free(list[2 + count]);
	free(list[0]);
	free(list[1]);
	free(list);
	REQUIRE(access(CLASS "hisi_zip-1/isolate", R_OK) == 0);
	FAILS(access(CLASS "hisi_zip-2", F_OK) == -1, ENOENT);
	FAILS(open("/dev/hisi_zip-2", O_RDWR) == -1, ENOENT);
	FAILS(open("/dev/hisi_zip-2", O_RDWR | O_CREAT, 0600) == -1, ENOENT);
	REQUIRE(attribute("hisi_zip-0", "flags") == 1);
	REQUIRE(attribute("hisi_zip-1", "device/numa_node") == 1);
	REQUIRE(realpath(CLASS "hisi_zip-0/api", text));
	REQUIRE(!strncmp(text, "/sys/devices/", 13) && strstr(text, "/uacce/hisi_zip-0/api"));
	fd = open(text, O_RDONLY);
	REQUIRE(fd >= 0 && read(fd, link, sizeof(link)) == 11 && !memcmp(link, "hisi_qm_v2\n", 11));
	sprintf(link, "/proc/self/fd/%d", fd);
	memset(text, 0, sizeof(text));
	REQUIRE(readlink(link, text, sizeof(text)) > 0 && !strncmp(text, "/sys/devices/", 13));
	close(fd);
	memset(text, 0, sizeof(text));
	REQUIRE(readlink(CLASS "hisi_zip-0", text, sizeof(text)) > 0);
	REQUIRE(!strncmp(text, "../../devices/", 14));
	REQUIRE(realpath(NODE, text) && !strcmp(text, NODE));
	REQUIRE(lstat(CLASS "hisi_zip-0", &about) == 0 && S_ISLNK(about.st_mode));
	REQUIRE(stat(NODE, &about) == 0 && S_ISCHR(about.st_mode));
	/* A directory that is open leads on by relative paths. */
	fd = open("/sys/class/uacce/hisi_zip-0", O_RDONLY | O_DIRECTORY);
	REQUIRE(fd >= 0);
	count = openat(fd, "device/numa_node", O_RDONLY);
	REQUIRE(count >= 0 && read(count, text, 2) == 2 && text[0] == '0');
	close(count);
	close(fd);
	FAILS(mkdir("/nonexistent/directory", 0700) == -1, ENOENT);
	FAILS(open(nowhere, O_RDONLY) == -1, EFAULT);
}

static void what_the_kernel_refuses(void)
{
	uint16_t context[2] = { 0, 7 };
	uint64_t slice = 0;
	struct queue q;
	char byte = 0;
	int fd;

	open_queue(&q);
	FAILS(ioctl(q.fd, _IO('W', 99)) == -1, EINVAL);
	FAILS(ioctl(q.fd, START) == -1, EINVAL);
	FAILS(ioctl(q.fd, SET_QP_CTX, context) == -1, EINVAL);
	FAILS(ioctl(q.fd, SET_QP_CTX, NULL) == -1, EFAULT);
	FAILS(ioctl(q.fd, SET_QP_INFO, (void *)-4096L) == -1, EFAULT);
	FAILS(ioctl(q.fd, GET_SS_DMA, &slice) == -1, EINVAL);
	FAILS(mmap(NULL, q.dus_size, PROT_READ, MAP_SHARED, q.fd, (off_t)page) == MAP_FAILED, EEXIST);
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, q.fd, 2 * (off_t)page) == MAP_FAILED, EINVAL);
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, q.fd, 3 * (off_t)page) == MAP_FAILED, EINVAL);
	FAILS(mremap(q.dus, q.dus_size, 2 * q.dus_size, MREMAP_MAYMOVE) == MAP_FAILED, EPERM);
	FAILS(munmap(q.dus, page) == -1, EINVAL);
	FAILS(read(q.fd, &byte, 1) == -1, EINVAL);
	FAILS(write(q.fd, &byte, 1) == -1, EINVAL);
	FAILS(lseek(q.fd, 0, SEEK_SET) == -1, ESPIPE);
	use(&q);
	REQUIRE(ioctl(q.fd, PUT_Q) == 0 && ioctl(q.fd, PUT_Q) == 0);
	context[1] = 0;
	REQUIRE(ioctl(q.fd, SET_QP_CTX, context) == 0 && context[0] == q.id);
	REQUIRE(ioctl(q.fd, START) == 0);
	q.tail = q.head = 0;
	q.phase = 1;
	use(&q);
	/* Also by the number of the system call. */
	FAILS(syscall(SYS_ioctl, q.fd, START, 0) == -1, EINVAL);
	close_queue(&q);

	fd = open(NODE, O_RDONLY);
	REQUIRE(fd >= 0);
	FAILS(mmap(NULL, q.dus_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)page) == MAP_FAILED, EACCES);
	FAILS(mmap(NULL, q.dus_size + page, PROT_READ, MAP_SHARED, fd, (off_t)page) == MAP_FAILED, EINVAL);
	FAILS(mmap(NULL, q.mmio_size + page, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED, EINVAL);
	close(fd);
	FAILS(ioctl(fd, START) == -1, EBADF);
	FAILS(open(NODE "/x", O_RDWR) == -1, ENOENT);
	FAILS(open(NODE, O_RDWR | O_DIRECTORY) == -1, ENOTDIR);
}

/* A queue lives as long as a descriptor or a mapping of it. */
static void what_holds_a_queue(void)
{
	long free_queues = attribute("hisi_zip-0", "available_instances");
	struct queue q;
	int second, third;
	struct stat about;

	open_queue(&q);
	REQUIRE(attribute("hisi_zip-0", "available_instances") == free_queues - 1);
	REQUIRE(fstat(q.fd, &about) == 0 && S_ISCHR(about.st_mode));
	second = dup(q.fd);
	third = fcntl(q.fd, F_DUPFD_CLOEXEC, 50);
	REQUIRE(second >= 0 && third >= 50);
	REQUIRE(close(q.fd) == 0);
	REQUIRE(dup2(second, 60) == 60 && close(second) == 0);
	q.fd = third;
	use(&q);
	REQUIRE(close(60) == 0 && close(third) == 0);
	/* The rings and doorbells are mapped still. */
	REQUIRE(attribute("hisi_zip-0", "available_instances") == free_queues - 1);
	send_request(&q, "x", 1, &about, sizeof(about));
	while (!done(&q))
		usleep(100);
	REQUIRE(munmap((char *)q.doorbell - 0x1000, q.mmio_size) == 0);
	REQUIRE(attribute("hisi_zip-0", "available_instances") == free_queues - 1);
	/* Another mapping in its place unmaps it as well. */
	REQUIRE(mmap(q.dus, q.dus_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == q.dus);
	REQUIRE(attribute("hisi_zip-0", "available_instances") == free_queues);
	munmap(q.dus, q.dus_size);
}

static void ways_to_wait(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = 7 }, got;
	struct timeval zero = { 0, 0 };
	char in[1000] = { 1 }, out[2000];
	struct pollfd poller;
	struct queue q;
	int epoll = epoll_create1(0);
	fd_set set;

	open_queue(&q);
	poller = (struct pollfd){ .fd = q.fd, .events = POLLIN };
	REQUIRE(poll(&poller, 1, 0) == 0);
	REQUIRE(epoll_ctl(epoll, EPOLL_CTL_ADD, q.fd, &event) == 0);
	REQUIRE(epoll_wait(epoll, &got, 1, 0) == 0);
	send_request(&q, in, sizeof(in), out, sizeof(out));
	REQUIRE(epoll_wait(epoll, &got, 1, 60000) == 1 && got.data.u32 == 7);
	REQUIRE(ppoll(&poller, 1, NULL, NULL) == 1);
	FD_ZERO(&set);
	FD_SET(q.fd, &set);
	REQUIRE(select(q.fd + 1, &set, NULL, NULL, NULL) == 1 && FD_ISSET(q.fd, &set));
	REQUIRE(take(&q) > 0);
	/* All is taken, so nothing is to be waited for. */
	FD_SET(q.fd, &set);
	REQUIRE(select(q.fd + 1, &set, NULL, NULL, &zero) == 0);
	REQUIRE(epoll_wait(epoll, &got, 1, 0) == 0);
	close(epoll);
	close_queue(&q);
}

static void children(void)
{
	char *const again[] = { "/proc/self/exe", "child", NULL };
	long free_queues = attribute("hisi_zip-0", "available_instances");
	struct queue q, own;
	int status, ends[2];
	pid_t pid;

	open_queue(&q);
	use(&q);
	pid = fork();
	if (pid == 0) {
		/* The mappings are not there, the queue is the parent's. A new one is not. */
		FAILS(ioctl(q.fd, PUT_Q) == -1, ESHUTDOWN);
		REQUIRE(pipe(ends) == 0);
		FAILS(write(ends[1], q.dus, 16) == -1, EFAULT);
		REQUIRE(close(q.fd) == 0);
		open_queue(&own);
		use(&own);
		close_queue(&own);
		exit(0);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
	use(&q);
	pid = vfork();
	if (pid == 0) {
		/* Closed in the child, not here. */
		close(q.fd);
		execv(again[0], again);
		_exit(1);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
	use(&q);
	close_queue(&q);
	REQUIRE(attribute("hisi_zip-0", "available_instances") == free_queues);
}

static void all_descriptors_closed(void)
{
	struct queue q, other;
	int i;

	open_queue(&q);
	for (i = 3; i < 70000; i++)
		close(i);
	/* Its mappings hold it, and what the simulation needs is not the program's. */
	use_mapped:
	send_request(&q, "abc", 3, (char[100]){ 0 }, 100);
	while (!done(&q))
		usleep(100);
	REQUIRE(take(&q) > 0);
	munmap((char *)q.doorbell - 0x1000, q.mmio_size);
	munmap(q.dus, q.dus_size);
	open_queue(&other);
	use(&other);
	if (i) {
		i = 0;
		q = other;
		REQUIRE(close_range(3, ~0U, 0) == 0);
		goto use_mapped;
	}
	closefrom(3);
	send_request(&other, "abc", 3, (char[100]){ 0 }, 100);
	while (!done(&other))
		usleep(100);
	munmap((char *)other.doorbell - 0x1000, other.mmio_size);
	munmap(other.dus, other.dus_size);
}

static sigjmp_buf back;
static volatile int faults;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	REQUIRE(signal == SIGSEGV && info->si_addr == (void *)16);
	faults++;
	siglongjmp(back, 1);
}

/* The program has a handler of its own, before and after, and blocks all signals. */
static void own_handler(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO }, old;
	volatile int *wild = (volatile int *)(nowhere + 16);
	struct queue q;
	sigset_t all;

	action.sa_sigaction = on_fault;
	REQUIRE(sigaction(SIGSEGV, &action, NULL) == 0);
	open_queue(&q);
	use(&q);
	if (!sigsetjmp(back, 1))
		*wild = 1;
	REQUIRE(faults == 1);
	REQUIRE(sigaction(SIGSEGV, NULL, &old) == 0 && old.sa_sigaction == on_fault);
	REQUIRE(signal(SIGSEGV, SIG_DFL) != SIG_ERR);
	use(&q);
	REQUIRE(sigaction(SIGSEGV, &action, &old) == 0 && old.sa_handler == SIG_DFL);
	if (!sigsetjmp(back, 1))
		*wild = 1;
	REQUIRE(faults == 2);
	sigfillset(&all);
	REQUIRE(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
	use(&q);
	REQUIRE(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
	use(&q);
	close_queue(&q);
}

static void *worker(void *nothing)
{
	struct queue q;
	int i;

	(void)nothing;
	for (i = 0; i < 3; i++) {
		int request;

		open_queue(&q);
		for (request = 0; request < 30; request++)
			use(&q);
		close_queue(&q);
	}
	return NULL;
}

static void threads(void)
{
	pthread_t ids[16];
	int i;

	for (i = 0; i < 16; i++)
		REQUIRE(pthread_create(&ids[i], NULL, worker, NULL) == 0);
	for (i = 0; i < 16; i++)
		REQUIRE(pthread_join(ids[i], NULL) == 0);
}

/* The ways that compilers store 64 bits. */
static void kinds_of_store(void)
{
	struct queue q;

	open_queue(&q);
	use(&q);
	__atomic_store_n(q.doorbell, (uint64_t)q.id | 1 << 12 | (uint64_t)q.head << 32, __ATOMIC_SEQ_CST);
	__atomic_store_n(q.doorbell, (uint64_t)q.id | 1 << 12 | (uint64_t)q.head << 32, __ATOMIC_RELEASE);
	REQUIRE(*q.doorbell == 0);
	/* A register that the model does not have. */
	*(volatile uint32_t *)((char *)q.doorbell + 64) = 1;
	REQUIRE(mprotect((char *)q.doorbell - 0x1000, q.mmio_size, PROT_READ | PROT_WRITE) == 0);
	use(&q);
	close_queue(&q);
}

static void strange_store(void)
{
	struct queue q;

	open_queue(&q);
	memset((char *)q.doorbell - 0x1000, 1, 64);
	*(volatile uint64_t *)q.doorbell += 1;
}

static sigjmp_buf removed;

static void on_removal(int signal)
{
	(void)signal;
	siglongjmp(removed, 1);
}

/* With WD_SIM=hisi_zip,fault=remove@1. */
static void removal(void)
{
	volatile int lost = 0;
	struct queue q;

	signal(SIGBUS, on_removal);
	open_queue(&q);
	send_request(&q, "abc", 3, (char[100]){ 0 }, 100);
	if (!sigsetjmp(removed, 1))
		for (;;)
			*(volatile char *)q.dus;
	lost++;
	if (!sigsetjmp(removed, 1)) {
		ring(&q, 0, 0, 0);
		exit(1);
	}
	REQUIRE(lost == 1);
	FAILS(ioctl(q.fd, START) == -1, ENXIO);
	FAILS(open(NODE, O_RDWR) == -1, ENOENT);
	FAILS(access(CLASS "hisi_zip-0", F_OK) == -1, ENOENT);
	munmap((char *)q.doorbell - 0x1000, q.mmio_size);
	munmap(q.dus, q.dus_size);
	close(q.fd);
}

/* With WD_SIM=hisi_zip,sva=0. */
static void without_sva(void)
{
	size_t size = 3 << 20, i;
	uint64_t slice[4];
	struct queue q;
	char *region;

	REQUIRE(attribute("hisi_zip-0", "flags") == 0);
	open_queue(&q);
	FAILS(ioctl(q.fd, GET_SS_DMA, slice) == -1, EINVAL);
	region = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, q.fd, 2 * (off_t)page);
	REQUIRE(region != MAP_FAILED);
	FAILS(mmap(NULL, size, PROT_READ, MAP_SHARED, q.fd, 2 * (off_t)page) == MAP_FAILED, EEXIST);
	for (i = 0; i < 3; i++) {
		slice[i] = i;
		REQUIRE(ioctl(q.fd, GET_SS_DMA, &slice[i]) == (i < 2));
		REQUIRE((slice[i] & 0xfff) == 16);
	}
	slice[3] = 3;
	FAILS(ioctl(q.fd, GET_SS_DMA, &slice[3]) == -1, EINVAL);
	memset(region, 'a', 5000);
	REQUIRE(compress(&q, (void *)(slice[0] & ~0xfffULL), 5000, (void *)(slice[1] & ~0xfffULL), 5000) > 6);
	REQUIRE(region[1 << 20] != 0);
	REQUIRE(compress(&q, region, 5000, (void *)(slice[1] & ~0xfffULL), 5000) == -6);
	REQUIRE(munmap(region, size) == 0);
	close_queue(&q);
}

/* With WD_SIM_REPORT_SIGNAL=USR1. */
static void tell_now(void)
{
	struct queue q;
	struct sigaction old;

	raise(SIGUSR1);
	open_queue(&q);
	use(&q);
	REQUIRE(raise(SIGUSR1) == 0);
	/* It interrupts no call for good. */
	errno = 0;
	use(&q);
	REQUIRE(errno == 0 && sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_flags & SA_RESTART);
	REQUIRE(kill(getpid(), SIGUSR1) == 0);
	close_queue(&q);
	fflush(NULL);
	_exit(0);
}

static void standard_input(void)
{
	static unsigned char in[8 << 20], out[9 << 20];
	size_t len = fread(in, 1, sizeof(in), stdin);
	struct queue q;
	long produced;

	open_queue(&q);
	/* The engine writes what stands behind the header of two bytes. */
	out[0] = 0x78;
	out[1] = 0x9c;
	produced = compress(&q, in, len, out + 2, sizeof(out) - 2);
	REQUIRE(produced > 0);
	close_queue(&q);
	REQUIRE(fwrite(out, 1, (size_t)produced + 2, stdout) == (size_t)produced + 2);
}

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
	{ "paths", attributes_and_paths }, { "refused", what_the_kernel_refuses },
	{ "held", what_holds_a_queue },    { "wait", ways_to_wait },
	{ "children", children },	   { "closed", all_descriptors_closed },
	{ "handler", own_handler },	   { "threads", threads },
	{ "stores", kinds_of_store },	   { "strange", strange_store },
	{ "removed", removal },		   { "static", without_sva },
	{ "signal", tell_now },		   { "compress", standard_input },
};

static void child(void)
{
	struct queue q;

	open_queue(&q);
	use(&q);
	exit(0);
}

int main(int argc, char **argv)
{
	size_t i;

	page = (size_t)sysconf(_SC_PAGESIZE);
	REQUIRE(argc == 2);
	if (!strcmp(argv[1], "child"))
		child();
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!strcmp(parts[i].name, argv[1])) {
			parts[i].run();
			return 0;
		}
	}
	return 2;
}
