/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices, contexts and memory of UADK. Programs find the headers by
 * `pkg-config libwd`.
 *
 * For all of these headers: pointers are NULL or point to what their types say. A
 * handle that was given back, or never was one, is an error wherever the type of
 * the function has room for one.
 */

#ifndef __WD_H
#define __WD_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <linux/types.h>
#include "uacce.h"

/* Programs for UADK have <numa.h> from here, where it is installed. Without it, sets
 * of NUMA nodes are only named. */
#if defined(__has_include) && (!defined(__STRICT_ANSI__) || defined(__cplusplus) || \
	(defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L))
#if __has_include(<numa.h>)
#include <numa.h>
#endif
#endif
struct bitmask;

/* What names something of the library's: 0 is nothing. */
#define handle_t uintptr_t

#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#endif
#ifndef unlikely
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#endif

/* Messages of programs and drivers: to the system's log, or with WD_NO_LOG to the standard
 * error. C89 and C++98 have no macros with a variable number of arguments, and do without. */
#if !defined(__STRICT_ANSI__) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L) || \
	(defined(__cplusplus) && __cplusplus >= 201103L)
#ifdef WD_NO_LOG
#define OPEN_LOG(s)
#define WD_DEBUG(...) fprintf(stderr, __VA_ARGS__)
#define WD_INFO(...) fprintf(stderr, __VA_ARGS__)
#ifndef WD_ERR
#define WD_ERR(...) fprintf(stderr, __VA_ARGS__)
#endif
#else
#define WD_LOG_AS_(ident, level, ...) do { \
	openlog(ident, LOG_PID | LOG_CONS, LOG_LOCAL5); \
	syslog(level, __VA_ARGS__); \
} while (0)
#define WD_DEBUG(...) WD_LOG_AS_("uadk-debug", LOG_DEBUG, __VA_ARGS__)
#define WD_INFO(...) WD_LOG_AS_("uadk-info", LOG_INFO, __VA_ARGS__)
#ifndef WD_ERR
#define WD_ERR(...) WD_LOG_AS_("uadk-err", LOG_ERR, __VA_ARGS__)
#endif
#endif
/* With the name of the context's device in front. */
#define WD_DEV_ERR(h_ctx, format, ...) \
	WD_ERR("%s: " format "\n", wd_ctx_get_dev_name(h_ctx), ##__VA_ARGS__)
#endif
#define WD_CONSOLE printf

/* A handle as a number; whether a handle or a pointer is an error in the place of one. */
#define WD_HANDLE_ERR(h) ((long long)(h))
#define WD_IS_ERR(h) ((uintptr_t)(h) > (uintptr_t)(-1000))

/* Barriers for memory that a device reads and writes: for loads, for stores, for both. */
#if defined(__aarch64__)
#define dsb(opt) __asm__ __volatile__("dsb " #opt : : : "memory")
#define rmb() dsb(ld)
#define wmb() dsb(st)
#define mb() dsb(sy)
#else
#define rmb() __sync_synchronize()
#define wmb() __sync_synchronize()
#define mb() __sync_synchronize()
#endif

/* Loads from and stores to a device's registers. */
static __inline__ uint32_t wd_ioread32(void *addr)
{
	return *(volatile uint32_t *)addr;
}

static __inline__ uint64_t wd_ioread64(void *addr)
{
	return *(volatile uint64_t *)addr;
}

static __inline__ void wd_iowrite32(void *addr, uint32_t value)
{
	*(volatile uint32_t *)addr = value;
}

static __inline__ void wd_iowrite64(void *addr, uint64_t value)
{
	*(volatile uint64_t *)addr = value;
}

/* An error number in the place of a pointer, and back. */
static __inline__ void *WD_ERR_PTR(uintptr_t error)
{
	return (void *)error;
}

static __inline__ long WD_PTR_ERR(const void *ptr)
{
	return (intptr_t)ptr;
}

#ifdef __cplusplus
extern "C" {
#endif

/* Declared by UADK, and in none of its libraries nor of these. */
struct wd_capability *wd_get_alg_cap(void);
void wd_release_alg_cap(struct wd_capability *head);

#ifdef __cplusplus
}
#endif

/* Length of a path in sysfs. */
#define PATH_STR_SIZE 256

/* Length of a device's list of algorithms. */
#define MAX_ATTR_STR_SIZE 384

/* Length of a short text in sysfs. */
#define WD_NAME_SIZE 64

/* Length of a device's path. */
#define MAX_DEV_NAME_LEN 256

/* Length of `"."`. */
#define LINUX_CRTDIR_SIZE 1

/* Length of `".."`. */
#define LINUX_PRTDIR_SIZE 2

/* Counters of messages. */
#define WD_CTX_CNT_NUM 1024

/* The System V key of libwd's counters. This library keeps its counters to itself. */
#define WD_IPC_KEY 5242897

/* Length of an algorithm's name. */
#define CRYPTO_MAX_ALG_NAME 128

/* Any NUMA node. */
#define NUMA_NO_NODE (-1)

/* Done. */
#define WD_SUCCESS 0

/* The end of a compressed stream was reached. */
#define WD_STREAM_END 1

/* A stream begins. */
#define WD_STREAM_START 2

/* Software has to do it. */
#define WD_SOFT_COMPUTING 3

/* Device or protocol error. */
#define WD_EIO 5

/* Nothing yet; try again. */
#define WD_EAGAIN 11

/* No memory. */
#define WD_ENOMEM 12

/* Not permitted. */
#define WD_EACCES 13

/* No free queue, or a queue is full. */
#define WD_EBUSY 16

/* Done already. */
#define WD_EEXIST 17

/* No such device, or no driver for it. */
#define WD_ENODEV 19

/* An argument is not acceptable. */
#define WD_EINVAL 22

/* The wait was too long. */
#define WD_ETIMEDOUT 110

/* An address is not acceptable. */
#define WD_ADDR_ERR 61

/* The device was reset, or does not answer. */
#define WD_HW_EACCESS 62

/* A scatter-gather list is not acceptable. */
#define WD_SGL_ERR 63

/* A verification failed. */
#define WD_VERIFY_ERR 64

/* An output parameter is not acceptable. */
#define WD_OUT_EPARA 66

/* An input parameter, or the input, is not acceptable. */
#define WD_IN_EPARA 67

/* There is nothing to be done. */
#define WD_ENOPROC 68

/* The pages of a memory pool. */
enum wd_page_type {
    /* Huge pages. */
    WD_HUGE_PAGE = 0,
    /* Pages of the usual size. */
    WD_NORMAL_PAGE = 1
};

/* How a buffer lies in memory. */
enum wd_buff_type {
    /* In one piece. */
    WD_FLAT_BUF = 0,
    /* As a list of pieces, `struct wd_datalist`. */
    WD_SGL_BUF = 1
};

/* Classes of symmetric algorithms. */
enum wd_alg_type {
    /* Ciphers. */
    WD_CIPHER = 0,
    /* Hashes and message authentication codes. */
    WD_DIGEST = 1,
    /* Authenticated encryption. */
    WD_AEAD = 2
};

/* A device, as sysfs describes it. */
struct uacce_dev {
    /* `UACCE_DEV_SVA` and other bits of the attribute `flags`. */
    int flags;
    /* The NUMA node; 0 where the kernel knows none. */
    int numa_id;
    /* The queue interface, for example `hisi_qm_v3`. */
    char api[WD_NAME_SIZE];
    /* The algorithms, one a line. */
    char algs[MAX_ATTR_STR_SIZE];
    /* The device's directory in sysfs. */
    char dev_root[PATH_STR_SIZE];
    /* The device's file. */
    char char_dev_path[MAX_DEV_NAME_LEN];
    /* The sizes in bytes of the regions of a queue. */
    unsigned long qfrs_offs[UACCE_QFRT_MAX];
};

/* A list of devices. */
struct uacce_dev_list {
    /* The device; it belongs to the list. */
    struct uacce_dev *dev;
    /* The rest of the list. */
    struct uacce_dev_list *next;
};

/* What `wd_mempool_stats` tells. */
struct wd_mempool_stats {
    /* The pages the pool is made of. */
    enum wd_page_type page_type;
    /* Bytes of a page. */
    unsigned long page_size;
    /* Pages. */
    unsigned long page_num;
    /* Bytes of a block. */
    unsigned long blk_size;
    /* Blocks. */
    unsigned long blk_num;
    /* Blocks that are free. */
    unsigned long free_blk_num;
    /* Percentage of blocks in use. */
    unsigned long blk_usage_rate;
};

/* What `wd_blockpool_stats` tells. */
struct wd_blockpool_stats {
    /* Bytes of a block. */
    unsigned long block_size;
    /* Blocks. */
    unsigned long block_num;
    /* Blocks that are free. */
    unsigned long free_block_num;
    /* Percentage of blocks in use. */
    unsigned long block_usage_rate;
    /* Percentage of the memory that is in no block. */
    unsigned long mem_waste_rate;
};

/* Prints a message. */
typedef void (*wd_log)(const char *format, ...);

/* Allocates `size` bytes from `usr`. */
typedef void *(*wd_alloc)(void *usr, size_t size);

/* Gives back what `wd_alloc` gave. */
typedef void (*wd_free)(void *usr, void *va);

/* Tells the device's address of `va`. */
typedef void *(*wd_map)(void *usr, void *va, size_t sz);

/* Ends the use of what `wd_map` answered. */
typedef void (*wd_unmap)(void *usr, void *va, void *dma, size_t sz);

/* Tells the size of the blocks of `usr`. */
typedef __u32 (*wd_bufsize)(void *usr);

/* Memory for devices without SVA: whose it is, and how to use it. */
struct wd_mm_ops {
    /* Allocates. */
    wd_alloc alloc;
    /* Frees. */
    wd_free free;
    /* From the process's address to the device's. */
    wd_map iova_map;
    /* Ends the use of a device's address. */
    wd_unmap iova_unmap;
    /* The size of a block. */
    wd_bufsize get_bufsize;
    /* The first argument of all of them. */
    void *usr;
    /* Whether the device works on the process's own addresses. */
    bool sva_mode;
};

/* Bytes, and how many are used. */
struct wd_dtb {
    /* The bytes. */
    char *data;
    /* Bytes used. */
    __u32 dsize;
    /* Bytes there are. */
    __u32 bsize;
};

/* A set of devices. */
struct wd_dev_mask {
    /* A bit a device. */
    unsigned char *mask;
    /* Bytes of `mask`. */
    int len;
    /* Which kind of set. */
    unsigned int magic;
};

/* `struct wd_dev_mask`. */
typedef struct wd_dev_mask wd_dev_mask_t;

/* An algorithm of a driver. */
struct wd_capability {
    /* The algorithm's name. */
    char alg_name[CRYPTO_MAX_ALG_NAME];
    /* The driver's name. */
    char drv_name[CRYPTO_MAX_ALG_NAME];
    /* Whether it can be used. */
    bool available;
    /* The greatest is used. */
    int priority;
    /* One of `enum alg_dev_type`. */
    int calc_type;
    /* The rest of the list. */
    struct wd_capability *next;
};

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Takes a context of a device, which is known by the names in `dev_root` and `char_dev_path`.
 *
 * Returns a handle; 0 and errno for NULL, empty names (EINVAL), a device that is not there (ENODEV), one
 * without a free queue (EBUSY).
 */
handle_t wd_request_ctx(struct uacce_dev *dev);

/**
 * Gives a context back. Its queue is stopped at once; it is free for others when nothing in the library
 * uses it any more. Harmless for 0, contexts without a device, and handles that are released already. A
 * child made by fork cannot release its parent's contexts.
 */
void wd_release_ctx(handle_t h_ctx);

/**
 * Starts the context's queue.
 *
 * Returns 0; -EINVAL for what is not a context of a device; else -1 and errno, as ioctl does.
 */
int wd_ctx_start(handle_t h_ctx);

/**
 * Stops the context's queue and gives its hardware back; the handle still has to be released.
 *
 * Returns 0; -EINVAL for what is not a context of a device; else -1 and errno, as ioctl does.
 */
int wd_release_ctx_force(handle_t h_ctx);

/**
 * Stores a pointer of the caller's in a context.
 *
 * Returns 0; -EINVAL for what is not a context of a device.
 */
int wd_ctx_set_priv(handle_t h_ctx, void *priv);

/* Returns what `wd_ctx_set_priv` stored; NULL if nothing, or for what is not a context of a device. */
void *wd_ctx_get_priv(handle_t h_ctx);

/**
 * Returns the queue interface of the context's device, for example `hisi_qm_v3`, valid until the context
 * is released; NULL for what is not a context of a device.
 */
char *wd_ctx_get_api(handle_t h_ctx);

/**
 * Maps a region of the context's queue. A region is mapped once: later calls give the same address. The
 * doorbells of a simulated device are no memory and cannot be mapped.
 *
 * Returns the address; NULL and errno if there is no such region or it cannot be mapped.
 */
void *wd_ctx_mmap_qfr(handle_t h_ctx, enum uacce_qfrt qfrt);

/**
 * Ends the caller's use of a region. It stays mapped as long as the context lives, since kernels map a
 * region once in the life of a queue.
 */
void wd_ctx_unmap_qfr(handle_t h_ctx, enum uacce_qfrt qfrt);

/**
 * Waits until the device may have finished something, for at most `ms` milliseconds.
 *
 * Returns 1 if it may have; 0 if the time is over; -EINVAL for what is not a context of a device, else the
 * negative errno of poll.
 */
int wd_ctx_wait(handle_t h_ctx, __u16 ms);

/**
 * Returns 1 if the context's device works on the process's own addresses, 0 if not; -EINVAL for 0,
 * -WD_HW_EACCESS for what is not a context of a device.
 */
int wd_is_sva(handle_t h_ctx);

/**
 * Returns 1 if the device was taken out of service by error handling, 0 if not or if it is not there;
 * -EINVAL for NULL and a device without a name, -EIO if its attributes cannot be understood.
 */
int wd_is_isolate(struct uacce_dev *dev);

/**
 * Makes the device's name from its path, `hisi_zip-0` from `/dev/hisi_zip-0`, and with `no_apdx` 1 the
 * driver's, `hisi_zip`.
 *
 * Returns a string to be freed with free(); NULL if there is no name, or `no_apdx` is neither 0 nor 1.
 */
char *wd_get_accel_name(char *dev_path, int no_apdx);

/* Returns the NUMA node of the context's device; -EINVAL for what is not a context of a device. */
int wd_get_numa_id(handle_t h_ctx);

/**
 * Returns how many contexts of a device are free now; -EINVAL for NULL and a device without a name,
 * -ENODEV if it is not there or does not tell, -EIO if its attributes cannot be understood.
 */
int wd_get_avail_ctx(struct uacce_dev *dev);

/**
 * Lists the devices that have an algorithm, by its whole name, without those taken out of service.
 *
 * Returns a list for `wd_free_list_accels`; NULL if there is none.
 */
struct uacce_dev_list *wd_get_accel_list(const char *alg_name);

/**
 * Picks the device of a list that is on a NUMA node and has the most free contexts.
 *
 * Returns a device of the list; an error for WD_IS_ERR: -EINVAL for NULL, -ENODEV if none is free there.
 */
struct uacce_dev *wd_find_dev_by_numa(struct uacce_dev_list *list, int numa_id);

/**
 * Picks the device that has an algorithm and free contexts, nearest to the caller's processor, then with
 * the most free contexts.
 *
 * Returns a device to be freed with free(); NULL if there is none.
 */
struct uacce_dev *wd_get_accel_dev(const char *alg_name);

/* Frees a list and its devices. */
void wd_free_list_accels(struct uacce_dev_list *list);

/**
 * Sends an ioctl to the context's queue. `arg` is NULL or has as many bytes as the number of the command
 * says.
 *
 * Returns what ioctl does, -1 and errno for an error; -EINVAL for what is not a context of a device.
 */
int wd_ctx_set_io_cmd(handle_t h_ctx, unsigned long cmd, void *arg);

/* Returns the bytes of a region of the context's queue; 0 if there is no such region. */
unsigned long wd_ctx_get_region_size(handle_t h_ctx, enum uacce_qfrt qfrt);

/**
 * Copies a device.
 *
 * Returns a device to be freed with free(); NULL for NULL and if there is no memory.
 */
struct uacce_dev *wd_clone_dev(struct uacce_dev *dev);

/* Puts `node` at the end of a list. Does nothing for NULL, and for a node that is in the list already. */
void wd_add_dev_to_list(struct uacce_dev_list *head, struct uacce_dev_list *node);

/**
 * Makes the set of the NUMA nodes of a list's devices, as libnuma lays out sets of nodes.
 *
 * Returns a set for `wd_free_device_nodemask` or `numa_bitmask_free`; an error for WD_IS_ERR: -EINVAL for
 * NULL, -ENOMEM.
 */
struct bitmask *wd_create_device_nodemask(struct uacce_dev_list *list);

/* Frees a set of NUMA nodes. */
void wd_free_device_nodemask(struct bitmask *bmp);

/**
 * Returns the name of the context's device, valid until the context is released; NULL for what is not a
 * context of a device.
 */
char *wd_ctx_get_dev_name(handle_t h_ctx);

/* Prints the version of UADK whose API this is, the date of its release, and what this library is. */
void wd_get_version(void);

/* Returns whether messages for developers are wanted: WD_LOG_LEVEL is `debug`. */
bool wd_need_debug(void);

/* Returns whether messages on what was chosen are wanted: WD_LOG_LEVEL is `info` or `debug`. */
bool wd_need_info(void);

/**
 * Tells how busy a device is with a kind of operation.
 *
 * Returns a percentage; -EINVAL for NULL, an algorithm the device does not have, a kind of operation that
 * its driver does not have; -1 if neither driver nor device tell.
 */
int wd_get_dev_usage(struct uacce_dev *dev, const char *alg_name, __u8 alg_op_type);

/**
 * Takes a block from a block pool.
 *
 * Returns the block, whose content is not defined, or NULL if none is free or the handle is not
 * one of an open block pool.
 */
void *wd_block_alloc(handle_t blkpool);

/**
 * Gives a block back. What is not a block in use of this pool is logged and changes nothing; NULL
 * is harmless.
 */
void wd_block_free(handle_t blkpool, void *addr);

/**
 * Makes a pool of `block_num` blocks of `block_size` bytes from the memory of a memory pool. No
 * block smaller than 4096 bytes crosses a multiple of 4096; greater blocks begin at one.
 *
 * Returns its handle, or an error for which `WD_IS_ERR` is true: -WD_EINVAL for a size or number
 * of 0 and a handle that is not one of a memory pool, -WD_ENOMEM if the memory pool has no room.
 */
handle_t wd_blockpool_create(handle_t mempool, size_t block_size, size_t block_num);

/**
 * Closes a block pool: it gives out no more blocks. Its memory goes back to the memory pool when
 * the last block in use has been given back, for which the handle stays good; at once if there is
 * none.
 */
void wd_blockpool_destroy(handle_t blkpool);

/**
 * Makes a memory pool of at least `size` bytes, which are rounded up to a multiple of 4096, on a
 * NUMA node: of huge pages, the smallest of which there are enough free ones, or else of pages of
 * the usual size.
 *
 * The pool belongs to this process: a child of fork has a copy of the memory, but cannot use the
 * handle.
 *
 * Returns its handle, or an error for which `WD_IS_ERR` is true: -WD_EINVAL for size 0 and a node
 * that there is not, -WD_ENOMEM if there is no memory.
 */
handle_t wd_mempool_create(size_t size, int node);

/**
 * Destroys a memory pool. Block pools made from it stay as they are; its memory is unmapped after
 * the last of them.
 */
void wd_mempool_destroy(handle_t mempool);

/**
 * Tells what a memory pool is made of and how much of it is in block pools. `stats` is left as it
 * is if the handle is not one of a memory pool.
 */
void wd_mempool_stats(handle_t mempool, struct wd_mempool_stats *stats);

/**
 * Tells what a block pool is made of and how many of its blocks are in use. `stats` is left as it
 * is if the handle is not one of a block pool.
 */
void wd_blockpool_stats(handle_t blkpool, struct wd_blockpool_stats *stats);

#ifdef __cplusplus
}
#endif

#endif  /* __WD_H */
