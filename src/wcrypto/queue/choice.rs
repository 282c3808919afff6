//! Which device serves a queue of UADK v1.

use super::Wanted;
use crate::error::{Error, Result};
use crate::sys::{env, numa};
use crate::uacce::channel::Bus;
use crate::uacce::device::Attributes;
use crate::{log_error, log_info};

/// How many times as many free queues a device further away must have to be better.
const RATIO: u32 = 4;

/// A device, and what decides about it.
struct Candidate {
    device: Attributes,
    distance: u32,
    free: u32,
}

/// The devices that suit, the best first. A device that is named comes first if it can be had; others
/// come all the same.
///
/// # Errors
/// [`Error::Invalid`] if a device is named and nodes are too; [`Error::NoDevice`] if none suits;
/// [`Error::Permission`] if only devices without an IOMMU suit, and are not wanted.
pub(super) fn devices(bus: &dyn Bus, wanted: &Wanted<'_>) -> Result<Vec<Attributes>> {
    if wanted.device.is_some() && wanted.nodes != 0 {
        log_error!("a device and a set of nodes cannot be asked for together");
        return Err(Error::Invalid);
    }
    let mut all = suiting(bus, wanted.algorithm)?;
    if all.is_empty() {
        log_error!("no device has {} and a free queue", wanted.algorithm);
        return Err(Error::NoDevice);
    }
    all.retain(|device| wanted.no_iommu || !device.no_iommu());
    if all.is_empty() {
        log_error!(
            "only devices without an IOMMU suit; they can reach all of memory and must be asked for"
        );
        return Err(Error::Permission);
    }
    let mut first = None;
    if let Some(name) = wanted.device {
        first = all.iter().position(|device| device.name == name);
        if first.is_none() {
            log_error!("{name} is not available, others are tried");
        }
    }
    let first = first.map(|at| all.remove(at));
    // Where the C library would find a device, it is one of those without SVA.
    let (with_sva, without): (Vec<_>, Vec<_>) = all.into_iter().partition(Attributes::sva);
    let rest = [without, with_sva]
        .into_iter()
        .flat_map(|part| ranked(part, wanted.nodes));
    Ok(first.into_iter().chain(rest).collect())
}

/// How many devices have the algorithm and a free queue.
///
/// # Errors
/// [`Error::NoDevice`] where there is no uacce class at all.
pub(super) fn count(bus: &dyn Bus, algorithm: &str) -> Result<usize> {
    suiting(bus, algorithm).map(|devices| devices.len())
}

fn suiting(bus: &dyn Bus, algorithm: &str) -> Result<Vec<Attributes>> {
    let mut all = bus.devices()?;
    all.retain(|device| device.has(algorithm) && device.usable());
    Ok(all)
}

/// The best first: each time the best of what is left, as the C library chooses.
fn ranked(devices: Vec<Attributes>, nodes: u32) -> Vec<Attributes> {
    let (root, here) = (env::sysfs_root(), numa::here());
    let mut left: Vec<Candidate> = devices
        .into_iter()
        .map(|device| Candidate {
            distance: device
                .numa_distance
                .unwrap_or_else(|| numa::distance(&root, here, device.numa_node)),
            free: device.available.unwrap_or(1),
            device,
        })
        .collect();
    let mut ranked = Vec::new();
    while let Some(best) = best(&left, nodes) {
        ranked.push(left.remove(best).device);
    }
    if nodes != 0 && !ranked.first().is_some_and(|device| on(device, nodes)) {
        log_info!("no device on the nodes {nodes:#x}, others are taken");
    }
    ranked
}

/// The first on one of the nodes, or else the one that none is better than.
fn best(left: &[Candidate], nodes: u32) -> Option<usize> {
    let on_nodes = left.iter().position(|c| on(&c.device, nodes));
    let weighed = || {
        (0..left.len()).reduce(|best, other| {
            if better(&left[other], &left[best]) {
                other
            } else {
                best
            }
        })
    };
    on_nodes.or_else(weighed)
}

fn on(device: &Attributes, nodes: u32) -> bool {
    let node = device.node_id.and_then(|node| u32::try_from(node).ok());
    node.and_then(|node| 1_u32.checked_shl(node))
        .is_some_and(|bit| nodes & bit != 0)
}

/// Whether a device is better than another: nearer, or further away with many more free queues.
fn better(new: &Candidate, old: &Candidate) -> bool {
    match new.distance.cmp(&old.distance) {
        core::cmp::Ordering::Greater => new.free > old.free.saturating_mul(RATIO),
        core::cmp::Ordering::Equal => new.free > old.free,
        core::cmp::Ordering::Less => new.free.saturating_mul(RATIO) >= old.free,
    }
}

#[cfg(test)]
mod tests;
