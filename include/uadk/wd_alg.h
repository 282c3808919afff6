/* SPDX-License-Identifier: Apache-2.0
 *
 * Drivers of algorithms, and the list of them.
 */

#ifndef __WD_ALG_H
#define __WD_ALG_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>
#include <linux/types.h>

#define handle_t uintptr_t

/* What getauxval is asked for the processor's features, and bits of its answers. */
#ifndef AT_HWCAP
#define AT_HWCAP 16
#endif
#ifndef AT_HWCAP2
#define AT_HWCAP2 26
#endif
#if defined(__aarch64__)
#define HWCAP AT_HWCAP
#define HWCAP_NEON (1 << 1)
#define HWCAP_CE HWCAP
#define HWCAP_CE_AES (1 << 3)
#define HWCAP_CE_PMULL (1 << 4)
#define HWCAP_CE_SHA1 (1 << 5)
#define HWCAP_CE_SHA256 (1 << 6)
#define HWCAP_CPUID (1 << 11)
#define HWCAP_SHA3 (1 << 17)
#define HWCAP_CE_SM3 (1 << 18)
#define HWCAP_CE_SM4 (1 << 19)
#define HWCAP_CE_SHA512 (1 << 21)
#define HWCAP_SVE (1 << 22)
#define HWCAP2 AT_HWCAP2
#define HWCAP2_SVE2 (1 << 1)
#define HWCAP2_RNG (1 << 16)
#endif

/* Length of an algorithm's name. */
#define ALG_NAME_SIZE 128

/* Length of a driver's name. */
#define DEV_NAME_LEN 128

/* What a driver computes with. */
enum alg_dev_type {
    /* Plain software. */
    UADK_ALG_SOFT = 0,
    /* The processor's cryptographic instructions. */
    UADK_ALG_CE_INSTR = 1,
    /* The processor's vector instructions. */
    UADK_ALG_SVE_INSTR = 2,
    /* A device. */
    UADK_ALG_HW = 3
};

/* A driver of one algorithm. */
struct wd_alg_driver {
    /* The driver's name. For devices: what names of their devices begin with. */
    const char *drv_name;
    /* The algorithm's name. */
    const char *alg_name;
    /* The greatest is used. */
    int priority;
    /* One of `enum alg_dev_type`. */
    int calc_type;
    /* Contexts of each kind that the algorithm needs. */
    int queue_num;
    /* Kinds of operation that need contexts of their own. */
    int op_type_num;
    /* The driver's own. */
    void *priv;
    /* The driver that helps out, a `struct wd_alg_driver *`, or 0. */
    handle_t fallback;
    /* Prepares the driver. */
    int (*init)(struct wd_alg_driver *drv, void *conf);
    /* Undoes `init`. */
    void (*exit)(struct wd_alg_driver *drv);
    /* Sends a message. */
    int (*send)(struct wd_alg_driver *drv, handle_t ctx, void *drv_msg);
    /* Receives a message. */
    int (*recv)(struct wd_alg_driver *drv, handle_t ctx, void *drv_msg);
    /* How busy a device is; the parameter is a `struct hisi_dev_usage *`. */
    int (*get_usage)(void *param);
    /* Fills in functions of the algorithm's class. */
    int (*get_extend_ops)(void *param);
};

/* A driver in the list of all. */
struct wd_alg_list {
    /* The algorithm's name. */
    char alg_name[ALG_NAME_SIZE];
    /* The driver's name. */
    char drv_name[DEV_NAME_LEN];
    /* Whether it can be used. */
    bool available;
    /* The greatest is used. */
    int priority;
    /* One of `enum alg_dev_type`. */
    int calc_type;
    /* How many use it. */
    int refcnt;
    /* The driver. */
    struct wd_alg_driver *drv;
    /* The rest of the list. */
    struct wd_alg_list *next;
    /* The class of the algorithm, as devices name it. */
    char alg_type[ALG_NAME_SIZE];
};

/* What `get_usage` is asked. */
struct hisi_dev_usage {
    /* The driver. */
    struct wd_alg_driver *drv;
    /* The device's name. */
    const char *dev_name;
    /* The kind of operation. */
    __u8 alg_op_type;
};

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Registers a driver of one algorithm. The structure, its texts and its functions must stay until
 * `wd_alg_driver_unregister`, and until nobody uses the driver any more.
 *
 * Returns 0, also for a driver whose names, priority and calc_type are registered already, which is
 * not registered again; -WD_EINVAL for NULL, a missing function or name, and a name of 128 bytes or
 * more; -WD_ENODEV if the machine does not have what the driver needs: for UADK_ALG_HW a device whose
 * name begins with drv_name. UADK_ALG_SOFT needs nothing.
 */
int wd_alg_driver_register(struct wd_alg_driver *drv);

/**
 * Ends the registration of the driver with the names, the priority and the calc_type of `drv`. Who
 * uses it goes on doing so.
 */
void wd_alg_driver_unregister(struct wd_alg_driver *drv);

/**
 * Takes the driver of an algorithm into use: of those that can be used the one with the greatest
 * priority, which must not be negative, and of several the one that was registered first. With
 * `hw_mask` only drivers are looked at that are not UADK_ALG_HW, else only those that are.
 *
 * Returns the driver, which `wd_release_drv` gives back, or NULL if there is none.
 */
struct wd_alg_driver *wd_request_drv(const char *alg_name, bool hw_mask);

/* Gives back a driver of `wd_request_drv`. */
void wd_release_drv(struct wd_alg_driver *drv);

/* Returns whether a driver with the drv_name of `drv` is registered for an algorithm. */
bool wd_drv_alg_support(const char *alg_name, struct wd_alg_driver *drv);

/* Lets a driver be requested again after `wd_disable_drv`, if the machine has what it needs. */
void wd_enable_drv(struct wd_alg_driver *drv);

/* Lets a driver not be requested until `wd_enable_drv`. */
void wd_disable_drv(struct wd_alg_driver *drv);

/**
 * Calls the driver's `init` with `conf`, a `struct wd_ctx_config_internal`.
 *
 * Returns what it returns, or -WD_EINVAL for NULL and a driver without the function.
 */
int wd_alg_driver_init(struct wd_alg_driver *drv, void *conf);

/* Calls the driver's `exit`. Does nothing for NULL. */
void wd_alg_driver_exit(struct wd_alg_driver *drv);

/**
 * Calls the driver's `send` with a context that it was initialised with, and a message.
 *
 * Returns what it returns, or -WD_EINVAL for NULL and a driver without the function.
 */
int wd_alg_driver_send(struct wd_alg_driver *drv, handle_t ctx, void *msg);

/**
 * Calls the driver's `recv` with a context that it was initialised with, and a message.
 *
 * Returns what it returns, or -WD_EINVAL for NULL and a driver without the function.
 */
int wd_alg_driver_recv(struct wd_alg_driver *drv, handle_t ctx, void *msg);

/**
 * Asks the driver of a device how busy it is. `alg_type` is what `wd_get_alg_type` tells, `op_type` a
 * kind of operation.
 *
 * Returns a percentage, or -WD_EINVAL for NULL and a driver that cannot be asked, -WD_EACCES if there
 * is no driver that is initialised.
 */
int wd_alg_get_dev_usage(const char *dev_name, const char *alg_type, __u8 op_type);

/**
 * Writes the class of an algorithm, as devices list it, to `alg_type`, which has room for
 * ALG_NAME_SIZE bytes: `cipher` for `cbc(aes)`, `zlib` for `zlib`.
 *
 * Returns 0, also for the empty name, whose class is empty; -WD_EINVAL for NULL and unknown names.
 */
int wd_get_alg_type(const char *alg_name, char *alg_type);

/**
 * Returns the head of the list of drivers: an empty node, whose `next` is the first driver. The list
 * is only to be read. Its nodes stay readable for ever, those of former drivers too.
 */
struct wd_alg_list *wd_get_alg_head(void);

#ifdef WD_STATIC_DRV
/* Does nothing: the library's own drivers register themselves. */
void hisi_sec2_probe(void);

/* Does nothing: the library's own drivers register themselves. */
void hisi_hpre_probe(void);

/* Does nothing: the library's own drivers register themselves. */
void hisi_zip_probe(void);

/* Does nothing: the library's own drivers register themselves. */
void hisi_dae_probe(void);

/* Does nothing: the library's own drivers register themselves. */
void hisi_udma_probe(void);

/* Does nothing: the library's own drivers register themselves. */
void hisi_dae_join_gather_probe(void);

/* Does nothing: the library's own drivers stay registered. */
void hisi_sec2_remove(void);

/* Does nothing: the library's own drivers stay registered. */
void hisi_hpre_remove(void);

/* Does nothing: the library's own drivers stay registered. */
void hisi_zip_remove(void);

/* Does nothing: the library's own drivers stay registered. */
void hisi_dae_remove(void);

/* Does nothing: the library's own drivers stay registered. */
void hisi_udma_remove(void);

/* Does nothing: the library's own drivers stay registered. */
void hisi_dae_join_gather_remove(void);
#endif

#ifdef __cplusplus
}
#endif

#endif  /* __WD_ALG_H */
