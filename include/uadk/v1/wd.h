/* SPDX-License-Identifier: Apache-2.0
 *
 * Queues of UADK v1. Programs find the library by `pkg-config libwd`. This header and
 * v2's uadk/wd.h have the same guard: a source file has one of them, the first.
 *
 * For all headers of v1: pointers are NULL or point to what their types say. A queue,
 * context or pool that was given back is an error wherever the type of the function
 * has room for one.
 */

#ifndef __WD_H
#define __WD_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <asm/types.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>
#include <assert.h>
#include "uacce.h"

/* Messages of programs: to the function that wd_register_log was given, else to the standard error;
 * with WITH_LOG_FILE, a path, to that file, and the program has a variable flog_fd for it. C89 and
 * C++98 have no macros with a variable number of arguments, and do without. */
#ifndef WD_ERR
#if !defined(__STRICT_ANSI__) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L) || \
	(defined(__cplusplus) && __cplusplus >= 201103L)
#ifndef WITH_LOG_FILE
#define __WD_FILENAME__ (strrchr(__FILE__, '/') ? strrchr(__FILE__, '/') + 1 : __FILE__)
#define WD_ERR(format, ...) \
	(log_out ? log_out("[%s, %d, %s]:" format, \
		__WD_FILENAME__, __LINE__, __func__, ##__VA_ARGS__) : \
	(void)fprintf(stderr, format, ##__VA_ARGS__))
#else
extern FILE *flog_fd;
#define WD_ERR(format, ...) do { \
	if (!flog_fd) \
		flog_fd = fopen(WITH_LOG_FILE, "a+"); \
	if (flog_fd) \
		fprintf(flog_fd, format, ##__VA_ARGS__); \
	else \
		fprintf(stderr, "cannot open %s\n", WITH_LOG_FILE); \
} while (0)
#endif
#endif
#endif

/* Length of a short attribute in sysfs. */
#define SYS_VAL_SIZE 16

/* Length of a path. */
#define PATH_STR_SIZE 256

/* Length of a device's list of algorithms. */
#define MAX_ATTR_STR_SIZE 256

/* Length of a short text in sysfs. */
#define WD_NAME_SIZE 64

/* Requests that one call of `wcrypto_burst_*` takes. */
#define WCRYPTO_MAX_BURST_NUM 16

/* Not used. */
#define WD_CAPA_PRIV_DATA_SIZE 64

/* Done. */
#define WD_SUCCESS 0

/* The end of a compressed stream was reached. */
#define WD_STREAM_END 1

/* A stream begins. */
#define WD_STREAM_START 2

/* Device or protocol error. */
#define WD_EIO 5

/* Nothing yet; try again. */
#define WD_EAGAIN 11

/* No memory. */
#define WD_ENOMEM 12

/* Not permitted. */
#define WD_EACCESS 13

/* A queue is full, or all requests of a context are under way. */
#define WD_EBUSY 16

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

/* How a buffer lies in memory. */
enum wd_buff_type {
    /* In one piece. */
    WD_FLAT_BUF = 0,
    /* As a list of pieces, `struct wd_sgl`. */
    WD_SGL_BUF = 1
};

/* Classes of algorithms. */
enum wcrypto_type {
    /* RSA. */
    WCRYPTO_RSA = 0,
    /* Diffie-Hellman. */
    WCRYPTO_DH = 1,
    /* Ciphers. */
    WCRYPTO_CIPHER = 2,
    /* Hashes and message authentication codes. */
    WCRYPTO_DIGEST = 3,
    /* Compression. */
    WCRYPTO_COMP = 4,
    /* Erasure codes. */
    WCRYPTO_EC = 5,
    /* Random numbers. */
    WCRYPTO_RNG = 6,
    /* Diffie-Hellman on elliptic curves. */
    WCRYPTO_ECDH = 7,
    /* Diffie-Hellman on curve 25519. */
    WCRYPTO_X25519 = 8,
    /* Diffie-Hellman on curve 448. */
    WCRYPTO_X448 = 9,
    /* Signatures on elliptic curves. */
    WCRYPTO_ECDSA = 10,
    /* SM2. */
    WCRYPTO_SM2 = 11,
    /* Authenticated encryption. */
    WCRYPTO_AEAD = 12,
    /* How many there are. */
    WCRYPTO_MAX_ALG = 13
};

/* What a queue is for. */
struct wcrypto_paras {
    /* Raw queues of a compression device: 0 compresses, 1 decompresses. */
    __u8 direction;
    /* 1: `wd_wait` sleeps until the device has answered; 0: it is not used. */
    __u8 is_poll;
};

/* What a queue has to be able to do. */
struct wd_capa {
    /* The algorithm as devices list it, for example `zlib`. */
    const char *alg;
    /* Not used. */
    int throughput;
    /* Not used. */
    int latency;
    /**
     * Bits 0 to 15: how many asynchronous requests a context may have under way, 1 to 1024; another
     * number is 64.
     */
    __u32 flags;
    /* What the queue is for. */
    struct wcrypto_paras priv;
};

/**
 * A queue, allocated by the caller. Set it to zero, set `capa.alg` and what else is wanted, call
 * `wd_request_queue`. It must not be copied or moved while the queue is open.
 */
struct wd_queue {
    /* What it has to be able to do. */
    struct wd_capa capa;
    /* In: a device's name, or empty. Out: the device's path. */
    char dev_path[PATH_STR_SIZE];
    /* In: a set of NUMA nodes, a bit a node; 0 for any. */
    unsigned int node_mask;
    /* The library's; NULL while the queue is not open. */
    void *qinfo;
};

/* Prints a message. */
typedef void (*wd_log)(const char *format, ...);

/**
 * Is told that an asynchronous request is finished. `msg` is the algorithm's message, for example
 * `struct wcrypto_comp_msg`, and valid during the call; `tag` is what the request was given.
 */
typedef void (*wcrypto_cb)(const void *msg, void *tag);

/* Allocates `size` bytes from `usr`. */
typedef void *(*wd_alloc)(void *usr, size_t size);

/* Gives back what `wd_alloc` gave. */
typedef void (*wd_free)(void *usr, void *va);

/* Tells the device's address of `va`; NULL if there is none. */
typedef void *(*wd_map)(void *usr, void *va, size_t sz);

/* Ends the use of what `wd_map` answered. */
typedef void (*wd_unmap)(void *usr, void *va, void *dma, size_t sz);

/* Tells the size of the blocks of `usr` in bytes. */
typedef __u32 (*wd_bufsize)(void *usr);

/* Whose an asynchronous request is. */
struct wcrypto_cb_tag {
    /* The context. */
    void *ctx;
    /* What the request was given. */
    void *tag;
    /* The context's number in its queue, from 1. */
    int ctx_id;
};

/* Memory that a context or a pool works with: the caller's functions. */
struct wd_mm_br {
    /* Allocates. */
    wd_alloc alloc;
    /* Frees. */
    wd_free free;
    /* From the process's address to the device's. */
    wd_map iova_map;
    /* Ends the use of a device's address. */
    wd_unmap iova_unmap;
    /* The first argument of all of them, for example a block pool. */
    void *usr;
    /* The size of a block; may be NULL. */
    wd_bufsize get_bufsize;
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

#ifdef __cplusplus
extern "C" {
#endif

/* What `wd_register_log` was given; NULL before. Programs may read it and must not write it. */
extern wd_log log_out;

/**
 * Opens a queue for `capa.alg`: `zlib`, `gzip`, `deflate` or `lz77_zstd`. `dev_path`, where it is a
 * device's name, is preferred, and so are the nodes of `node_mask`; a device near by with many free
 * queues is taken otherwise. Devices that work on the program's own addresses (SVA) are good too,
 * and come behind others. Devices without an IOMMU are only taken where the environment says
 * `WD_NOIOMMU=allow`. On success `dev_path` is the device's path and `qinfo` the library's. What
 * was in `qinfo` before does not matter: a copy of an open queue opens another one.
 *
 * Returns 0; -WD_EINVAL: NULL, both a device's name and `node_mask`, or a direction above 1;
 * -WD_ENODEV: no device suits and has a free queue, or no messages of this algorithm are known;
 * -EPERM: only devices without an IOMMU suit; else the negative errno of what the kernel refused.
 */
int wd_request_queue(struct wd_queue *q);

/**
 * Releases a queue. No new call gets in; calls inside finish; messages in flight get 250 ms to come
 * back and belong to the caller then; the device is stopped, and the memory that the queue has
 * reserved goes, except that of pools, which goes with them. Contexts that the queue still has answer
 * errors afterwards. Harmless for NULL, a queue that is not open, and in a fork child. Other threads
 * may be using the queue: they get -ESHUTDOWN.
 */
void wd_release_queue(struct wd_queue *q);

/**
 * Sends a message, a `struct wcrypto_comp_msg`. Never blocks, makes no system call. The message, and
 * what it names, must stay until `wd_recv` gives it back.
 *
 * Returns 0; -WD_EBUSY: the queue is full; -WD_HW_EACCESS: the device was reset or has gone;
 * -WD_EINVAL: NULL, a queue that is not open, a message that no descriptor can be made of, or memory
 * that the device cannot reach; -ESHUTDOWN: the queue was released, or is that of the parent of this
 * process; -WD_EIO: the device broke the protocol. The message was not sent then.
 */
int wd_send(struct wd_queue *q, void *req);

/**
 * Receives a message that `wd_send` was given, with the answer in it. With a number other than 0 in
 * the low 16 bits of `*resp`, one whose `tag` is this number. Never blocks, makes no system call.
 * Messages of contexts are not received here, but by the contexts.
 *
 * Returns 1 and the message in `*resp`; 0: none has come back; -WD_HW_EACCESS: the device was reset
 * or has gone, and `*resp` is a message that was not answered, NULL if there is none left; -WD_EIO:
 * the device named a message that was never sent, and the next call goes on behind it; -WD_EINVAL:
 * NULL, or a queue that is not open; -ESHUTDOWN as for `wd_send`.
 */
int wd_recv(struct wd_queue *q, void **resp);

/**
 * Waits up to `ms` milliseconds until there is something to receive, on a queue that was opened with
 * `capa.priv.is_poll` 1.
 *
 * Returns 1: there is; 0: the time is over; -WD_EINVAL: NULL, a queue that is not open, or `is_poll`
 * is not 1; -WD_ENODEV: it cannot be waited; -ESHUTDOWN as for `wd_send`.
 */
int wd_wait(struct wd_queue *q, __u16 ms);

/**
 * `wd_wait`, and if there is something, `wd_recv`.
 *
 * Returns what the one that was called last does.
 */
int wd_recv_sync(struct wd_queue *q, void **resp, __u16 ms);

/**
 * Reserves `size` bytes of memory that the device of the queue reaches, once for a queue. It goes
 * with the queue.
 *
 * Returns the address, of a page; NULL, and errno: EINVAL for NULL, size 0, or a queue that is not
 * open, EEXIST if the queue has some already, ENOMEM, EOPNOTSUPP, ESHUTDOWN, or what the kernel said.
 */
void *wd_reserve_memory(struct wd_queue *q, size_t size);

/**
 * Tells how many devices a queue for `algorithm` can be had of now.
 *
 * Returns the number, 0 too, and 0 for algorithms of which no messages are known; -WD_EINVAL: NULL;
 * -WD_ENODEV: there is no uacce class.
 */
int wd_get_available_dev_num(const char *algorithm);

/**
 * Tells the NUMA node of a queue's device.
 *
 * Returns the node, -1 if it is on none or nobody knows; -WD_EINVAL: NULL, or a queue that is not
 * open; -ESHUTDOWN as for `wd_send`.
 */
int wd_get_node_id(struct wd_queue *q);

/**
 * Tells the device's address of `sz` bytes at `va`, which lie in what `wd_reserve_memory` gave; with
 * SVA anywhere. 0 bytes count as 1.
 *
 * Returns the address; NULL, and errno: EINVAL for NULL, a queue that is not open, memory that the
 * device does not reach, or that is not in one piece for it; ESHUTDOWN.
 */
void *wd_iova_map(struct wd_queue *q, void *va, size_t sz);

/* Ends the use of what `wd_iova_map` told. There is nothing to do. */
void wd_iova_unmap(struct wd_queue *q, void *va, void *dma, size_t sz);

/**
 * Tells the program's address of what the device has at `dma`: the reverse of `wd_iova_map`.
 *
 * Returns the address; NULL, and errno: EINVAL for NULL, a queue that is not open, or an address
 * that is not in what `wd_reserve_memory` gave; ESHUTDOWN.
 */
void *wd_dma_to_va(struct wd_queue *q, void *dma);

/**
 * Sets the function that messages are printed with, once in the life of a process: errors of the
 * library, and what the program itself prints with `WD_ERR`. It is called from any thread and must
 * not call the library. Without it the library's messages go to the standard error if `WD_LOG_LEVEL`
 * is `error`, `info` or `debug`, else nowhere.
 *
 * Returns 0, or -WD_EINVAL: `log` is NULL, or one is set already.
 */
int wd_register_log(wd_log log);

#ifdef __cplusplus
}
#endif

#endif  /* __WD_H */
