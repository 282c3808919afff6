/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes through the queues of HiSilicon devices. Numbers are little-endian.
 */

#ifndef WARPDRIVE_HISI_QM_UDRV_H
#define WARPDRIVE_HISI_QM_UDRV_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <linux/types.h>
#include "wd.h"

/* The doorbell of the submission queue. */
#define DOORBELL_CMD_SQ 0

/* The doorbell of the completion queue. */
#define DOORBELL_CMD_CQ 1

/* The ZIP descriptor of 128 bytes, as `wd_send` takes it and `wd_recv` gives it back. */
struct hisi_qm_msg {
    /* Out: input bytes eaten. */
    __u32 consumed;
    /* Out: output bytes written. */
    __u32 produced;
    /* Not used. (The spelling is the seed's.) */
    __u32 comp_date_length;
    /* Out: bits 0-7 the status, 0 and 0x0d are good. */
    __u32 dw3;
    /* Input bytes. (The spelling is the seed's.) */
    __u32 input_date_length;
    /* Not used. */
    __u32 lba_l;
    /* Not used. */
    __u32 lba_h;
    /* Bit 25 finish, 26 stateful, 27 new stream, 28-31 type. */
    __u32 dw7;
    /* Not used. */
    __u32 dw8;
    /* Bits 0-7: 1 deflate, 2 zlib, 3 gzip. */
    __u32 dw9;
    /* Not used. */
    __u32 dw10;
    /* Not used. */
    __u32 priv_info;
    /* Not used. */
    __u32 dw12;
    /* Free for software. */
    __u32 tag;
    /* Output space in bytes. */
    __u32 dest_avail_out;
    /* State of the stream. */
    __u32 rsvd0;
    /* Not used. */
    __u32 comp_head_addr_l;
    /* Not used. */
    __u32 comp_head_addr_h;
    /* Address of the input, low half. */
    __u32 source_addr_l;
    /* Address of the input, high half. */
    __u32 source_addr_h;
    /* Address of the output, low half. */
    __u32 dest_addr_l;
    /* Address of the output, high half. */
    __u32 dest_addr_h;
    /* Address of the stream's context, low half. */
    __u32 stream_ctx_addr_l;
    /* Address of the stream's context, high half. */
    __u32 stream_ctx_addr_h;
    /* Not used. */
    __u32 cipher_key1_addr_l;
    /* Not used. */
    __u32 cipher_key1_addr_h;
    /* Not used. */
    __u32 cipher_key2_addr_l;
    /* Not used. */
    __u32 cipher_key2_addr_h;
    /* State of the stream; length and checksum. */
    __u32 rsvd1[4];
};

/* A hardware queue's number. */
struct hisi_acc_qm_sqc {
    /* The number. */
    __u16 sqn;
};

#endif  /* WARPDRIVE_HISI_QM_UDRV_H */
