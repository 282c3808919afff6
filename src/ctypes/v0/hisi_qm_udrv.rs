//! `warpdrive/hisi_qm_udrv.h`: what goes through a queue of a HiSilicon device.

use super::{__u16, __u32};
use core::ffi::c_int;
use core::mem::offset_of;

/// The ZIP descriptor of 128 bytes, as `wd_send` takes it and `wd_recv` gives it back.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct hisi_qm_msg {
    /// Out: input bytes eaten.
    pub consumed: __u32,
    /// Out: output bytes written.
    pub produced: __u32,
    /// Not used. (The spelling is the seed's.)
    pub comp_date_length: __u32,
    /// Out: bits 0-7 the status, 0 and 0x0d are good.
    pub dw3: __u32,
    /// Input bytes. (The spelling is the seed's.)
    pub input_date_length: __u32,
    /// Not used.
    pub lba_l: __u32,
    /// Not used.
    pub lba_h: __u32,
    /// Bit 25 finish, 26 stateful, 27 new stream, 28-31 type.
    pub dw7: __u32,
    /// Not used.
    pub dw8: __u32,
    /// Bits 0-7: 1 deflate, 2 zlib, 3 gzip.
    pub dw9: __u32,
    /// Not used.
    pub dw10: __u32,
    /// Not used.
    pub priv_info: __u32,
    /// Not used.
    pub dw12: __u32,
    /// Free for software.
    pub tag: __u32,
    /// Output space in bytes.
    pub dest_avail_out: __u32,
    /// State of the stream.
    pub rsvd0: __u32,
    /// Not used.
    pub comp_head_addr_l: __u32,
    /// Not used.
    pub comp_head_addr_h: __u32,
    /// Address of the input, low half.
    pub source_addr_l: __u32,
    /// Address of the input, high half.
    pub source_addr_h: __u32,
    /// Address of the output, low half.
    pub dest_addr_l: __u32,
    /// Address of the output, high half.
    pub dest_addr_h: __u32,
    /// Address of the stream's context, low half.
    pub stream_ctx_addr_l: __u32,
    /// Address of the stream's context, high half.
    pub stream_ctx_addr_h: __u32,
    /// Not used.
    pub cipher_key1_addr_l: __u32,
    /// Not used.
    pub cipher_key1_addr_h: __u32,
    /// Not used.
    pub cipher_key2_addr_l: __u32,
    /// Not used.
    pub cipher_key2_addr_h: __u32,
    /// State of the stream; length and checksum.
    pub rsvd1: [__u32; 4],
}

/// A hardware queue's number.
#[repr(C)]
pub struct hisi_acc_qm_sqc {
    /// The number.
    pub sqn: __u16,
}

/// The doorbell of the submission queue.
pub const DOORBELL_CMD_SQ: c_int = 0;
/// The doorbell of the completion queue.
pub const DOORBELL_CMD_CQ: c_int = 1;

const _: () = {
    assert!(size_of::<hisi_qm_msg>() == 128);
    assert!(offset_of!(hisi_qm_msg, dw9) == 0x24);
    assert!(offset_of!(hisi_qm_msg, dest_avail_out) == 0x38);
    assert!(offset_of!(hisi_qm_msg, source_addr_l) == 0x48);
    assert!(offset_of!(hisi_qm_msg, rsvd1) == 0x70);
};
