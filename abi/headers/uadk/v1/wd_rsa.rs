//! Functions of uadk/v1/wd_rsa.h that are not written yet: for cbindgen alone, which makes the header's
//! declarations of them. They move to src/capi/v1/wd_rsa.rs.

unsafe extern "C" {
    /// Whether the private key is one for the Chinese remainder theorem; false for NULL.
    pub fn wcrypto_rsa_is_crt(ctx: *const c_void) -> bool;
    /// Returns the bits of the modulus; 0 for NULL.
    pub fn wcrypto_rsa_key_bits(ctx: *const c_void) -> c_int;
    /// Creates a context on an open queue of `rsa`; NULL if it cannot.
    pub fn wcrypto_create_rsa_ctx(
        q: *mut wd_queue,
        setup: *mut wcrypto_rsa_ctx_setup,
    ) -> *mut c_void;
    /// Tells where the context has its public key.
    pub fn wcrypto_get_rsa_pubkey(ctx: *mut c_void, pubkey: *mut *mut wcrypto_rsa_pubkey);
    /// Tells where the context has its private key.
    pub fn wcrypto_get_rsa_prikey(ctx: *mut c_void, prikey: *mut *mut wcrypto_rsa_prikey);
    /// Sets the public key; NULL leaves a number as it is. Returns 0 or -WD_EINVAL.
    pub fn wcrypto_set_rsa_pubkey_params(ctx: *mut c_void, e: *mut wd_dtb, n: *mut wd_dtb)
    -> c_int;
    /// Tells where the numbers of a public key are; NULL for what is not asked.
    pub fn wcrypto_get_rsa_pubkey_params(
        pbk: *mut wcrypto_rsa_pubkey,
        e: *mut *mut wd_dtb,
        n: *mut *mut wd_dtb,
    );
    /// Sets the private key; NULL leaves a number as it is. Returns 0 or -WD_EINVAL.
    pub fn wcrypto_set_rsa_prikey_params(ctx: *mut c_void, d: *mut wd_dtb, n: *mut wd_dtb)
    -> c_int;
    /// Tells where the numbers of a private key are; NULL for what is not asked.
    pub fn wcrypto_get_rsa_prikey_params(
        pvk: *mut wcrypto_rsa_prikey,
        d: *mut *mut wd_dtb,
        n: *mut *mut wd_dtb,
    );
    /// Sets the private key of a context for the Chinese remainder theorem. Returns 0 or -WD_EINVAL.
    pub fn wcrypto_set_rsa_crt_prikey_params(
        ctx: *mut c_void,
        dq: *mut wd_dtb,
        dp: *mut wd_dtb,
        qinv: *mut wd_dtb,
        q: *mut wd_dtb,
        p: *mut wd_dtb,
    ) -> c_int;
    /// Tells where its numbers are; NULL for what is not asked.
    pub fn wcrypto_get_rsa_crt_prikey_params(
        pvk: *mut wcrypto_rsa_prikey,
        dq: *mut *mut wd_dtb,
        dp: *mut *mut wd_dtb,
        qinv: *mut *mut wd_dtb,
        q: *mut *mut wd_dtb,
        p: *mut *mut wd_dtb,
    );
    /// Makes the input for the generation of a key, from the context's memory; NULL if it cannot.
    pub fn wcrypto_new_kg_in(
        ctx: *mut c_void,
        e: *mut wd_dtb,
        p: *mut wd_dtb,
        q: *mut wd_dtb,
    ) -> *mut wcrypto_rsa_kg_in;
    /// Frees it.
    pub fn wcrypto_del_kg_in(ctx: *mut c_void, ki: *mut wcrypto_rsa_kg_in);
    /// Tells its numbers, without copying them.
    pub fn wcrypto_get_rsa_kg_in_params(
        kin: *mut wcrypto_rsa_kg_in,
        e: *mut wd_dtb,
        q: *mut wd_dtb,
        p: *mut wd_dtb,
    );
    /// Makes room for a generated key, from the context's memory; NULL if it cannot.
    pub fn wcrypto_new_kg_out(ctx: *mut c_void) -> *mut wcrypto_rsa_kg_out;
    /// Frees it.
    pub fn wcrypto_del_kg_out(ctx: *mut c_void, kout: *mut wcrypto_rsa_kg_out);
    /// Tells the numbers of a generated key, without copying them.
    pub fn wcrypto_get_rsa_kg_out_params(
        kout: *mut wcrypto_rsa_kg_out,
        d: *mut wd_dtb,
        n: *mut wd_dtb,
    );
    /// Tells the numbers of a generated key for the Chinese remainder theorem, without copying them.
    pub fn wcrypto_get_rsa_kg_out_crt_params(
        kout: *mut wcrypto_rsa_kg_out,
        qinv: *mut wd_dtb,
        dq: *mut wd_dtb,
        dp: *mut wd_dtb,
    );
    /// Tells where the bytes of the input are. Returns how many, or -WD_EINVAL.
    pub fn wcrypto_rsa_kg_in_data(ki: *mut wcrypto_rsa_kg_in, data: *mut *mut c_char) -> c_int;
    /// Tells where the bytes of the output are. Returns how many, or -WD_EINVAL.
    pub fn wcrypto_rsa_kg_out_data(ko: *mut wcrypto_rsa_kg_out, data: *mut *mut c_char) -> c_int;
    /// Says how long the numbers of a generated key for the Chinese remainder theorem are: drivers do.
    pub fn wcrypto_set_rsa_kg_out_crt_psz(
        kout: *mut wcrypto_rsa_kg_out,
        qinv_sz: usize,
        dq_sz: usize,
        dp_sz: usize,
    );
    /// Says how long the numbers of a generated key are: drivers do.
    pub fn wcrypto_set_rsa_kg_out_psz(kout: *mut wcrypto_rsa_kg_out, d_sz: usize, n_sz: usize);
    /// Serves a request: with NULL as `tag` at once, else in a call of `wcrypto_rsa_poll`, which calls the
    /// context's function with `tag`. Returns 0; -WD_EBUSY: too many are under way; another error.
    pub fn wcrypto_do_rsa(
        ctx: *mut c_void,
        opdata: *mut wcrypto_rsa_op_data,
        tag: *mut c_void,
    ) -> c_int;
    /// Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error.
    pub fn wcrypto_rsa_poll(q: *mut wd_queue, num: c_uint) -> c_int;
    /// Frees a context, whose requests have all come back.
    pub fn wcrypto_del_rsa_ctx(ctx: *mut c_void);
}
