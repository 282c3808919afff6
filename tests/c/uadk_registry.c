/* SPDX-License-Identifier: Apache-2.0
 *
 * Which drivers are taken, which one is used, and what becomes of the others. Runs in the world of
 * uadk_world.sh. */
#include "uadk_driver.h"

#define DRIVER(variable, driver, alg, rank, kind) \
	static struct wd_alg_driver variable = { \
		.drv_name = driver, .alg_name = alg, .priority = rank, .calc_type = kind, .queue_num = 1, \
		.op_type_num = 2, .init = null_init, .exit = null_exit, .send = null_send, .recv = null_recv \
	}

DRIVER(low, "nulldev", "zlib", 10, UADK_ALG_HW);
DRIVER(high, "nulldev", "zlib", 20, UADK_ALG_HW);
DRIVER(high_too, "nulldev-1", "zlib", 20, UADK_ALG_HW);
DRIVER(same_as_low, "nulldev", "zlib", 10, UADK_ALG_HW);
DRIVER(negative, "nulldev", "gzip", -1, UADK_ALG_HW);
DRIVER(zero, "nulldev", "deflate", 0, UADK_ALG_HW);
DRIVER(absent, "otherdev", "zlib", 50, UADK_ALG_HW);
DRIVER(crypto, "nulldev", "sm3", 5, UADK_ALG_HW);
DRIVER(made_up, "nulldev", "no class knows this", 5, UADK_ALG_HW);
DRIVER(ce, "nulldev", "zlib", 30, UADK_ALG_CE_INSTR);
DRIVER(strange, "nulldev", "zlib", 30, 77);
DRIVER(greedy, "nulldev", "lz4", 40, UADK_ALG_HW);

static const char *name_of(const struct wd_alg_driver *drv)
{
	static const struct {
		const struct wd_alg_driver *drv;
		const char *name;
	} all[] = { { &low, "low" }, { &high, "high" }, { &high_too, "high_too" }, { &same_as_low, "same_as_low" },
		    { &negative, "negative" }, { &zero, "zero" }, { &crypto, "crypto" }, { &made_up, "made_up" } };

	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i].drv == drv)
			return all[i].name;
	return drv ? "another" : "none";
}

#define WHO(call) printf("%s: %s\n", #call, name_of(call))

/* The test's own entries of the list, in their order. */
static void list(void)
{
	const struct wd_alg_list *head = wd_get_alg_head();

	for (; head; head = head->next)
		if (head->drv && strcmp(name_of(head->drv), "another"))
			printf("  %s: alg %s driver %s priority %d kind %d users %d available %d class %s\n",
			       name_of(head->drv), head->alg_name, head->drv_name, head->priority, head->calc_type,
			       head->refcnt, head->available, head->alg_type);
}

static void registration(void)
{
	title("registration");
	SAY(wd_alg_driver_register(&low));
	SAY(wd_alg_driver_register(&low));
	SAY(wd_alg_driver_register(&same_as_low));
	SAY(wd_alg_driver_register(&high));
	SAY(wd_alg_driver_register(&high_too));
	SAY(wd_alg_driver_register(&negative));
	SAY(wd_alg_driver_register(&zero));
	SAY(wd_alg_driver_register(&absent));
	SAY(wd_alg_driver_register(&crypto));
	SAY(wd_alg_driver_register(&made_up));
	SAY(wd_alg_driver_register(&strange));
	list();
	title("support");
	SAY(wd_drv_alg_support("zlib", &low));
	SAY(wd_drv_alg_support("zlib", &same_as_low));
	SAY(wd_drv_alg_support("gzip", &low));
	SAY(wd_drv_alg_support("sm3", &crypto));
	SAY(wd_drv_alg_support("zlib", &absent));
	SAY(wd_drv_alg_support("", &low));
}

static void choice(void)
{
	title("choice");
	WHO(wd_request_drv("zlib", false));
	WHO(wd_request_drv("zlib", false));
	WHO(wd_request_drv("gzip", false));
	WHO(wd_request_drv("deflate", false));
	WHO(wd_request_drv("sm3", false));
	WHO(wd_request_drv("no class knows this", false));
	list();
	wd_disable_drv(&high);
	WHO(wd_request_drv("zlib", false));
	wd_disable_drv(&high_too);
	WHO(wd_request_drv("zlib", false));
	list();
	wd_disable_drv(&low);
	WHO(wd_request_drv("zlib", false));
	wd_enable_drv(&low);
	wd_enable_drv(&high);
	wd_enable_drv(&high_too);
	WHO(wd_request_drv("zlib", false));
	title("release");
	for (int i = 0; i < 5; i++)
		wd_release_drv(&high);
	wd_release_drv(&low);
	wd_release_drv(&crypto);
	wd_release_drv(&made_up);
	wd_release_drv(&absent);
	list();
}

static void removal(void)
{
	title("removal");
	wd_alg_driver_unregister(&same_as_low); /* known by what it says, not by its address */
	list();
	wd_alg_driver_unregister(&absent);
	wd_alg_driver_unregister(&high_too);
	WHO(wd_request_drv("zlib", false));
	wd_release_drv(&high);
	wd_alg_driver_unregister(&high);
	WHO(wd_request_drv("zlib", false));
	SAY(wd_alg_driver_register(&low));
	WHO(wd_request_drv("zlib", false));
	wd_release_drv(&low);
	wd_alg_driver_unregister(&low);
	wd_alg_driver_unregister(&negative);
	wd_alg_driver_unregister(&zero);
	wd_alg_driver_unregister(&crypto);
	wd_alg_driver_unregister(&made_up);
	list();
}

/* A driver with more kinds of operation than the class knows is passed over, and disabled. */
static void passed_over(void)
{
	title("passed over");
	greedy.op_type_num = 3;
	SAY(wd_alg_driver_register(&greedy));
	SAY(wd_comp_init2_("lz4", SCHED_POLICY_RR, TASK_HW, NULL));
	printf("inits %u\n", null.inits);
	printf("supported: %d\n", wd_drv_alg_support("lz4", &greedy));
	wd_comp_uninit2();
	wd_alg_driver_unregister(&greedy);
}

static void *many(void *unused)
{
	struct wd_alg_driver drv = low;
	char name[32];

	(void)unused;
	drv.drv_name = "nulldev";
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "made up %d", i % 7);
		drv.alg_name = name;
		drv.priority = (int)((uintptr_t)pthread_self() >> 12 & 0xffff);
		REQUIRE(wd_alg_driver_register(&drv) == 0);
		wd_drv_alg_support(name, &drv);
		wd_alg_driver_unregister(&drv);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[4];

	setvbuf(stdout, NULL, _IONBF, 0);
	registration();
	choice();
	removal();
	passed_over();
	/* The C library writes to entries that another thread frees. */
	if (ours()) {
		for (int i = 0; i < 4; i++)
			pthread_create(&threads[i], NULL, many, NULL);
		for (int i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
	}
	/* Without its instructions this kind is refused; x86 never has them. */
#ifdef __x86_64__
	title("instructions");
	SAY(wd_alg_driver_register(&ce));
#endif
	(void)ce;
	return 0;
}
