unsafe extern "C" {
    pub fn wd_request_queue(q: *mut wd_queue) -> c_int;
    pub fn wd_release_queue(q: *mut wd_queue);
    pub fn wd_send(q: *mut wd_queue, req: *mut c_void) -> c_int;
    pub fn wd_recv(q: *mut wd_queue, resp: *mut *mut c_void) -> c_int;
    pub fn wd_wait(q: *mut wd_queue, ms: __u16) -> c_int;
    pub fn wd_recv_sync(q: *mut wd_queue, resp: *mut *mut c_void, ms: __u16) -> c_int;
    pub fn wd_reserve_memory(q: *mut wd_queue, size: usize) -> *mut c_void;
    pub fn wd_get_available_dev_num(algorithm: *const c_char) -> c_int;
    pub fn wd_get_node_id(q: *mut wd_queue) -> c_int;
    pub fn wd_iova_map(q: *mut wd_queue, va: *mut c_void, sz: usize) -> *mut c_void;
    pub fn wd_iova_unmap(q: *mut wd_queue, va: *mut c_void, dma: *mut c_void, sz: usize);
    pub fn wd_dma_to_va(q: *mut wd_queue, dma: *mut c_void) -> *mut c_void;
}
