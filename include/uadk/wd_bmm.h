/* SPDX-License-Identifier: Apache-2.0
 *
 * Pools of memory for devices that do not work on the process's own addresses.
 */

#ifndef _WD_SVA_BMM_H
#define _WD_SVA_BMM_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stdint.h>
#include "wd.h"

/* What a pool is to be. */
struct wd_mempool_setup {
    /* Bytes of a block, 1 to 256 MiB. */
    __u32 block_size;
    /* Blocks. Out: the blocks there are. */
    __u32 block_num;
    /* The blocks' alignment, a power of two, 2 to 4096. */
    __u32 align_size;
    /* Not used. */
    struct wd_mm_ops ops;
};

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes a pool of memory that the device of context `h_ctx` can use: without SVA from the queue's
 * static memory, with SVA from huge pages or pages of the usual size.
 *
 * Without SVA `setup->align_size` has to be a power of two from 2 to 4096 and `setup->block_size`
 * at most 256 MiB; `setup->block_num` is set to the blocks there are, which may be more than asked
 * for. `setup->ops` is not used.
 *
 * Returns the pool, or NULL for NULL, a size or number of 0 or out of range, a context that is not
 * one of a device, and where at most 87 % of the blocks could be had.
 */
void *wd_mempool_alloc(handle_t h_ctx, struct wd_mempool_setup *setup);

/**
 * Frees a pool of `wd_mempool_alloc`. While blocks of it are in use it is left as it is and a
 * message is logged.
 */
void wd_mempool_free(handle_t h_ctx, void *pool);

/**
 * Takes `size` bytes from a pool: as many neighbouring blocks as that needs, in one piece for the
 * device too; of a pool for a device with SVA no more than one block.
 *
 * Returns their address, or NULL for size 0, if there is no such room, or for what is not a pool.
 */
void *wd_mem_alloc(void *pool, size_t size);

/* Gives back what `wd_mem_alloc` answered. Anything else is logged and changes nothing. */
void wd_mem_free(void *pool, void *buf);

/**
 * Tells the device's address of `sz` bytes at `buf`, which lie inside what one `wd_mem_alloc`
 * answered. For a device with SVA that is `buf`.
 *
 * Returns NULL if they do not lie so.
 */
void *wd_mem_map(void *pool, void *buf, size_t sz);

/* Ends the use of an address that `wd_mem_map` told. There is nothing to be done for that. */
void wd_mem_unmap(void *pool, void *buf_dma, void *buf, size_t sz);

/**
 * Tells how many blocks are free.
 *
 * Returns 0; -WD_EINVAL for NULL or what is not a pool.
 */
int wd_get_free_num(void *pool, __u32 *free_num);

/**
 * Tells how many allocations have failed.
 *
 * Returns 0; -WD_EINVAL for NULL or what is not a pool.
 */
int wd_get_fail_num(void *pool, __u32 *fail_num);

/* Tells the bytes of a block; 0 for what is not a pool. */
__u32 wd_get_bufsize(void *pool);

/**
 * Takes, from the contexts that were listed, the nearest one that is not taken and whose
 * algorithms have `alg_name` in them.
 *
 * Returns 0 if there is none.
 */
handle_t wd_find_ctx(const char *alg_name);

/* Empties the list of contexts. */
void wd_remove_ctx_list(void);

/**
 * Lists a context with the names of its algorithms, for `wd_find_ctx`. The initialisation of an
 * algorithm does so with its own, until its end.
 *
 * Returns 0, also for a context without a device, which is not listed; -WD_EINVAL for NULL and 0.
 */
int wd_insert_ctx_list(handle_t h_ctx, char *alg_name);

/* Tells the number of the device that a pool was made for; 0 for what is not a pool. */
__u32 wd_get_dev_id(void *pool);

#ifdef __cplusplus
}
#endif

#endif  /* _WD_SVA_BMM_H */
