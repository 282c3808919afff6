/* SPDX-License-Identifier: Apache-2.0
 *
 * Compression: sessions and requests. Programs find the library by
 * `pkg-config libwd_comp`.
 */

#ifndef __WD_COMP_H
#define __WD_COMP_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include "wd_alg_common.h"

struct wd_comp_req;
/* Is told that an asynchronous request is finished. `req` is the library's copy of it. */
typedef void *wd_alg_comp_cb_t(struct wd_comp_req *req, void *cb_param);

/* wd_comp_init2_ with as many contexts as the library thinks right. */
#define wd_comp_init2(alg, sched_type, task_type) \
	wd_comp_init2_(alg, sched_type, task_type, NULL)

/* Formats. */
enum wd_comp_alg_type {
    /* Raw deflate (RFC 1951). */
    WD_DEFLATE = 0,
    /* Deflate with a zlib header and trailer (RFC 1950). */
    WD_ZLIB = 1,
    /* Deflate with a gzip header and trailer (RFC 1952). */
    WD_GZIP = 2,
    /* Literals and sequences for a zstd encoder. */
    WD_LZ77_ZSTD = 3,
    /* An LZ4 block. */
    WD_LZ4 = 4,
    /* Literals and sequences. */
    WD_LZ77_ONLY = 5,
    /* How many there are. */
    WD_COMP_ALG_MAX = 6
};

/* Levels: the greater, the smaller the output and the slower the work. */
enum wd_comp_level {
    WD_COMP_L1 = 1,
    WD_COMP_L2,
    WD_COMP_L3,
    WD_COMP_L4,
    WD_COMP_L5,
    WD_COMP_L6,
    WD_COMP_L7,
    WD_COMP_L8,
    WD_COMP_L9,
    WD_COMP_L10,
    WD_COMP_L11,
    WD_COMP_L12,
    WD_COMP_L13,
    WD_COMP_L14,
    WD_COMP_L15
};

/* How far back matches may reach. */
enum wd_comp_winsz_type {
    /* 4 KiB. */
    WD_COMP_WS_4K = 0,
    /* 8 KiB. */
    WD_COMP_WS_8K = 1,
    /* 16 KiB. */
    WD_COMP_WS_16K = 2,
    /* 24 KiB. */
    WD_COMP_WS_24K = 3,
    /* 32 KiB. */
    WD_COMP_WS_32K = 4
};

/* Directions. */
enum wd_comp_op_type {
    /* Compress. */
    WD_DIR_COMPRESS = 0,
    /* Decompress. */
    WD_DIR_DECOMPRESS = 1,
    /* How many there are. */
    WD_DIR_MAX = 2
};

/**
 * What a session is to be. The library only reads it, and reads the last two fields only for
 * devices without SVA: programs built with older headers have neither.
 */
struct wd_comp_sess_setup {
    /* The format. */
    enum wd_comp_alg_type alg_type;
    /* The level; not looked at for decompression. */
    enum wd_comp_level comp_lv;
    /* The window; not looked at for decompression. */
    enum wd_comp_winsz_type win_sz;
    /* The direction. */
    enum wd_comp_op_type op_type;
    /* The scheduler's parameter, `struct sched_params *` for the library's own, or NULL. */
    void *sched_param;
    /* Without SVA: memory operations. */
    struct wd_mm_ops mm_ops;
    /* Without SVA: whose memory. */
    enum wd_mem_type mm_type;
};

/* A request. */
struct wd_comp_req {
    /* The input: bytes, or as `list_src` the first `struct wd_datalist` of a list. */
    __extension__ union {
        void *src;
        struct wd_datalist *list_src;
    };
    /* Bytes of input. Out: how many were consumed. */
    __u32 src_len;
    /* Room for the output: bytes, or as `list_dst` the first `struct wd_datalist` of a list. */
    __extension__ union {
        void *dst;
        struct wd_datalist *list_dst;
    };
    /* Bytes of room. Out: how many were produced. */
    __u32 dst_len;
    /* Asynchronous requests: is told the result. */
    wd_alg_comp_cb_t *cb;
    /* The callback's second argument. */
    void *cb_param;
    /* The direction. */
    enum wd_comp_op_type op_type;
    /* How both buffers lie in memory. */
    enum wd_buff_type data_fmt;
    /* Streams: whether this is the last piece of input, 0 or 1. */
    __u32 last;
    /* Out: 0, `WD_STREAM_END`, `WD_EAGAIN` or `WD_IN_EPARA`. */
    __u32 status;
    /* lz77 formats: a `struct wd_lz77_zstd_data`, which the driver fills. */
    void *priv;
};

/* What a request of the lz77 formats produces. */
struct wd_lz77_zstd_data {
    /* The literals. */
    void *literals_start;
    /* The sequences. */
    void *sequences_start;
    /* Bytes of literals. */
    __u32 lit_num;
    /* Sequences. */
    __u32 seq_num;
    /* Sequences whose literal length needs more than 16 bits, 0 or 1. */
    __u32 lit_length_overflow_cnt;
    /* Which one. */
    __u32 lit_length_overflow_pos;
    /* Frequencies of codes, behind the sequences. */
    void *freq;
    /* The block's type. */
    __u32 blk_type;
};

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Initialises compression with contexts and a scheduler of the caller's, which stay until
 * `wd_comp_uninit` returns. The driver is the hardware driver of the algorithm "zlib".
 *
 * Returns 0; -WD_EEXIST if it is initialised already; -WD_ETIMEDOUT if another thread has been
 * initialising it for three seconds; -WD_EINVAL for a bad argument, or where there is no driver;
 * -WD_ENOMEM for more than 65536 contexts.
 */
int wd_comp_init(struct wd_ctx_config *config, struct wd_sched *sched);

/**
 * Undoes `wd_comp_init`. Sessions answer -WD_EINVAL from then on. Requests that are on their way are
 * given up: their callbacks are not called.
 */
void wd_comp_uninit(void);

/**
 * Initialises compression with contexts and a scheduler of the library's. `alg` is "zlib", "gzip",
 * "deflate", "lz77_zstd", "lz4" or "lz77_only"; all of them can then be used. `sched_type` is one of
 * enum sched_policy_type, `task_type` one of enum alg_task_type, `ctx_params` how many contexts
 * there are to be, or NULL. The environment variable WD_COMP_CTX_NUM counts more.
 *
 * Returns 0; -WD_EEXIST if it is initialised already; -WD_ETIMEDOUT if another thread has been
 * initialising it for three seconds; -WD_EINVAL for a bad argument, or where there is no driver;
 * -WD_ENODEV if no device can be used.
 */
int wd_comp_init2_(char *alg, __u32 sched_type, int task_type, struct wd_ctx_params *ctx_params);

/* Undoes `wd_comp_init2_`, as `wd_comp_uninit` does. */
void wd_comp_uninit2(void);

/**
 * Makes a session. `setup` is only read.
 *
 * Returns its handle; 0 for a bad setup, or if compression is not initialised.
 */
handle_t wd_comp_alloc_sess(struct wd_comp_sess_setup *setup);

/* Ends a session. Its asynchronous requests are finished all the same. */
void wd_comp_free_sess(handle_t h_sess);

/**
 * The next piece of a session's stream is the first of a new stream.
 *
 * Returns 0, or -WD_EINVAL if there is no such session.
 */
int wd_comp_reset_sess(handle_t h_sess);

/**
 * Does a request that is whole in itself, and waits for it. Out: `src_len` consumed, `dst_len`
 * produced, `status`.
 *
 * Returns 0; -WD_EINVAL for a bad request; -WD_EBUSY if the device's queue is full; -WD_ETIMEDOUT if
 * the answer did not come in time, and then nothing touches the buffers any more;
 * -WD_HW_EACCESS if the device does not work.
 */
int wd_do_comp_sync(handle_t h_sess, struct wd_comp_req *req);

/**
 * Does the next piece of the session's stream, and waits for it. `last` is 1 for the last piece to
 * compress. Returns as `wd_do_comp_sync` does.
 */
int wd_do_comp_strm(handle_t h_sess, struct wd_comp_req *req);

/**
 * Sends a request that is whole in itself. A poll function calls `cb` when it is finished, with a
 * copy of the request that is good until `cb` returns.
 *
 * Returns 0; -WD_EINVAL for a bad request; -WD_EBUSY if too many are on their way; -WD_HW_EACCESS
 * if the device does not work.
 */
int wd_do_comp_async(handle_t h_sess, struct wd_comp_req *req);

/**
 * Finishes up to `expt` requests of the asynchronous context number `idx`; `count` says how many.
 *
 * Returns 0 if there were that many; -WD_EAGAIN if no more is ready, `count` says how many there
 * were; -WD_EINVAL for a bad argument; -WD_HW_EACCESS if the device does not work.
 */
int wd_comp_poll_ctx(__u32 idx, __u32 expt, __u32 *count);

/**
 * Finishes up to `expt` requests, whatever contexts they are of; adds how many to `count`.
 *
 * Returns 0, also if there were fewer; else an error as `wd_comp_poll_ctx` does.
 */
int wd_comp_poll(__u32 expt, __u32 *count);

/**
 * Does a request of any size that is whole in itself piece by piece, and waits for it. Returns as
 * `wd_do_comp_sync` does, and -WD_EINVAL for input that is not what it should be.
 */
int wd_do_comp_sync2(handle_t h_sess, struct wd_comp_req *req);

/**
 * Initialises compression as the environment variables WD_COMP_CTX_NUM, WD_COMP_ASYNC_POLL_EN and
 * WD_COMP_ASYNC_POLL_NUM say. `sched` is a scheduler to fill, or NULL for one of the library's.
 *
 * Returns 0; -WD_EEXIST if compression is initialised already; -WD_EINVAL for a value that is not
 * acceptable; -WD_ENODEV if there is no device; -WD_EBUSY if contexts cannot be opened.
 */
int wd_comp_env_init(struct wd_sched *sched);

/* Undoes `wd_comp_env_init`. */
void wd_comp_env_uninit(void);

/**
 * Initialises compression with `num` contexts of a kind: on the NUMA node `node`, for the operation
 * `type`, which is one of enum wd_comp_op_type, in the mode `mode`, one of enum wd_ctx_mode.
 * Returns as `wd_comp_env_init` does.
 */
int wd_comp_ctx_num_init(__u32 node, __u32 type, __u32 num, __u8 mode);

/* Undoes `wd_comp_ctx_num_init`. */
void wd_comp_ctx_num_uninit(void);

/**
 * Tells how many contexts of a kind `wd_comp_env_init` or `wd_comp_ctx_num_init` made, and whether
 * threads of the library poll.
 *
 * Returns 0, or -WD_EINVAL for a bad argument or a node without devices.
 */
int wd_comp_get_env_param(__u32 node, __u32 type, __u32 mode, __u32 *num, __u8 *is_enable);

#ifdef __cplusplus
}
#endif

#endif  /* __WD_COMP_H */
