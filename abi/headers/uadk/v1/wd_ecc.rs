//! Functions of uadk/v1/wd_ecc.h that are not written yet: for cbindgen alone, which makes the header's
//! declarations of them. They move to src/capi/v1/wd_ecc.rs.

unsafe extern "C" {
    /// Returns the bits of the curve's numbers, or -WD_EINVAL.
    pub fn wcrypto_get_ecc_key_bits(ctx: *const c_void) -> c_int;
    /// Creates a context on an open queue of `ecdh`, `x25519`, `x448`, `ecdsa` or `sm2`; NULL if it cannot.
    pub fn wcrypto_create_ecc_ctx(
        q: *mut wd_queue,
        setup: *mut wcrypto_ecc_ctx_setup,
    ) -> *mut c_void;
    /// Frees a context, whose requests have all come back.
    pub fn wcrypto_del_ecc_ctx(ctx: *mut c_void);
    /// Returns the context's keys, or NULL.
    pub fn wcrypto_get_ecc_key(ctx: *mut c_void) -> *mut wcrypto_ecc_key;
    /// Sets the private key. Returns 0 or -WD_EINVAL.
    pub fn wcrypto_set_ecc_prikey(ecc_key: *mut wcrypto_ecc_key, prikey: *mut wd_dtb) -> c_int;
    /// Tells where the private key is. Returns 0 or -WD_EINVAL.
    pub fn wcrypto_get_ecc_prikey(ecc_key: *mut wcrypto_ecc_key, prikey: *mut *mut wd_dtb)
    -> c_int;
    /// Sets the public key. Returns 0 or -WD_EINVAL.
    pub fn wcrypto_set_ecc_pubkey(
        ecc_key: *mut wcrypto_ecc_key,
        pubkey: *mut wcrypto_ecc_point,
    ) -> c_int;
    /// Tells where the public key is. Returns 0 or -WD_EINVAL.
    pub fn wcrypto_get_ecc_pubkey(
        ecc_key: *mut wcrypto_ecc_key,
        pubkey: *mut *mut wcrypto_ecc_point,
    ) -> c_int;
    /// Frees what a function `wcrypto_new_*_in` made.
    pub fn wcrypto_del_ecc_in(ctx: *mut c_void, in_: *mut wcrypto_ecc_in);
    /// Frees what a function `wcrypto_new_*_out` made.
    pub fn wcrypto_del_ecc_out(ctx: *mut c_void, out: *mut wcrypto_ecc_out);
    /// Tells where the private key and its curve are; NULL for what is not asked.
    pub fn wcrypto_get_ecc_prikey_params(
        key: *mut wcrypto_ecc_key,
        p: *mut *mut wd_dtb,
        a: *mut *mut wd_dtb,
        b: *mut *mut wd_dtb,
        n: *mut *mut wd_dtb,
        g: *mut *mut wcrypto_ecc_point,
        d: *mut *mut wd_dtb,
    );
    /// Tells where the public key and its curve are; NULL for what is not asked.
    pub fn wcrypto_get_ecc_pubkey_params(
        key: *mut wcrypto_ecc_key,
        p: *mut *mut wd_dtb,
        a: *mut *mut wd_dtb,
        b: *mut *mut wd_dtb,
        n: *mut *mut wd_dtb,
        g: *mut *mut wcrypto_ecc_point,
        pub_: *mut *mut wcrypto_ecc_point,
    );
    /// Tells where the other's public key is.
    pub fn wcrypto_get_ecxdh_in_params(in_: *mut wcrypto_ecc_in, pbk: *mut *mut wcrypto_ecc_point);
    /// Tells where the public key or shared secret is.
    pub fn wcrypto_get_ecxdh_out_params(
        out: *mut wcrypto_ecc_out,
        key: *mut *mut wcrypto_ecc_point,
    );
    /// Makes the input for a shared secret: the other's public key. NULL if it cannot.
    pub fn wcrypto_new_ecxdh_in(
        ctx: *mut c_void,
        in_: *mut wcrypto_ecc_point,
    ) -> *mut wcrypto_ecc_in;
    /// Makes room for a public key or shared secret; NULL if it cannot.
    pub fn wcrypto_new_ecxdh_out(ctx: *mut c_void) -> *mut wcrypto_ecc_out;
    /// Serves a request of ECDH, X25519 or X448: with NULL as `tag` at once, else in a call of
    /// `wcrypto_ecxdh_poll`, which calls the context's function with `tag`. Returns 0; -WD_EBUSY: too
    /// many are under way; another error.
    pub fn wcrypto_do_ecxdh(
        ctx: *mut c_void,
        opdata: *mut wcrypto_ecc_op_data,
        tag: *mut c_void,
    ) -> c_int;
    /// Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error.
    pub fn wcrypto_ecxdh_poll(q: *mut wd_queue, num: c_uint) -> c_int;
    /// Makes the input of a signature: the hash, and the random number or NULL. NULL if it cannot.
    pub fn wcrypto_new_ecdsa_sign_in(
        ctx: *mut c_void,
        dgst: *mut wd_dtb,
        k: *mut wd_dtb,
    ) -> *mut wcrypto_ecc_in;
    /// Makes the input of a verification: the hash and the signature. NULL if it cannot.
    pub fn wcrypto_new_ecdsa_verf_in(
        ctx: *mut c_void,
        dgst: *mut wd_dtb,
        r: *mut wd_dtb,
        s: *mut wd_dtb,
    ) -> *mut wcrypto_ecc_in;
    /// Makes room for a signature; NULL if it cannot.
    pub fn wcrypto_new_ecdsa_sign_out(ctx: *mut c_void) -> *mut wcrypto_ecc_out;
    /// Tells where the hash and the random number are; NULL for what is not asked.
    pub fn wcrypto_get_ecdsa_sign_in_params(
        in_: *mut wcrypto_ecc_in,
        dgst: *mut *mut wd_dtb,
        k: *mut *mut wd_dtb,
    );
    /// Tells where the hash and the signature are; NULL for what is not asked.
    pub fn wcrypto_get_ecdsa_verf_in_params(
        in_: *mut wcrypto_ecc_in,
        dgst: *mut *mut wd_dtb,
        r: *mut *mut wd_dtb,
        s: *mut *mut wd_dtb,
    );
    /// Tells where the signature is; NULL for what is not asked.
    pub fn wcrypto_get_ecdsa_sign_out_params(
        out: *mut wcrypto_ecc_out,
        r: *mut *mut wd_dtb,
        s: *mut *mut wd_dtb,
    );
    /// As `wcrypto_do_ecxdh`, for ECDSA and `wcrypto_ecdsa_poll`.
    pub fn wcrypto_do_ecdsa(
        ctx: *mut c_void,
        opdata: *mut wcrypto_ecc_op_data,
        tag: *mut c_void,
    ) -> c_int;
    /// Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error.
    pub fn wcrypto_ecdsa_poll(q: *mut wd_queue, num: c_uint) -> c_int;
    /// Makes the input of a signature: the hash if `is_dgst` is 1, else the text, and the signer's name;
    /// and the random number or NULL. NULL if it cannot.
    pub fn wcrypto_new_sm2_sign_in(
        ctx: *mut c_void,
        e: *mut wd_dtb,
        k: *mut wd_dtb,
        id: *mut wd_dtb,
        is_dgst: __u8,
    ) -> *mut wcrypto_ecc_in;
    /// Makes the input of a verification: the same, and the signature. NULL if it cannot.
    pub fn wcrypto_new_sm2_verf_in(
        ctx: *mut c_void,
        e: *mut wd_dtb,
        r: *mut wd_dtb,
        s: *mut wd_dtb,
        id: *mut wd_dtb,
        is_dgst: __u8,
    ) -> *mut wcrypto_ecc_in;
    /// Makes room for a signature; NULL if it cannot.
    pub fn wcrypto_new_sm2_sign_out(ctx: *mut c_void) -> *mut wcrypto_ecc_out;
    /// Tells where the signature is; NULL for what is not asked.
    pub fn wcrypto_get_sm2_sign_out_params(
        out: *mut wcrypto_ecc_out,
        r: *mut *mut wd_dtb,
        s: *mut *mut wd_dtb,
    );
    /// Makes the input to encrypt: the random number or NULL, and the text. NULL if it cannot.
    pub fn wcrypto_new_sm2_enc_in(
        ctx: *mut c_void,
        k: *mut wd_dtb,
        plaintext: *mut wd_dtb,
    ) -> *mut wcrypto_ecc_in;
    /// Makes the input to decrypt: the three parts of what encryption made. NULL if it cannot.
    pub fn wcrypto_new_sm2_dec_in(
        ctx: *mut c_void,
        c1: *mut wcrypto_ecc_point,
        c2: *mut wd_dtb,
        c3: *mut wd_dtb,
    ) -> *mut wcrypto_ecc_in;
    /// Makes room for a ciphertext of so many bytes of text; NULL if it cannot.
    pub fn wcrypto_new_sm2_enc_out(ctx: *mut c_void, plaintext_len: __u32) -> *mut wcrypto_ecc_out;
    /// Makes room for so many bytes of text; NULL if it cannot.
    pub fn wcrypto_new_sm2_dec_out(ctx: *mut c_void, plaintext_len: __u32) -> *mut wcrypto_ecc_out;
    /// Makes room for a pair of keys; NULL if it cannot.
    pub fn wcrypto_new_sm2_kg_out(ctx: *mut c_void) -> *mut wcrypto_ecc_out;
    /// Tells where the pair of keys is; NULL for what is not asked.
    pub fn wcrypto_get_sm2_kg_out_params(
        out: *mut wcrypto_ecc_out,
        privkey: *mut *mut wd_dtb,
        pubkey: *mut *mut wcrypto_ecc_point,
    );
    /// Tells where the parts of a ciphertext are; NULL for what is not asked.
    pub fn wcrypto_get_sm2_enc_out_params(
        out: *mut wcrypto_ecc_out,
        c1: *mut *mut wcrypto_ecc_point,
        c2: *mut *mut wd_dtb,
        c3: *mut *mut wd_dtb,
    );
    /// Tells where the text is.
    pub fn wcrypto_get_sm2_dec_out_params(out: *mut wcrypto_ecc_out, plaintext: *mut *mut wd_dtb);
    /// As `wcrypto_do_ecxdh`, for SM2 and `wcrypto_sm2_poll`.
    pub fn wcrypto_do_sm2(
        ctx: *mut c_void,
        opdata: *mut wcrypto_ecc_op_data,
        tag: *mut c_void,
    ) -> c_int;
    /// Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error.
    pub fn wcrypto_sm2_poll(q: *mut wd_queue, num: c_uint) -> c_int;
}
