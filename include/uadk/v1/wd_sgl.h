/* SPDX-License-Identifier: Apache-2.0
 *
 * Scatter-gather lists of memory that a queue's device reaches, and pools of them. UADK
 * has these functions and does not install their header.
 */

#ifndef _WD_SGL_H
#define _WD_SGL_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stddef.h>
#include <asm/types.h>
#include "wd.h"

/* A list of pieces of memory, of a pool. Programs only have pointers to it. */
struct wd_sgl;

/* What a pool is to be. */
struct wd_sglpool_setup {
    /* Buffers, at least `sgl_num * buf_num_in_sgl`. */
    __u32 buf_num;
    /* Bytes of a buffer, at least 2048. */
    __u32 buf_size;
    /* Entries of a list, 1 to 60. */
    __u8 sge_num_in_sgl;
    /* Entries of a new list that have a buffer, 1 to `sge_num_in_sgl`. */
    __u8 buf_num_in_sgl;
    /* Lists, 1 to 2048. */
    __u16 sgl_num;
    /* The buffers' alignment, a power of two, 8 to 2048. */
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
 * Makes a pool of lists for the device of `q`, each with its buffers. Where `setup->br` has `alloc`
 * and `free` the memory is theirs, mapped with `iova_map`; else it is memory that the pool reserves of
 * `q`, which does so once.
 *
 * Returns the pool, or NULL for NULL, a queue that is not open, numbers that are not in their ranges,
 * and memory that cannot be had or mapped.
 */
void *wd_sglpool_create(struct wd_queue *q, struct wd_sglpool_setup *setup);

/**
 * Destroys a pool and gives its memory back, unless it is the queue's. While lists of it are in use it
 * is left as it is and a message is logged.
 */
void wd_sglpool_destroy(void *pool);

/**
 * Takes a list with room for `size` bytes, or where that is more than one has, two that are merged.
 *
 * Returns NULL for size 0 or more than two lists have room for, if not enough lists are free, and for
 * what is not a pool.
 */
struct wd_sgl *wd_alloc_sgl(void *pool, __u32 size);

/**
 * Gives a list back, and the one that was merged into it. What is no list in use of this pool, or was
 * merged into another list, is logged and changes nothing.
 */
void wd_free_sgl(void *pool, struct wd_sgl *sgl);

/**
 * Merges `src_sgl` into `dst_sgl`: their buffers are one after the other's from now on. Two lists can
 * be merged, no more.
 *
 * Returns 0; -WD_EINVAL for what is no list, for lists that are the same or of different pools, and
 * where one of them is merged already.
 */
int wd_sgl_merge(struct wd_sgl *dst_sgl, struct wd_sgl *src_sgl);

/**
 * Copies `size` bytes at `offset` of a list to `pbuf`.
 *
 * Returns 0, or how many were copied if the list has no more; -WD_EINVAL for what is no list, NULL,
 * size 0, and an offset beyond the list's room.
 */
int wd_sgl_cp_to_pbuf(struct wd_sgl *sgl, size_t offset, void *pbuf, size_t size);

/**
 * Copies `size` bytes of `pbuf` to `offset` of a list, whose data ends behind them from now on.
 *
 * Returns 0, or how many were copied if the list has room for no more; else as `wd_sgl_cp_to_pbuf`.
 */
int wd_sgl_cp_from_pbuf(struct wd_sgl *sgl, size_t offset, void *pbuf, size_t size);

/**
 * Tells where the device reads the list. This is the `iova_map` of contexts whose data are lists of
 * `pool`; `sz` is not looked at.
 *
 * Returns NULL for what is no list of this pool.
 */
void *wd_sgl_iova_map(void *pool, struct wd_sgl *sgl, size_t sz);

/* Ends the use of an address that `wd_sgl_iova_map` told. There is nothing to be done for that. */
void wd_sgl_iova_unmap(void *pool, void *sgl_iova, struct wd_sgl *sgl);

/* Tells the last buffer of a list, or of the one that was merged into it; NULL for what is no list. */
void *wd_get_last_sge_buf(struct wd_sgl *sgl);

/* Tells the first buffer of a list; NULL for what is no list. */
void *wd_get_first_sge_buf(struct wd_sgl *sgl);

/* Tells how many entries a list has, with a buffer or without; -WD_EINVAL for what is no list. */
int wd_get_sgl_sge_num(struct wd_sgl *sgl);

/* Tells how many entries of a list have a buffer; -WD_EINVAL for what is no list. */
int wd_get_sgl_buf_num(struct wd_sgl *sgl);

/**
 * Tells the buffer of entry `num`, from 1 on, of a list.
 *
 * Returns NULL for an entry without a buffer, for one that there is not, and for what is no list.
 */
void *wd_get_sge_buf(struct wd_sgl *sgl, __u32 num);

/**
 * Tells how many buffers a list has, those of the one that was merged into it included; -WD_EINVAL for
 * what is no list.
 */
int wd_get_sgl_buf_sum(struct wd_sgl *sgl);

/**
 * Tells the bytes of the buffers of one list, merged or not.
 *
 * Returns 0; -WD_EINVAL for NULL and what is no list.
 */
int wd_get_sgl_mem_size(struct wd_sgl *sgl, size_t *size);

/**
 * Tells how many lists of a pool are not in use.
 *
 * Returns 0; -WD_EINVAL for NULL and what is not a pool.
 */
int wd_get_free_sgl_num(void *pool, __u32 *free_sgl_num);

/**
 * Tells how many entries of a list have no buffer.
 *
 * Returns 0; -WD_EINVAL for NULL and what is no list.
 */
int wd_get_free_sgl_sge_num(struct wd_sgl *sgl, __u32 *free_sgl_sge_num);

/**
 * Tells how many buffers of a pool are in no list.
 *
 * Returns 0; -WD_EINVAL for NULL and what is not a pool.
 */
int wd_get_free_buf_num(void *pool, __u32 *free_buf_num);

/**
 * Tells the bytes of data that `wd_sgl_cp_from_pbuf` has left in a list and the one that was merged
 * into it.
 *
 * Returns 0; -WD_EINVAL for NULL and what is no list.
 */
int wd_get_sgl_datalen(struct wd_sgl *sgl, __u32 *dtsize);

/**
 * Tells the bytes of data that `wd_sgl_cp_from_pbuf` has left in entry `num`, from 1 on, of a list.
 *
 * Returns 0; -WD_EINVAL for NULL, an entry that there is not, and what is no list.
 */
int wd_get_sge_datalen(struct wd_sgl *sgl, __u32 num, __u32 *dtsize);

/**
 * Tells the bytes of a buffer of a list.
 *
 * Returns 0; -WD_EINVAL for NULL and what is no list.
 */
int wd_get_sgl_bufsize(struct wd_sgl *sgl, __u32 *bufsz);

#ifdef __cplusplus
}
#endif

#endif  /* _WD_SGL_H */
