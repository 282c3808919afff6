//! Releasing a queue, from any thread, at any moment.

use super::QueueRef;
use super::cell::{Cell, Control};
use crate::bd::zip;
use crate::error::{Error, Result};
use crate::qm::ring::{Receiver, Sender};
use crate::sys::clock::{self, Deadline};
use crate::{log_error, log_info};
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

/// How long requests in flight may take to complete before the device is stopped under them. The
/// kernel drains the hardware queue once more when it stops it.
const DRAIN: Duration = Duration::from_millis(250);
/// How long to wait for sleepers to let go of the channel: they look up every 50 ms.
const SLEEPERS: Duration = Duration::from_secs(1);

/// See [`QueueRef::close`].
pub(super) fn close(queue: QueueRef) -> Result<()> {
    let cell = queue.cell()?;
    let mut tx = cell.tx.visit().ok_or(Error::Busy)?;
    let mut rx = cell.rx.visit().ok_or(Error::Busy)?;
    // Whoever moves the epoch on is the one who releases; from here no call gets in.
    let next = queue.epoch.wrapping_add(1);
    let won = cell
        .epoch
        .compare_exchange(queue.epoch, next, Ordering::AcqRel, Ordering::Relaxed);
    won.map_err(|_| Error::Shutdown)?;
    let (sender, receiver) = (tx.take(), rx.take());
    drop((tx, rx));
    let control = cell.control.lock().take();
    if let Some(control) = control {
        finish(cell, control, sender, receiver);
    }
    cell.give_back();
    Ok(())
}

fn finish(
    cell: &Cell,
    control: Arc<Control>,
    sender: Option<Sender<{ zip::SIZE }>>,
    receiver: Option<Receiver<{ zip::SIZE }>>,
) {
    if let (Some(sender), Some(receiver)) = (&sender, &receiver) {
        drain(&control, sender, receiver);
    }
    control.channel.stop();
    // After the stop the device writes nowhere, so its access may go.
    control.shares.unshare_all();
    let deadline = Deadline::after(Some(SLEEPERS));
    while Arc::strong_count(&control) > 1 && !deadline.passed() {
        clock::sleep(Duration::from_micros(500));
    }
    if Arc::strong_count(&control) > 1 {
        log_error!(
            "{}: released while a thread still sleeps on it; its descriptor closes later",
            control.facts.device
        );
    }
    log_info!(
        "{}: queue {} released",
        control.facts.device,
        control.facts.number
    );
    cell.forget_descriptors();
    // The rings are unmapped first, then the channel closes (field order of Control).
    drop((sender, receiver));
}

/// Waits until everything in flight has completed, the device is dead, or time is up.
fn drain(control: &Control, sender: &Sender<{ zip::SIZE }>, receiver: &Receiver<{ zip::SIZE }>) {
    let deadline = Deadline::after(Some(DRAIN));
    let mut slice = Duration::from_micros(50);
    while receiver.waiting() < sender.in_flight() && receiver.alive().is_ok() {
        if deadline.passed() {
            log_error!(
                "{}: {} requests did not complete before release; their buffers are the caller's again",
                control.facts.device,
                sender.in_flight() - receiver.waiting().min(sender.in_flight())
            );
            return;
        }
        // Not a wait on the channel: its interrupt may not be armed, and arming needs the receiver.
        clock::sleep(deadline.slice(slice));
        slice = (slice * 2).min(Duration::from_millis(5));
    }
}
