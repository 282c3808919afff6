/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of the program's own, shared with the device of a queue of v1. UADK does not have
 * these functions: they are WarpDrive's, for `struct wd_queue` of uadk/v1/wd.h.
 */

#ifndef UADK_V1_WD_SHARE_H
#define UADK_V1_WD_SHARE_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stddef.h>
#include "wd.h"

/* `wd_mem_share`: the device may read. */
#define WD_SHARE_READ 1

/* `wd_mem_share`: the device may write. Without either flag it may do both. */
#define WD_SHARE_WRITE 2

/* `wd_mem_share`: the whole address space, with SVA only; address and size are 0. */
#define WD_SHARE_ALL 65536

#ifdef __cplusplus
extern "C" {
#endif

int wd_mem_share(struct wd_queue *q, const void *addr, size_t size, int flags);

void wd_mem_unshare(struct wd_queue *q, const void *addr, size_t size);

void wd_flush(struct wd_queue *q);

#ifdef __cplusplus
}
#endif

#endif  /* UADK_V1_WD_SHARE_H */
