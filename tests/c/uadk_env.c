/* SPDX-License-Identifier: Apache-2.0
 *
 * WD_COMP_CTX_NUM and its like: which contexts they make, which texts are refused. Runs in the
 * world of uadk_world.sh. */
#include "uadk_driver.h"

/* The contexts of the last init, as its driver was told. */
static int kinds[2][2];

static int counting_init(struct wd_alg_driver *drv, void *conf)
{
	struct wd_ctx_config_internal *config = conf;

	memset(kinds, 0, sizeof(kinds));
	for (__u32 i = 0; i < config->ctx_num; i++)
		kinds[config->ctxs[i].op_type != 0][config->ctxs[i].ctx_mode != 0]++;
	printf("  epoll %d;", config->epoll_en);
	return null_init(drv, conf);
}

static void say_kinds(int answer)
{
	printf(" %d", answer);
	if (!answer)
		printf(", sync-comp %d async-comp %d sync-decomp %d async-decomp %d", kinds[0][0], kinds[0][1],
		       kinds[1][0], kinds[1][1]);
	printf("\n");
}

static const char *const rows[] = {
	"sync-comp:1@0",
	"sync-comp:3@0,async-comp:2@0",
	"sync-comp:3@0,sync-comp:2@0",
	"sync-comp:2@0,sync-comp:3@0",
	"sync-comp:1@0,sync-decomp:2@0,async-comp:3@0,async-decomp:4@0",
	"sync-comp:0@0,async-decomp:1@0",
	"sync-comp:0@0",
	"sync-comp:1@1",
	"sync-comp:1@77",
	"sync-comp:1@-1",
	"sync-comp:1",
	"sync-comp:@0",
	"sync-comp:1@",
	"sync-comp1@0",
	"sync:1@0",
	"async:1@0",
	"comp:1@0",
	"Sync-comp:1@0",
	"sync-comp:01@0",
	"sync-comp:1@00",
	"sync-comp:+1@0",
	"sync-comp:-1@0",
	"sync-comp:1x@0",
	"sync-comp:1@0x",
	"sync-comp: 1@0",
	" sync-comp:1@0",
	"sync-comp:1@0 ",
	"sync-comp:1@0,",
	",sync-comp:1@0",
	"sync-comp:1@0,,sync-comp:1@0",
	"sync-comp:1@0;async-comp:1@0",
	"sync-comp:0x1@0",
	"sync-comp:1:1@0",
	"sync-comp:1@0@0",
	":",
	"@",
	",",
	"x",
};

static void numbers(void)
{
	struct wd_ctx_nums sets[2] = { { 5, 5 }, { 5, 5 } };
	struct wd_ctx_params params = { .op_type_num = 2, .ctx_set_num = sets };

	title("WD_COMP_CTX_NUM and init2");
	for (size_t i = 0; i < COUNT(rows); i++) {
		int answer;

		setenv("WD_COMP_CTX_NUM", rows[i], 1);
		printf("\"%s\"", rows[i]);
		answer = wd_comp_init2_("zlib", SCHED_POLICY_RR, TASK_HW, &params);
		say_kinds(answer);
		wd_comp_uninit2();
	}
	/* More than there can be: which error it is depends on how the number was cut off. */
	setenv("WD_COMP_CTX_NUM", "sync-comp:99999999999999999999@0", 1);
	REQUIRE(wd_comp_init2_("zlib", SCHED_POLICY_RR, TASK_HW, &params) < 0);
	unsetenv("WD_COMP_CTX_NUM");
	printf("unset");
	say_kinds(wd_comp_init2_("zlib", SCHED_POLICY_RR, TASK_HW, &params));
	wd_comp_uninit2();
	printf("unset, no parameters");
	say_kinds(wd_comp_init2_("zlib", SCHED_POLICY_RR, TASK_HW, NULL));
	wd_comp_uninit2();
}

static void parameters(void)
{
	static const struct {
		__u32 types, n[2][2];
	} cases[] = {
		{ 2, { { 1, 0 }, { 0, 0 } } }, { 2, { { 0, 0 }, { 0, 0 } } }, { 1, { { 1, 1 }, { 9, 9 } } },
		{ 2, { { 0, 0 }, { 2, 1 } } }, { 3, { { 1, 1 }, { 1, 1 } } }, { 0, { { 1, 1 }, { 1, 1 } } },
	};

	title("ctx_params");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct wd_ctx_nums sets[3] = { { cases[i].n[0][0], cases[i].n[0][1] },
					       { cases[i].n[1][0], cases[i].n[1][1] } };
		struct wd_ctx_params params = { .op_type_num = cases[i].types, .ctx_set_num = sets };

		printf("%u kinds", cases[i].types);
		say_kinds(wd_comp_init2_("zlib", SCHED_POLICY_RR, TASK_HW, &params));
		wd_comp_uninit2();
	}
}

static void waiting(void)
{
	static const char *const values[] = { "0", "1", "2", "", "x", "01", "-1", "1 " };

	title("WD_COMP_EPOLL_EN");
	for (size_t i = 0; i < COUNT(values); i++) {
		setenv("WD_COMP_EPOLL_EN", values[i], 1);
		printf("\"%s\"", values[i]);
		say_kinds(null_start_with("zlib", SCHED_POLICY_RR, 1, 0));
		wd_comp_uninit2();
	}
	unsetenv("WD_COMP_EPOLL_EN");
}

static void say_env(int answer)
{
	printf("%d", answer);
	for (__u32 type = 0; type < 2 && !answer; type++)
		for (__u32 mode = 0; mode < 2; mode++) {
			__u32 number = 99;
			__u8 enabled = 99;
			int got = wd_comp_get_env_param(0, type, mode, &number, &enabled);

			printf(" [%u %u: %d %u %u]", type, mode, got, number, enabled);
		}
	printf("\n");
}

static void env_init(void)
{
	static const struct {
		const char *numbers, *poll, *threads;
	} cases[] = {
		{ NULL, NULL, NULL },
		{ "", NULL, NULL },
		{ "sync-comp:2@0", NULL, NULL },
		{ "sync-comp:2@0,async-comp:1@0", "1", NULL },
		{ "sync-comp:2@0,async-comp:1@0", "1", "2@0" },
		{ "sync-comp:2@0,async-comp:1@0", "1", "x" },
		{ "sync-comp:2@0,async-comp:1@0", "0", "x" },
		{ "async-comp:1@0", "2", NULL },
		{ "async-comp:1@0", "x", NULL },
		{ "sync-comp:1@9", NULL, NULL },
		{ "sync-comp:1", NULL, NULL },
		{ "sync:1@0", NULL, NULL },
		{ "junk", NULL, NULL },
	};

	title("wd_comp_env_init");
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsetenv("WD_COMP_CTX_NUM");
		unsetenv("WD_COMP_ASYNC_POLL_EN");
		unsetenv("WD_COMP_ASYNC_POLL_NUM");
		if (cases[i].numbers)
			setenv("WD_COMP_CTX_NUM", cases[i].numbers, 1);
		if (cases[i].poll)
			setenv("WD_COMP_ASYNC_POLL_EN", cases[i].poll, 1);
		if (cases[i].threads)
			setenv("WD_COMP_ASYNC_POLL_NUM", cases[i].threads, 1);
		printf("numbers %s poll %s threads %s:", cases[i].numbers ? cases[i].numbers : "-",
		       cases[i].poll ? cases[i].poll : "-", cases[i].threads ? cases[i].threads : "-");
		int answer = wd_comp_env_init(NULL);
		say_env(answer);
		if (!answer) {
			printf("  again:");
			SAY(wd_comp_env_init(NULL));
			SAY(null_start_with("zlib", 0, 1, 0));
			wd_comp_env_uninit();
		}
	}
	unsetenv("WD_COMP_CTX_NUM");
	unsetenv("WD_COMP_ASYNC_POLL_EN");
	unsetenv("WD_COMP_ASYNC_POLL_NUM");
	title("wd_comp_ctx_num_init");
	static const struct {
		__u32 node, type, num;
		__u8 mode;
	} nums[] = { { 0, 0, 1, 0 }, { 0, 1, 3, 1 }, { 0, 0, 0, 0 }, { 5, 0, 1, 0 }, { 0, 2, 1, 0 }, { 0, 0, 1, 2 } };

	for (size_t i = 0; i < COUNT(nums); i++) {
		int answer = wd_comp_ctx_num_init(nums[i].node, nums[i].type, nums[i].num, nums[i].mode);

		printf("node %u type %u num %u mode %u:", nums[i].node, nums[i].type, nums[i].num, nums[i].mode);
		say_env(answer);
		if (!answer)
			wd_comp_ctx_num_uninit();
	}
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; i < COUNT(null_drivers); i++)
		null_drivers[i].init = counting_init;
	null_register();
	numbers();
	parameters();
	waiting();
	env_init();
	return 0;
}
