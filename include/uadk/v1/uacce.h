/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's interface to queues of accelerators, as UADK v1 names it.
 */

#ifndef _UAPI_WD_UACCE_H
#define _UAPI_WD_UACCE_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <linux/ioctl.h>

/* The directory of /sys/class that devices are in. */
#define WD_UACCE_CLASS_NAME "uacce"
/* What a queue interface's name ends in where there is no IOMMU. */
#define WD_UACCE_API_VER_NOIOMMU_SUBFIX "_noiommu"
/* The offset of a region that a queue does not have. */
#define WD_UACCE_QFR_NA ((unsigned long)-1)
#define WD_UACCE_QFRT_INVALID WD_UACCE_QFRT_MAX

/* Starts a queue. */
#define WD_UACCE_CMD_START_Q _IO('W', 0)
/* Gives a queue's hardware back. */
#define WD_UACCE_CMD_PUT_Q _IO('W', 1)
/* Tells the device's address of a piece of static memory. */
#define WD_UACCE_CMD_GET_SS_DMA _IOR('W', 3, unsigned long)

/* The device works on the process's own addresses. */
#define WD_UACCE_DEV_SVA 1

/* The device reaches all of the machine's memory: there is no IOMMU. */
#define WD_UACCE_DEV_NOIOMMU 2

/* Not used. */
#define WD_UACCE_DEV_PASID 4

/* The device reaches what was mapped for it. */
#define WD_UACCE_DEV_IOMMU 128

/* Not used. */
#define WD_UACCE_MODE_NOWD_UACCE 0

/* Not used. */
#define WD_UACCE_MODE_NOIOMMU 2

/* Bytes of a unit of static memory's length. */
#define WD_UACCE_GRAN_SIZE 65536ull

/* `WD_UACCE_GRAN_SIZE` as a power of two. */
#define WD_UACCE_GRAN_SHIFT 16

/* The bits of `WD_UACCE_CMD_GET_SS_DMA`'s answer that hold the length. */
#define WD_UACCE_GRAN_NUM_MASK 4095ull

/* The regions of a queue. */
enum uacce_qfrt {
    /* Doorbells and other device registers. */
    WD_UACCE_QFRT_MMIO = 0,
    /* The submission and completion queues. */
    WD_UACCE_QFRT_DUS = 1,
    /* Static shared memory, for devices without SVA. */
    WD_UACCE_QFRT_SS = 2,
    /* How many there are. */
    WD_UACCE_QFRT_MAX = 3
};

#endif  /* _UAPI_WD_UACCE_H */
