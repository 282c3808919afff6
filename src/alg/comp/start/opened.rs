//! Contexts that the library opens for an initialisation.

use super::RETRIES;
use crate::alg::context::Context;
use crate::alg::device;
use crate::alg::sched::Native;
use crate::ctypes::v2::wd::uacce_dev;
use crate::ctypes::v2::wd_alg_common::wd_ctx_nums;
use crate::ctypes::v2::wd_sched::sched_params;
use crate::ctypes::v2::wd_sched::sched_policy_type::{
    SCHED_POLICY_DEV, SCHED_POLICY_NONE, SCHED_POLICY_SINGLE,
};
use crate::drv::Seat;
use crate::error::{Error, Result};
use crate::log_error;
use std::sync::Arc;

/// Contexts of the library's, each with its kind of operation and whether it is asynchronous. They
/// are released when this is dropped.
#[derive(Default)]
pub(in crate::alg::comp) struct Opened(pub(in crate::alg::comp) Vec<(Arc<Context>, u8, bool)>);

impl Drop for Opened {
    fn drop(&mut self) {
        for (context, ..) in &self.0 {
            if let Err(error) = context.release() {
                log_error!("a context is not released: {error}");
            }
        }
    }
}

impl Opened {
    pub(in crate::alg::comp) fn seats(&self) -> Vec<Seat> {
        let seat = |(context, op_type, asynchronous): &(Arc<Context>, u8, bool)| Seat {
            handle: context.handle(),
            hardware: Some(context.hardware()),
            op_type: *op_type,
            asynchronous: *asynchronous,
        };
        self.0.iter().map(seat).collect()
    }

    /// Opens the contexts of a kind of operation on a node, and tells the scheduler.
    pub(in crate::alg::comp) fn add(
        &mut self,
        devices: &[uacce_dev],
        node: i32,
        kind: u8,
        numbers: wd_ctx_nums,
        native: &Native,
    ) -> Result<()> {
        let (sync, all) = (
            numbers.sync_ctx_num,
            numbers.sync_ctx_num.saturating_add(numbers.async_ctx_num),
        );
        if all == 0 {
            return Ok(());
        }
        let first = u32::try_from(self.0.len()).map_err(|_| Error::NoMemory)?;
        let mut place = device::freest(devices.iter(), node)?;
        let mut tries = 0;
        let mut done = 0;
        while done < all {
            let device = devices.get(place).ok_or(Error::NoDevice)?;
            match Context::request(device) {
                Ok(context) => {
                    self.0.push((context, kind, done >= sync));
                    done += 1;
                }
                Err(Error::Busy) => {
                    tries += 1;
                    if tries > RETRIES {
                        log_error!("the devices' queues are always taken by others");
                        return Err(Error::TimedOut);
                    }
                    place = device::freest(devices.iter(), node)?;
                }
                Err(error) => {
                    log_error!("a context cannot be opened: {error}");
                    return Err(Error::NoMemory);
                }
            }
        }
        if matches!(native.policy(), SCHED_POLICY_NONE | SCHED_POLICY_SINGLE) {
            return Ok(());
        }
        let dev_id = match native.policy() {
            SCHED_POLICY_DEV => number_of(devices.get(place)).ok_or(Error::Invalid)?,
            _ => 0,
        };
        let ranges = [(0_u8, first, sync), (1, first + sync, all - sync)];
        for (mode, begin, count) in ranges.into_iter().filter(|(.., count)| *count > 0) {
            native.instance(&sched_params {
                numa_id: node,
                type_: kind,
                mode,
                begin,
                end: begin + count - 1,
                dev_id,
            })?;
        }
        Ok(())
    }
}

/// The number at the end of a device's name.
fn number_of(device: Option<&uacce_dev>) -> Option<u32> {
    let name = device?.char_dev_path.iter().map(|c| *c as u8);
    let name: Vec<u8> = name.take_while(|byte| *byte != 0).collect();
    let text = core::str::from_utf8(&name).ok()?;
    text.rsplit('-').next()?.parse().ok()
}
