/* SPDX-License-Identifier: Apache-2.0
 *
 * Compression: parameters, and the algorithms' names.
 */

#ifndef WARPDRIVE_COMP_HW_H
#define WARPDRIVE_COMP_HW_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <linux/types.h>

#define VFIO_WDEV_ZLIB "zlib"
#define VFIO_WDEV_GZIP "gzip"
#define VFIO_WDEV_LZ4 "lz4"

/* Parameters of a compression algorithm. */
struct vfio_wdev_comp_param {
    /* The window's size. */
    __u32 window_size;
    /* The compression level. */
    __u32 comp_level;
    /* The mode. */
    __u32 mode;
    /* The algorithm. */
    __u32 alg;
};

#endif  /* WARPDRIVE_COMP_HW_H */
