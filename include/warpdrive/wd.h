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
 * Opens a queue.
 *
 * With `vfio_group_path` NULL a uacce device is taken: the one named by `mdev_name`, or, with
 * `mdev_name` NULL, the best that suits (see `wd_set_queue_attr`): nearest NUMA node, then most
 * free queues. With `vfio_group_path` set, `mdev_name` is a mediated device's UUID and all four
 * paths are needed. On success the fields marked *out* are set; on failure they are reset, and the
 * structure can be used to try again.
 *
 * A device may be removed at any time; calls then answer -ENODEV. The kernel tells by SIGBUS, for
 * which the library has a handler since the first queue: leave SIGBUS unblocked in threads that
 * use queues, and let a handler of your own pass what it does not know to the one before it.
 *
 * Returns 0; -EINVAL for NULL, missing paths or files with garbage in them; -ENODEV if no device
 * suits or no driver knows its interface; -EBUSY if no queue is free, or the structure's queue is
 * open; -EPERM for a device without an IOMMU or a group that is not viable; -EOPNOTSUPP if the
 * kernel lacks what is needed; else the negative errno of a system call. errno is set to match.
 */
int wd_request_queue(struct wd_queue *q);

/**
 * Releases a queue. No new call gets in; calls inside finish; requests in flight get 250 ms to
 * complete; the device is stopped, everything the queue shared is taken back, its memory is
 * unmapped and its descriptors closed, except a container that the caller supplied; one that another
 * queue had opened closes with the last queue in it. The fields are reset. Harmless for NULL, a queue
 * that was never opened or is released already, and in a fork child, where the parent's queue is left
 * alone and only the fields are reset. Other threads may be using the queue: they get -ESHUTDOWN. It
 * does nothing in a signal handler that interrupted a call on this very queue.
 */
void wd_release_queue(struct wd_queue *q);

/**
 * Sends one 128-byte message: copies it into the ring and rings the doorbell. Never blocks, makes
 * no system call. The message must stay where it is until `wd_recv` gives it back.
 *
 * Returns 0; -EBUSY if the ring is full (1023 in flight at depth 1024), and in a signal handler that
 * interrupted a call on this very queue; -EINVAL for NULL; -ESHUTDOWN after release and in a fork
 * child; -ENODEV if the device has gone or was reset; -EIO if it broke the protocol. The message was
 * not sent then.
 */
int wd_send(struct wd_queue *q, void *req);

/**
 * Receives one message: the pointer that was given to `wd_send`, with the device's results copied
 * into it. Never blocks, makes no system call. Messages may come back in another order.
 *
 * Returns 0; -EAGAIN if none is complete; -EIO if the device reports an error for the message in
 * `*resp` (`dw3` says which), or if the device named a message that was never sent (`*resp` is
 * then NULL); the next call goes on behind it. -EINVAL for NULL; -ESHUTDOWN after release and in a
 * fork child; -ENODEV if the device has gone or was reset and nothing is left to receive; -EBUSY as
 * for `wd_send`. Of a message that came, only the status in `dw3` was looked at: compare `produced`
 * with the room there was before using it as a length.
 */
int wd_recv(struct wd_queue *q, void **resp);

/**
 * Announces messages that are written and not announced. `wd_send` announces its own, so there
 * are none; kept for programs that call it. Harmless for NULL and released queues.
 */
void wd_flush(struct wd_queue *q);

/**
 * As `wd_recv`, and waits up to `ms` milliseconds for a message; 0 waits until one comes or the
 * queue dies. A signal does not end the wait.
 *
 * Returns what `wd_recv` does, except -EAGAIN; -ETIMEDOUT when the time is over.
 */
int wd_recv_sync(struct wd_queue *q, void **resp, __u16 ms);

/**
 * Lets the device use `size` bytes at `addr`, rounded outward to pages, at the same address.
 * `flags`: 0 or `WD_SHARE_READ|WD_SHARE_WRITE` for reading and writing, `WD_SHARE_READ` for reading
 * only, `WD_SHARE_ALL` for the whole address space (with SVA; `addr` and `size` 0). Shares count:
 * each needs its `wd_mem_unshare`, or the release of the queue. With SVA the device can reach all
 * memory in any case; the arguments are checked all the same.
 *
 * Returns 0; -EINVAL for NULL, size 0, unknown flags, a range that is not mapped, that is memory of a
 * device or of the kernel, or to which the process has less access itself; -EPERM for a writable
 * share of a file mapped `MAP_SHARED`; -ENOMEM if `RLIMIT_MEMLOCK` is too low; -EBUSY for a writable
 * share of pages shared for reading only; -EOPNOTSUPP if the device cannot; -ESHUTDOWN after release
 * and in a fork child.
 */
int wd_mem_share(struct wd_queue *q, const void *addr, size_t size, int flags);

/**
 * Takes back one share of exactly this range. Messages that use it must have come back. A range
 * that this queue does not share is left alone, with a line in the log.
 */
void wd_mem_unshare(struct wd_queue *q, const void *addr, size_t size);

/**
 * Prints the devices and their algorithms to standard output, a line each; simulated ones say so.
 *
 * Returns how many there are; -ENODEV without a uacce class; -EINVAL if `WD_SIM` cannot be understood.
 */
int wd_dump_all_algos(void);

/**
 * Says what queue is wanted; call it between zeroing or releasing the structure and
 * `wd_request_queue`. It holds until a queue was opened so.
 * `algorithm`: a name as devices list it (`zlib`, `gzip`, `deflate`). `direction`: `compress` (what
 * a queue does unless told) or `decompress`. `noiommu`: `allow` or `deny`, whether a device that can
 * reach all of the machine's memory is acceptable.
 *
 * Returns 0; -EINVAL for NULL and unknown names and values; -EBUSY if the queue is open.
 */
int wd_set_queue_attr(struct wd_queue *q, const char *name, char *value);

/**
 * Returns the queue's VFIO IOMMU type (1 = TYPE1), 0 for a queue that is not behind VFIO, -EINVAL
 * for NULL, -ESHUTDOWN if it is not open.
 */
int __iommu_type(struct wd_queue *q);

/**
 * Sends up to `count` messages with one doorbell.
 *
 * Returns how many were sent, the first so many of `reqs`; if none, what `wd_send` would. A NULL
 * among them is -EINVAL and nothing is sent.
 */
int wd_send_batch(struct wd_queue *q, void **reqs, __u32 count);

/**
 * Receives up to `count` messages and acknowledges them with one doorbell. A message with a device
 * error is among them; look at each one's `dw3`.
 *
 * Returns how many came; if none, what `wd_recv` would.
 */
int wd_recv_batch(struct wd_queue *q, void **resps, __u32 count);

/**
 * Returns a descriptor for `poll(2)`, valid until the queue is released; -EINVAL, -ESHUTDOWN.
 * Becoming readable is a hint that messages may have come back. Call `wd_queue_arm` before each
 * sleep, and sleep for a limited time: the removal of a device wakes nobody.
 */
int wd_queue_fd(struct wd_queue *q);

/**
 * Asks for the descriptor of `wd_queue_fd` to become readable at the next completion.
 *
 * Returns 1 if it will; 0 if a message has come back already, so receive before sleeping;
 * -ENODEV if the device has gone or was reset and nothing is left to receive; -EINVAL, -ESHUTDOWN.
 */
int wd_queue_arm(struct wd_queue *q);

/**
 * Tells which path and device serve a queue, and what went through it. Set `info->size` to
 * `sizeof(*info)` before; a library that knows fewer fields fills fewer and says so there.
 *
 * Returns 0, -EINVAL, -ESHUTDOWN.
 */
int wd_get_queue_info(struct wd_queue *q, struct wd_queue_info *info);

/**
 * Allocates zeroed memory that every queue of this process can use, opened earlier or later, also
 * where devices cannot reach other memory. Fork children do not get it.
 *
 * Returns 0 and the address, page aligned; -EINVAL, -ENOMEM, -EOPNOTSUPP, -ESHUTDOWN.
 */
int wd_shared_alloc(struct wd_queue *q, size_t size, void **addr);

/**
 * Frees memory of `wd_shared_alloc`. Messages that use it must have come back. NULL is harmless;
 * another address is left alone, with a line in the log.
 */
void wd_shared_free(void *addr);

/**
 * Sets the function that receives the library's messages, all levels; NULL removes it. It is called
 * from any thread, also from several at once, and must not call the library. Without it messages go to
 * standard error if `WD_LOG_LEVEL` is `error`, `info` or `debug`, else nowhere.
 */
void wd_set_log_hook(wd_log_hook hook);

#ifdef __cplusplus
}
#endif

#endif  /* WARPDRIVE_WD_H */
