/* SPDX-License-Identifier: Apache-2.0
 *
 * Pools of blocks of memory that a queue's device reaches.
 */

#ifndef _WD_BMM_H
#define _WD_BMM_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <asm/types.h>
#include "wd.h"

/* What a pool is to be. */
struct wd_blkpool_setup {
    /* Bytes of a block, 1 to 256 MiB. */
    __u32 block_size;
    /* Blocks. Out, without the functions of `br`: those there are. */
    __u32 block_num;
    /* The blocks' alignment, a power of two, 2 to 4096. */
    __u32 align_size;
    /**
     * The memory's functions, all or none: without them the memory is the queue's, reserved by the
     * pool.
     */
    struct wd_mm_br br;
};

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes a pool of blocks. Where `setup->br` has `alloc` and `free` the memory is theirs, each block is
 * mapped with `iova_map`, and `q` may be NULL. Else it is memory that the pool reserves of `q`, which
 * does so once; `setup->block_num` is set to the blocks that are in one piece for the device, which
 * may be fewer than asked for. It stays as long as the pool, also when the queue is released.
 *
 * Returns the pool, or NULL for NULL, numbers that are not in their ranges, memory that cannot be had
 * or mapped, and where at most 87 % of the blocks could be had.
 */
void *wd_blkpool_create(struct wd_queue *q, struct wd_blkpool_setup *setup);

/**
 * Destroys a pool and gives its memory back, unless it is the queue's. While blocks of it are in use
 * it is left as it is and a message is logged.
 */
void wd_blkpool_destroy(void *pool);

/**
 * Takes a block.
 *
 * Returns the block, whose content is not defined, or NULL if none is free, if the device was removed, and
 * for what is not a pool.
 */
void *wd_alloc_blk(void *pool);

/* Gives a block back. What is in no block in use of this pool is logged and changes nothing. */
void wd_free_blk(void *pool, void *blk);

/**
 * Tells how many blocks are free.
 *
 * Returns 0; -WD_EINVAL for NULL or what is not a pool.
 */
int wd_get_free_blk_num(void *pool, __u32 *free_num);

/**
 * Tells how often no block was free.
 *
 * Returns 0; -WD_EINVAL for NULL or what is not a pool.
 */
int wd_blk_alloc_failures(void *pool, __u32 *fail_num);

/**
 * Tells the device's address of `blk`, a block in use or a place in one.
 *
 * Returns NULL for what is in no block in use of this pool.
 */
void *wd_blk_iova_map(void *pool, void *blk);

/* Ends the use of an address that `wd_blk_iova_map` told. There is nothing to be done for that. */
void wd_blk_iova_unmap(void *pool, void *blk_dma, void *blk);

/* Tells the bytes of a block, alignment included; 0 for what is not a pool. */
__u32 wd_blksize(void *pool);

#ifdef __cplusplus
}
#endif

#endif  /* _WD_BMM_H */
