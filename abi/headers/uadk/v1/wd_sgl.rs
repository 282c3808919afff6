unsafe extern "C" {
    pub fn wd_sglpool_create(q: *mut wd_queue, setup: *mut wd_sglpool_setup) -> *mut c_void;
    pub fn wd_sglpool_destroy(pool: *mut c_void);
    pub fn wd_alloc_sgl(pool: *mut c_void, size: __u32) -> *mut wd_sgl;
    pub fn wd_free_sgl(pool: *mut c_void, sgl: *mut wd_sgl);
    pub fn wd_sgl_merge(dst_sgl: *mut wd_sgl, src_sgl: *mut wd_sgl) -> c_int;
    pub fn wd_sgl_cp_to_pbuf(
        sgl: *mut wd_sgl,
        offset: usize,
        pbuf: *mut c_void,
        size: usize,
    ) -> c_int;
    pub fn wd_sgl_cp_from_pbuf(
        sgl: *mut wd_sgl,
        offset: usize,
        pbuf: *mut c_void,
        size: usize,
    ) -> c_int;
    pub fn wd_sgl_iova_map(pool: *mut c_void, sgl: *mut wd_sgl, sz: usize) -> *mut c_void;
    pub fn wd_sgl_iova_unmap(pool: *mut c_void, sgl_iova: *mut c_void, sgl: *mut wd_sgl);
    pub fn wd_get_last_sge_buf(sgl: *mut wd_sgl) -> *mut c_void;
    pub fn wd_get_first_sge_buf(sgl: *mut wd_sgl) -> *mut c_void;
    pub fn wd_get_sgl_sge_num(sgl: *mut wd_sgl) -> c_int;
    pub fn wd_get_sgl_buf_num(sgl: *mut wd_sgl) -> c_int;
    pub fn wd_get_sge_buf(sgl: *mut wd_sgl, num: __u32) -> *mut c_void;
    pub fn wd_get_sgl_buf_sum(sgl: *mut wd_sgl) -> c_int;
    pub fn wd_get_sgl_mem_size(sgl: *mut wd_sgl, size: *mut usize) -> c_int;
    pub fn wd_get_free_sgl_num(pool: *mut c_void, free_sgl_num: *mut __u32) -> c_int;
    pub fn wd_get_free_sgl_sge_num(sgl: *mut wd_sgl, free_sgl_sge_num: *mut __u32) -> c_int;
    pub fn wd_get_free_buf_num(pool: *mut c_void, free_buf_num: *mut __u32) -> c_int;
    pub fn wd_get_sgl_datalen(sgl: *mut wd_sgl, dtsize: *mut __u32) -> c_int;
    pub fn wd_get_sge_datalen(sgl: *mut wd_sgl, num: __u32, dtsize: *mut __u32) -> c_int;
    pub fn wd_get_sgl_bufsize(sgl: *mut wd_sgl, bufsz: *mut __u32) -> c_int;
}
