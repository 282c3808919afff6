/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The control interface of uacce_sim.ko: /dev/uacce-sim.
 *
 * Each open file of it may create one uacce device (UACCE_SIM_CREATE).  What
 * clients do to the device's queues is reported by read() as events of a fixed
 * size; a queue's memory is mapped at UACCE_SIM_OFFSET(number) from its OPEN
 * event on; UACCE_SIM_IRQ wakes those who poll a queue.  A queue number is used
 * again only after its PUT event has been read.  Closing the file removes the
 * device, whether or not it has open queues.
 */
#ifndef UACCE_SIM_ABI_H
#define UACCE_SIM_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define UACCE_SIM_F_SVA		0x1	/* advertise UACCE_DEV_SVA */

struct uacce_sim_create {
	char name[32];			/* "hisi_zip" gives hisi_zip-<n> */
	char api[32];
	char algs[256];
	__u32 flags;
	__u32 instances;		/* queues that can be open at once */
	__u32 sqe_size;
	__u32 mmio_pages;
	__u32 db_offset;		/* of the doorbell register in MMIO */
	__u16 sq_depth;
	__u16 cq_depth;
	__s32 numa_node;
	__u32 dev_id;			/* out: <n> */
	__u32 dus_size;			/* out: bytes of a queue's memory */
};

enum uacce_sim_event_type {
	UACCE_SIM_EV_OPEN = 1,
	UACCE_SIM_EV_CTX,		/* value: qc_type */
	UACCE_SIM_EV_START,
	UACCE_SIM_EV_STOP,
	UACCE_SIM_EV_PUT,
	UACCE_SIM_EV_DOORBELL,		/* value: what was stored */
	UACCE_SIM_EV_STRAY,		/* another store to MMIO; value: offset */
};

struct uacce_sim_event {
	__u32 type;
	__u32 queue;
	__s32 pid;			/* thread group that opened the queue */
	__u32 reserved;
	__u64 value;
};

#define UACCE_SIM_CREATE	_IOWR('S', 0xA0, struct uacce_sim_create)
#define UACCE_SIM_IRQ		_IO('S', 0xA1)	/* argument: queue */

#define UACCE_SIM_OFFSET(queue)	((__u64)(queue) << 32)

#endif
