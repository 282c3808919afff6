/* SPDX-License-Identifier: Apache-2.0
 *
 * WarpDrive: queues of accelerators in user space. Programs find this header and
 * the library by `pkg-config warpdrive`.
 *
 * Functions that return int return 0 or a count, or a negative error number, which
 * errno then has too, positive. Pointers given to them are NULL or point to what
 * their types say. Different queues may be used by different threads freely; of one
 * queue, one thread may send while another receives.
 */

#ifndef WARPDRIVE_WD_H
#define WARPDRIVE_WD_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>
#include <limits.h>
#include <linux/types.h>

#ifdef __WD_H
#error "UADK's wd.h has other structures under the names of warpdrive/wd.h: include one of them"
#endif

/* The page offset for mmap of a queue's region, and of a queue, with pages of 4 KiB. */
#define WDQ_MAP_REGION(region_index) (((unsigned int)(region_index) << 12) & 0xf000u)
#define WDQ_MAP_Q(q_index) (((unsigned int)(q_index) << 16) & 0xffff0000u)

/* Writes a message to the standard error. Define your own before the #include. C89
 * and C++98 have no macros with a variable number of arguments, and do without. */
#ifndef WD_ERR
#if (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L) || \
	(defined(__cplusplus) && __cplusplus >= 201103L)
#define WD_ERR(...) fprintf(stderr, __VA_ARGS__)
#endif
#endif

/* Stores to and loads from a device's register of 32 bits. */
static __inline__ void wd_reg_write(void *reg_addr, uint32_t value)
{
	*(volatile uint32_t *)reg_addr = value;
}

static __inline__ uint32_t wd_reg_read(void *reg_addr)
{
	return *(volatile uint32_t *)reg_addr;
}

/* Length of a short text in sysfs. */
#define SYS_VAL_SIZE 16

/* Length of `wd_queue.hw_type`. */
#define PATH_STR_SIZE 256

/* Length of an algorithm's name. */
#define WD_NAME_SIZE 64

/* Entries of a memory list. */
#define WD_MAX_MEMLIST_SZ 128

/* Length of an algorithm's private data. */
#define WD_CAPA_PRIV_DATA_SIZE 64

/* Prefer a device on the caller's NUMA node. */
#define WD_FLAGS_FW_PREFER_LOCAL_ZONE 1

/* The framework's half of the flags; the high 16 bits are the algorithm's. */
#define WD_FLAGS_FW_MASK 65535

/* `wd_mem_share`: the device may read. */
#define WD_SHARE_READ 1

/* `wd_mem_share`: the device may write. Without either flag it may do both. */
#define WD_SHARE_WRITE 2

/* `wd_mem_share`: the whole address space, with SVA only; address and size are 0. */
#define WD_SHARE_ALL 65536

/* `wd_queue.dma_flag`: the transport said nothing. */
#define VFIO_SDMDEV_DMA_INVALID 0

/* `wd_queue.dma_flag`: one process a device, pages are mapped. */
#define VFIO_SDMDEV_DMA_SINGLE_PROC_MAP 1

/* `wd_queue.dma_flag`: many processes, pages are mapped for each. */
#define VFIO_SDMDEV_DMA_MULTI_PROC_MAP 2

/* `wd_queue.dma_flag`: shared virtual addresses with device page faults. */
#define VFIO_SDMDEV_DMA_SVM 4

/* `wd_queue.dma_flag`: shared virtual addresses, pages must be pinned. */
#define VFIO_SDMDEV_DMA_SVM_NO_FAULT 8

/* `wd_queue.dma_flag`: physical addresses; refused. */
#define VFIO_SDMDEV_DMA_PHY 16

/* What an address in a message is. */
enum wd_addr_flags {
    /* Nothing. */
    WD_AATTR_INVALID = 0,
    /* A virtual address of the process. */
    _WD_AATTR_COM_VIRT = 1,
    /* A physical address. */
    _WD_AATTR_PHYS = 2,
    /* An I/O virtual address. */
    _WD_AATTR_IOVA = 4,
    /* A scatter-gather list. */
    WD_AATTR_SGL = 8
};

/* Which way a queue's requests take. */
enum wd_path {
    /* The queue is not open. */
    WD_PATH_NONE = 0,
    /* A device of the kernel's uacce class. */
    WD_PATH_UACCE = 1,
    /* A mediated device behind VFIO. */
    WD_PATH_VFIO = 2,
    /* A simulated device in this process; no hardware is involved. */
    WD_PATH_SIMULATED = 3
};

/**
 * A queue, allocated by the caller. Set it to zero, set the fields marked *in*, call
 * `wd_request_queue`. It must not be copied or moved while the queue is open.
 */
struct wd_queue {
    /* In: with `vfio_group_path` the mdev's UUID; else the device's name, or NULL for the best. */
    const char *mdev_name;
    /* Out: the device's queue interface. In: what `wd_set_queue_attr` wrote. */
    char hw_type[PATH_STR_SIZE];
    /* Out: the interface's number in the library's table. */
    int hw_type_id;
    /* Out: how memory is shared, one of `VFIO_SDMDEV_DMA_*`. */
    int dma_flag;
    /* Out: the library's handle; not a pointer. */
    void *priv;
    /* In: a VFIO container to use, 0 or less for none. Out: the container, -1 without VFIO. */
    int container;
    /* Out: the VFIO group, -1 without VFIO. */
    int group;
    /* Out: the queue's descriptor. */
    int mdev;
    /* Out: the process's number at the device, where the transport tells it, else 0. */
    int pasid;
    /* Out: the VFIO IOMMU type, 0 without VFIO. */
    int iommu_type;
    /* In: `/dev/vfio/<group>`; NULL for a uacce device. */
    char *vfio_group_path;
    /* In, VFIO: the sysfs file `iommu_type`. */
    char *iommu_ext_path;
    /* In, VFIO: the sysfs file `dma_flag`. */
    char *dmaflag_ext_path;
    /* In, VFIO: the sysfs file `device_api`. */
    char *device_api_path;
};

/* What `wd_get_queue_info` tells. */
struct wd_queue_info {
    /* In: `sizeof(struct wd_queue_info)`. Out: the bytes filled. */
    __u32 size;
    /* One of `enum wd_path`. */
    __u32 path;
    /* The device's name. */
    char device[WD_NAME_SIZE];
    /* Its queue interface. */
    char api[WD_NAME_SIZE];
    /* Its NUMA node. */
    __u32 numa_node;
    /* The hardware queue's number. */
    __u32 number;
    /* Requests that can be outstanding. */
    __u32 capacity;
    /* Requests that are outstanding. */
    __u32 in_flight;
    /* Requests sent so far. */
    __u64 sent;
    /* Answers received so far, good or bad. */
    __u64 received;
    /* Answers with an error of the device. */
    __u64 failed;
};

/* A function that receives messages: level as in `syslog(3)`, and the text. */
typedef void (*wd_log_hook)(int level, const char *text);

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Opens a queue. Before the call, set the structure to zero and the fields marked *in* to what
 * is wanted; with `vfio_group_path` NULL the queue is one of a uacce device: the device named by
 * `mdev_name`, or where that is NULL the best one that has the algorithm (nearest to the caller's
 * NUMA node, then most free queues).
 *
 * Returns 0, or a negative error number, which `errno` has too, positive:
 * -EINVAL bad arguments or attributes; -ENODEV no such device, or none that the library knows how
 * to drive; -EBUSY no free queue; -EPERM a device without IOMMU that was not asked for, or a VFIO
 * group that is not viable; -EOPNOTSUPP the kernel lacks what is needed; -ENOMEM; or what the
 * system call that failed said. Nothing stays open then, and the structure can be used again.
 */
int wd_request_queue(struct wd_queue *q);

/**
 * Closes a queue: waits a bounded time for what is outstanding, takes back what was shared
 * through it, and stops it. After the return the device reaches none of the caller's memory, and
 * messages that were not received belong to the caller again. Other threads that use the queue
 * meanwhile get -ESHUTDOWN. A queue that is not open, and NULL, are left alone.
 */
void wd_release_queue(struct wd_queue *q);

/**
 * Sends a message; for HiSilicon devices `req` is a `struct hisi_qm_msg`. It belongs to the
 * library until `wd_recv` gives it back. Never waits, and makes no system call. One thread may
 * send while another receives; more threads are safe, but take turns.
 *
 * Returns 0; -EBUSY the queue is full, receive first; -EINVAL bad arguments; -ENODEV the device is
 * gone or was reset; -EIO the device broke the queue's protocol; -ESHUTDOWN the queue was
 * released, or belongs to the parent process. The message was not taken then.
 */
int wd_send(struct wd_queue *q, void *req);

/**
 * Receives one message: writes the results into it and sets `*resp` to it, the pointer that was
 * given to `wd_send`. Messages come back in the order in which the device finishes them. Never
 * waits.
 *
 * Returns 0; -EAGAIN nothing to receive yet; -EIO the device reported an error, with `*resp` set
 * to the message that has its status, or broke the protocol, with `*resp` NULL: the next call
 * goes on behind it; -EINVAL, -ENODEV, -ESHUTDOWN as `wd_send`.
 */
int wd_recv(struct wd_queue *q, void **resp);

/**
 * Tells the device of messages that it has not been told of. `wd_send` and `wd_send_batch` tell
 * it themselves, so nothing needs this; NULL is left alone.
 */
void wd_flush(struct wd_queue *q);

/**
 * As `wd_recv`, but waits up to `ms` milliseconds for a message; 0 waits for ever. A signal does
 * not end the wait.
 *
 * Returns as `wd_recv`, and -ETIMEDOUT in place of -EAGAIN. A message that was not received in
 * time stays with the library and can be received later.
 */
int wd_recv_sync(struct wd_queue *q, void **resp, __u16 ms);

/**
 * Lets the device reach the memory of `size` bytes at `addr`, at the same addresses. Whole pages
 * are shared, and counted: a page stays shared until it has been unshared as often. `flags` is 0
 * (the device may read and write), `WD_SHARE_READ`, `WD_SHARE_WRITE` or both; or `WD_SHARE_ALL`
 * with NULL and 0. With SVA all memory is shared already and the call does nothing.
 *
 * Returns 0; -EINVAL bad arguments or flags, memory that is not mapped, or belongs to a device;
 * -EPERM a shared mapping of a file that the device would write; -ENOMEM, also for
 * `RLIMIT_MEMLOCK`; -EOPNOTSUPP the device reaches only what `wd_shared_alloc` gives;
 * -ESHUTDOWN as `wd_send`.
 */
int wd_mem_share(struct wd_queue *q, const void *addr, size_t size, int flags);

/**
 * Takes back one `wd_mem_share` of the same memory. When the last one of a page is taken back, the
 * device cannot reach it any more once this returns. Memory that is not shared is left alone.
 */
void wd_mem_unshare(struct wd_queue *q, const void *addr, size_t size);

/**
 * Prints the devices there are to the standard output, a line each: name, interface, algorithms,
 * NUMA node, free queues, and whether it is simulated. Returns how many there are, or a negative
 * error number.
 */
int wd_dump_all_algos(void);

/**
 * Says what the queue is to be, before `wd_request_queue`. The text is kept in `hw_type`.
 * "algorithm": "zlib" (what is taken if nothing is said), "gzip", "deflate".
 * "direction": "compress" (likewise), "decompress".
 * "noiommu": "allow" takes a device without IOMMU too. Such a device can read and write all of
 * the machine's memory.
 *
 * Returns 0; -EINVAL another name or value, or a queue that is open.
 */
int wd_set_queue_attr(struct wd_queue *q, const char *name, char *value);

/* The VFIO IOMMU type of an open queue, 0 without VFIO, or a negative error number. */
int __iommu_type(struct wd_queue *q);

/**
 * Sends up to `count` messages and tells the device once. Returns how many were taken, the first
 * ones of `reqs`; fewer than `count` if the queue became full. If none was, an error as `wd_send`.
 */
int wd_send_batch(struct wd_queue *q, void **reqs, __u32 count);

/**
 * Receives up to `count` messages that are ready. Returns how many were written to `resps`; if
 * none was, an error as `wd_recv`. It ends before a message with an error, which `wd_recv`, or the
 * next call as its first, then reports.
 */
int wd_recv_batch(struct wd_queue *q, void **resps, __u32 count);

/**
 * A descriptor that `poll` finds readable when the device has completed something, once
 * `wd_queue_arm` has asked for it. It belongs to the queue: do not read or close it. Or a negative
 * error number.
 */
int wd_queue_fd(struct wd_queue *q);

/**
 * Asks the device to make the queue's descriptor readable with its next completion. Call
 * `wd_recv` once more after it and before `poll`: something may have completed in between.
 * Returns 0, or an error as `wd_send`.
 */
int wd_queue_arm(struct wd_queue *q);

/**
 * Tells which device and path serve the queue, and what it has done so far. Set `info->size`
 * before; programs built with a shorter structure get as much of it.
 * Returns 0, or an error as `wd_send`.
 */
int wd_get_queue_info(struct wd_queue *q, struct wd_queue_info *info);

/**
 * Allocates zeroed memory that the device of the queue reaches without `wd_mem_share`, and the
 * devices of queues opened before or later as well. Fork children do not have it. Free it with
 * `wd_shared_free`; it may outlive the queue.
 *
 * Returns 0 and sets `*addr`, page-aligned; -EINVAL; -ENOMEM; else an error as `wd_send`.
 */
int wd_shared_alloc(struct wd_queue *q, size_t size, void **addr);

/* Frees what `wd_shared_alloc` gave. NULL is left alone. */
void wd_shared_free(void *addr);

/**
 * Sets the function that receives the library's messages, or with NULL removes it. It may be
 * called from several threads at once, and must not call the library. Without it the library is
 * silent, except that the environment variable `WD_LOG_LEVEL` (error, info, debug) sends messages
 * to the standard error.
 */
void wd_set_log_hook(wd_log_hook hook);

#ifdef __cplusplus
}
#endif

#endif  /* WARPDRIVE_WD_H */
