/* SPDX-License-Identifier: Apache-2.0
 *
 * What all algorithms share: contexts and schedulers.
 */

#ifndef WD_ALG_COMMON_H
#define WD_ALG_COMMON_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <pthread.h>
#include <stdbool.h>
#include "wd.h"
#include "wd_alg.h"
#include "wd_internal.h"

#define GET_NEGATIVE(val) (0 - (val))
/* Bytes that hold so many bits, and bits in so many bytes. */
#define BITS_TO_BYTES(bits) (((bits) + 7) >> 3)
#define BYTES_TO_BITS(bytes) ((bytes) << 3)

/* Lengths of keys in bytes. */
#define MAX_CIPHER_KEY_SIZE 64
#define AES_KEYSIZE_128 16
#define AES_KEYSIZE_192 24
#define AES_KEYSIZE_256 32
#define SM4_KEY_SIZE 16
#define DES_KEY_SIZE 8
#define DES3_2KEY_SIZE (2 * DES_KEY_SIZE)
#define DES3_3KEY_SIZE (3 * DES_KEY_SIZE)
#define MAX_HMAC_KEY_SIZE 128U

struct wd_ctx_config;
struct wd_sched;
/* Functions that initialise an algorithm, and poll a context of it. */
typedef int (*wd_alg_init)(struct wd_ctx_config *config, struct wd_sched *sched);
typedef int (*wd_alg_poll_ctx)(__u32 idx, __u32 expt, __u32 *count);

/* Bits of a byte. */
#define BYTE_BITS 8

/* `BYTE_BITS` as a power of two. */
#define BYTE_BITS_SHIFT 3

/* Length of a text. */
#define MAX_STR_LEN 256

/* No kind of context. */
#define CTX_TYPE_INVALID 9999

/* Milliseconds of one wait for a device. */
#define POLL_TIME 1000

/* What may serve the requests. */
enum alg_task_type {
    /* Devices, with software where they cannot. */
    TASK_MIX = 0,
    /* Devices only. */
    TASK_HW = 1,
    /* Software only. */
    TASK_INSTR = 2,
    /* How many there are. */
    TASK_MAX_TYPE = 3
};

/* How a context is used. */
enum wd_ctx_mode {
    /* The call waits for the result. */
    CTX_MODE_SYNC = 0,
    /* The result comes through a poll function. */
    CTX_MODE_ASYNC = 1,
    /* How many there are. */
    CTX_MODE_MAX = 2
};

/* The two families of `init` functions. */
enum wd_init_type {
    /* The caller brings contexts and scheduler. */
    WD_TYPE_V1 = 0,
    /* The library makes them. */
    WD_TYPE_V2 = 1
};

/* Where memory for devices without SVA comes from. */
enum wd_mem_type {
    /* The library decides. */
    UADK_MEM_AUTO = 0,
    /* The caller's own functions. */
    UADK_MEM_USER = 1,
    /* A pool of `wd_mempool_alloc`. */
    UADK_MEM_PROXY = 2,
    /* How many there are. */
    UADK_MEM_MAX = 3
};

/* A context, and what it is for. */
struct wd_ctx {
    /* What `wd_request_ctx` answered. */
    handle_t ctx;
    /* The kind of operation; compression: 0 compresses, 1 decompresses. */
    __u8 op_type;
    /* One of `enum wd_ctx_mode`. */
    __u8 ctx_mode;
};

/* Limits of an algorithm. */
struct wd_cap_config {
    /* Asynchronous requests of a context, 1 to 1024; 0 is 1024. */
    __u32 ctx_msg_num;
    /* Not used. */
    __u32 resv;
};

/* All contexts of an algorithm. */
struct wd_ctx_config {
    /* Contexts. */
    __u32 ctx_num;
    /* The contexts. */
    struct wd_ctx *ctxs;
    /* The caller's own. */
    void *priv;
    /* Limits, or NULL. */
    struct wd_cap_config *cap;
};

/* Contexts of one kind of operation. */
struct wd_ctx_nums {
    /* Contexts for synchronous requests. */
    __u32 sync_ctx_num;
    /* Contexts for asynchronous requests. */
    __u32 async_ctx_num;
};

/* How many contexts an algorithm gets, and where. */
struct wd_ctx_params {
    /* Entries of `ctx_set_num`. */
    __u32 op_type_num;
    /* The numbers for each kind of operation. */
    struct wd_ctx_nums *ctx_set_num;
    /* The NUMA nodes, or NULL for all. */
    struct bitmask *bmp;
    /* Limits, or NULL. */
    struct wd_cap_config *cap;
};

/* A scheduler: which context serves which request. */
struct wd_sched {
    /* Its name. */
    const char *name;
    /* One of `enum sched_policy_type`. */
    int sched_policy;
    /* Makes a session's key, with `malloc`. */
    handle_t (*sched_init)(handle_t h_sched_ctx, void *sched_param);
    /* Picks a context. */
    __u32 (*pick_next_ctx)(handle_t h_sched_ctx, void *sched_key, int sched_mode);
    /* Polls. */
    int (*poll_policy)(handle_t h_sched_ctx, __u32 expect, __u32 *count);
    /* The scheduler's own. */
    handle_t h_sched_ctx;
};

#endif  /* WD_ALG_COMMON_H */
