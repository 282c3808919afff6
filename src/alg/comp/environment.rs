//! Initialisation as the environment says, or with one kind of contexts.

use super::here;
use super::start::{Given, KINDS, Opened, Own, begin_with};
use crate::alg::context::Context;
use crate::alg::device;
use crate::alg::env::{self, Item};
use crate::alg::sched::{Mode, Native};
use crate::alg::setup::Chooser;
use crate::alg::workers::Poll;
use crate::ctypes::v2::wd::uacce_dev;
use crate::ctypes::v2::wd_sched::{sched_params, sched_policy_type::SCHED_POLICY_RR};
use crate::error::{Error, Result};
use crate::log_error;
use std::sync::Arc;

/// What `WD_COMP_CTX_NUM` is if it is not set.
const CONTEXTS: &str = "sync-comp:1@0,sync-decomp:1@0,async-comp:1@0,async-decomp:1@0";
/// What `WD_COMP_ASYNC_POLL_NUM` is if it is not set.
const THREADS: &str = "1@0";

/// Modes.
const MODES: [Mode; 2] = [Mode::Sync, Mode::Async];

/// Contexts and threads of a NUMA node that has devices.
#[derive(Debug, Default, PartialEq, Eq)]
struct Node {
    node: u32,
    /// Contexts by mode and kind of operation.
    numbers: [[u32; KINDS]; 2],
    /// Threads that poll.
    threads: u32,
}

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    nodes: Vec<Node>,
    polls: bool,
}

impl Table {
    fn new(devices: &[uacce_dev]) -> Table {
        let id = |device: &uacce_dev| u32::try_from(device.numa_id).unwrap_or(0);
        let mut ids: Vec<u32> = devices.iter().map(id).collect();
        ids.sort_unstable();
        ids.dedup();
        let node = |node| Node {
            node,
            ..Node::default()
        };
        Table {
            nodes: ids.into_iter().map(node).collect(),
            polls: false,
        }
    }

    fn node(&mut self, id: u32) -> Result<&mut Node> {
        let node = self.nodes.iter_mut().find(|node| node.node == id);
        node.ok_or_else(|| {
            log_error!("node {id} has no device");
            Error::Invalid
        })
    }

    /// Later items count more than earlier ones.
    fn set(&mut self, item: &Item) -> Result<()> {
        let node = self.node(item.node)?;
        node.numbers[item.mode as usize][usize::from(item.op_type) % KINDS] = item.number;
        Ok(())
    }

    /// What the environment's values say.
    fn read(&mut self, contexts: &str, polls: bool, threads: &str) -> Result<()> {
        for item in env::contexts(contexts, &env::COMP)? {
            self.set(&item)?;
        }
        self.polls = polls;
        if polls {
            for (number, node) in env::threads(threads)? {
                self.node(node)?.threads = number;
            }
        }
        Ok(())
    }

    /// For each thread, the contexts that it polls.
    fn polled(&self) -> Vec<Vec<u32>> {
        let mut all = Vec::new();
        let mut next = 0_u32;
        for node in self.nodes.iter().filter(|_| self.polls) {
            let [sync, asynchronous] = node.numbers.map(|kinds| kinds.iter().sum::<u32>());
            let first = next + sync;
            next = first + asynchronous;
            let threads = node.threads.max(1).min(asynchronous);
            let of_thread = |thread| {
                (first..next)
                    .skip(thread as usize)
                    .step_by(threads as usize)
            };
            all.extend((0..threads).map(|thread| of_thread(thread).collect()));
        }
        all
    }
}

/// Initialises as the environment says. `chooser` tells of a scheduler of the caller's, if there is
/// one.
///
/// # Errors
/// [`Error::Exists`], [`Error::TimedOut`] as [`crate::alg::setup::Class::begin`] has them;
/// [`Error::NoDevice`] if there is no device; [`Error::Invalid`] for a bad value; [`Error::Busy`] if a
/// context cannot be opened; as [`super::start::with_contexts`].
pub(crate) fn from_environment(
    chooser: impl FnOnce() -> Result<Option<Chooser>>,
    poll: Poll,
) -> Result<()> {
    begin(poll, chooser, |table| {
        let contexts = env::value("WD_COMP_CTX_NUM");
        let polls = env::switch("WD_COMP_ASYNC_POLL_EN")?;
        let threads = env::value("WD_COMP_ASYNC_POLL_NUM");
        let contexts = contexts.as_deref().unwrap_or(CONTEXTS);
        table.read(contexts, polls, threads.as_deref().unwrap_or(THREADS))
    })
}

/// Initialises with `number` contexts of one kind.
///
/// # Errors
/// As [`from_environment`]; [`Error::Invalid`] for a kind of operation or mode that there is not.
pub(crate) fn one_kind(node: u32, op_type: u32, number: u32, mode: u32, poll: Poll) -> Result<()> {
    let item = item(node, op_type, number, mode)?;
    begin(poll, || Ok(None), |table| table.set(&item))
}

fn item(node: u32, op_type: u32, number: u32, mode: u32) -> Result<Item> {
    let mode = MODES.get(mode as usize).copied();
    let op_type = u8::try_from(op_type).ok();
    let op_type = op_type.filter(|kind| usize::from(*kind) < KINDS);
    let (Some(mode), Some(op_type)) = (mode, op_type) else {
        log_error!("there is no such mode or kind of operation");
        return Err(Error::Invalid);
    };
    Ok(Item {
        mode,
        op_type,
        number,
        node,
    })
}

/// Undoes [`from_environment`] or [`one_kind`].
pub(crate) fn end_environment() {
    let process = here();
    process.class.end();
    *process.environment.lock() = None;
}

/// How many contexts of a kind were asked for, `None` on a node without devices, and whether threads
/// of the library poll.
///
/// # Errors
/// [`Error::Invalid`] for a kind of operation or mode that there is not.
pub(crate) fn contexts_of(node: u32, op_type: u32, mode: u32) -> Result<(Option<u32>, bool)> {
    let asked = item(node, op_type, 0, mode)?;
    let table = here().environment.lock();
    let Some(table) = table.as_ref() else {
        return Ok((None, false));
    };
    let node = table.nodes.iter().find(|n| n.node == node);
    let number = |node: &Node| node.numbers[asked.mode as usize][usize::from(asked.op_type)];
    Ok((node.map(number), table.polls))
}

fn begin(
    poll: Poll,
    chooser: impl FnOnce() -> Result<Option<Chooser>>,
    ask: impl FnOnce(&mut Table) -> Result<()>,
) -> Result<()> {
    let process = here();
    let initialising = process.class.begin()?;
    let devices = device::list("zlib")?;
    let mut table = Table::new(&devices);
    ask(&mut table)?;
    let chooser = match chooser()? {
        Some(chooser) => chooser,
        None => {
            let kinds = u8::try_from(KINDS).unwrap_or(1);
            let highest = table.nodes.last().map_or(0, |node| node.node);
            let nodes = u16::try_from(highest + 1).map_err(|_| Error::Invalid)?;
            Chooser::Native(Arc::new(Native::new(SCHED_POLICY_RR, kinds, nodes)?))
        }
    };
    let mut opened = Opened::default();
    for node in &table.nodes {
        for (mode, kinds) in MODES.into_iter().zip(node.numbers) {
            for (kind, number) in (0_u8..).zip(kinds) {
                open(
                    &mut opened,
                    &devices,
                    &chooser,
                    (node.node, mode, kind),
                    number,
                )?;
            }
        }
    }
    let given = |(context, op_type, asynchronous): &(Arc<Context>, u8, bool)| Given {
        handle: context.handle(),
        op_type: *op_type,
        asynchronous: *asynchronous,
    };
    let own = Own {
        contexts: opened.0.iter().map(given).collect(),
        slots: 0,
        chooser,
    };
    begin_with(initialising, own, table.polled(), Box::new(opened), poll)?;
    *process.environment.lock() = Some(table);
    Ok(())
}

/// Opens contexts of a kind on a node and tells the library's scheduler.
fn open(
    opened: &mut Opened,
    devices: &[uacce_dev],
    chooser: &Chooser,
    (node, mode, kind): (u32, Mode, u8),
    number: u32,
) -> Result<()> {
    let Some(last) = number.checked_sub(1) else {
        return Ok(());
    };
    let begin = u32::try_from(opened.0.len()).map_err(|_| Error::NoMemory)?;
    for _ in 0..number {
        let mut there = devices
            .iter()
            .filter(|d| u32::try_from(d.numa_id) == Ok(node));
        let context = there.find_map(|device| {
            let free = device::available(device).is_ok_and(|free| free > 0);
            free.then(|| Context::request(device).ok()).flatten()
        });
        let context = context.ok_or_else(|| {
            log_error!("node {node} has not got {number} free queues");
            Error::Busy
        })?;
        opened.0.push((context, kind, mode == Mode::Async));
    }
    if let Chooser::Native(native) = chooser {
        native.instance(&sched_params {
            numa_id: i32::try_from(node).map_err(|_| Error::Invalid)?,
            type_: kind,
            mode: mode as u8,
            begin,
            end: begin + last,
            dev_id: 0,
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let node = |node| Node {
            node,
            ..Node::default()
        };
        Table {
            nodes: vec![node(0), node(2)],
            polls: false,
        }
    }

    #[test]
    fn the_default_is_one_context_of_each_kind_on_node_0() {
        let mut table = table();
        assert_eq!(table.read(CONTEXTS, false, THREADS), Ok(()));
        assert_eq!(table.nodes[0].numbers, [[1, 1], [1, 1]]);
        assert_eq!(table.nodes[1].numbers, [[0, 0], [0, 0]]);
        assert!(table.polled().is_empty());
    }

    #[test]
    fn of_the_same_kind_on_a_node_the_last_number_counts() {
        let mut table = table();
        let text = "sync-comp:3@2,sync-comp:1@2";
        assert_eq!(table.read(text, false, THREADS), Ok(()));
        assert_eq!(table.nodes[1].numbers, [[1, 0], [0, 0]]);
    }

    #[test]
    fn a_node_without_devices_is_refused() {
        assert_eq!(
            table().read("sync-comp:1@1", false, THREADS),
            Err(Error::Invalid)
        );
        assert_eq!(table().read(CONTEXTS, true, "1@1"), Err(Error::Invalid));
    }

    #[test]
    fn a_bad_number_of_threads_matters_only_where_there_are_threads() {
        assert_eq!(table().read(CONTEXTS, false, "nonsense"), Ok(()));
        assert_eq!(
            table().read(CONTEXTS, true, "nonsense"),
            Err(Error::Invalid)
        );
    }

    #[test]
    fn threads_share_the_asynchronous_contexts_of_their_node() {
        let mut table = table();
        let text = "sync-comp:2@0,async-comp:2@0,async-decomp:1@0,async-comp:1@2";
        assert_eq!(table.read(text, true, "2@0,5@2"), Ok(()));
        assert_eq!(table.polled(), [vec![2, 4], vec![3], vec![5]]);
    }

    #[test]
    fn kinds_and_modes_that_there_are_not_are_refused() {
        assert_eq!(item(0, 2, 1, 0), Err(Error::Invalid));
        assert_eq!(item(0, 256, 1, 0), Err(Error::Invalid));
        assert_eq!(item(0, 0, 1, 2), Err(Error::Invalid));
        assert_eq!(contexts_of(0, 0, 2), Err(Error::Invalid));
        assert_eq!(contexts_of(0, 1, 1), Ok((None, false)));
    }
}
