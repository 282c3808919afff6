/* SPDX-License-Identifier: Apache-2.0
 *
 * A plug-in: a driver of zlib that copies its input, for tests/uadk_plugins.rs. Its constructor registers
 * it. What it is made with says how it is called. */
#include "uadk.h"

#ifndef PRIORITY
#define PRIORITY 300
#endif

static int plugin_init(struct wd_alg_driver *drv, void *conf)
{
	(void)drv, (void)conf;
	return 0;
}

static void plugin_exit(struct wd_alg_driver *drv)
{
	(void)drv;
}

static int plugin_send(struct wd_alg_driver *drv, handle_t ctx, void *message)
{
	struct uadk_comp_msg *msg = message;
	__u32 len = msg->req.src_len < msg->avail_out ? msg->req.src_len : msg->avail_out;

	(void)drv, (void)ctx;
	memcpy(msg->req.dst, msg->req.src, len);
	msg->in_cons = msg->produced = len;
	msg->req.status = 0;
	return 0;
}

static int plugin_recv(struct wd_alg_driver *drv, handle_t ctx, void *message)
{
	(void)drv, (void)ctx, (void)message;
	return 0;
}

static struct wd_alg_driver driver = {
	.drv_name = "plugin",
	.alg_name = "zlib",
	.calc_type = UADK_ALG_SOFT,
	.priority = PRIORITY,
	.queue_num = 1,
	.op_type_num = 2,
	.init = plugin_init,
	.exit = plugin_exit,
	.send = plugin_send,
	.recv = plugin_recv,
};

static void __attribute__((constructor)) begin(void)
{
	wd_alg_driver_register(&driver);
}

static void __attribute__((destructor)) end(void)
{
	wd_alg_driver_unregister(&driver);
}
