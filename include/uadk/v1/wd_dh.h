/* SPDX-License-Identifier: Apache-2.0
 *
 * Diffie-Hellman on a queue of v1.
 *
 * The library does not have these algorithms yet: functions that make something answer
 * NULL, those that return int -WD_ENODEV, and the others do nothing.
 */

#ifndef __WD_DH_H
#define __WD_DH_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stdlib.h>
#include <errno.h>
#include "wd.h"

/* Operations. */
enum wcrypto_dh_op_type {
    /* None. */
    WCRYPTO_DH_INVALID = 0,
    /* The public value: g to the power of x, modulo p. */
    WCRYPTO_DH_PHASE1 = 1,
    /* The shared secret: the other's public value to the power of x, modulo p. */
    WCRYPTO_DH_PHASE2 = 2
};

/* What a context is to be. */
struct wcrypto_dh_ctx_setup {
    /* Is told the results of asynchronous requests; may be NULL without them. */
    wcrypto_cb cb;
    /* How the buffers lie in memory, one of `enum wd_buff_type`. */
    __u16 data_fmt;
    /* Bits of p: 768, 1024, 1536, 2048, 3072 or 4096. */
    __u16 key_bits;
    /* Whether g is 2. */
    bool is_g2;
    /* The memory that the buffers are in. */
    struct wd_mm_br br;
};

/* A request. Numbers are big-endian. */
struct wcrypto_dh_op_data {
    /* x, and p behind it at the distance of the key's length. */
    void *x_p;
    /* Phase 2: the other's public value. */
    void *pv;
    /* Room for the output. */
    void *pri;
    /* Bytes of room. Out: bytes of output. */
    __u16 pri_bytes;
    /* Bytes of p. */
    __u16 pbytes;
    /* Bytes of x. */
    __u16 xbytes;
    /* Bytes of the other's public value. */
    __u16 pvbytes;
    /* The operation. */
    enum wcrypto_dh_op_type op_type;
    /* Out: 0, or an error number of `wd.h`. */
    __u32 status;
};

/* A request between the library and a driver, and what a callback is given. */
struct wcrypto_dh_msg {
    /**
     * The class, `WCRYPTO_DH`; one of `enum wcrypto_dh_op_type`; one of `enum wd_buff_type`; and
     * whether g is 2.
     */
    __extension__ __u8 alg_type:3;
    __extension__ __u8 op_type:2;
    __extension__ __u8 data_fmt:1;
    __extension__ __u8 is_g2:2;
    /* Out: 0, or an error number of `wd.h`. */
    __u8 result;
    /* Bytes of the key. */
    __u16 key_bytes;
    /* x and p. */
    __u8 *x_p;
    /* g, or in phase 2 the other's public value. */
    __u8 *g;
    /* Room for the output. */
    __u8 *out;
    /* Bytes of x. */
    __u16 xbytes;
    /* Bytes of p. */
    __u16 pbytes;
    /* Bytes of g. */
    __u16 gbytes;
    /* Bytes of output. */
    __u16 out_bytes;
    /* Where the library has the request's `struct wcrypto_cb_tag`. */
    __u64 usr_data;
};

#ifdef __cplusplus
extern "C" {
#endif

/* Creates a context on an open queue of `dh`; NULL if it cannot. */
void *wcrypto_create_dh_ctx(struct wd_queue *q, struct wcrypto_dh_ctx_setup *setup);

/* Whether g is 2; false for NULL. */
bool wcrypto_dh_is_g2(const void *ctx);

/* Returns the bits of p; 0 for NULL. */
int wcrypto_dh_key_bits(const void *ctx);

/**
 * Serves a request: with NULL as `tag` at once, else in a call of `wcrypto_dh_poll`, which calls the
 * context's function with `tag`. Returns 0; -WD_EBUSY: too many are under way; another error.
 */
int wcrypto_do_dh(void *ctx, struct wcrypto_dh_op_data *opdata, void *tag);

/* Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error. */
int wcrypto_dh_poll(struct wd_queue *q, unsigned int num);

/* Frees a context, whose requests have all come back. */
void wcrypto_del_dh_ctx(void *ctx);

/* Sets g, which is copied. Returns 0, or -WD_EINVAL: too long, or not 2 in a context for 2. */
int wcrypto_set_dh_g(void *ctx, struct wd_dtb *g);

/* Tells where the context has g. */
void wcrypto_get_dh_g(void *ctx, struct wd_dtb **g);

#ifdef __cplusplus
}
#endif

#endif  /* __WD_DH_H */
