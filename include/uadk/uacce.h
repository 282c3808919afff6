/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's interface to queues of accelerators.
 */

#ifndef _UAPIUUACCE_H
#define _UAPIUUACCE_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <linux/ioctl.h>

/* Starts a queue. */
#define UACCE_CMD_START _IO('W', 0)
/* Gives a queue's hardware back. */
#define UACCE_CMD_PUT_Q _IO('W', 1)
/* Tells the device's address of a piece of static memory. */
#define UACCE_CMD_GET_SS_DMA _IOR('W', 3, unsigned long)

/* What a queue interface's name ends in where there is no IOMMU. */
#define UACCE_API_VER_NOIOMMU_SUBFIX "_noiommu"

/* The device works on the process's own addresses. */
enum { UACCE_DEV_SVA = 1 };

/* Bytes of a unit of static memory's length. */
#define UACCE_GRAN_SIZE 65536ull

/* `UACCE_GRAN_SIZE` as a power of two. */
#define UACCE_GRAN_SHIFT 16

/* The bits of `UACCE_CMD_GET_SS_DMA`'s answer that hold the length. */
#define UACCE_GRAN_NUM_MASK 4095ull

/* The regions of a queue. */
enum uacce_qfrt {
    /* Doorbells and other device registers. */
    UACCE_QFRT_MMIO = 0,
    /* The submission and completion queues. */
    UACCE_QFRT_DUS = 1,
    /* Static shared memory, for devices without SVA. */
    UACCE_QFRT_SS = 2,
    /* How many there are. */
    UACCE_QFRT_MAX = 3
};

#endif  /* _UAPIUUACCE_H */
