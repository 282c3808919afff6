//! The library's scheduler: ranges of contexts by NUMA node (or device), mode and
//! kind of operation, from which sessions take their contexts by turns.

use super::{Key, Mode, Scheduler};
use crate::ctypes::v2::wd_internal::DEVICE_REGION_MAX;
use crate::ctypes::v2::wd_sched::{INVALID_POS, sched_params, sched_policy_type};
use crate::error::{Error, Result};
use crate::sys::atomic::{AtomicU32, AtomicU64};
use crate::sys::{env, numa};
use core::ops::RangeInclusive;
use core::sync::atomic::Ordering;

/// Nodes that a scheduler may be made for: what libnuma knows.
const NODES: u16 = 2048;
/// Modes.
const MODES: usize = 2;
/// Sweeps over all contexts that a poll makes at most.
const SWEEPS: u32 = 999;
/// Calls that find nothing which a poll of a single context makes.
const CALLS: u32 = 1000;

/// Contexts of one node or device, mode and kind of operation.
struct Region {
    /// The first context in the upper half, the last in the lower; [`NONE`]: there are none.
    range: AtomicU64,
    /// Sessions that took a context.
    turn: AtomicU32,
}

/// A range that is none: it ends before it begins.
const NONE: u64 = 1 << 32;

impl Region {
    const fn new() -> Region {
        Region {
            range: AtomicU64::new(NONE),
            turn: AtomicU32::new(0),
        }
    }

    // Relaxed, here and below: the numbers stand for themselves. Whoever makes a session after an
    // instance on another thread has been told of it somehow, and that orders the two.
    fn set(&self, first: u32, last: u32) {
        self.turn.store(0, Ordering::Relaxed);
        let range = u64::from(first) << 32 | u64::from(last);
        self.range.store(range, Ordering::Relaxed);
    }

    fn clear(&self) {
        self.range.store(NONE, Ordering::Relaxed);
    }

    fn contexts(&self) -> Option<RangeInclusive<u32>> {
        let range = self.range.load(Ordering::Relaxed);
        let (first, last) = ((range >> 32) as u32, range as u32);
        (first <= last).then_some(first..=last)
    }

    /// The next context by turns.
    fn next(&self) -> Option<u32> {
        let contexts = self.contexts()?;
        let count = u64::from(contexts.end() - contexts.start()) + 1;
        let turn = u64::from(self.turn.fetch_add(1, Ordering::Relaxed));
        Some(contexts.start() + (turn % count) as u32)
    }
}

/// A scheduler of the library's.
pub struct Native {
    policy: sched_policy_type,
    /// Kinds of operation.
    types: usize,
    /// Nodes, or for [`sched_policy_type::SCHED_POLICY_DEV`] the devices there may be.
    places: usize,
    /// The number of the device in each place; [`INVALID_POS`]: there is none yet.
    devices: [AtomicU32; DEVICE_REGION_MAX],
    /// By place, mode and kind of operation. Empty where contexts are not chosen.
    regions: Box<[Region]>,
}

impl Native {
    /// A scheduler without contexts. `type_num` is the number of kinds of operation, `numa_num` that
    /// of NUMA nodes, which may be more than the machine has; for
    /// [`sched_policy_type::SCHED_POLICY_DEV`] it does not matter.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `SCHED_POLICY_BUTT`, no kind of operation, and 0 or more than 2048
    /// nodes; [`Error::NoMemory`].
    pub fn new(policy: sched_policy_type, type_num: u8, numa_num: u16) -> Result<Native> {
        use sched_policy_type::*;
        let (places, chooses) = match policy {
            SCHED_POLICY_DEV => (DEVICE_REGION_MAX, true),
            SCHED_POLICY_RR => (usize::from(numa_num), true),
            SCHED_POLICY_NONE | SCHED_POLICY_SINGLE => (usize::from(numa_num), false),
            SCHED_POLICY_BUTT => return Err(Error::Invalid),
        };
        if type_num == 0 || places == 0 || places > usize::from(NODES) {
            return Err(Error::Invalid);
        }
        let types = usize::from(type_num);
        let count = if chooses { places * MODES * types } else { 0 };
        let mut regions = Vec::new();
        regions
            .try_reserve_exact(count)
            .map_err(|_| Error::NoMemory)?;
        regions.resize_with(count, Region::new);
        Ok(Native {
            policy,
            types,
            places,
            devices: [const { AtomicU32::new(INVALID_POS) }; DEVICE_REGION_MAX],
            regions: regions.into(),
        })
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> sched_policy_type {
        self.policy
    }

    /// Whether [`Native::new`] with these arguments made it, or one like it.
    #[must_use]
    pub(super) fn is_like(&self, policy: sched_policy_type, type_num: u8, numa_num: u16) -> bool {
        let devices = policy == sched_policy_type::SCHED_POLICY_DEV;
        self.policy == policy
            && self.types == usize::from(type_num)
            && (devices || self.places == usize::from(numa_num))
    }

    /// Forgets all contexts.
    pub(super) fn clear(&self) {
        self.regions.iter().for_each(Region::clear);
        for device in &self.devices {
            device.store(INVALID_POS, Ordering::Relaxed);
        }
    }

    /// Gives the scheduler the contexts `begin` to `end` of a node (or device), mode and kind of
    /// operation. Given twice, the last ones count; for devices the first ones.
    ///
    /// # Errors
    /// [`Error::Invalid`] if one of the numbers is out of its range, for a seventeenth device, and
    /// for policies that do not choose.
    pub fn instance(&self, params: &sched_params) -> Result<()> {
        let in_range = params.begin <= params.end
            && usize::from(params.type_) < self.types
            && usize::from(params.mode) < MODES
            && !self.regions.is_empty();
        if !in_range {
            return Err(Error::Invalid);
        }
        let devices = self.policy == sched_policy_type::SCHED_POLICY_DEV;
        let place = if devices {
            self.place_for(params.dev_id)
        } else {
            usize::try_from(params.numa_id).ok()
        };
        let region = place.and_then(|place| self.region(place, params.mode, params.type_));
        let region = region.ok_or(Error::Invalid)?;
        if !devices || region.contexts().is_none() {
            region.set(params.begin, params.end);
        }
        Ok(())
    }

    /// The region of a place, if there is such a place and kind of operation.
    fn region(&self, place: usize, mode: u8, kind: u8) -> Option<&Region> {
        let (mode, kind) = (usize::from(mode), usize::from(kind));
        let good = place < self.places && mode < MODES && kind < self.types;
        let index = (place * MODES + mode) * self.types + kind;
        self.regions.get(index).filter(|_| good)
    }

    /// The place of a device, a new one if it has none.
    fn place_for(&self, device: u32) -> Option<usize> {
        if device == INVALID_POS {
            return None;
        }
        self.devices.iter().position(|place| {
            let order = Ordering::Relaxed;
            match place.compare_exchange(INVALID_POS, device, order, order) {
                Ok(_) => true,
                Err(other) => other == device,
            }
        })
    }

    /// The place of a device that has one.
    fn place_of(&self, device: u32) -> Option<usize> {
        let is = |place: &AtomicU32| place.load(Ordering::Relaxed) == device;
        self.devices
            .iter()
            .position(is)
            .filter(|_| device != INVALID_POS)
    }

    /// The place nearest to node `here` of those with contexts.
    pub(super) fn nearest(&self, here: u32, distance: impl Fn(u32) -> u32) -> Option<usize> {
        let has = |place: &usize| self.of_place(*place).any(|r| r.contexts().is_some());
        let own = usize::try_from(here).ok();
        if let Some(own) = own.filter(has) {
            return Some(own);
        }
        let mut places = (0..self.places).filter(has);
        let first = places.next()?;
        let Some(second) = places.next() else {
            return Some(first);
        };
        let distance = |place: &usize| u32::try_from(*place).map_or(u32::MAX, &distance);
        let all = [first, second].into_iter().chain(places);
        all.min_by_key(distance)
    }

    /// The place nearest to the caller's processor of those with contexts.
    fn near(&self) -> Option<usize> {
        let here = numa::here();
        self.nearest(here, |node| numa::distance(&env::sysfs_root(), here, node))
    }

    fn of_place(&self, place: usize) -> impl Iterator<Item = &Region> {
        let size = MODES * self.types;
        self.regions.iter().skip(place * size).take(size)
    }

    /// A context of a node, and if it has none of this mode and kind, of the first node that has.
    fn of_node(&self, node: usize, mode: u8, kind: u8) -> u32 {
        if node >= self.places {
            return INVALID_POS;
        }
        let places = core::iter::once(node).chain(0..self.places);
        let mut contexts = places.filter_map(|place| self.region(place, mode, kind)?.next());
        contexts.next().unwrap_or(INVALID_POS)
    }

    /// A context of a device.
    fn of_device(&self, place: usize, mode: u8, kind: u8) -> u32 {
        let next = self.region(place, mode, kind).and_then(Region::next);
        next.unwrap_or(INVALID_POS)
    }

    /// Polls contexts until `count` is `expect` or the policy gives up, which is no error: 999 sweeps
    /// over the asynchronous contexts of all nodes (or devices), staying at one as long as it has
    /// answers; a policy with one context calls it `expect` and 1000 times. `one` polls a context
    /// once and tells how many answers there were; `count` is updated after each.
    ///
    /// # Errors
    /// The first of `one`.
    pub fn poll<E>(
        &self,
        expect: u32,
        count: &mut u32,
        mut one: impl FnMut(u32) -> core::result::Result<u32, E>,
    ) -> core::result::Result<(), E> {
        let context = match self.policy {
            sched_policy_type::SCHED_POLICY_NONE => 0,
            sched_policy_type::SCHED_POLICY_SINGLE => 1,
            _ => return self.poll_places(expect, count, one),
        };
        for _ in 0..CALLS.saturating_add(expect) {
            *count = count.saturating_add(one(context)?);
            if *count >= expect {
                break;
            }
        }
        Ok(())
    }

    fn poll_places<E>(
        &self,
        expect: u32,
        count: &mut u32,
        mut one: impl FnMut(u32) -> core::result::Result<u32, E>,
    ) -> core::result::Result<(), E> {
        for _ in 0..SWEEPS {
            for place in 0..self.places {
                loop {
                    let before = *count;
                    for context in self.polled(place) {
                        *count = count.saturating_add(one(context)?);
                        if *count >= expect {
                            return Ok(());
                        }
                    }
                    if *count == before {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// The asynchronous contexts of a place.
    fn polled(&self, place: usize) -> impl Iterator<Item = u32> {
        let regions = self.of_place(place).skip(self.types);
        regions.filter_map(Region::contexts).flatten()
    }
}

impl Scheduler for Native {
    fn key(&self, param: Option<&sched_params>) -> Result<Key> {
        use sched_policy_type::*;
        let kind = param.map_or(0, |param| param.type_);
        let (sync, asynchronous) = match self.policy {
            SCHED_POLICY_NONE => (0, 0),
            SCHED_POLICY_SINGLE => (0, 1),
            SCHED_POLICY_DEV => {
                let device = param.ok_or(Error::Invalid)?.dev_id;
                let place = self.place_of(device).ok_or(Error::Invalid)?;
                let context = |mode| self.of_device(place, mode, kind);
                (context(0), context(1))
            }
            _ => {
                let wish = param.and_then(|param| usize::try_from(param.numa_id).ok());
                let node = wish.or_else(|| self.near()).ok_or(Error::Invalid)?;
                let context = |mode| self.of_node(node, mode, kind);
                (context(0), context(1))
            }
        };
        if sync == INVALID_POS && asynchronous == INVALID_POS {
            return Err(Error::Invalid);
        }
        Ok(Key {
            sync,
            asynchronous,
            foreign: 0,
        })
    }

    #[inline]
    fn pick(&self, key: &Key, mode: Mode) -> u32 {
        key.context(mode)
    }
}
