//! Functions of uadk/v1/wd_dh.h that are not written yet: for cbindgen alone, which makes the header's
//! declarations of them. They move to src/capi/v1/wd_dh.rs.

unsafe extern "C" {
    /// Creates a context on an open queue of `dh`; NULL if it cannot.
    pub fn wcrypto_create_dh_ctx(q: *mut wd_queue, setup: *mut wcrypto_dh_ctx_setup)
    -> *mut c_void;
    /// Whether g is 2; false for NULL.
    pub fn wcrypto_dh_is_g2(ctx: *const c_void) -> bool;
    /// Returns the bits of p; 0 for NULL.
    pub fn wcrypto_dh_key_bits(ctx: *const c_void) -> c_int;
    /// Serves a request: with NULL as `tag` at once, else in a call of `wcrypto_dh_poll`, which calls the
    /// context's function with `tag`. Returns 0; -WD_EBUSY: too many are under way; another error.
    pub fn wcrypto_do_dh(
        ctx: *mut c_void,
        opdata: *mut wcrypto_dh_op_data,
        tag: *mut c_void,
    ) -> c_int;
    /// Receives up to `num` asynchronous requests, all there are for 0. Returns how many, or an error.
    pub fn wcrypto_dh_poll(q: *mut wd_queue, num: c_uint) -> c_int;
    /// Frees a context, whose requests have all come back.
    pub fn wcrypto_del_dh_ctx(ctx: *mut c_void);
    /// Sets g, which is copied. Returns 0, or -WD_EINVAL: too long, or not 2 in a context for 2.
    pub fn wcrypto_set_dh_g(ctx: *mut c_void, g: *mut wd_dtb) -> c_int;
    /// Tells where the context has g.
    pub fn wcrypto_get_dh_g(ctx: *mut c_void, g: *mut *mut wd_dtb);
}
