/* SPDX-License-Identifier: Apache-2.0
 *
 * Ciphers on a queue of v1.
 *
 * The library does not have these algorithms yet: functions that make something answer
 * NULL, those that return int -WD_ENODEV, and the others do nothing.
 */

#ifndef __WD_CIPHER_H
#define __WD_CIPHER_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stdlib.h>
#include <errno.h>
#include <linux/types.h>
#include "wd.h"

/* Block ciphers. */
enum wcrypto_cipher_alg {
    /* SM4, keys of 16 bytes. */
    WCRYPTO_CIPHER_SM4 = 0,
    /* AES, keys of 16, 24 or 32 bytes; twice that for XTS. */
    WCRYPTO_CIPHER_AES = 1,
    /* DES, keys of 8 bytes. */
    WCRYPTO_CIPHER_DES = 2,
    /* Triple DES, keys of 16 or 24 bytes. */
    WCRYPTO_CIPHER_3DES = 3
};

/* Modes of operation. */
enum wcrypto_cipher_mode {
    /* Each block for itself. */
    WCRYPTO_CIPHER_ECB = 0,
    /* Chained blocks. */
    WCRYPTO_CIPHER_CBC = 1,
    /* Counter. */
    WCRYPTO_CIPHER_CTR = 2,
    /* Sectors, as IEEE 1619 has it. */
    WCRYPTO_CIPHER_XTS = 3,
    /* Output feedback. */
    WCRYPTO_CIPHER_OFB = 4,
    /* Cipher feedback. */
    WCRYPTO_CIPHER_CFB = 5,
    /* Counter with CBC-MAC: `wd_aead.h`. */
    WCRYPTO_CIPHER_CCM = 6,
    /* Galois/counter: `wd_aead.h`. */
    WCRYPTO_CIPHER_GCM = 7,
    /* CBC with ciphertext stealing, last blocks in order. */
    WCRYPTO_CIPHER_CBC_CS1 = 8,
    /* The same, last blocks swapped where one is not whole. */
    WCRYPTO_CIPHER_CBC_CS2 = 9,
    /* The same, last blocks swapped always. */
    WCRYPTO_CIPHER_CBC_CS3 = 10,
    /* Sectors, as GB/T 17964 has it. */
    WCRYPTO_CIPHER_XTS_GB = 11,
    /* How many there are. */
    WCRYPTO_CIPHER_MODE_MAX = 12
};

/* Directions. */
enum wcrypto_cipher_op_type {
    /* Encrypt. */
    WCRYPTO_CIPHER_ENCRYPTION = 0,
    /* Decrypt. */
    WCRYPTO_CIPHER_DECRYPTION = 1
};

/* What a context is to be. */
struct wcrypto_cipher_ctx_setup {
    /* Is told the results of asynchronous requests; may be NULL without them. */
    wcrypto_cb cb;
    /* The cipher. */
    enum wcrypto_cipher_alg alg;
    /* Its mode. */
    enum wcrypto_cipher_mode mode;
    /* The memory that the buffers are in. */
    struct wd_mm_br br;
    /* How the buffers lie in memory, one of `enum wd_buff_type`. */
    __u16 data_fmt;
};

/* A request. */
struct wcrypto_cipher_op_data {
    /* The direction. */
    enum wcrypto_cipher_op_type op_type;
    /* Out: 0, or an error number of `wd.h`. */
    int status;
    /* The input: bytes, or a `struct wd_sgl`. */
    void *in;
    /* Room for the output: bytes, or a `struct wd_sgl`. */
    void *out;
    /* The initialisation vector; not looked at for ECB. */
    void *iv;
    /* Bytes of input. */
    __u32 in_bytes;
    /* Bytes of room. Out: bytes of output. */
    __u32 out_bytes;
    /* Bytes of the initialisation vector. */
    __u32 iv_bytes;
    /* A driver's own parameters, or NULL. */
    void *priv;
};

/* A request between the library and a driver, and what a callback is given. */
struct wcrypto_cipher_msg {
    /* The class, `WCRYPTO_CIPHER`, and one of `enum wcrypto_cipher_alg`. */
    __extension__ __u8 alg_type:4;
    __extension__ __u8 alg:4;
    /* One of `enum wcrypto_cipher_op_type`, and one of `enum wcrypto_cipher_mode`. */
    __extension__ __u8 op_type:4;
    __extension__ __u8 mode:4;
    /* How the buffers lie in memory, one of `enum wd_buff_type`. */
    __u8 data_fmt;
    /* Out: 0, or an error number of `wd.h`. */
    __u8 result;
    /* Bytes of the key. */
    __u16 key_bytes;
    /* Bytes of the initialisation vector. */
    __u16 iv_bytes;
    /* Bytes of input. */
    __u32 in_bytes;
    /* Bytes of output. */
    __u32 out_bytes;
    /* The key. */
    __u8 *key;
    /* The initialisation vector. */
    __u8 *iv;
    /* The input. */
    __u8 *in;
    /* Room for the output. */
    __u8 *out;
    /* Where the library has the request's `struct wcrypto_cb_tag`. */
    __u64 usr_data;
};

#ifdef __cplusplus
extern "C" {
#endif

/* Creates a context on an open queue of a cipher; NULL if it cannot. */
void *wcrypto_create_cipher_ctx(struct wd_queue *q, struct wcrypto_cipher_ctx_setup *setup);

/* Sets the key, `key_len` bytes. Returns 0 or -WD_EINVAL. */
int wcrypto_set_cipher_key(void *ctx, __u8 *key, __u16 key_len);

/**
 * Serves a request: with NULL as `tag` at once, else in a call of `wcrypto_cipher_poll`, which calls
 * the context's function with `tag`. Returns 0; -WD_EBUSY: too many are under way; another error.
 */
int wcrypto_do_cipher(void *ctx, struct wcrypto_cipher_op_data *opdata, void *tag);

/* Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error. */
int wcrypto_cipher_poll(struct wd_queue *q, unsigned int num);

/* Frees a context, whose requests have all come back. */
void wcrypto_del_cipher_ctx(void *ctx);

/**
 * As `wcrypto_do_cipher`, for up to `WCRYPTO_MAX_BURST_NUM` requests. Returns how many are done, of
 * asynchronous ones 0; or an error.
 */
int wcrypto_burst_cipher(void *ctx, struct wcrypto_cipher_op_data **c_opdata, void **tag, __u32 num);

#ifdef __cplusplus
}
#endif

#endif  /* __WD_CIPHER_H */
