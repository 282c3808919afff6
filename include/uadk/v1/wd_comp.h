/* SPDX-License-Identifier: Apache-2.0
 *
 * Compression on a queue of v1. UADK has these functions and does not install their header.
 */

#ifndef __WCRYPTO_COMP_H
#define __WCRYPTO_COMP_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stdlib.h>
#include <errno.h>
#include "wd.h"

#if !defined(__STRICT_ANSI__) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L) || \
	(defined(__cplusplus) && __cplusplus >= 201103L)
#define ZIP_LOG(...) fprintf(stderr, __VA_ARGS__)
#endif

/* Bytes that a stream's context takes from the memory it was created with. */
#define MAX_CTX_RSV_SIZE 65536

/* Levels: the greater, the smaller the output and the slower the work. */
enum wcrypto_comp_level {
    WCRYPTO_COMP_L1 = 1,
    WCRYPTO_COMP_L2,
    WCRYPTO_COMP_L3,
    WCRYPTO_COMP_L4,
    WCRYPTO_COMP_L5,
    WCRYPTO_COMP_L6,
    WCRYPTO_COMP_L7,
    WCRYPTO_COMP_L8,
    WCRYPTO_COMP_L9
};

/* How far back matches may reach. */
enum wcrypto_comp_win_type {
    /* 4 KiB. */
    WCRYPTO_COMP_WS_4K = 0,
    /* 8 KiB. */
    WCRYPTO_COMP_WS_8K = 1,
    /* 16 KiB. */
    WCRYPTO_COMP_WS_16K = 2,
    /* 24 KiB. */
    WCRYPTO_COMP_WS_24K = 3,
    /* 32 KiB. */
    WCRYPTO_COMP_WS_32K = 4
};

/* What the device does with its output behind the input. */
enum wcrypto_comp_flush_type {
    /* As `WCRYPTO_NO_FLUSH`. */
    WCRYPTO_INVALID_FLUSH = 0,
    /* As much as compresses well is put out. */
    WCRYPTO_NO_FLUSH = 1,
    /* All is put out, to a whole number of bytes. */
    WCRYPTO_SYNC_FLUSH = 2,
    /* This is the last of the input. */
    WCRYPTO_FINISH = 3
};

/* Formats. */
enum wcrypto_comp_alg_type {
    /**
     * The deflate part of a zlib stream (RFC 1950), with its checksum. Header and trailer are the
     * program's.
     */
    WCRYPTO_ZLIB = 0,
    /**
     * The deflate part of a gzip stream (RFC 1952), with its checksum. Header and trailer are the
     * program's.
     */
    WCRYPTO_GZIP = 1,
    /* Raw deflate (RFC 1951). */
    WCRYPTO_RAW_DEFLATE = 2,
    /* Literals and sequences for a zstd encoder. */
    WCRYPTO_LZ77_ZSTD = 3,
    /* How many there are. */
    WCRYPTO_COMP_MAX_ALG = 4
};

/* Directions. */
enum wcrypto_comp_optype {
    /* Compress. */
    WCRYPTO_DEFLATE = 0,
    /* Decompress. */
    WCRYPTO_INFLATE = 1
};

/* What a request came to, beside the numbers `WD_*`. */
enum wcrypto_op_result {
    /* Done; there may be more to do. */
    WCRYPTO_STATUS_NULL = 0,
    /* Not used. */
    WCRYPTO_COMP_END = 1,
    /* The end of the compressed stream was reached. */
    WCRYPTO_DECOMP_END = 2,
    /* The room for the output is full, and there is more. */
    WCRYPTO_DECOMP_END_NOSPACE = 3,
    /* The end of a raw deflate stream was reached, which has no checksum. */
    WCRYPTO_DECOMP_NO_CRC = 4,
    /* The input ends before a block begins. */
    WCRYPTO_DECOMP_BLK_NOSTART = 5,
    /* The input's integrity fields are wrong. */
    WCRYPTO_SRC_DIF_ERR = 6,
    /* The output's integrity fields are wrong. */
    WCRYPTO_DST_DIF_ERR = 7,
    /* The output is longer than the input. */
    WCRYPTO_NEGTIVE_COMP_ERR = 8
};

/* Whether a context's requests belong together. */
enum wcrypto_comp_state {
    /* Each is whole. */
    WCRYPTO_COMP_STATELESS = 0,
    /* They are the pieces of one stream. */
    WCRYPTO_COMP_STATEFUL = 1
};

/* Where in its stream a request stands. */
enum wcrypto_stream_status {
    /* It goes on with a stream. */
    WCRYPTO_COMP_STREAM_OLD = 0,
    /* It is the first. */
    WCRYPTO_COMP_STREAM_NEW = 1
};

/* What a context is to be. */
struct wcrypto_comp_ctx_setup {
    /* Is told the results of asynchronous requests; may be NULL without them. */
    wcrypto_cb cb;
    /* The format, one of `enum wcrypto_comp_alg_type`. */
    __u8 alg_type;
    /* The direction, one of `enum wcrypto_comp_optype`. */
    __u8 op_type;
    /* One of `enum wcrypto_comp_state`. */
    __u8 stream_mode;
    /* The level, one of `enum wcrypto_comp_level`, or 0. */
    __u8 comp_lv;
    /* The window, one of `enum wcrypto_comp_win_type`. */
    __u16 win_size;
    /* How the buffers lie in memory, one of `enum wd_buff_type`. */
    __u16 data_fmt;
    /**
     * The memory that the buffers are in. `alloc`, `free`, `iova_map` and `iova_unmap` are needed.
     * All contexts of a queue have the same.
     */
    struct wd_mm_br br;
};

/* A request. */
struct wcrypto_comp_op_data {
    /* The format, as the context's. */
    __u8 alg_type;
    /* One of `enum wcrypto_comp_flush_type`. */
    __u8 flush;
    /* One of `enum wcrypto_stream_status`. */
    __u8 stream_pos;
    /* Out: one of `enum wcrypto_op_result`, `WD_VERIFY_ERR` or `WD_IN_EPARA`. */
    __u8 status;
    /* The input: bytes, or a `struct wd_sgl`. */
    __u8 *in;
    /**
     * Room for the output: bytes, or a `struct wd_sgl`, or of lz77_zstd with lists a
     * `struct wcrypto_zstd_out`.
     */
    __u8 *out;
    /* Bytes of input. */
    __u32 in_len;
    /* Bytes of room. */
    __u32 avail_out;
    /* Out: bytes of input consumed. */
    __u32 consumed;
    /* Out: bytes of output produced. */
    __u32 produced;
    /* Streams of gzip: the length so far, modulo 2^32. Out: with this request. */
    __u32 isize;
    /**
     * Streams: the checksum so far. Out: with this request. Of zlib the Adler-32, of gzip the
     * complement of the CRC-32 with its bits in reverse order.
     */
    __u32 checksum;
    /* lz77_zstd: a `struct wcrypto_lz77_zstd_format`, which the library fills. */
    void *priv;
};

/* The room for the output of lz77_zstd with lists: the request's `out`. */
struct wcrypto_zstd_out {
    /* Room for literals. */
    void *literal;
    /* Bytes of it, at least the input's and 16. */
    __u32 lit_sz;
    /* Room for sequences and what comes behind them. */
    void *sequence;
    /* Bytes of it. */
    __u32 seq_sz;
};

/* A request between the library and a driver, and what a callback is given. */
struct wcrypto_comp_msg {
    /* The format, one of `enum wcrypto_comp_alg_type`. */
    __u8 alg_type;
    /* The direction, one of `enum wcrypto_comp_optype`. */
    __u8 op_type;
    /* One of `enum wcrypto_comp_flush_type`. */
    __u8 flush_type;
    /* One of `enum wcrypto_comp_state`. */
    __u8 stream_mode;
    /* One of `enum wcrypto_stream_status`. */
    __u8 stream_pos;
    /* The level, one of `enum wcrypto_comp_level`, or 0. */
    __u8 comp_lv;
    /* How the buffers lie in memory, one of `enum wd_buff_type`. */
    __u8 data_fmt;
    /* The window, one of `enum wcrypto_comp_win_type`. */
    __u8 win_size;
    /* Bytes of input. */
    __u32 in_size;
    /* Bytes of room for the output. */
    __u32 avail_out;
    /* Out: bytes of input consumed. */
    __u32 in_cons;
    /* Out: bytes of output produced. */
    __u32 produced;
    /* The input: bytes, or a `struct wd_sgl`. */
    __u8 *src;
    /* Room for the output: bytes, or a `struct wd_sgl`. */
    __u8 *dst;
    /* The context's number in its queue. */
    __u32 tag;
    /* Out: one of `enum wcrypto_op_result`, `WD_VERIFY_ERR` or `WD_IN_EPARA`. */
    __u32 status;
    /* As in the request. */
    __u32 isize;
    /* As in the request. */
    __u32 checksum;
    /* The stream's memory; NULL for a context without streams. */
    void *ctx_buf;
    /* Where the library has the request's tag. */
    __u64 udata;
};

/* What a request of lz77_zstd produced. */
struct wcrypto_lz77_zstd_format {
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
    /* What the previous block became: 0 uncompressed, 1 one byte repeated, 2 compressed. */
    __u32 blk_type;
};

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes a compression context of an open queue. `setup` is only read. Of its `br` all functions but
 * `get_bufsize` are needed, except that on a device with SVA there may be none at all; and all
 * contexts of a queue have the same `br.usr`. How many requests may be on their way: 1 for a
 * stream, else what the low 16 bits of `capa.flags` said if that is 1 to 1024, else 64.
 *
 * Returns a number that names it; NULL for a bad setup, a 257th context, or without memory.
 */
void *wcrypto_create_comp_ctx(struct wd_queue *q, struct wcrypto_comp_ctx_setup *setup);

/**
 * Does a request. With `tag` NULL it waits, and the answer is in `opdata` then: `consumed`,
 * `produced`, `status`, `isize`, `checksum`. Else `wcrypto_comp_poll` calls the context's callback
 * when it is finished, with `tag`.
 *
 * What the device makes is handed on as it is: the output of zlib and gzip begins without a header.
 * A `status` of `WCRYPTO_DECOMP_END_NOSPACE` or `WCRYPTO_DECOMP_BLK_NOSTART` asks for another
 * request, without input.
 *
 * Returns 0; -WD_EINVAL for a bad request or context; -WD_EBUSY if too many requests are on their
 * way; -WD_ETIMEDOUT; -WD_HW_EACCESS if the device does not work.
 *
 * After -WD_ETIMEDOUT input and output belong to the device until the queue is released; `opdata` and
 * what its `priv` names are not written to any more.
 */
int wcrypto_do_comp(void *ctx, struct wcrypto_comp_op_data *opdata, void *tag);

/**
 * Calls back for up to `num` finished requests of the contexts of `q`, or with 0 for all that are
 * finished, but not for more than 1024. The callback is given the request's message, which is good
 * until it returns, and may call any function. Messages of `wd_send` are left for `wd_recv`.
 *
 * Returns for how many; -WD_EINVAL for a bad queue; -WD_HW_EACCESS if the device does not work:
 * then requests on their way are called back for with that status.
 */
int wcrypto_comp_poll(struct wd_queue *q, unsigned int num);

/**
 * Deletes a context. Requests that are on their way get 250 ms; they are not called back for. The
 * memory of a stream goes back by `br.free` unless a device may still write to it.
 */
void wcrypto_del_comp_ctx(void *ctx);

#ifdef __cplusplus
}
#endif

#endif  /* __WCRYPTO_COMP_H */
