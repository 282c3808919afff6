/* SPDX-License-Identifier: Apache-2.0
 *
 * Elliptic curves on a queue of v1. UADK has these functions and does not install their header.
 *
 * The library does not have these algorithms yet: functions that make something answer
 * NULL, those that return int -WD_ENODEV, and the others do nothing.
 */

#ifndef __WD_ECC_H
#define __WD_ECC_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stdlib.h>
#include <errno.h>
#include <linux/types.h>
#include "wd.h"

/* Curves that the library knows. */
enum wcrypto_ecc_curve_id {
    WCRYPTO_SECP128R1 = 16,
    WCRYPTO_SECP192K1 = 17,
    WCRYPTO_SECP256K1 = 18,
    WCRYPTO_BRAINPOOLP320R1 = 19,
    WCRYPTO_BRAINPOOLP384R1 = 20,
    WCRYPTO_SECP521R1 = 21
};

/* Operations. */
enum wcrypto_ecc_op_type {
    /* None. */
    WCRYPTO_EC_OP_INVALID = 0,
    /* ECDH, X25519, X448: the public key. */
    WCRYPTO_ECXDH_GEN_KEY = 1,
    /* ECDH, X25519, X448: the shared secret. */
    WCRYPTO_ECXDH_COMPUTE_KEY = 2,
    /* ECDSA: sign. */
    WCRYPTO_ECDSA_SIGN = 3,
    /* ECDSA: verify. */
    WCRYPTO_ECDSA_VERIFY = 4,
    /* SM2: sign. */
    WCRYPTO_SM2_SIGN = 5,
    /* SM2: verify. */
    WCRYPTO_SM2_VERIFY = 6,
    /* SM2: encrypt. */
    WCRYPTO_SM2_ENCRYPT = 7,
    /* SM2: decrypt. */
    WCRYPTO_SM2_DECRYPT = 8,
    /* SM2: generate a pair of keys. */
    WCRYPTO_SM2_KG = 9,
    /* How many there are. */
    WCRYPTO_EC_OP_MAX = 10
};

/* Hashes. */
enum wcrypto_ecc_hash_type {
    WCRYPTO_HASH_SM3 = 0,
    WCRYPTO_HASH_SHA1 = 1,
    WCRYPTO_HASH_SHA224 = 2,
    WCRYPTO_HASH_SHA256 = 3,
    WCRYPTO_HASH_SHA384 = 4,
    WCRYPTO_HASH_SHA512 = 5,
    WCRYPTO_HASH_MD4 = 6,
    WCRYPTO_HASH_MD5 = 7,
    /* How many there are. */
    WCRYPTO_HASH_MAX = 8
};

/* How a curve is said. */
enum wcrypto_ecc_curve_cfg_type {
    /* By its number. */
    WCRYPTO_CV_CFG_ID = 0,
    /* By its parameters. */
    WCRYPTO_CV_CFG_PARAM = 1
};

/* The input of a request: made by `wcrypto_new_*_in`. */
struct wcrypto_ecc_in;

/* The keys of a context. */
struct wcrypto_ecc_key;

/* Room for the output of a request: made by `wcrypto_new_*_out`. */
struct wcrypto_ecc_out;

/* A point. Numbers are big-endian. */
struct wcrypto_ecc_point {
    /* The first coordinate. */
    struct wd_dtb x;
    /* The second coordinate. */
    struct wd_dtb y;
};

/* A curve: y^2 = x^3 + ax + b modulo p, or what the algorithm has in its place. */
struct wcrypto_ecc_curve {
    /* The prime. */
    struct wd_dtb p;
    /* The coefficient a. */
    struct wd_dtb a;
    /* The coefficient b. */
    struct wd_dtb b;
    /* The base point. */
    struct wcrypto_ecc_point g;
    /* The base point's order. */
    struct wd_dtb n;
};

/* A curve, said in one of two ways. */
union wcrypto_ecc_curve_choice {
    /* Its number. */
    enum wcrypto_ecc_curve_id id;
    /* Its parameters. */
    struct wcrypto_ecc_curve *pparam;
};

/* Which curve. Looked at for ECDH and ECDSA: the other algorithms have one of their own. */
struct wcrypto_ecc_curve_cfg {
    /* One of `enum wcrypto_ecc_curve_cfg_type`. */
    __u32 type;
    /* The curve. */
    union wcrypto_ecc_curve_choice cfg;
    /* Not used. */
    __u8 resv[4];
};

/* Writes `out_len` random bytes to `out`; answers 0, or an error. */
typedef int (*wcrypto_rand)(char *out, size_t out_len, void *usr);

/* The program's source of random numbers. */
struct wcrypto_rand_mt {
    /* The function. */
    wcrypto_rand cb;
    /* Its last argument. */
    void *usr;
};

/* Writes the hash of `in_len` bytes at `in` to `out`, `out_len` bytes; answers 0, or an error. */
typedef int (*wcrypto_hash)(const char *in, size_t in_len, char *out, size_t out_len, void *usr);

/* The program's hash function. */
struct wcrypto_hash_mt {
    /* The function. */
    wcrypto_hash cb;
    /* Its last argument. */
    void *usr;
    /* Which hash it makes, one of `enum wcrypto_ecc_hash_type`. */
    __u8 type;
    /* Not used. */
    __u8 rsv[3];
};

/* What a context is to be. */
struct wcrypto_ecc_ctx_setup {
    /* Is told the results of asynchronous requests; may be NULL without them. */
    wcrypto_cb cb;
    /* How the buffers lie in memory, one of `enum wd_buff_type`. */
    __u16 data_fmt;
    /* Bits of the curve's numbers. */
    __u16 key_bits;
    /* The curve. */
    struct wcrypto_ecc_curve_cfg cv;
    /* The memory that the buffers and keys are in. */
    struct wd_mm_br br;
    /* Random numbers, for requests that need one and bring none. */
    struct wcrypto_rand_mt rand;
    /* The hash, for SM2. */
    struct wcrypto_hash_mt hash;
};

/* A request. */
struct wcrypto_ecc_op_data {
    /* The operation. */
    enum wcrypto_ecc_op_type op_type;
    /* Out: 0, or an error number of `wd.h`. */
    int status;
    /* The input, a `struct wcrypto_ecc_in`. */
    void *in;
    /* Room for the output, a `struct wcrypto_ecc_out`. */
    void *out;
    /* Bytes of input. */
    __u32 in_bytes;
    /* Bytes of room. Out: bytes of output. */
    __u32 out_bytes;
};

/* A request between the library and a driver, and what a callback is given. */
struct wcrypto_ecc_msg {
    /* The class, one of `enum wcrypto_type`, and one of `enum wcrypto_ecc_op_type`. */
    __extension__ __u8 alg_type:4;
    __extension__ __u8 op_type:4;
    /* The curve's number, and one of `enum wd_buff_type`. */
    __extension__ __u8 curve_id:7;
    __extension__ __u8 data_fmt:1;
    /* Not used. */
    __u8 mtype;
    /* Out: 0, or an error number of `wd.h`. */
    __u8 result;
    /* Bytes of the key. */
    __u16 key_bytes;
    /* Bytes of input. */
    __u16 in_bytes;
    /* Bytes of output. */
    __u16 out_bytes;
    /* One of `enum wcrypto_ecc_hash_type`. */
    __u8 hash_type;
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

/* Returns the bits of the curve's numbers, or -WD_EINVAL. */
int wcrypto_get_ecc_key_bits(const void *ctx);

/* Creates a context on an open queue of `ecdh`, `x25519`, `x448`, `ecdsa` or `sm2`; NULL if it cannot. */
void *wcrypto_create_ecc_ctx(struct wd_queue *q, struct wcrypto_ecc_ctx_setup *setup);

/* Frees a context, whose requests have all come back. */
void wcrypto_del_ecc_ctx(void *ctx);

/* Returns the context's keys, or NULL. */
struct wcrypto_ecc_key *wcrypto_get_ecc_key(void *ctx);

/* Sets the private key. Returns 0 or -WD_EINVAL. */
int wcrypto_set_ecc_prikey(struct wcrypto_ecc_key *ecc_key, struct wd_dtb *prikey);

/* Tells where the private key is. Returns 0 or -WD_EINVAL. */
int wcrypto_get_ecc_prikey(struct wcrypto_ecc_key *ecc_key, struct wd_dtb **prikey);

/* Sets the public key. Returns 0 or -WD_EINVAL. */
int wcrypto_set_ecc_pubkey(struct wcrypto_ecc_key *ecc_key, struct wcrypto_ecc_point *pubkey);

/* Tells where the public key is. Returns 0 or -WD_EINVAL. */
int wcrypto_get_ecc_pubkey(struct wcrypto_ecc_key *ecc_key, struct wcrypto_ecc_point **pubkey);

/* Frees what a function `wcrypto_new_*_in` made. */
void wcrypto_del_ecc_in(void *ctx, struct wcrypto_ecc_in *in);

/* Frees what a function `wcrypto_new_*_out` made. */
void wcrypto_del_ecc_out(void *ctx, struct wcrypto_ecc_out *out);

/* Tells where the private key and its curve are; NULL for what is not asked. */
void wcrypto_get_ecc_prikey_params(struct wcrypto_ecc_key *key, struct wd_dtb **p,
	struct wd_dtb **a, struct wd_dtb **b, struct wd_dtb **n, struct wcrypto_ecc_point **g,
	struct wd_dtb **d);

/* Tells where the public key and its curve are; NULL for what is not asked. */
void wcrypto_get_ecc_pubkey_params(struct wcrypto_ecc_key *key, struct wd_dtb **p,
	struct wd_dtb **a, struct wd_dtb **b, struct wd_dtb **n, struct wcrypto_ecc_point **g,
	struct wcrypto_ecc_point **pub);

/* Tells where the other's public key is. */
void wcrypto_get_ecxdh_in_params(struct wcrypto_ecc_in *in, struct wcrypto_ecc_point **pbk);

/* Tells where the public key or shared secret is. */
void wcrypto_get_ecxdh_out_params(struct wcrypto_ecc_out *out, struct wcrypto_ecc_point **key);

/* Makes the input for a shared secret: the other's public key. NULL if it cannot. */
struct wcrypto_ecc_in *wcrypto_new_ecxdh_in(void *ctx, struct wcrypto_ecc_point *in);

/* Makes room for a public key or shared secret; NULL if it cannot. */
struct wcrypto_ecc_out *wcrypto_new_ecxdh_out(void *ctx);

/**
 * Serves a request of ECDH, X25519 or X448: with NULL as `tag` at once, else in a call of
 * `wcrypto_ecxdh_poll`, which calls the context's function with `tag`. Returns 0; -WD_EBUSY: too
 * many are under way; another error.
 */
int wcrypto_do_ecxdh(void *ctx, struct wcrypto_ecc_op_data *opdata, void *tag);

/* Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error. */
int wcrypto_ecxdh_poll(struct wd_queue *q, unsigned int num);

/* Makes the input of a signature: the hash, and the random number or NULL. NULL if it cannot. */
struct wcrypto_ecc_in *wcrypto_new_ecdsa_sign_in(void *ctx, struct wd_dtb *dgst, struct wd_dtb *k);

/* Makes the input of a verification: the hash and the signature. NULL if it cannot. */
struct wcrypto_ecc_in *wcrypto_new_ecdsa_verf_in(void *ctx, struct wd_dtb *dgst,
	struct wd_dtb *r, struct wd_dtb *s);

/* Makes room for a signature; NULL if it cannot. */
struct wcrypto_ecc_out *wcrypto_new_ecdsa_sign_out(void *ctx);

/* Tells where the hash and the random number are; NULL for what is not asked. */
void wcrypto_get_ecdsa_sign_in_params(struct wcrypto_ecc_in *in, struct wd_dtb **dgst,
	struct wd_dtb **k);

/* Tells where the hash and the signature are; NULL for what is not asked. */
void wcrypto_get_ecdsa_verf_in_params(struct wcrypto_ecc_in *in, struct wd_dtb **dgst,
	struct wd_dtb **r, struct wd_dtb **s);

/* Tells where the signature is; NULL for what is not asked. */
void wcrypto_get_ecdsa_sign_out_params(struct wcrypto_ecc_out *out, struct wd_dtb **r,
	struct wd_dtb **s);

/* As `wcrypto_do_ecxdh`, for ECDSA and `wcrypto_ecdsa_poll`. */
int wcrypto_do_ecdsa(void *ctx, struct wcrypto_ecc_op_data *opdata, void *tag);

/* Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error. */
int wcrypto_ecdsa_poll(struct wd_queue *q, unsigned int num);

/**
 * Makes the input of a signature: the hash if `is_dgst` is 1, else the text, and the signer's name;
 * and the random number or NULL. NULL if it cannot.
 */
struct wcrypto_ecc_in *wcrypto_new_sm2_sign_in(void *ctx, struct wd_dtb *e, struct wd_dtb *k,
	struct wd_dtb *id, __u8 is_dgst);

/* Makes the input of a verification: the same, and the signature. NULL if it cannot. */
struct wcrypto_ecc_in *wcrypto_new_sm2_verf_in(void *ctx, struct wd_dtb *e, struct wd_dtb *r,
	struct wd_dtb *s, struct wd_dtb *id, __u8 is_dgst);

/* Makes room for a signature; NULL if it cannot. */
struct wcrypto_ecc_out *wcrypto_new_sm2_sign_out(void *ctx);

/* Tells where the signature is; NULL for what is not asked. */
void wcrypto_get_sm2_sign_out_params(struct wcrypto_ecc_out *out, struct wd_dtb **r,
	struct wd_dtb **s);

/* Makes the input to encrypt: the random number or NULL, and the text. NULL if it cannot. */
struct wcrypto_ecc_in *wcrypto_new_sm2_enc_in(void *ctx, struct wd_dtb *k, struct wd_dtb *plaintext);

/* Makes the input to decrypt: the three parts of what encryption made. NULL if it cannot. */
struct wcrypto_ecc_in *wcrypto_new_sm2_dec_in(void *ctx, struct wcrypto_ecc_point *c1,
	struct wd_dtb *c2, struct wd_dtb *c3);

/* Makes room for a ciphertext of so many bytes of text; NULL if it cannot. */
struct wcrypto_ecc_out *wcrypto_new_sm2_enc_out(void *ctx, __u32 plaintext_len);

/* Makes room for so many bytes of text; NULL if it cannot. */
struct wcrypto_ecc_out *wcrypto_new_sm2_dec_out(void *ctx, __u32 plaintext_len);

/* Makes room for a pair of keys; NULL if it cannot. */
struct wcrypto_ecc_out *wcrypto_new_sm2_kg_out(void *ctx);

/* Tells where the pair of keys is; NULL for what is not asked. */
void wcrypto_get_sm2_kg_out_params(struct wcrypto_ecc_out *out, struct wd_dtb **privkey,
	struct wcrypto_ecc_point **pubkey);

/* Tells where the parts of a ciphertext are; NULL for what is not asked. */
void wcrypto_get_sm2_enc_out_params(struct wcrypto_ecc_out *out, struct wcrypto_ecc_point **c1,
	struct wd_dtb **c2, struct wd_dtb **c3);

/* Tells where the text is. */
void wcrypto_get_sm2_dec_out_params(struct wcrypto_ecc_out *out, struct wd_dtb **plaintext);

/* As `wcrypto_do_ecxdh`, for SM2 and `wcrypto_sm2_poll`. */
int wcrypto_do_sm2(void *ctx, struct wcrypto_ecc_op_data *opdata, void *tag);

/* Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error. */
int wcrypto_sm2_poll(struct wd_queue *q, unsigned int num);

#ifdef __cplusplus
}
#endif

#endif  /* __WD_ECC_H */
