/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedulers: which context serves a request. The functions are in the libraries of
 * all algorithms.
 */

#ifndef SCHED_SAMPLE_h
#define SCHED_SAMPLE_h

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <linux/types.h>
#include "wd_alg_common.h"

/* Which context serves a request. */
enum sched_policy_type {
    /* Sessions are spread over the contexts, by turns. */
    SCHED_POLICY_RR = 0,
    /* All requests go to context 0. */
    SCHED_POLICY_NONE = 1,
    /* Synchronous requests go to context 0, asynchronous ones to context 1. */
    SCHED_POLICY_SINGLE = 2,
    /* As `SCHED_POLICY_RR`, among the contexts of one device. */
    SCHED_POLICY_DEV = 3,
    /* How many there are. */
    SCHED_POLICY_BUTT = 4
};

/* Contexts that a scheduler is given, or a session's wish. */
struct sched_params {
    /* The NUMA node; negative: the caller's. */
    int numa_id;
    /* The kind of operation. */
    __u8 type;
    /* One of `enum wd_ctx_mode`; not looked at for a session. */
    __u8 mode;
    /* The first context; not looked at for a session. */
    __u32 begin;
    /* The last context; not looked at for a session. */
    __u32 end;
    /* The device's number, for `SCHED_POLICY_DEV`. */
    __u32 dev_id;
};

/* Polls the context number `pos` for up to `expect` finished requests. */
typedef int (*user_poll_func)(__u32 pos, __u32 expect, __u32 *count);

/* No context. */
#define INVALID_POS 0xFFFFFFFFU

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Gives the scheduler the contexts `param->begin` to `param->end`, for requests of the kind
 * `param->type` and the mode `param->mode`, on the NUMA node `param->numa_id`; with
 * `SCHED_POLICY_DEV` on the device `param->dev_id`, which other policies do not look at.
 *
 * Returns 0, or -WD_EINVAL for NULL, a number out of its range, a seventeenth device, and the
 * policies that do not choose.
 */
int wd_sched_rr_instance(const struct wd_sched *sched, struct sched_params *param);

/**
 * Makes a scheduler of the policy `sched_type` for `type_num` kinds of operation and `numa_num` NUMA
 * nodes, which may be more than the machine has. With `SCHED_POLICY_DEV`, `numa_num` is not looked
 * at. `func` polls a context; without it the scheduler cannot poll.
 *
 * Returns the scheduler, which `wd_sched_rr_release` frees, or NULL for a policy that there is not,
 * 0 kinds or nodes, and more than 2048 nodes.
 */
struct wd_sched *wd_sched_rr_alloc(__u8 sched_type, __u8 type_num, __u16 numa_num,
	user_poll_func func);

/* Frees a scheduler of `wd_sched_rr_alloc`. Sessions that it has chosen contexts for keep them. */
void wd_sched_rr_release(struct wd_sched *sched);

#ifdef __cplusplus
}
#endif

#endif  /* SCHED_SAMPLE_h */
