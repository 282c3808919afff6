unsafe extern "C" {
    pub fn wd_mem_share(q: *mut wd_queue, addr: *const c_void, size: usize, flags: c_int) -> c_int;
    pub fn wd_mem_unshare(q: *mut wd_queue, addr: *const c_void, size: usize);
    pub fn wd_flush(q: *mut wd_queue);
}
