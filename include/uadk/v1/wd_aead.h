/* SPDX-License-Identifier: Apache-2.0
 *
 * Authenticated encryption on a queue of v1.
 *
 * The library does not have these algorithms yet: functions that make something answer
 * NULL, those that return int -WD_ENODEV, and the others do nothing.
 */

#ifndef __WD_AEAD_H
#define __WD_AEAD_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stdlib.h>
#include <errno.h>
#include <linux/types.h>
#include "wd.h"
#include "wd_cipher.h"
#include "wd_digest.h"

/* Bytes of a whole tag. */
enum wcrypto_aead_mac_len {
    WCRYPTO_CCM_GCM_LEN = 16,
    WCRYPTO_SM3_LEN = 32,
    WCRYPTO_MD5_LEN = 16,
    WCRYPTO_SHA1_LEN = 20,
    WCRYPTO_SHA256_LEN = 32,
    WCRYPTO_SHA224_LEN = 28,
    WCRYPTO_SHA384_LEN = 48,
    WCRYPTO_SHA512_LEN = 64,
    WCRYPTO_SHA512_224_LEN = 28,
    WCRYPTO_SHA512_256_LEN = 32
};

/* Directions, and what is done first. */
enum wcrypto_aead_op_type {
    /* Encrypt, then authenticate the ciphertext. */
    WCRYPTO_CIPHER_ENCRYPTION_DIGEST = 0,
    /* Decrypt what that made. */
    WCRYPTO_CIPHER_DECRYPTION_DIGEST = 1,
    /* Authenticate the plaintext, then encrypt. */
    WCRYPTO_DIGEST_CIPHER_ENCRYPTION = 2,
    /* Decrypt what that made. */
    WCRYPTO_DIGEST_CIPHER_DECRYPTION = 3
};

/* Which piece of a text a request is. */
enum wcrypto_aead_msg_state {
    /* The whole text. */
    WCRYPTO_AEAD_MSG_BLOCK = 0,
    /* The first piece. */
    WCRYPTO_AEAD_MSG_FIRST = 1,
    /* Neither first nor last. */
    WCRYPTO_AEAD_MSG_MIDDLE = 2,
    /* The last piece. */
    WCRYPTO_AEAD_MSG_END = 3,
    /* How many there are. */
    WCRYPTO_AEAD_MSG_INVALID = 4
};

/* What a context is to be. */
struct wcrypto_aead_ctx_setup {
    /* Is told the results of asynchronous requests; may be NULL without them. */
    wcrypto_cb cb;
    /* The cipher. */
    enum wcrypto_cipher_alg calg;
    /* Its mode. */
    enum wcrypto_cipher_mode cmode;
    /* The hash, for modes that need one. */
    enum wcrypto_digest_alg dalg;
    /* With a key or without. */
    enum wcrypto_digest_mode dmode;
    /* The memory that the buffers are in. */
    struct wd_mm_br br;
    /* How the buffers lie in memory, one of `enum wd_buff_type`. */
    __u16 data_fmt;
};

/**
 * A request. The input is associated data and text, to decrypt also the tag; the output is
 * associated data and text, of encryption also the tag.
 */
struct wcrypto_aead_op_data {
    /* The direction. */
    enum wcrypto_aead_op_type op_type;
    /* Out: 0, or an error number of `wd.h`; `WD_VERIFY_ERR`: the tag is wrong. */
    int status;
    /* The input: bytes, or a `struct wd_sgl`. */
    void *in;
    /* Room for the output: bytes, or a `struct wd_sgl`. */
    void *out;
    /* The initialisation vector. */
    void *iv;
    /* Bytes of text. */
    __u32 in_bytes;
    /* Bytes of text in the output. */
    __u32 out_bytes;
    /* Bytes of room. */
    __u32 out_buf_bytes;
    /* Bytes of the initialisation vector. */
    __u16 iv_bytes;
    /* Bytes of associated data. */
    __u16 assoc_size;
    /* A driver's own parameters, or NULL. */
    void *priv;
    /* Which piece this is. */
    enum wcrypto_aead_msg_state state;
};

/* A request between the library and a driver, and what a callback is given. */
struct wcrypto_aead_msg {
    /* The class, `WCRYPTO_AEAD`, and one of `enum wcrypto_aead_op_type`. */
    __extension__ __u8 alg_type:4;
    __extension__ __u8 op_type:4;
    /* One of `enum wcrypto_cipher_alg`, and one of `enum wcrypto_cipher_mode`. */
    __extension__ __u8 calg:4;
    __extension__ __u8 cmode:4;
    /* One of `enum wcrypto_digest_alg`, and one of `enum wcrypto_digest_mode`. */
    __extension__ __u8 dalg:4;
    __extension__ __u8 dmode:4;
    /* How the buffers lie in memory, one of `enum wd_buff_type`. */
    __u8 data_fmt;
    /* Out: 0, or an error number of `wd.h`. */
    __u8 result;
    /* Bytes of the cipher's key. */
    __u16 ckey_bytes;
    /* Bytes of the key of the code. */
    __u16 akey_bytes;
    /* Bytes of associated data. */
    __u16 assoc_bytes;
    /* Bytes of the tag. */
    __u16 auth_bytes;
    /* Bytes of the initialisation vector. */
    __u16 iv_bytes;
    /* Bytes of text. */
    __u32 in_bytes;
    /* Bytes of text in the output. */
    __u32 out_bytes;
    /* The cipher's key. */
    __u8 *ckey;
    /* The key of the code. */
    __u8 *akey;
    /* The initialisation vector. */
    __u8 *iv;
    /* The initialisation vector of the code. */
    __u8 *aiv;
    /* The input. */
    __u8 *in;
    /* Room for the output. */
    __u8 *out;
    /* Where the library has the request's `struct wcrypto_cb_tag`. */
    __u64 usr_data;
    /* The tag. */
    __u8 *mac;
    /* Bytes of text so far, with this piece. */
    __u64 long_data_len;
    /* Which piece this is. */
    enum wcrypto_aead_msg_state msg_state;
};

#ifdef __cplusplus
extern "C" {
#endif

/* Creates a context on an open queue of authenticated encryption; NULL if it cannot. */
void *wcrypto_create_aead_ctx(struct wd_queue *q, struct wcrypto_aead_ctx_setup *setup);

/* Sets the cipher's key, `key_len` bytes. Returns 0 or -WD_EINVAL. */
int wcrypto_set_aead_ckey(void *ctx, __u8 *key, __u16 key_len);

/* Sets the key of the code, `key_len` bytes. Returns 0 or -WD_EINVAL. */
int wcrypto_set_aead_akey(void *ctx, __u8 *key, __u16 key_len);

/* Sets the bytes of the tag. Returns 0 or -WD_EINVAL. */
int wcrypto_aead_setauthsize(void *ctx, __u16 authsize);

/* Returns the bytes of the tag, or -WD_EINVAL. */
int wcrypto_aead_getauthsize(void *ctx);

/* Returns the bytes of the longest tag the context can make, or -WD_EINVAL. */
int wcrypto_aead_get_maxauthsize(void *ctx);

/**
 * Serves a request: with NULL as `tag` at once, else in a call of `wcrypto_aead_poll`, which calls
 * the context's function with `tag`. Returns 0; -WD_EBUSY: too many are under way; another error.
 */
int wcrypto_do_aead(void *ctx, struct wcrypto_aead_op_data *opdata, void *tag);

/**
 * As `wcrypto_do_aead`, for up to `WCRYPTO_MAX_BURST_NUM` requests. Returns how many are done, of
 * asynchronous ones 0; or an error.
 */
int wcrypto_burst_aead(void *a_ctx, struct wcrypto_aead_op_data **opdata, void **tag, __u32 num);

/* Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error. */
int wcrypto_aead_poll(struct wd_queue *q, unsigned int num);

/* Frees a context, whose requests have all come back. */
void wcrypto_del_aead_ctx(void *ctx);

#ifdef __cplusplus
}
#endif

#endif  /* __WD_AEAD_H */
