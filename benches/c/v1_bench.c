/* SPDX-License-Identifier: Apache-2.0
 *
 * What a request of UADK v1 costs on a queue whose device answers at once: compression of 4 KiB of
 * which no byte is touched. benches/c/v1_run.sh runs it with one library or two.
 *
 *   v1_bench sync COUNT         wcrypto_do_comp, and its answer
 *   v1_bench async COUNT BATCH  BATCH requests are sent, then polled for
 *   v1_bench raw COUNT BATCH    wd_send and wd_recv of messages, in memory that the queue reserves
 *
 * In "sync" and "async" the memory is a pool's of blocks, with its functions as the context's. Prints
 * nanoseconds of processor time for each request, the best of five runs. With "once" behind it there
 * is one run and no time, for counting instructions; with "steady" a request that makes a system call
 * kills the program, and what it allocates is counted.
 *
 * The device is a file: this program stands before `mmap` and `ioctl` and gives each region of it a
 * place of its own. All completions of a pass over the ring are there before its requests are; those
 * of the next pass are made one by one behind the library, by turning a bit. */
#define _GNU_SOURCE
#include "bench.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <uadk/v1/wd.h>
#include <uadk/v1/wd_bmm.h>
#include <uadk/v1/wd_comp.h>

#define NODE "/dev/hisi_zip-0"

enum { DEPTH = 1024, ENTRY = 128, QUEUE = 3, SIZE = 4096, MOST = 64, REGION = 64 << 20 };

static dev_t file_dev;
static ino_t file_ino;

static int is_device(int fd)
{
	struct stat st;

	return fd >= 0 && file_ino && fstat(fd, &st) == 0 && st.st_dev == file_dev && st.st_ino == file_ino;
}

void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (is_device(fd))
		offset = offset / sysconf(_SC_PAGESIZE) * REGION;
	return (void *)syscall(SYS_mmap, at, len, prot, flags, fd, offset);
}

void *mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset)
	__attribute__((alias("mmap")));

int ioctl(int fd, unsigned long request, ...)
{
	struct {
		uint16_t id, type;
	} *context;
	struct {
		uint32_t sqe_size;
		uint16_t sq_depth, cq_depth;
		uint64_t reserved;
	} *info;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!is_device(fd))
		return (int)syscall(SYS_ioctl, fd, request, arg);
	switch (_IOC_TYPE(request) << 8 | _IOC_NR(request)) {
	case 'H' << 8 | 10:
		context = arg;
		context->id = QUEUE;
		return 0;
	case 'H' << 8 | 11:
		info = arg;
		info->sqe_size = ENTRY, info->sq_depth = DEPTH, info->cq_depth = DEPTH;
		return 0;
	case 'W' << 8 | 3:
		*(unsigned long *)arg = 0x100000000;
		return 0;
	default:
		return 0;
	}
}

static struct cqe {
	uint32_t reserved;
	uint16_t id, reserved1, sq_head, sq_num, reserved2, phase;
} *completions;
static unsigned next_completion;

/* What the device looks at; all that has to be true of it is that it is not the library's mapping. */
static void attach(void)
{
	int fd = open(NODE, O_RDWR);
	char *regions = (char *)syscall(SYS_mmap, NULL, 3l * REGION, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	MUST(fd >= 0 && regions != (void *)MAP_FAILED);
	completions = (struct cqe *)(regions + REGION + DEPTH * ENTRY);
	for (unsigned i = 0; i < DEPTH; i++) {
		completions[i].sq_head = (uint16_t)i;
		completions[i].sq_num = QUEUE;
		completions[i].phase = 1;
	}
	close(fd);
}

/* The answers of the next pass, for those that were taken of this one. */
static inline void taken(unsigned count)
{
	while (count--) {
		completions[next_completion].phase ^= 1;
		next_completion = (next_completion + 1) % DEPTH;
	}
}

static struct wd_queue q;
static void *pool, *ctx;
static unsigned char *in, *out;
static unsigned called;

static void *block_alloc(void *usr, size_t size)
{
	(void)size;
	return wd_alloc_blk(usr);
}

static void *block_map(void *usr, void *va, size_t size)
{
	(void)size;
	return wd_blk_iova_map(usr, va);
}

static void block_unmap(void *usr, void *va, void *dma, size_t size)
{
	(void)size;
	wd_blk_iova_unmap(usr, dma, va);
}

static void callback(const void *message, void *tag)
{
	(void)message;
	(void)tag;
	called++;
}

static void with_context(void)
{
	struct wd_blkpool_setup blocks = { .block_size = SIZE * 2, .block_num = 8, .align_size = 64 };
	struct wcrypto_comp_ctx_setup setup = { .cb = callback, .comp_lv = WCRYPTO_COMP_L8, .win_size = WCRYPTO_COMP_WS_32K };

	pool = wd_blkpool_create(&q, &blocks);
	MUST(pool);
	setup.br.alloc = block_alloc, setup.br.free = wd_free_blk;
	setup.br.iova_map = block_map, setup.br.iova_unmap = block_unmap;
	setup.br.usr = pool;
	ctx = wcrypto_create_comp_ctx(&q, &setup);
	in = wd_alloc_blk(pool), out = wd_alloc_blk(pool);
	MUST(ctx && in && out);
}

static inline void fill(struct wcrypto_comp_op_data *d)
{
	d->in = in, d->in_len = SIZE;
	d->out = out, d->avail_out = SIZE * 2;
	d->flush = WCRYPTO_FINISH;
	d->stream_pos = WCRYPTO_COMP_STREAM_NEW;
}

static void one_by_one(long count)
{
	struct wcrypto_comp_op_data d = { 0 };

	for (long i = 0; i < count; i++) {
		fill(&d);
		MUST(wcrypto_do_comp(ctx, &d, NULL) == 0);
		taken(1);
	}
}

static void async(long count, unsigned batch)
{
	struct wcrypto_comp_op_data d = { 0 };

	for (long i = 0; i < count; i += batch) {
		unsigned before = called;

		for (unsigned b = 0; b < batch; b++) {
			fill(&d);
			MUST(wcrypto_do_comp(ctx, &d, &d) == 0);
		}
		MUST(wcrypto_comp_poll(&q, batch) == (int)batch && called - before == batch);
		taken(batch);
	}
}

static void raw(long count, unsigned batch)
{
	static struct wcrypto_comp_msg messages[MOST];

	for (long i = 0; i < count; i += batch) {
		for (unsigned b = 0; b < batch; b++) {
			struct wcrypto_comp_msg *m = &messages[b];

			m->alg_type = WCRYPTO_ZLIB, m->flush_type = WCRYPTO_FINISH;
			m->stream_pos = WCRYPTO_COMP_STREAM_NEW, m->win_size = WCRYPTO_COMP_WS_32K;
			m->src = in, m->in_size = SIZE;
			m->dst = out, m->avail_out = SIZE * 2;
			MUST(wd_send(&q, m) == 0);
		}
		for (unsigned b = 0; b < batch; b++) {
			void *back = NULL;

			MUST(wd_recv(&q, &back) == 1 && back == &messages[b]);
		}
		taken(batch);
	}
}

static void run(const char *mode, long count, unsigned batch)
{
	if (!strcmp(mode, "sync"))
		one_by_one(count);
	else if (!strcmp(mode, "async"))
		async(count, batch);
	else
		raw(count, batch);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "", *how = argc > 4 ? argv[4] : "";
	long count = argc > 2 ? atol(argv[2]) : 0;
	unsigned batch = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
	double best = 1e30;
	struct stat st;

	MUST(count > 0 && batch > 0 && batch <= MOST);
	MUST(truncate(NODE, 3l * REGION) == 0 && stat(NODE, &st) == 0);
	file_dev = st.st_dev, file_ino = st.st_ino;
	q.capa.alg = "zlib";
	MUST(wd_request_queue(&q) == 0);
	attach();
	if (!strcmp(mode, "raw")) {
		in = wd_reserve_memory(&q, 1 << 20);
		MUST(in);
		out = in + SIZE;
	} else {
		with_context();
	}
	run(mode, 4096, batch);
	if (!strcmp(how, "once")) {
		run(mode, count, batch);
		_exit(0);
	}
	if (!strcmp(how, "steady")) {
		long before = allocations;

		forbid_system_calls();
		run(mode, count, batch);
		exit_steady(before);
	}
	for (int i = 0; i < 5; i++) {
		double begin = now(), took;

		run(mode, count, batch);
		took = (now() - begin) / (double)count;
		best = took < best ? took : best;
	}
	printf("%.1f\n", best);
	fflush(stdout);
	_exit(0);
}
