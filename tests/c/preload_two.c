/* Two libraries that use devices in one process: libwd is linked into this program, and the one in the
 * directory that the argument names is loaded beside it. Both compress at once, each with a device of
 * the kernel's, and read what the other has made. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uadk/wd.h>
#include <uadk/wd_alg_common.h>
#include <uadk/wd_sched.h>
#include <uadk/wd_comp.h>

#define REQUIRE(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			exit(1); \
		} \
	} while (0)

enum { LEN = 100000, TIMES = 20 };

/* The functions of one library. */
struct library {
	int (*init)(char *alg, __u32 sched_type, int task_type, struct wd_ctx_params *params);
	void (*uninit)(void);
	handle_t (*alloc)(struct wd_comp_sess_setup *setup);
	void (*free)(handle_t session);
	int (*run)(handle_t session, struct wd_comp_req *req);
};

static struct library linked = { wd_comp_init2_, wd_comp_uninit2, wd_comp_alloc_sess, wd_comp_free_sess,
				 wd_do_comp_sync };
static struct library loaded;
static unsigned char plain[LEN];

static void *find(void *handle, const char *name)
{
	void *found = dlsym(handle, name);

	REQUIRE(found);
	return found;
}

static void load(const char *directory)
{
	char path[PATH_MAX];
	void *handle;

	snprintf(path, sizeof(path), "%s/libwd.so.2", directory);
	REQUIRE(dlopen(path, RTLD_NOW | RTLD_LOCAL));
	snprintf(path, sizeof(path), "%s/libwd_comp.so.2", directory);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	REQUIRE(handle);
	*(void **)&loaded.init = find(handle, "wd_comp_init2_");
	*(void **)&loaded.uninit = find(handle, "wd_comp_uninit2");
	*(void **)&loaded.alloc = find(handle, "wd_comp_alloc_sess");
	*(void **)&loaded.free = find(handle, "wd_comp_free_sess");
	*(void **)&loaded.run = find(handle, "wd_do_comp_sync");
	REQUIRE(loaded.init != linked.init);
}

static __u32 once(struct library *lib, enum wd_comp_op_type op, void *src, __u32 len, void *dst, __u32 room)
{
	struct sched_params where = { .numa_id = 0, .type = op, .mode = CTX_MODE_SYNC };
	struct wd_comp_sess_setup setup = { .alg_type = WD_ZLIB, .op_type = op, .win_sz = WD_COMP_WS_32K,
					    .comp_lv = WD_COMP_L8, .sched_param = &where };
	struct wd_comp_req req = { .src = src, .src_len = len, .dst = dst, .dst_len = room, .op_type = op };
	handle_t session = lib->alloc(&setup);

	REQUIRE(session);
	REQUIRE(lib->run(session, &req) == 0 && req.status == 0);
	lib->free(session);
	return req.dst_len;
}

static void *work(void *nothing)
{
	struct library *mine = nothing, *other = mine == &linked ? &loaded : &linked;
	unsigned char *packed = malloc(2 * LEN), *again = malloc(LEN + 100);
	int i;

	for (i = 0; i < TIMES; i++) {
		__u32 len = once(mine, WD_DIR_COMPRESS, plain, LEN, packed, 2 * LEN);

		memset(again, 0, LEN);
		REQUIRE(len > 0 && len < LEN);
		REQUIRE(once(other, WD_DIR_DECOMPRESS, packed, len, again, LEN + 100) == LEN);
		REQUIRE(!memcmp(plain, again, LEN));
	}
	free(packed);
	free(again);
	return NULL;
}

static void start(struct library *lib)
{
	struct wd_ctx_nums numbers[WD_DIR_MAX] = { { 2, 0 }, { 2, 0 } };
	struct wd_ctx_params params = { .op_type_num = WD_DIR_MAX, .ctx_set_num = numbers };

	REQUIRE(lib->init((char *)"zlib", SCHED_POLICY_RR, TASK_HW, &params) == 0);
}

int main(int argc, char **argv)
{
	pthread_t threads[4];
	size_t i;

	REQUIRE(argc == 2);
	load(argv[1]);
	for (i = 0; i < LEN; i++)
		plain[i] = (unsigned char)("a simulated device"[i * i % 17] + i / 5000);
	start(&linked);
	start(&loaded);
	for (i = 0; i < 4; i++)
		REQUIRE(pthread_create(&threads[i], NULL, work, i % 2 ? &linked : &loaded) == 0);
	for (i = 0; i < 4; i++)
		REQUIRE(pthread_join(threads[i], NULL) == 0);
	loaded.uninit();
	linked.uninit();
	return 0;
}
