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
    /* Blocks. */
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

void *wd_blkpool_create(struct wd_queue *q, struct wd_blkpool_setup *setup);

void wd_blkpool_destroy(void *pool);

void *wd_alloc_blk(void *pool);

void wd_free_blk(void *pool, void *blk);

int wd_get_free_blk_num(void *pool, __u32 *free_num);

int wd_blk_alloc_failures(void *pool, __u32 *fail_num);

void *wd_blk_iova_map(void *pool, void *blk);

void wd_blk_iova_unmap(void *pool, void *blk_dma, void *blk);

__u32 wd_blksize(void *pool);

#ifdef __cplusplus
}
#endif

#endif  /* _WD_BMM_H */
