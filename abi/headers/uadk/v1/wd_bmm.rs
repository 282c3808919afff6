unsafe extern "C" {
    pub fn wd_blkpool_create(q: *mut wd_queue, setup: *mut wd_blkpool_setup) -> *mut c_void;
    pub fn wd_blkpool_destroy(pool: *mut c_void);
    pub fn wd_alloc_blk(pool: *mut c_void) -> *mut c_void;
    pub fn wd_free_blk(pool: *mut c_void, blk: *mut c_void);
    pub fn wd_get_free_blk_num(pool: *mut c_void, free_num: *mut __u32) -> c_int;
    pub fn wd_blk_alloc_failures(pool: *mut c_void, fail_num: *mut __u32) -> c_int;
    pub fn wd_blk_iova_map(pool: *mut c_void, blk: *mut c_void) -> *mut c_void;
    pub fn wd_blk_iova_unmap(pool: *mut c_void, blk_dma: *mut c_void, blk: *mut c_void);
    pub fn wd_blksize(pool: *mut c_void) -> __u32;
}
