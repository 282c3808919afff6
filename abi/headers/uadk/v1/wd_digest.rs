//! Functions of uadk/v1/wd_digest.h that are not written yet: for cbindgen alone, which makes the header's
//! declarations of them. They move to src/capi/v1/wd_digest.rs.

unsafe extern "C" {
    /// Creates a context on an open queue of a hash; NULL if it cannot.
    pub fn wcrypto_create_digest_ctx(
        q: *mut wd_queue,
        setup: *mut wcrypto_digest_ctx_setup,
    ) -> *mut c_void;
    /// Sets the key, `key_len` bytes. Returns 0 or -WD_EINVAL.
    pub fn wcrypto_set_digest_key(ctx: *mut c_void, key: *mut __u8, key_len: __u16) -> c_int;
    /// Serves a request: with NULL as `tag` at once, else in a call of `wcrypto_digest_poll`, which calls
    /// the context's function with `tag`. Returns 0; -WD_EBUSY: too many are under way; another error.
    pub fn wcrypto_do_digest(
        ctx: *mut c_void,
        opdata: *mut wcrypto_digest_op_data,
        tag: *mut c_void,
    ) -> c_int;
    /// Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error.
    pub fn wcrypto_digest_poll(q: *mut wd_queue, num: c_uint) -> c_int;
    /// Frees a context, whose requests have all come back.
    pub fn wcrypto_del_digest_ctx(ctx: *mut c_void);
    /// As `wcrypto_do_digest`, for up to `WCRYPTO_MAX_BURST_NUM` requests. Returns how many are done, of
    /// asynchronous ones 0; or an error.
    pub fn wcrypto_burst_digest(
        d_ctx: *mut c_void,
        opdata: *mut *mut wcrypto_digest_op_data,
        tag: *mut *mut c_void,
        num: __u32,
    ) -> c_int;
}
