/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashes and message authentication codes on a queue of v1.
 *
 * The library does not have these algorithms yet: functions that make something answer
 * NULL, those that return int -WD_ENODEV, and the others do nothing.
 */

#ifndef __WD_DIGEST_H
#define __WD_DIGEST_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stdlib.h>
#include <errno.h>
#include <linux/types.h>
#include "wd.h"

/* Bytes of a whole value. */
enum wd_digest_mac_len {
    WCRYPTO_DIGEST_SM3_LEN = 32,
    WCRYPTO_DIGEST_MD5_LEN = 16,
    WCRYPTO_DIGEST_SHA1_LEN = 20,
    WCRYPTO_DIGEST_SHA256_LEN = 32,
    WCRYPTO_DIGEST_SHA224_LEN = 28,
    WCRYPTO_DIGEST_SHA384_LEN = 48,
    WCRYPTO_DIGEST_SHA512_LEN = 64,
    WCRYPTO_DIGEST_SHA512_224_LEN = 28,
    WCRYPTO_DIGEST_SHA512_256_LEN = 32,
    WCRYPTO_AES_XCBC_MAC_96_LEN = 12,
    WCRYPTO_AES_XCBC_PRF_128_LEN = 16,
    WCRYPTO_AES_CMAC_LEN = 16,
    WCRYPTO_AES_GMAC_LEN = 16
};

/* Bytes of a hash's state, for pieces before the last. */
enum wcrypto_digest_mac_full_len {
    WCRYPTO_DIGEST_SM3_FULL_LEN = 32,
    WCRYPTO_DIGEST_MD5_FULL_LEN = 16,
    WCRYPTO_DIGEST_SHA1_FULL_LEN = 20,
    WCRYPTO_DIGEST_SHA256_FULL_LEN = 32,
    WCRYPTO_DIGEST_SHA224_FULL_LEN = 32,
    WCRYPTO_DIGEST_SHA384_FULL_LEN = 64,
    WCRYPTO_DIGEST_SHA512_FULL_LEN = 64,
    WCRYPTO_DIGEST_SHA512_224_FULL_LEN = 64,
    WCRYPTO_DIGEST_SHA512_256_FULL_LEN = 64
};

/* Hashes and codes. */
enum wcrypto_digest_alg {
    WCRYPTO_SM3 = 0,
    WCRYPTO_MD5 = 1,
    WCRYPTO_SHA1 = 2,
    WCRYPTO_SHA256 = 3,
    WCRYPTO_SHA224 = 4,
    WCRYPTO_SHA384 = 5,
    WCRYPTO_SHA512 = 6,
    WCRYPTO_SHA512_224 = 7,
    WCRYPTO_SHA512_256 = 8,
    WCRYPTO_AES_XCBC_MAC_96 = 9,
    WCRYPTO_AES_XCBC_PRF_128 = 10,
    WCRYPTO_AES_CMAC = 11,
    WCRYPTO_AES_GMAC = 12,
    /* How many there are. */
    WCRYPTO_MAX_DIGEST_TYPE = 13
};

/* Without a key or with one. */
enum wcrypto_digest_mode {
    /* A hash. */
    WCRYPTO_DIGEST_NORMAL = 0,
    /* A code, HMAC or one of AES: `wcrypto_set_digest_key` first. */
    WCRYPTO_DIGEST_HMAC = 1
};

/* Which piece of a text a request is. */
enum wcrypto_digest_msg_state {
    /* The whole text, or the last piece. */
    WCRYPTO_DIGEST_END = 0,
    /* Not the last piece. */
    WCRYPTO_DIGEST_DOING = 1,
    /* The last piece, where each request brings the value so far itself. */
    WCRYPTO_DIGEST_STREAM_END = 2,
    /* Neither first nor last piece, where each request brings the value so far itself. */
    WCRYPTO_DIGEST_STREAM_DOING = 3,
    /* How many there are. */
    WCRYPTO_DIGEST_MSG_STATE_MAX = 4
};

/* What a context is to be. */
struct wcrypto_digest_ctx_setup {
    /* Is told the results of asynchronous requests; may be NULL without them. */
    wcrypto_cb cb;
    /* The hash or code. */
    enum wcrypto_digest_alg alg;
    /* Without a key or with one. */
    enum wcrypto_digest_mode mode;
    /* The memory that the buffers are in. */
    struct wd_mm_br br;
    /* How the input lies in memory, one of `enum wd_buff_type`. */
    __u16 data_fmt;
};

/* A request. */
struct wcrypto_digest_op_data {
    /* The input: bytes, or a `struct wd_sgl`. */
    void *in;
    /* Room for the value, in one piece. */
    void *out;
    /* Bytes of input. */
    __u32 in_bytes;
    /**
     * Bytes of the value that are wanted: `enum wd_digest_mac_len`, or for pieces before the last
     * `enum wcrypto_digest_mac_full_len`.
     */
    __u32 out_bytes;
    /* A driver's own parameters, or NULL. */
    void *priv;
    /* Out: 0, or an error number of `wd.h`. */
    int status;
    /* One of `enum wcrypto_digest_msg_state`. */
    int has_next;
    /* The initialisation vector, for GMAC. */
    void *iv;
    /* Its bytes. */
    __u32 iv_bytes;
};

/* A request between the library and a driver, and what a callback is given. */
struct wcrypto_digest_msg {
    /* The class, `WCRYPTO_DIGEST`. */
    __u8 alg_type;
    /**
     * One of `enum wcrypto_digest_alg`, whether more pieces follow, and one of
     * `enum wcrypto_digest_mode`.
     */
    __extension__ __u8 alg:4;
    __extension__ __u8 has_next:1;
    __extension__ __u8 mode:3;
    /* How the input lies in memory, one of `enum wd_buff_type`. */
    __u8 data_fmt;
    /* Out: 0, or an error number of `wd.h`. */
    __u8 result;
    /* Bytes of the key. */
    __u16 key_bytes;
    /* Bytes of the initialisation vector, or of the value so far. */
    __u16 iv_bytes;
    /* The key. */
    __u8 *key;
    /* The initialisation vector. */
    __u8 *iv;
    /* The input. */
    __u8 *in;
    /* Room for the value. */
    __u8 *out;
    /* Bytes of input. */
    __u32 in_bytes;
    /* Bytes of the value. */
    __u32 out_bytes;
    /* Where the library has the request's `struct wcrypto_cb_tag`. */
    __u64 usr_data;
};

#ifdef __cplusplus
extern "C" {
#endif

/* Creates a context on an open queue of a hash; NULL if it cannot. */
void *wcrypto_create_digest_ctx(struct wd_queue *q, struct wcrypto_digest_ctx_setup *setup);

/* Sets the key, `key_len` bytes. Returns 0 or -WD_EINVAL. */
int wcrypto_set_digest_key(void *ctx, __u8 *key, __u16 key_len);

/**
 * Serves a request: with NULL as `tag` at once, else in a call of `wcrypto_digest_poll`, which calls
 * the context's function with `tag`. Returns 0; -WD_EBUSY: too many are under way; another error.
 */
int wcrypto_do_digest(void *ctx, struct wcrypto_digest_op_data *opdata, void *tag);

/* Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error. */
int wcrypto_digest_poll(struct wd_queue *q, unsigned int num);

/* Frees a context, whose requests have all come back. */
void wcrypto_del_digest_ctx(void *ctx);

/**
 * As `wcrypto_do_digest`, for up to `WCRYPTO_MAX_BURST_NUM` requests. Returns how many are done, of
 * asynchronous ones 0; or an error.
 */
int wcrypto_burst_digest(void *d_ctx, struct wcrypto_digest_op_data **opdata, void **tag, __u32 num);

#ifdef __cplusplus
}
#endif

#endif  /* __WD_DIGEST_H */
