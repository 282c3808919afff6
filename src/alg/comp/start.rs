//! Initialisation: which driver, which contexts, which scheduler.

use super::here;
use crate::alg::context::{self, Context};
use crate::alg::ctx_list;
use crate::alg::device;
use crate::alg::env::{self, Item};
use crate::alg::sched::{Mode, Native};
use crate::alg::seat::Patience;
use crate::alg::setup::{Chooser, Initialising, Plan};
use crate::alg::workers::Poll;
use crate::ctypes::v2::wd::uacce_dev;
use crate::ctypes::v2::wd_alg_common::{alg_task_type, wd_ctx_nums};
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::ctypes::v2::wd_sched::sched_policy_type::{
    SCHED_POLICY_DEV, SCHED_POLICY_NONE, SCHED_POLICY_SINGLE,
};
use crate::ctypes::v2::wd_sched::{sched_params, sched_policy_type};
use crate::drv::registry::{self, Kind, Lease};
use crate::drv::{Engine, Seat};
use crate::error::{Error, Result};
use crate::sys::slots;
use crate::{bus, log_error, log_info};
use core::time::Duration;
use std::sync::Arc;

/// The algorithms that compression can be initialised for.
const ALGORITHMS: [&str; 6] = ["zlib", "gzip", "deflate", "lz77_zstd", "lz4", "lz77_only"];
/// Kinds of operation: compress, decompress.
pub(super) const KINDS: usize = 2;
/// How often a device whose queues are taken by others at this moment is asked again.
const RETRIES: u32 = 10_000;
/// How long synchronous requests wait if `WD_SYNC_TIMEOUT_MS` does not say.
const PATIENCE: Duration = Duration::from_secs(60);

/// A context of the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// Its handle.
    pub handle: usize,
    /// What it is for: 0 compresses, 1 decompresses.
    pub op_type: u8,
    /// Whether it is asynchronous.
    pub asynchronous: bool,
}

/// Contexts and a scheduler of the caller's.
pub(crate) struct Own {
    /// The contexts; the scheduler knows them by their places.
    pub contexts: Vec<Given>,
    /// As [`Wanted::slots`].
    pub slots: u32,
    /// The scheduler.
    pub chooser: Chooser,
}

/// Contexts that the library is to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How many for each kind of operation, on each NUMA node.
    pub numbers: Vec<wd_ctx_nums>,
    /// The nodes; `None`: all that have devices.
    pub nodes: Option<Vec<u32>>,
    /// Asynchronous requests of a context, 1 to 1024; else 1024.
    pub slots: u32,
}

/// Initialises with what `own` answers, which is asked when nobody else is initialising. `poll` is
/// for threads of the library.
///
/// # Errors
/// [`Error::Exists`], [`Error::TimedOut`] as [`crate::alg::setup::Class::begin`] has them;
/// [`Error::Invalid`] for no contexts, one that is none, a bad environment, or no driver; what
/// preparing the driver answered.
pub(crate) fn with_contexts(own: impl FnOnce() -> Result<Own>, poll: Poll) -> Result<()> {
    let initialising = here().class.begin()?;
    let own = own()?;
    begin_with(initialising, own, Vec::new(), Box::new(()), poll)
}

/// As [`with_contexts`], with threads that poll, and what is to be kept with the initialisation.
pub(super) fn begin_with(
    initialising: Initialising<'_, wd_comp_msg>,
    own: Own,
    polled: Vec<Vec<u32>>,
    keep: Box<dyn core::any::Any + Send>,
    poll: Poll,
) -> Result<()> {
    let patience = patience()?;
    if own.contexts.is_empty() {
        log_error!("no contexts");
        return Err(Error::Invalid);
    }
    if let Err(error) = registry::load_plugins(Some("libhisi_zip.so"), &bus::has) {
        log_info!("libhisi_zip.so: {error}");
    }
    let request = |kind| registry::request("zlib", kind, &bus::has);
    let soft = || request(Kind::Software).filter(|_| env::falls_back());
    let lease = request(Kind::Hardware).or_else(soft).ok_or_else(|| {
        log_error!("no driver for zlib");
        Error::Invalid
    })?;
    let software = !is_hardware(&lease);
    let foreign = !lease.in_c().is_null();
    let mut sva = true;
    let mut seats = Vec::new();
    for (place, given) in own.contexts.iter().enumerate() {
        let context = context::find(given.handle);
        if context.is_none() && !(foreign && given.handle != 0) && !software {
            log_error!("context {place} is none");
            return Err(Error::Invalid);
        }
        if place == 0 && !software {
            sva = context.as_ref().is_none_or(|context| context.is_sva());
        }
        seats.push(Seat {
            handle: if software { 0 } else { given.handle },
            hardware: context.filter(|_| !software).map(|c| c.hardware()),
            op_type: given.op_type,
            asynchronous: given.asynchronous,
        });
    }
    let helper = helper("zlib", env::falls_back() && !software);
    let built = Built {
        seats,
        slots: own.slots,
        chooser: own.chooser,
        sva,
        polled,
    };
    finish(initialising, lease, helper, built, patience, keep, poll)
}

/// Initialises with contexts of the library's: for the algorithm `algorithm`, with the scheduler
/// `policy`, served as `task` says. The environment comes before `wanted`, and that before what the
/// driver recommends.
///
/// # Errors
/// [`Error::Exists`], [`Error::TimedOut`] as [`crate::alg::setup::Class::begin`] has them;
/// [`Error::Invalid`] for an algorithm, a policy or a task that compression does not have, a bad
/// environment, no contexts, or no driver; [`Error::NoDevice`] if no device can be used; what
/// preparing the driver answered.
pub fn with_devices(
    algorithm: &str,
    policy: Option<sched_policy_type>,
    task: Option<alg_task_type>,
    wanted: Option<&Wanted>,
    poll: Poll,
) -> Result<()> {
    let initialising = here().class.begin()?;
    let known = ALGORITHMS.contains(&algorithm);
    let (Some(policy), Some(task), true) = (policy, task, known) else {
        log_error!("\"{algorithm}\", or the scheduler or the task type, is not of compression");
        return Err(Error::Invalid);
    };
    let patience = patience()?;
    registry::load_plugins(None, &bus::has)?;
    let mut last = Error::Invalid;
    let mut tried: Vec<Lease> = Vec::new();
    // Ends: each turn takes a driver out of the choice.
    loop {
        let lease = bind(task, algorithm, &tried).ok_or_else(|| {
            log_error!("no driver for {algorithm}");
            last
        })?;
        // What the environment or the caller got wrong is no fault of the driver's.
        let wish = wish(&lease, algorithm, wanted)?;
        let built = wish
            .ok_or(Error::Again)
            .and_then(|wish| build(&lease, algorithm, policy, &wish));
        match built {
            Ok((built, keep)) => {
                let soft = !is_hardware(&lease);
                let mixes = task == alg_task_type::TASK_MIX || env::falls_back();
                let helper = helper(algorithm, mixes && !soft);
                return finish(initialising, lease, helper, built, patience, keep, poll);
            }
            Err(error @ (Error::NoDevice | Error::Again)) => {
                log_error!("{}: {error}", lease.identity().driver);
                last = error;
                if error == Error::Again {
                    registry::disable(&lease);
                }
                // There may be free queues of its devices next time.
                tried.push(lease);
            }
            Err(error) => return Err(error),
        }
    }
}

/// How synchronous requests wait.
fn patience() -> Result<Patience> {
    let sleeps = env::switch("WD_COMP_EPOLL_EN")?;
    let told = env::value("WD_SYNC_TIMEOUT_MS").and_then(|text| text.parse().ok());
    let limit = told
        .filter(|ms| *ms > 0)
        .map_or(PATIENCE, Duration::from_millis);
    Ok(Patience { limit, sleeps })
}

fn is_hardware(lease: &Lease) -> bool {
    registry::Kind::Hardware.includes(lease.identity().kind)
}

/// The driver for a task, none of `tried`.
fn bind(task: alg_task_type, algorithm: &str, tried: &[Lease]) -> Option<Lease> {
    let request = |kind| registry::request_but(tried, algorithm, kind, &bus::has);
    match task {
        alg_task_type::TASK_INSTR => request(Kind::Software),
        alg_task_type::TASK_MIX => request(Kind::Hardware).or_else(|| request(Kind::Software)),
        _ => {
            let soft = || request(Kind::Software).filter(|_| env::falls_back());
            request(Kind::Hardware).or_else(soft)
        }
    }
}

/// A driver that finishes what devices fail, and its engine.
type Helper = (Lease, Box<dyn Engine<wd_comp_msg>>);

fn helper(algorithm: &str, wanted: bool) -> Option<Helper> {
    if !wanted {
        return None;
    }
    let lease = registry::request(algorithm, Kind::Software, &bus::has)?;
    let engine = lease.bind_comp(vec![plain_seat(0, false)], false).ok()?;
    // Others would have to take turns, and be waited for.
    engine.is_shared().then_some((lease, engine))
}

fn plain_seat(op_type: u8, asynchronous: bool) -> Seat {
    Seat {
        handle: 0,
        hardware: None,
        op_type,
        asynchronous,
    }
}

/// What is to be bound to a driver.
struct Built {
    seats: Vec<Seat>,
    slots: u32,
    chooser: Chooser,
    sva: bool,
    polled: Vec<Vec<u32>>,
}

fn finish(
    initialising: Initialising<'_, wd_comp_msg>,
    lease: Lease,
    helper: Option<Helper>,
    built: Built,
    patience: Patience,
    keep: Box<dyn core::any::Any + Send>,
    poll: Poll,
) -> Result<()> {
    let most = slots::MOST;
    let slots = match usize::try_from(built.slots).unwrap_or(0) {
        0 => most,
        n if n > most => {
            log_info!("{n} requests of a context are too many: {most}");
            most
        }
        n => n,
    };
    let modes = built.seats.iter().map(|seat| seat.asynchronous).collect();
    let fallback = helper
        .as_ref()
        .map_or(core::ptr::null_mut(), |(lease, _)| lease.in_c());
    lease.set_fallback(fallback);
    let devices = built.seats.iter().filter(|seat| seat.hardware.is_some());
    let handles = devices.map(|seat| seat.handle).collect();
    let engine = lease.bind_comp(built.seats, patience.sleeps)?;
    let listing = ctx_list::listed(handles, ALGORITHMS.join(" ").as_bytes());
    log_info!("compression by {}", lease.identity().driver);
    let (helping, engine_of_helper) = helper.unzip();
    let plan = Plan {
        engine,
        seats: modes,
        slots,
        chooser: built.chooser,
        helper: engine_of_helper,
        patience,
        sva: built.sva,
        keep: Box::new((listing, lease, helping, keep)),
        polled: built.polled,
    };
    initialising.finish(plan, poll)
}

type Keep = Box<dyn core::any::Any + Send>;

/// Contexts and scheduler for a driver.
fn build(
    lease: &Lease,
    algorithm: &str,
    policy: sched_policy_type,
    wish: &Wanted,
) -> Result<(Built, Keep)> {
    if !is_hardware(lease) {
        let chooser = Chooser::Native(Arc::new(Native::new(SCHED_POLICY_SINGLE, 1, 1)?));
        let built = Built {
            seats: vec![plain_seat(0, false), plain_seat(0, true)],
            slots: wish.slots,
            chooser,
            sva: true,
            polled: Vec::new(),
        };
        return Ok((built, Box::new(())));
    }
    let none = wd_ctx_nums::default();
    if wish.numbers.iter().all(|numbers| *numbers == none) {
        log_error!("no contexts are wanted");
        return Err(Error::Invalid);
    }
    let mut devices = device::list(algorithm)?;
    devices.retain(|device| {
        let node = u32::try_from(device.numa_id).unwrap_or(0);
        wish.nodes
            .as_ref()
            .is_none_or(|nodes| nodes.contains(&node))
    });
    let mut nodes: Vec<i32> = devices.iter().map(|device| device.numa_id).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let highest = *nodes.last().ok_or(Error::NoDevice)?;
    let kinds = u8::try_from(wish.numbers.len()).map_err(|_| Error::Invalid)?;
    let places = u16::try_from(highest + 1).map_err(|_| Error::NoDevice)?;
    let native = Native::new(policy, kinds, places)?;
    let mut opened = Opened::default();
    for node in nodes {
        for (kind, numbers) in (0..).zip(&wish.numbers) {
            opened.add(&devices, node, kind, *numbers, &native)?;
        }
    }
    let sva = opened
        .0
        .first()
        .is_none_or(|(context, ..)| context.is_sva());
    let built = Built {
        seats: opened.seats(),
        slots: wish.slots,
        chooser: Chooser::Native(Arc::new(native)),
        sva,
        polled: Vec::new(),
    };
    Ok((built, Box::new(opened)))
}

/// How many contexts there are to be: by the environment, the caller, or the driver. `None`: the driver
/// has more kinds of operation than compression.
fn wish(lease: &Lease, algorithm: &str, wanted: Option<&Wanted>) -> Result<Option<Wanted>> {
    let identity = lease.identity();
    let kinds = usize::try_from(identity.op_type_num).unwrap_or(0);
    let told = env::value("WD_COMP_CTX_NUM").filter(|_| is_hardware(lease));
    if let Some(text) = told {
        let items = env::contexts(&text, &env::COMP)?;
        let wish = from_items(&items, algorithm)?;
        return Ok((kinds <= KINDS).then_some(wish));
    }
    if let Some(wanted) = wanted {
        if wanted.numbers.len() > KINDS {
            log_error!("more kinds of operation than compression has");
            return Err(Error::Invalid);
        }
        return Ok(Some(wanted.clone()));
    }
    if kinds > KINDS {
        return Ok(None);
    }
    let queues = u32::try_from(identity.queue_num).unwrap_or(0);
    let numbers = wd_ctx_nums {
        sync_ctx_num: queues,
        async_ctx_num: queues,
    };
    Ok(Some(Wanted {
        numbers: vec![numbers; kinds],
        nodes: None,
        slots: 0,
    }))
}

/// What the environment says: of the same kind the greatest number counts, on all nodes named.
fn from_items(items: &[Item], algorithm: &str) -> Result<Wanted> {
    let mut numbers = vec![wd_ctx_nums::default(); KINDS];
    let mut nodes = Vec::new();
    let devices = device::list(algorithm)?;
    for item in items.iter().filter(|item| item.number > 0) {
        let node = i32::try_from(item.node).map_err(|_| Error::NoDevice)?;
        device::freest(devices.iter(), node)?;
        nodes.push(item.node);
        let of_kind = &mut numbers[usize::from(item.op_type) % KINDS];
        let place = match item.mode {
            Mode::Sync => &mut of_kind.sync_ctx_num,
            Mode::Async => &mut of_kind.async_ctx_num,
        };
        *place = item.number.max(*place);
    }
    Ok(Wanted {
        numbers,
        nodes: Some(nodes),
        slots: 0,
    })
}

/// Contexts of the library's, each with its kind of operation and whether it is asynchronous. They
/// are released when this is dropped.
#[derive(Default)]
pub(super) struct Opened(pub(super) Vec<(Arc<Context>, u8, bool)>);

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
    fn seats(&self) -> Vec<Seat> {
        let seat = |(context, op_type, asynchronous): &(Arc<Context>, u8, bool)| Seat {
            handle: context.handle(),
            hardware: Some(context.hardware()),
            op_type: *op_type,
            asynchronous: *asynchronous,
        };
        self.0.iter().map(seat).collect()
    }

    /// Opens the contexts of a kind of operation on a node, and tells the scheduler.
    fn add(
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
