/* SPDX-License-Identifier: Apache-2.0
 *
 * What each function says without a device, before any init, and to NULL, zero and nonsense. Where
 * the C library would crash, only this project's library is asked. */
#include "uadk.h"
#include <uadk/wd_bmm.h>
#include <uadk/wd_zlibwrapper.h>

static void devices(void)
{
	struct uacce_dev dev;
	struct uacce_dev_list list;
	char path[] = "/dev/hisi_zip-7", bare[] = "rng-0", plain[] = "/dev/zip";
	char *name;

	title("wd.h");
	memset(&dev, 0, sizeof(dev));
	memset(&list, 0, sizeof(list));
	SAY_PTR(wd_request_ctx(NULL));
	SAY_PTR(wd_request_ctx(&dev));
	strcpy(dev.dev_root, "/sys/class/uacce/none-0");
	strcpy(dev.char_dev_path, "/dev/none-0");
	SAY_PTR(wd_request_ctx(&dev));
	SAY_VOID(wd_release_ctx(0));
	SAY(wd_ctx_start(0));
	SAY(wd_release_ctx_force(0));
	SAY(wd_ctx_set_priv(0, &dev));
	SAY_PTR(wd_ctx_get_priv(0));
	SAY_PTR(wd_ctx_get_api(0));
	SAY_PTR(wd_ctx_mmap_qfr(0, UACCE_QFRT_MMIO));
	SAY_PTR(wd_ctx_mmap_qfr(0, UACCE_QFRT_MAX));
	SAY_VOID(wd_ctx_unmap_qfr(0, UACCE_QFRT_MMIO));
	SAY(wd_ctx_wait(0, 1));
	SAY(wd_is_sva(0));
	SAY(wd_is_isolate(NULL));
	memset(&dev, 0, sizeof(dev));
	strcpy(dev.dev_root, "/sys/class/uacce/none-0");
	SAY(wd_is_isolate(&dev));
	SAY(wd_get_avail_ctx(NULL));
	SAY(wd_get_avail_ctx(&dev));
	SAY(wd_get_numa_id(0));
	SAY_PTR(wd_get_accel_name(NULL, 0));
	for (int i = 0; i < 2; i++) {
		name = wd_get_accel_name(path, i);
		printf("wd_get_accel_name(\"%s\", %d): %s\n", path, i, name ? name : "none");
		free(name);
		name = wd_get_accel_name(bare, i);
		printf("wd_get_accel_name(\"%s\", %d): %s\n", bare, i, name ? name : "none");
		free(name);
		name = wd_get_accel_name(plain, i);
		printf("wd_get_accel_name(\"%s\", %d): %s\n", plain, i, name ? name : "none");
		free(name);
	}
	SAY_PTR(wd_get_accel_list(NULL));
	SAY_PTR(wd_get_accel_list("zlib"));
	SAY_PTR(wd_get_accel_list("no such algorithm"));
	SAY_PTR(wd_get_accel_dev(NULL));
	SAY_PTR(wd_get_accel_dev("no such algorithm"));
	SAY_PTR(wd_find_dev_by_numa(NULL, 0));
	SAY_VOID(wd_free_list_accels(NULL));
	SAY(wd_ctx_set_io_cmd(0, 0, NULL));
	SAY(wd_ctx_get_region_size(0, UACCE_QFRT_MMIO));
	SAY(wd_ctx_get_region_size(0, UACCE_QFRT_MAX));
	SAY_PTR(wd_create_device_nodemask(NULL));
	SAY_VOID(wd_free_device_nodemask(NULL));
	SAY_PTR(wd_ctx_get_dev_name(0));
	SAY(wd_need_debug());
	SAY(wd_need_info());
	SAY(wd_get_dev_usage(NULL, NULL, 0));
	SAY(wd_get_dev_usage(NULL, "zlib", 0));
	SAY(wd_get_dev_usage(&dev, NULL, 0));
	SAY(wd_get_dev_usage(&dev, "", 0));
	SAY(wd_get_dev_usage(&dev, "zlib", 0));
	SAY(wd_get_dev_usage(&dev, "zlib", 9));
	if (ours()) {
		REQUIRE(wd_clone_dev(NULL) == NULL);
		wd_add_dev_to_list(NULL, NULL);
		wd_add_dev_to_list(&list, NULL);
	}
}

static void pools(void)
{
	struct wd_mempool_stats stats;
	struct wd_blockpool_stats blocks;
	struct wd_mempool_setup setup;
	__u32 number = 7;

	title("memory pools");
	memset(&setup, 0, sizeof(setup));
	SAY_PTR(wd_mempool_create(0, 0));
	SAY_PTR(wd_mempool_create(4096, -1));
	SAY_PTR(wd_mempool_create(4096, 100000));
	SAY_VOID(wd_mempool_destroy(0));
	SAY_VOID(wd_mempool_stats(0, &stats));
	SAY_PTR(wd_blockpool_create(0, 64, 4));
	SAY_VOID(wd_blockpool_destroy(0));
	SAY_VOID(wd_blockpool_stats(0, &blocks));
	SAY_PTR(wd_block_alloc(0));
	SAY_VOID(wd_block_free(0, NULL));
	SAY_PTR(wd_mempool_alloc(0, NULL));
	SAY_PTR(wd_mempool_alloc(0, &setup));
	SAY_VOID(wd_mempool_free(0, NULL));
	SAY_PTR(wd_mem_alloc(NULL, 64));
	SAY_VOID(wd_mem_free(NULL, NULL));
	SAY_PTR(wd_mem_map(NULL, NULL, 64));
	SAY_VOID(wd_mem_unmap(NULL, NULL, NULL, 64));
	SAY(wd_get_free_num(NULL, &number));
	SAY(wd_get_fail_num(NULL, &number));
	SAY(wd_get_free_num(NULL, NULL));
	SAY(wd_get_bufsize(NULL));
	SAY(wd_get_dev_id(NULL));
	SAY_PTR(wd_find_ctx(NULL));
	SAY_PTR(wd_find_ctx("zlib"));
	SAY(wd_insert_ctx_list(0, NULL));
	SAY_VOID(wd_remove_ctx_list());
	printf("number: %u\n", number);
}

static int nothing_init(struct wd_alg_driver *d, void *c)
{
	(void)d, (void)c;
	return 0;
}
static void nothing_exit(struct wd_alg_driver *d)
{
	(void)d;
}
static int nothing(struct wd_alg_driver *d, handle_t c, void *m)
{
	(void)d, (void)c, (void)m;
	return 0;
}

static void registry(void)
{
	struct wd_alg_driver drv = { .drv_name = "nosuchdev", .alg_name = "zlib", .priority = 1,
				     .calc_type = UADK_ALG_HW, .queue_num = 1, .op_type_num = 2 };
	char type[ALG_NAME_SIZE];

	title("wd_alg.h");
	SAY(wd_alg_driver_register(NULL));
	SAY(wd_alg_driver_register(&drv));
	drv.init = nothing_init, drv.exit = nothing_exit, drv.send = nothing;
	SAY(wd_alg_driver_register(&drv));
	drv.recv = nothing;
	SAY(wd_alg_driver_register(&drv));
	SAY_VOID(wd_alg_driver_unregister(&drv));
	SAY_VOID(wd_alg_driver_unregister(NULL));
	SAY_PTR(wd_request_drv(NULL, false));
	SAY_PTR(wd_request_drv("no such algorithm", false));
	SAY_PTR(wd_request_drv("no such algorithm", true));
	SAY_VOID(wd_release_drv(NULL));
	SAY(wd_drv_alg_support(NULL, NULL));
	SAY(wd_drv_alg_support("zlib", NULL));
	SAY_VOID(wd_enable_drv(NULL));
	SAY_VOID(wd_disable_drv(NULL));
	SAY_PTR(wd_get_alg_head());
	SAY(wd_alg_get_dev_usage(NULL, NULL, 0));
	SAY(wd_get_alg_type(NULL, NULL));
	SAY(wd_get_alg_type("zlib", NULL));
	SAY(wd_get_alg_type(NULL, type));
	const char *const names[] = { "",     "zlib",	 "ZLIB",	"gzip",	       "deflate",
				      "lz4",  "lz77_zstd", "lz77_only", "join-gather", "hashagg",
				      "gather", "udma",	 "rsa",		"ecdh",	       "x448",
				      "cbc(aes)", "cbc-cs2(sm4)", "ecb(des3_ede)", "ccm(sm4)", "gmac(aes)",
				      "authenc(generic,cbc(aes))", "sha512-256", "xcbc-mac-96(aes)", "sha3" };

	for (size_t i = 0; i < COUNT(names); i++) {
		strcpy(type, "untouched");
		int answer = wd_get_alg_type(names[i], type);
		printf("wd_get_alg_type(\"%s\"): %d %s\n", names[i], answer, type);
	}
	if (ours()) {
		REQUIRE(wd_alg_driver_init(NULL, NULL) < 0);
		wd_alg_driver_exit(NULL);
		REQUIRE(wd_alg_driver_send(NULL, 0, NULL) < 0);
		REQUIRE(wd_alg_driver_recv(NULL, 0, NULL) < 0);
	}
}

static void compression(void)
{
	struct wd_ctx_config config;
	struct wd_sched sched;
	struct wd_comp_sess_setup setup;
	struct wd_comp_req req;
	struct wd_ctx_params params;
	__u32 count = 7, number = 7;
	__u8 enabled = 7;

	title("wd_comp.h");
	memset(&config, 0, sizeof(config));
	memset(&sched, 0, sizeof(sched));
	memset(&setup, 0, sizeof(setup));
	memset(&req, 0, sizeof(req));
	memset(&params, 0, sizeof(params));
	SAY(wd_comp_init(NULL, NULL));
	SAY(wd_comp_init(&config, NULL));
	SAY(wd_comp_init(&config, &sched));
	SAY_VOID(wd_comp_uninit());
	SAY(wd_comp_init2_(NULL, 0, 0, NULL));
	SAY(wd_comp_init2_("no such algorithm", 0, 0, NULL));
	SAY(wd_comp_init2_("sm3", 0, 0, NULL));
	SAY(wd_comp_init2_("zlib", SCHED_POLICY_BUTT, 0, NULL));
	SAY(wd_comp_init2_("zlib", 0, -1, NULL));
	SAY(wd_comp_init2_("zlib", 0, TASK_MAX_TYPE, NULL));
	SAY(wd_comp_init2_("zlib", 0, TASK_HW, NULL));
	SAY(wd_comp_init2_("zlib", 0, TASK_HW, &params));
	SAY_VOID(wd_comp_uninit2());
	SAY_VOID(wd_comp_uninit2());
	SAY_PTR(wd_comp_alloc_sess(NULL));
	setup.alg_type = WD_COMP_ALG_MAX;
	SAY_PTR(wd_comp_alloc_sess(&setup));
	setup.alg_type = WD_ZLIB;
	setup.op_type = WD_DIR_MAX;
	SAY_PTR(wd_comp_alloc_sess(&setup));
	setup.op_type = WD_DIR_COMPRESS;
	setup.comp_lv = WD_COMP_L15 + 1;
	SAY_PTR(wd_comp_alloc_sess(&setup));
	setup.comp_lv = WD_COMP_L1;
	setup.win_sz = WD_COMP_WS_32K + 1;
	SAY_PTR(wd_comp_alloc_sess(&setup));
	SAY_VOID(wd_comp_free_sess(0));
	SAY(wd_comp_reset_sess(0));
	SAY(wd_do_comp_sync(0, NULL));
	SAY(wd_do_comp_sync(0, &req));
	SAY(wd_do_comp_strm(0, NULL));
	SAY(wd_do_comp_strm(0, &req));
	SAY(wd_do_comp_sync2(0, NULL));
	SAY(wd_do_comp_sync2(0, &req));
	SAY(wd_do_comp_async(0, NULL));
	SAY(wd_do_comp_async(0, &req));
	SAY(wd_comp_poll(1, NULL));
	SAY(wd_comp_poll_ctx(0, 1, NULL));
	SAY(wd_comp_poll_ctx(0, 0, &count));
	SAY(wd_comp_poll_ctx(0, 1, &count));
	SAY(wd_comp_env_init(NULL));
	SAY_VOID(wd_comp_env_uninit());
	SAY(wd_comp_ctx_num_init(0, 0, 1, 0));
	SAY(wd_comp_ctx_num_init(0, WD_DIR_MAX, 1, 0));
	SAY(wd_comp_ctx_num_init(0, 0, 1, CTX_MODE_MAX));
	SAY_VOID(wd_comp_ctx_num_uninit());
	SAY(wd_comp_get_env_param(0, 0, 0, NULL, NULL));
	SAY(wd_comp_get_env_param(0, 0, 0, &number, NULL));
	SAY(wd_comp_get_env_param(0, 0, 0, &number, &enabled));
	SAY(wd_comp_get_env_param(0, WD_DIR_MAX, 0, &number, &enabled));
	SAY(wd_comp_get_env_param(0, 0, CTX_MODE_MAX, &number, &enabled));
	printf("count %u number %u enabled %u\n", count, number, enabled);
	if (ours()) {
		setup.win_sz = WD_COMP_WS_32K;
		REQUIRE(wd_comp_alloc_sess(&setup) == 0);
		REQUIRE(wd_comp_poll(1, &count) < 0);
	}
}

static void zlib(void)
{
	z_stream stream;

	title("wd_zlibwrapper.h");
	memset(&stream, 0, sizeof(stream));
	SAY(wd_deflate_init(NULL, 1, 15));
	SAY(wd_deflate(NULL, Z_FINISH));
	SAY(wd_deflate_reset(NULL));
	SAY(wd_deflate_end(NULL));
	SAY(wd_inflate_init(NULL, 15));
	SAY(wd_inflate(NULL, Z_FINISH));
	SAY(wd_inflate_reset(NULL));
	SAY(wd_inflate_end(NULL));
	SAY(wd_deflate(&stream, Z_NO_FLUSH));
	SAY(wd_inflate(&stream, Z_PARTIAL_FLUSH));
}

int main(void)
{
	static const char a[] = "abc", b[] = "abd";

	/* Output of the library comes through the same stream. */
	setvbuf(stdout, NULL, _IONBF, 0);
	devices();
	pools();
	registry();
	compression();
	zlib();
	title("wd_internal.h");
	SAY(memcmp_consttime(a, a, 3));
	SAY(memcmp_consttime(a, b, 2));
	SAY(memcmp_consttime(a, b, 3) != 0);
	SAY(memcmp_consttime(a, b, 0));
	return 0;
}
