//! Pools as C programs use them. All functions may be called with any number for a handle.

use super::*;
use core::mem::MaybeUninit;
use nix::errno::Errno;

/// `WD_IS_ERR`.
fn is_error(handle: handle_t) -> bool {
    handle > usize::MAX - 4096
}

fn error(number: c_int) -> handle_t {
    -(number as isize) as usize
}

fn try_create(size: usize, node: c_int) -> handle_t {
    // SAFETY: takes numbers.
    unsafe { wd_mempool_create(size, node) }
}

fn create(size: usize) -> handle_t {
    let pool = try_create(size, 0);
    assert!(!is_error(pool) && pool != 0, "{pool:#x}");
    pool
}

fn create_blocks(mempool: handle_t, size: usize, number: usize) -> handle_t {
    // SAFETY: takes numbers.
    unsafe { wd_blockpool_create(mempool, size, number) }
}

fn alloc(blocks: handle_t) -> *mut u8 {
    // SAFETY: takes a number.
    unsafe { wd_block_alloc(blocks) }.cast()
}

fn free(blocks: handle_t, block: *mut u8) {
    // SAFETY: what is not a block in use is refused.
    unsafe { wd_block_free(blocks, block.cast()) };
}

fn destroy(mempool: handle_t, blocks: handle_t) {
    // SAFETY: takes a number.
    unsafe { wd_mempool_destroy(mempool) };
    // SAFETY: takes a number.
    unsafe { wd_blockpool_destroy(blocks) };
}

fn stats(mempool: handle_t) -> Option<wd_mempool_stats> {
    let mut stats = MaybeUninit::<wd_mempool_stats>::zeroed();
    // SAFETY: the structure is ours.
    unsafe { wd_mempool_stats(mempool, stats.as_mut_ptr()) };
    // SAFETY: zeroed integers, or filled.
    let stats = unsafe { stats.assume_init() };
    (stats.page_size != 0).then_some(stats)
}

fn block_stats(blocks: handle_t) -> Option<wd_blockpool_stats> {
    let mut stats = MaybeUninit::<wd_blockpool_stats>::zeroed();
    // SAFETY: the structure is ours.
    unsafe { wd_blockpool_stats(blocks, stats.as_mut_ptr()) };
    // SAFETY: zeroed integers, or filled.
    let stats = unsafe { stats.assume_init() };
    (stats.block_size != 0).then_some(stats)
}

#[test]
fn zeroes_are_answered_as_in_the_c_library() {
    assert_eq!(try_create(0, 0), error(libc::EINVAL));
    assert_eq!(create_blocks(0, 0, 0), error(libc::EINVAL));
    assert!(alloc(0).is_null());
    free(0, ptr::null_mut());
    destroy(0, 0);
    // SAFETY: NULL is harmless.
    unsafe { wd_mempool_stats(0, ptr::null_mut()) };
    // SAFETY: NULL is harmless.
    unsafe { wd_blockpool_stats(0, ptr::null_mut()) };
}

#[test]
fn errors_are_told_as_handles_and_in_errno() {
    assert_eq!(try_create(4096, -1), error(libc::EINVAL));
    assert_eq!(Errno::last_raw(), libc::EINVAL);
    assert_eq!(try_create(4096, 1 << 20), error(libc::EINVAL));
    assert_eq!(try_create(usize::MAX, 0), error(libc::ENOMEM));
    let mempool = create(8192);
    assert_eq!(create_blocks(mempool, 4096, 3), error(libc::ENOMEM));
    assert_eq!(create_blocks(mempool, 0, 3), error(libc::EINVAL));
    assert_eq!(create_blocks(mempool + 1, 1, 1), error(libc::EINVAL));
    destroy(mempool, 0);
}

#[test]
fn blocks_are_used_and_counted() {
    let mempool = create(10_000);
    let told = stats(mempool).expect("told");
    assert_eq!(
        (told.blk_size, told.blk_num, told.free_blk_num),
        (4096, 3, 3)
    );
    assert!(told.page_size * told.page_num >= 3 * 4096);
    let page_type = told.page_type.0;
    assert!(
        page_type == 0 || page_type == 1 && told.page_size as usize == crate::sys::pages::size()
    );
    let blocks = create_blocks(mempool, 2048, 4);
    assert!(!is_error(blocks));
    let all: Vec<*mut u8> = (0..4).map(|_| alloc(blocks)).collect();
    assert!(all.iter().all(|block| !block.is_null()));
    for (byte, block) in all.iter().enumerate() {
        // SAFETY: a block of 2048 bytes, in use.
        unsafe { block.write_bytes(byte as u8, 2048) };
    }
    assert!(alloc(blocks).is_null(), "all are in use");
    let told = block_stats(blocks).expect("told");
    assert_eq!((told.block_num, told.free_block_num), (4, 0));
    assert_eq!((told.block_usage_rate, told.mem_waste_rate), (100, 0));
    for (byte, block) in all.iter().enumerate() {
        // SAFETY: written above.
        let bytes = unsafe { core::slice::from_raw_parts(*block, 2048) };
        assert!(bytes.iter().all(|b| *b == byte as u8));
        free(blocks, *block);
        free(blocks, *block);
    }
    assert_eq!(block_stats(blocks).expect("told").free_block_num, 4);
    assert_eq!(stats(mempool).expect("told").free_blk_num, 1);
    destroy(mempool, blocks);
    assert!(stats(mempool).is_none() && block_stats(blocks).is_none());
}

#[test]
fn a_block_in_use_outlives_both_pools() {
    let mempool = create(4096);
    let blocks = create_blocks(mempool, 100, 2);
    let block = alloc(blocks);
    destroy(mempool, blocks);
    assert!(alloc(blocks).is_null());
    // SAFETY: still in use.
    unsafe { block.write_bytes(7, 100) };
    assert_eq!(block_stats(blocks).expect("not ended").free_block_num, 1);
    free(blocks, block);
    assert!(block_stats(blocks).is_none());
}

#[test]
fn a_fork_child_reads_the_blocks_and_makes_pools_of_its_own() {
    let mempool = create(4096);
    let blocks = create_blocks(mempool, 100, 2);
    let block = alloc(blocks);
    // SAFETY: a block in use.
    unsafe { block.write_bytes(7, 100) };
    // SAFETY: the child only uses this library and glibc's malloc, and leaves by _exit.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        // SAFETY: the child's copy of the block.
        let kept = unsafe { block.read() } == 7;
        free(blocks, block);
        let dead = alloc(blocks).is_null() && stats(mempool).is_none();
        destroy(mempool, blocks);
        let own = try_create(4096, 0);
        let fresh = create_blocks(own, 100, 2);
        let good = ![own, fresh].iter().any(|handle| is_error(*handle))
            && ![mempool, blocks].contains(&own)
            && !alloc(fresh).is_null();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(c_int::from(!(kept && dead && good))) };
    }
    let mut status = -1;
    // SAFETY: waits for the child made above; `status` is writable.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(status, 0);
    assert_eq!(block_stats(blocks).expect("open").free_block_num, 1);
    free(blocks, block);
    destroy(mempool, blocks);
}
