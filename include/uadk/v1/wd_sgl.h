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

void *wd_sglpool_create(struct wd_queue *q, struct wd_sglpool_setup *setup);

void wd_sglpool_destroy(void *pool);

struct wd_sgl *wd_alloc_sgl(void *pool, __u32 size);

void wd_free_sgl(void *pool, struct wd_sgl *sgl);

int wd_sgl_merge(struct wd_sgl *dst_sgl, struct wd_sgl *src_sgl);

int wd_sgl_cp_to_pbuf(struct wd_sgl *sgl, size_t offset, void *pbuf, size_t size);

int wd_sgl_cp_from_pbuf(struct wd_sgl *sgl, size_t offset, void *pbuf, size_t size);

void *wd_sgl_iova_map(void *pool, struct wd_sgl *sgl, size_t sz);

void wd_sgl_iova_unmap(void *pool, void *sgl_iova, struct wd_sgl *sgl);

void *wd_get_last_sge_buf(struct wd_sgl *sgl);

void *wd_get_first_sge_buf(struct wd_sgl *sgl);

int wd_get_sgl_sge_num(struct wd_sgl *sgl);

int wd_get_sgl_buf_num(struct wd_sgl *sgl);

void *wd_get_sge_buf(struct wd_sgl *sgl, __u32 num);

int wd_get_sgl_buf_sum(struct wd_sgl *sgl);

int wd_get_sgl_mem_size(struct wd_sgl *sgl, size_t *size);

int wd_get_free_sgl_num(void *pool, __u32 *free_sgl_num);

int wd_get_free_sgl_sge_num(struct wd_sgl *sgl, __u32 *free_sgl_sge_num);

int wd_get_free_buf_num(void *pool, __u32 *free_buf_num);

int wd_get_sgl_datalen(struct wd_sgl *sgl, __u32 *dtsize);

int wd_get_sge_datalen(struct wd_sgl *sgl, __u32 num, __u32 *dtsize);

int wd_get_sgl_bufsize(struct wd_sgl *sgl, __u32 *bufsz);

#ifdef __cplusplus
}
#endif

#endif  /* _WD_SGL_H */
