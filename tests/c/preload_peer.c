/* A zlib round trip through wd_comp of libwd version 2, whoever made it. Under the preload it needs
 * nothing else. An argument is the device that must have served it. */
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

enum { LEN = 300000 };

static unsigned char plain[LEN], packed[2 * LEN], again[LEN + 100];

static __u32 run(enum wd_comp_alg_type alg, enum wd_comp_op_type op, void *src, __u32 len, void *dst, __u32 room)
{
	struct sched_params where = { .numa_id = 0, .type = op, .mode = CTX_MODE_SYNC };
	struct wd_comp_sess_setup setup;
	struct wd_comp_req req;
	handle_t session;
	int ret;

	memset(&setup, 0, sizeof(setup));
	setup.alg_type = alg;
	setup.op_type = op;
	setup.win_sz = WD_COMP_WS_32K;
	setup.comp_lv = WD_COMP_L8;
	setup.sched_param = &where;
	session = wd_comp_alloc_sess(&setup);
	REQUIRE(session);
	memset(&req, 0, sizeof(req));
	req.src = src;
	req.src_len = len;
	req.dst = dst;
	req.dst_len = room;
	req.op_type = op;
	req.data_fmt = WD_FLAT_BUF;
	ret = wd_do_comp_sync(session, &req);
	if (ret || req.status)
		fprintf(stderr, "ret %d status %u\n", ret, req.status);
	REQUIRE(ret == 0 && req.status == 0);
	wd_comp_free_sess(session);
	return req.dst_len;
}

static void round_trip(char *name, enum wd_comp_alg_type alg)
{
	struct wd_ctx_params params;
	__u32 produced;
	int ret;

	(void)params;
	ret = wd_comp_init2(name, SCHED_POLICY_RR, TASK_HW);
	if (ret)
		fprintf(stderr, "wd_comp_init2(%s) is %d\n", name, ret);
	REQUIRE(ret == 0);
	produced = run(alg, WD_DIR_COMPRESS, plain, LEN, packed, sizeof(packed));
	REQUIRE(produced > 0 && produced < LEN);
	memset(again, 0, sizeof(again));
	REQUIRE(run(alg, WD_DIR_DECOMPRESS, packed, produced, again, sizeof(again)) == LEN);
	REQUIRE(memcmp(plain, again, LEN) == 0);
	printf("%s %u\n", name, produced);
	wd_comp_uninit2();
}

int main(void)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		plain[i] = (unsigned char)("a simulated device"[i * i % 17] + i / 5000);
	round_trip("zlib", WD_ZLIB);
	round_trip("gzip", WD_GZIP);
	return 0;
}
