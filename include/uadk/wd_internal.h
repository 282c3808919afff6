/* SPDX-License-Identifier: Apache-2.0
 *
 * What contexts look like to drivers. Programs have no use for it.
 */

#ifndef WD_INTERNAL_H
#define WD_INTERNAL_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <pthread.h>
#include <stdbool.h>
#include "wd.h"

/* Devices that `SCHED_POLICY_DEV` tells apart. */
#define DEVICE_REGION_MAX 16

/* The base of numbers in texts. */
#define DECIMAL_NUMBER 10

/* The greatest descriptor. */
#define MAX_FD_NUM 65535

/* A context of a device. */
struct wd_ctx_h {
    /* The queue's descriptor. */
    int fd;
    /* The device's file. */
    char dev_path[MAX_DEV_NAME_LEN];
    /* The device's name, for example `hisi_zip-0`. */
    char *dev_name;
    /* The driver's name, for example `hisi_zip`. */
    char *drv_name;
    /* The sizes in bytes of the regions. */
    unsigned long qfrs_offs[UACCE_QFRT_MAX];
    /* Where the regions are mapped, or NULL. */
    void *qfrs_base[UACCE_QFRT_MAX];
    /* The device. */
    struct uacce_dev *dev;
    /* The driver's own. */
    void *priv;
};

/* A context without a device, of a software driver. */
struct wd_soft_ctx {
    /* -1. */
    int fd;
    /* The driver's own. */
    void *priv;
};

/* A context without a device, of a driver that uses the processor's instructions. */
struct wd_ce_ctx {
    /* -1. */
    int fd;
    /* The driver's name. */
    char *drv_name;
    /* The driver's own. */
    void *priv;
};

/* A context of an initialised algorithm. */
struct wd_ctx_internal {
    /* The context. */
    handle_t ctx;
    /* The kind of operation. */
    __u8 op_type;
    /* One of `enum wd_ctx_mode`. */
    __u8 ctx_mode;
    /* The hardware queue's number; the driver writes it. */
    __u16 sqn;
    /* Not used by this library, initialised for drivers. */
    pthread_spinlock_t lock;
};

/* What a driver's `init` is given. */
struct wd_ctx_config_internal {
    /* Contexts. */
    __u32 ctx_num;
    /* Not used by this library. */
    int shmid;
    /* The contexts. */
    struct wd_ctx_internal *ctxs;
    /* The caller's own. */
    void *priv;
    /* Whether synchronous requests sleep instead of spinning. */
    bool epoll_en;
    /* Not used by this library. */
    unsigned long *msg_cnt;
    /* The algorithms, separated by blanks. */
    char *alg_name;
};

/* A piece of a buffer, and the rest of it. */
struct wd_datalist {
    /* The bytes. */
    void *data;
    /* How many. */
    __u32 len;
    /* The next piece, or NULL. */
    struct wd_datalist *next;
};

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Compares `n` bytes in a time that does not depend on what they are.
 *
 * Returns 0 if they are the same, else another number; NULL is the same as nothing.
 */
int memcmp_consttime(const void *s1, const void *s2, size_t n);

#ifdef __cplusplus
}
#endif

#endif  /* WD_INTERNAL_H */
