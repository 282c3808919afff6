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

/**
 * Lets the device use `size` bytes at `addr`. `flags`: 0 or `WD_SHARE_READ|WD_SHARE_WRITE` for
 * reading and writing, `WD_SHARE_READ` for reading only, `WD_SHARE_ALL` for the whole address space
 * (with SVA; `addr` and `size` 0). Shares count: each needs its `wd_mem_unshare`, or the release of
 * the queue. With SVA the device reaches all memory in any case; without it only what the queue has
 * reserved by `wd_reserve_memory`. The arguments are checked all the same.
 *
 * Returns 0; -EINVAL for NULL, a queue that is not open, size 0, unknown flags, a range that is not
 * mapped, that is memory of a device or of the kernel, or to which the process has less access
 * itself; -EPERM for a writable share of a file mapped `MAP_SHARED`; -EOPNOTSUPP for memory that the
 * device cannot reach; -ESHUTDOWN after release and in a fork child.
 */
int wd_mem_share(struct wd_queue *q, const void *addr, size_t size, int flags);

/**
 * Takes back one share of exactly this range. Messages that use it must have come back. A range that
 * this queue does not share is left alone, with a line in the log.
 */
void wd_mem_unshare(struct wd_queue *q, const void *addr, size_t size);

/**
 * Rings the doorbell for messages that are written and not announced. `wd_send` leaves none, so there
 * is nothing to do: a program that is written for doorbells of its own can call it all the same.
 */
void wd_flush(struct wd_queue *q);

#ifdef __cplusplus
}
#endif

#endif  /* UADK_V1_WD_SHARE_H */
