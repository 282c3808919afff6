/* SPDX-License-Identifier: Apache-2.0
 *
 * A kernel for tests, in a library to preload. Any program finds queues of an
 * accelerator below $WD_DEV_ROOT (default /dev): hisi_* nodes of the uacce class,
 * and VFIO with mediated devices. Everything else goes to the real kernel.
 *
 * It is as strict as the kernels it stands for. The device runs inside the
 * program's own doorbell store: the doorbell page is mapped read-only, the store
 * traps, and when it returns all work is done. So no doorbell is ever lost, which
 * a poller of plain memory cannot promise, and tests need no waiting. The engine
 * copies input to output and reports its length.
 *
 *   FAKE_UAPI   mainline (default) or v6: which ioctl numbers and pages
 *   FAKE_QUEUES how many queues a device has (16)
 *   FAKE_SS     static memory for devices without SVA, in slices of so many times 64 KiB
 *   FAKE_LOG    a file that gets one line for each served call: what = result
 *   FAKE_FAULT  a list NAME[=VALUE][@N],...: with @N only the Nth time
 *     an ioctl's name, OPEN_{NODE,GROUP,CONTAINER}, MMAP_{MMIO,DUS,SS}: the call
 *       does nothing; VALUE < 0 is its errno, else its answer
 *     status=S    the descriptor ends with status S
 *     sq_head=I, sq_num=I   the completion names slot or queue I
 *     hold, swap  nothing completes; two requests complete in reverse order
 *     remove      the device disappears instead of running a descriptor
 *     notviable   the VFIO group is not viable
 *     dirty       a fresh queue's memory is not zero
 */
#include "fake_kernel.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static const char *const kind_names[] = { "FREE", "NODE", "CONTAINER", "GROUP", "MDEV" };
static const char *const region_names[] = { "MMIO", "DUS", "SS" };

struct object objects[64];
size_t page;
int v6, removed, slice;

static atomic_flag busy = ATOMIC_FLAG_INIT;
static struct { char name[24]; long value; int nth, seen; } rules[16];
static int rule_count, log_fd = -1, queues = 16;
static const char *root = "/dev";

void lock(void)
{
	while (atomic_flag_test_and_set(&busy))
		sched_yield();
}

void unlock(void)
{
	atomic_flag_clear(&busy);
}

void note(const char *format, ...)
{
	char line[256];
	int saved = errno, len;
	va_list list;

	va_start(list, format);
	len = vsnprintf(line, sizeof(line) - 1, format, list);
	va_end(list);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	if (log_fd >= 0 && write(log_fd, line, len) < 0)
		abort();
	errno = saved;
}

int fault(const char *name, long *value)
{
	for (int i = 0; i < rule_count; i++) {
		if (strcmp(rules[i].name, name))
			continue;
		rules[i].seen++;
		if (rules[i].nth && rules[i].nth != rules[i].seen)
			continue;
		if (value)
			*value = rules[i].value;
		return 1;
	}
	return 0;
}

int answer(long value)
{
	if (value >= 0)
		return (int)value;
	errno = (int)-value;
	return -1;
}

__attribute__((constructor)) static void setup(void)
{
	const char *text = getenv("FAKE_LOG");

	page = (size_t)sysconf(_SC_PAGESIZE);
	if (text)
		log_fd = REAL(open)(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (getenv("WD_DEV_ROOT"))
		root = getenv("WD_DEV_ROOT");
	text = getenv("FAKE_UAPI");
	v6 = text && !strcmp(text, "v6");
	if (getenv("FAKE_QUEUES"))
		queues = atoi(getenv("FAKE_QUEUES"));
	if (getenv("FAKE_SS"))
		slice = atoi(getenv("FAKE_SS"));
	text = getenv("FAKE_FAULT");
	while (text && *text && rule_count < COUNT(rules)) {
		size_t len = strcspn(text, ","), name = strcspn(text, "=@,");
		const char *value = memchr(text, '=', len), *nth = memchr(text, '@', len);

		snprintf(rules[rule_count].name, sizeof(rules[0].name), "%.*s", (int)name, text);
		rules[rule_count].value = value ? atol(value + 1) : 0;
		rules[rule_count].nth = nth ? atoi(nth + 1) : 0;
		rule_count++;
		text += len + (text[len] == ',');
	}
}

struct object *find(int fd)
{
	struct stat st;
	int saved = errno;

	if (fd < 0 || fstat(fd, &st))
		st.st_ino = 0;
	errno = saved;
	for (int i = 0; st.st_ino && i < COUNT(objects); i++)
		if (objects[i].kind != FREE && objects[i].ino == st.st_ino && S_ISREG(st.st_mode))
			return &objects[i];
	return NULL;
}

/* Whether a descriptor or a mapping of this process still holds the file. */
static int alive(const struct object *o)
{
	char line[512];
	unsigned long ino;
	int found = 0;
	DIR *dir = opendir("/proc/self/fd");
	FILE *maps = fopen("/proc/self/maps", "re");

	for (struct dirent *e; dir && (e = readdir(dir));)
		found |= e->d_name[0] != '.' && find(atoi(e->d_name)) == o;
	while (maps && fgets(line, sizeof(line), maps))
		found |= strstr(line, "/memfd:fake-") && sscanf(line, "%*s %*s %*s %*s %lu", &ino) == 1 &&
			 ino == o->ino;
	if (dir)
		closedir(dir);
	if (maps)
		fclose(maps);
	return found;
}

int groups_in(const struct object *container)
{
	int groups = 0;

	for (int i = 0; i < COUNT(objects); i++)
		groups += objects[i].kind == GROUP && objects[i].container == container;
	return groups;
}

void reap(void)
{
	for (int i = 0; i < COUNT(objects); i++) {
		struct object *o = &objects[i];
		if (o->kind != FREE && o->kind != CONTAINER && !alive(o))
			memset(o, 0, sizeof(*o));
	}
	/* A group keeps its container; the last one to go takes the IOMMU and its mappings along. */
	for (int i = 0; i < COUNT(objects); i++) {
		struct object *c = &objects[i];
		if (c->kind != CONTAINER || groups_in(c))
			continue;
		c->iommu = c->maps = 0;
		if (!alive(c))
			memset(c, 0, sizeof(*c));
	}
}

struct object *create(enum kind kind, const char *path, int cloexec)
{
	char name[64];
	struct stat st;
	struct object *o = objects;

	reap();
	while (o->kind != FREE)
		if (++o == objects + COUNT(objects))
			abort();
	snprintf(o->name, sizeof(o->name), "%s", path);
	snprintf(name, sizeof(name), "fake-%s", o->name);
	o->fd = memfd_create(name, cloexec ? MFD_CLOEXEC : 0);
	if (o->fd < 0 || ftruncate(o->fd, FILE_SIZE) || fstat(o->fd, &st))
		abort();
	o->kind = kind;
	o->ino = st.st_ino;
	o->phase = 1;
	if (fault("dirty", NULL) && pwrite(o->fd, "x", 1, DUS_AT + 512) != 1)
		abort();
	return o;
}

/* ---- open and close ---- */

static const char *below_root(const char *path)
{
	size_t len = strlen(root);
	return path && !strncmp(path, root, len) && path[len] == '/' ? path + len + 1 : NULL;
}

static int serve_open(const char *name, enum kind kind, int flags)
{
	char rule[24];
	long value = 0;
	int live = 0, same = 0;

	reap();
	snprintf(rule, sizeof(rule), "OPEN_%s", kind_names[kind]);
	for (int i = 0; i < COUNT(objects); i++) {
		live += objects[i].kind == kind;
		same += objects[i].kind == kind && !strcmp(objects[i].name, name);
	}
	if (fault(rule, &value))
		;
	else if (kind == NODE && removed)
		value = -ENOENT;
	else if ((kind == NODE && live >= queues) || (kind == GROUP && same))
		value = -EBUSY;
	else {
		struct object *o = create(kind, name, flags & O_CLOEXEC);
		o->number = kind == NODE ? 5 + live : 0;
		value = o->fd;
	}
	note("open %s %s = %ld", name, flags & O_CLOEXEC ? "cloexec" : "inherited", value);
	return answer(value);
}

/* Opens a served path; -2 for others. */
static int try_open(const char *path, int flags)
{
	const char *name = below_root(path);
	int fd = -2;

	if (!name)
		return fd;
	lock();
	if (!strncmp(name, "hisi_", 5) && !strchr(name, '/'))
		fd = serve_open(name, NODE, flags);
	else if (!strcmp(name, "vfio/vfio"))
		fd = serve_open(name, CONTAINER, flags);
	else if (!strncmp(name, "vfio/", 5))
		fd = serve_open(name, GROUP, flags);
	unlock();
	return fd;
}

#define MODE(flags, mode)                                    \
	mode_t mode = 0;                                     \
	if ((flags) & (O_CREAT | O_TMPFILE)) {               \
		va_list list;                                \
		va_start(list, flags);                       \
		mode = va_arg(list, mode_t);                 \
		va_end(list);                                \
	}

int open(const char *path, int flags, ...)
{
	MODE(flags, mode)
	int fd = try_open(path, flags);
	return fd == -2 ? REAL(open)(path, flags, mode) : fd;
}

int open64(const char *path, int flags, ...)
{
	MODE(flags, mode)
	int fd = try_open(path, flags);
	return fd == -2 ? REAL(open64)(path, flags, mode) : fd;
}

int openat(int at, const char *path, int flags, ...)
{
	MODE(flags, mode)
	int fd = try_open(path, flags);
	return fd == -2 ? REAL(openat)(at, path, flags, mode) : fd;
}

int openat64(int at, const char *path, int flags, ...)
{
	MODE(flags, mode)
	int fd = try_open(path, flags);
	return fd == -2 ? REAL(openat64)(at, path, flags, mode) : fd;
}

int close(int fd)
{
	struct object *o;

	lock();
	o = find(fd);
	if (o)
		note("close %s = 0", kind_names[o->kind]);
	unlock();
	return REAL(close)(fd);
}

/* ---- mappings ---- */

static int check_map(struct object *q, enum region r, size_t len)
{
	char rule[24];
	long value = 0;
	size_t mmio = q->kind == NODE ? 2 * page : page;
	size_t dus = q->kind == NODE ? 151552 : 147456;

	snprintf(rule, sizeof(rule), "MMAP_%s", region_names[r]);
	if (fault(rule, &value))
		return (int)value;
	if (q->gone)
		return -ENXIO;
	if (r == SS && (!slice || q->kind != NODE))
		return -EINVAL;
	if (r == SS) /* One at a time, of any length. */
		return q->map[SS].at ? -EEXIST : ftruncate(q->fd, (off_t)(SS_AT + len)) ? -errno : 0;
	if (r == MMIO ? len > mmio : len != dus)
		return -EINVAL;
	/* Also after munmap, as kernels up to 6.1 have it. */
	return q->map[r].ever ? (v6 ? -EBUSY : -EEXIST) : 0;
}

static void *serve_mmap(struct object *q, void *at, size_t len, int prot, int flags, off_t offset)
{
	size_t dus_page = q->kind == NODE && v6 ? 2 : 1, number = (size_t)offset / page;
	enum region r = number == 0 ? MMIO : number == dus_page + 1 ? SS : DUS;
	int value = r != DUS || number == dus_page ? check_map(q, r, len) : -EINVAL;
	void *map = MAP_FAILED;

	if (q->kind != NODE && q->kind != MDEV)
		value = -ENODEV;
	note("mmap %s %zu @%zu = %d", region_names[r], len, (size_t)offset, value);
	if (value) {
		errno = -value;
		return map;
	}
	if (r == MMIO) {
		trap_stores();
		prot &= ~PROT_WRITE;
	}
	map = REAL(mmap)(at, len, prot, flags, q->fd, r == MMIO ? 0 : r == DUS ? DUS_AT : SS_AT);
	if (map != MAP_FAILED) {
		q->map[r].at = map;
		q->map[r].len = len;
		q->map[r].ever = 1;
	}
	return map;
}

static void *any_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *map;
	struct object *o;

	lock();
	o = flags & MAP_ANONYMOUS ? NULL : find(fd);
	if (o) {
		o->fd = fd;
		map = serve_mmap(o, at, len, prot, flags, offset);
	}
	unlock();
	return o ? map : REAL(mmap)(at, len, prot, flags, fd, offset);
}

void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	return any_mmap(at, len, prot, flags, fd, offset);
}

void *mmap64(void *at, size_t len, int prot, int flags, int fd, off64_t offset)
{
	return any_mmap(at, len, prot, flags, fd, offset);
}

int munmap(void *at, size_t len)
{
	lock();
	for (int i = 0; i < COUNT(objects) * REGIONS; i++) {
		struct object *q = &objects[i / REGIONS];
		char *base = q->map[i % REGIONS].at;
		size_t size = q->map[i % REGIONS].len;

		if (!base || (char *)at >= base + size || base >= (char *)at + len)
			continue;
		note("munmap %s %zu = %s", region_names[i % REGIONS], len,
		     at == base && len == size ? "0" : "part");
		q->map[i % REGIONS].at = NULL;
	}
	unlock();
	return REAL(munmap)(at, len);
}

/* ---- poll ---- */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Readable means: completions since the last poll that said so. A device that goes wakes nobody. */
int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	int64_t end = now_ms() + timeout;
	int ready = 0, served = 0;

	do {
		ready = 0;
		lock();
		for (nfds_t i = 0; i < count; i++) {
			struct object *o = find(fds[i].fd);

			if (!o) {
				ready += REAL(poll)(&fds[i], 1, 0) > 0;
				continue;
			}
			served = 1;
			fds[i].revents = o->kind == MDEV || (o->completed && !o->gone) ?
						 fds[i].events & POLLIN : 0;
			ready += fds[i].revents != 0;
			o->completed = 0;
		}
		unlock();
		if (!served)
			return REAL(poll)(fds, count, timeout);
		if (!ready && timeout)
			usleep(200);
	} while (!ready && (timeout < 0 || now_ms() < end));
	note("poll = %d", ready);
	return ready;
}
