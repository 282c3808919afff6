unsafe extern "C" {
    pub fn wcrypto_create_comp_ctx(
        q: *mut wd_queue,
        setup: *mut wcrypto_comp_ctx_setup,
    ) -> *mut c_void;
    pub fn wcrypto_do_comp(
        ctx: *mut c_void,
        opdata: *mut wcrypto_comp_op_data,
        tag: *mut c_void,
    ) -> c_int;
    pub fn wcrypto_comp_poll(q: *mut wd_queue, num: c_uint) -> c_int;
    pub fn wcrypto_del_comp_ctx(ctx: *mut c_void);
}
