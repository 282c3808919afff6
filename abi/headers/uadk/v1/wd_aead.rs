//! Functions of uadk/v1/wd_aead.h that are not written yet: for cbindgen alone, which makes the header's
//! declarations of them. They move to src/capi/v1/wd_aead.rs.

unsafe extern "C" {
    /// Creates a context on an open queue of authenticated encryption; NULL if it cannot.
    pub fn wcrypto_create_aead_ctx(
        q: *mut wd_queue,
        setup: *mut wcrypto_aead_ctx_setup,
    ) -> *mut c_void;
    /// Sets the cipher's key, `key_len` bytes. Returns 0 or -WD_EINVAL.
    pub fn wcrypto_set_aead_ckey(ctx: *mut c_void, key: *mut __u8, key_len: __u16) -> c_int;
    /// Sets the key of the code, `key_len` bytes. Returns 0 or -WD_EINVAL.
    pub fn wcrypto_set_aead_akey(ctx: *mut c_void, key: *mut __u8, key_len: __u16) -> c_int;
    /// Sets the bytes of the tag. Returns 0 or -WD_EINVAL.
    pub fn wcrypto_aead_setauthsize(ctx: *mut c_void, authsize: __u16) -> c_int;
    /// Returns the bytes of the tag, or -WD_EINVAL.
    pub fn wcrypto_aead_getauthsize(ctx: *mut c_void) -> c_int;
    /// Returns the bytes of the longest tag the context can make, or -WD_EINVAL.
    pub fn wcrypto_aead_get_maxauthsize(ctx: *mut c_void) -> c_int;
    /// Serves a request: with NULL as `tag` at once, else in a call of `wcrypto_aead_poll`, which calls
    /// the context's function with `tag`. Returns 0; -WD_EBUSY: too many are under way; another error.
    pub fn wcrypto_do_aead(
        ctx: *mut c_void,
        opdata: *mut wcrypto_aead_op_data,
        tag: *mut c_void,
    ) -> c_int;
    /// As `wcrypto_do_aead`, for up to `WCRYPTO_MAX_BURST_NUM` requests. Returns how many are done, of
    /// asynchronous ones 0; or an error.
    pub fn wcrypto_burst_aead(
        a_ctx: *mut c_void,
        opdata: *mut *mut wcrypto_aead_op_data,
        tag: *mut *mut c_void,
        num: __u32,
    ) -> c_int;
    /// Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error.
    pub fn wcrypto_aead_poll(q: *mut wd_queue, num: c_uint) -> c_int;
    /// Frees a context, whose requests have all come back.
    pub fn wcrypto_del_aead_ctx(ctx: *mut c_void);
}
