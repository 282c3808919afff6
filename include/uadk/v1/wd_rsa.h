/* SPDX-License-Identifier: Apache-2.0
 *
 * RSA on a queue of v1.
 *
 * The library does not have these algorithms yet: functions that make something answer
 * NULL, those that return int -WD_ENODEV, and the others do nothing.
 */

#ifndef __WD_RSA_H
#define __WD_RSA_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stdlib.h>
#include <errno.h>
#include <linux/types.h>
#include "wd.h"

/* Operations. */
enum wcrypto_rsa_op_type {
    /* None. */
    WCRYPTO_RSA_INVALID = 0,
    /* With the private key: sign, or decrypt. */
    WCRYPTO_RSA_SIGN = 1,
    /* With the public key: verify, or encrypt. */
    WCRYPTO_RSA_VERIFY = 2,
    /**
     * Generate a key: the input is a `struct wcrypto_rsa_kg_in`, the output a
     * `struct wcrypto_rsa_kg_out`.
     */
    WCRYPTO_RSA_GENKEY = 3
};

/* Kinds of keys. */
enum wcrypto_rsa_key_type {
    /* None. */
    WCRYPTO_RSA_INVALID_KEY = 0,
    /* Public: e and n. */
    WCRYPTO_RSA_PUBKEY = 1,
    /* Private: d and n. */
    WCRYPTO_RSA_PRIKEY1 = 2,
    /* Private, for the Chinese remainder theorem: dq, dp, qinv, q and p. */
    WCRYPTO_RSA_PRIKEY2 = 3
};

/* What the generation of a key starts from: made by `wcrypto_new_kg_in`. */
struct wcrypto_rsa_kg_in;

/* Room for what the generation of a key makes: made by `wcrypto_new_kg_out`. */
struct wcrypto_rsa_kg_out;

/* The private key of a context. */
struct wcrypto_rsa_prikey;

/* The public key of a context. */
struct wcrypto_rsa_pubkey;

/* What a context is to be. */
struct wcrypto_rsa_ctx_setup {
    /* Is told the results of asynchronous requests; may be NULL without them. */
    wcrypto_cb cb;
    /* How the buffers lie in memory, one of `enum wd_buff_type`. */
    __u16 data_fmt;
    /* Bits of the modulus: 1024, 2048, 3072 or 4096. */
    __u16 key_bits;
    /* Whether the private key is one for the Chinese remainder theorem. */
    bool is_crt;
    /* The memory that the buffers and keys are in. */
    struct wd_mm_br br;
};

/* A request. */
struct wcrypto_rsa_op_data {
    /* The operation. */
    enum wcrypto_rsa_op_type op_type;
    /* Out: 0, or an error number of `wd.h`. */
    int status;
    /* The input: a number of the modulus' length, big-endian. */
    void *in;
    /* Room for the output, the same. */
    void *out;
    /* Bytes of input. */
    __u32 in_bytes;
    /* Bytes of room. Out: bytes of output. */
    __u32 out_bytes;
};

/* A request between the library and a driver, and what a callback is given. */
struct wcrypto_rsa_msg {
    /**
     * The class, `WCRYPTO_RSA`; one of `enum wcrypto_rsa_op_type`; one of
     * `enum wcrypto_rsa_key_type`; and one of `enum wd_buff_type`.
     */
    __extension__ __u8 alg_type:3;
    __extension__ __u8 op_type:2;
    __extension__ __u8 key_type:2;
    __extension__ __u8 data_fmt:1;
    /* Out: 0, or an error number of `wd.h`. */
    __u8 result;
    /* Bytes of input. */
    __u16 in_bytes;
    /* Bytes of output. */
    __u16 out_bytes;
    /* Bytes of the modulus. */
    __u16 key_bytes;
    /* The input. */
    __u8 *in;
    /* Room for the output. */
    __u8 *out;
    /* The key. */
    __u8 *key;
    /* Where the library has the request's `struct wcrypto_cb_tag`. */
    __u64 usr_data;
};

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the private key is one for the Chinese remainder theorem; false for NULL. */
bool wcrypto_rsa_is_crt(const void *ctx);

/* Returns the bits of the modulus; 0 for NULL. */
int wcrypto_rsa_key_bits(const void *ctx);

/* Creates a context on an open queue of `rsa`; NULL if it cannot. */
void *wcrypto_create_rsa_ctx(struct wd_queue *q, struct wcrypto_rsa_ctx_setup *setup);

/* Tells where the context has its public key. */
void wcrypto_get_rsa_pubkey(void *ctx, struct wcrypto_rsa_pubkey **pubkey);

/* Tells where the context has its private key. */
void wcrypto_get_rsa_prikey(void *ctx, struct wcrypto_rsa_prikey **prikey);

/* Sets the public key; NULL leaves a number as it is. Returns 0 or -WD_EINVAL. */
int wcrypto_set_rsa_pubkey_params(void *ctx, struct wd_dtb *e, struct wd_dtb *n);

/* Tells where the numbers of a public key are; NULL for what is not asked. */
void wcrypto_get_rsa_pubkey_params(struct wcrypto_rsa_pubkey *pbk, struct wd_dtb **e,
	struct wd_dtb **n);

/* Sets the private key; NULL leaves a number as it is. Returns 0 or -WD_EINVAL. */
int wcrypto_set_rsa_prikey_params(void *ctx, struct wd_dtb *d, struct wd_dtb *n);

/* Tells where the numbers of a private key are; NULL for what is not asked. */
void wcrypto_get_rsa_prikey_params(struct wcrypto_rsa_prikey *pvk, struct wd_dtb **d,
	struct wd_dtb **n);

/* Sets the private key of a context for the Chinese remainder theorem. Returns 0 or -WD_EINVAL. */
int wcrypto_set_rsa_crt_prikey_params(void *ctx, struct wd_dtb *dq, struct wd_dtb *dp,
	struct wd_dtb *qinv, struct wd_dtb *q, struct wd_dtb *p);

/* Tells where its numbers are; NULL for what is not asked. */
void wcrypto_get_rsa_crt_prikey_params(struct wcrypto_rsa_prikey *pvk, struct wd_dtb **dq,
	struct wd_dtb **dp, struct wd_dtb **qinv, struct wd_dtb **q, struct wd_dtb **p);

/* Makes the input for the generation of a key, from the context's memory; NULL if it cannot. */
struct wcrypto_rsa_kg_in *wcrypto_new_kg_in(void *ctx, struct wd_dtb *e, struct wd_dtb *p,
	struct wd_dtb *q);

/* Frees it. */
void wcrypto_del_kg_in(void *ctx, struct wcrypto_rsa_kg_in *ki);

/* Tells its numbers, without copying them. */
void wcrypto_get_rsa_kg_in_params(struct wcrypto_rsa_kg_in *kin, struct wd_dtb *e,
	struct wd_dtb *q, struct wd_dtb *p);

/* Makes room for a generated key, from the context's memory; NULL if it cannot. */
struct wcrypto_rsa_kg_out *wcrypto_new_kg_out(void *ctx);

/* Frees it. */
void wcrypto_del_kg_out(void *ctx, struct wcrypto_rsa_kg_out *kout);

/* Tells the numbers of a generated key, without copying them. */
void wcrypto_get_rsa_kg_out_params(struct wcrypto_rsa_kg_out *kout, struct wd_dtb *d,
	struct wd_dtb *n);

/* Tells the numbers of a generated key for the Chinese remainder theorem, without copying them. */
void wcrypto_get_rsa_kg_out_crt_params(struct wcrypto_rsa_kg_out *kout, struct wd_dtb *qinv,
	struct wd_dtb *dq, struct wd_dtb *dp);

/* Tells where the bytes of the input are. Returns how many, or -WD_EINVAL. */
int wcrypto_rsa_kg_in_data(struct wcrypto_rsa_kg_in *ki, char **data);

/* Tells where the bytes of the output are. Returns how many, or -WD_EINVAL. */
int wcrypto_rsa_kg_out_data(struct wcrypto_rsa_kg_out *ko, char **data);

/* Says how long the numbers of a generated key for the Chinese remainder theorem are: drivers do. */
void wcrypto_set_rsa_kg_out_crt_psz(struct wcrypto_rsa_kg_out *kout, size_t qinv_sz,
	size_t dq_sz, size_t dp_sz);

/* Says how long the numbers of a generated key are: drivers do. */
void wcrypto_set_rsa_kg_out_psz(struct wcrypto_rsa_kg_out *kout, size_t d_sz, size_t n_sz);

/**
 * Serves a request: with NULL as `tag` at once, else in a call of `wcrypto_rsa_poll`, which calls the
 * context's function with `tag`. Returns 0; -WD_EBUSY: too many are under way; another error.
 */
int wcrypto_do_rsa(void *ctx, struct wcrypto_rsa_op_data *opdata, void *tag);

/* Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error. */
int wcrypto_rsa_poll(struct wd_queue *q, unsigned int num);

/* Frees a context, whose requests have all come back. */
void wcrypto_del_rsa_ctx(void *ctx);

#ifdef __cplusplus
}
#endif

#endif  /* __WD_RSA_H */
