/* SPDX-License-Identifier: Apache-2.0
 *
 * Who served the requests: devices or software. UADK does not have these functions.
 */

#ifndef UADK_WD_PATH_H
#define UADK_WD_PATH_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <stdint.h>
#include <linux/types.h>
#include "wd.h"

/* No request yet. */
#define WD_PATH_NONE 0

/* A device of the kernel's. */
#define WD_PATH_HARDWARE 1

/* A simulated device in this process. */
#define WD_PATH_SIMULATED 2

/* Software in this library. */
#define WD_PATH_SOFTWARE 3

/* A driver from elsewhere, of which no more is known. */
#define WD_PATH_FOREIGN 4

/**
 * What an algorithm of this process has done since it was initialised. Other processes have
 * counters of their own.
 */
struct wd_comp_stats {
    /* In: the size in bytes of the caller's structure. Out: how much of it was filled in. */
    __u64 size;
    /* Contexts. */
    __u64 contexts;
    /* Requests that were finished, failed ones included. */
    __u64 requests;
    /* Bytes of input that finished requests consumed. */
    __u64 bytes_in;
    /* Bytes of output that finished requests produced. */
    __u64 bytes_out;
    /* Requests that failed, or ended with the status `WD_IN_EPARA`. */
    __u64 errors;
    /* Requests that devices served. */
    __u64 hardware;
    /* Requests that simulated devices served. */
    __u64 simulated;
    /* Requests that software in this library served. */
    __u64 software;
    /* Requests that drivers from elsewhere served. */
    __u64 foreign;
    /* Of the requests that software served: those that a device had failed. */
    __u64 fallbacks;
    /* Synchronous requests whose answer did not come in time. */
    __u64 timeouts;
    /* Answers to no request: late, forged or twice. */
    __u64 strays;
};

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Tells what compression has done in this process. `stats->size` is the size in bytes of the caller's
 * structure; no more is written.
 *
 * Returns 0, or -WD_EINVAL for NULL, a size less than 8, or if compression is not initialised.
 */
int wd_comp_get_stats(struct wd_comp_stats *stats);

/**
 * Tells who served the session's last finished synchronous request: one of WD_PATH_*.
 *
 * Returns it, or -WD_EINVAL if there is no such session.
 */
int wd_comp_sess_path(handle_t h_sess);

#ifdef __cplusplus
}
#endif

#endif  /* UADK_WD_PATH_H */
