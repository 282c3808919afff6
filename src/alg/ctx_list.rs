//! The contexts that initialised algorithms have, by algorithm: where a program
//! without SVA finds one to make its pool of memory with.

use super::context;
use crate::ctypes::v2::wd::CRYPTO_MAX_ALG_NAME;
use crate::log_error;
use crate::sys::fork::PerProcess;
use crate::sys::lock::{Mutex, MutexGuard};
use crate::sys::{env, numa};

/// A listed context.
struct Listed {
    handle: usize,
    /// The names of its algorithms, cut as `struct mem_ctx_node` of libwd cuts them.
    algorithms: Vec<u8>,
    node: u32,
    taken: bool,
}

/// Listed contexts, in the order of their listing.
#[derive(Default)]
struct List(Vec<Listed>);

impl List {
    fn insert(&mut self, handle: usize, algorithms: &[u8]) {
        let Some(context) = context::find(handle) else {
            return;
        };
        let len = algorithms.len().min(CRYPTO_MAX_ALG_NAME - 1);
        self.0.push(Listed {
            handle,
            algorithms: algorithms[..len].to_vec(),
            node: context.numa_id(),
            taken: false,
        });
    }

    fn take(&mut self, algorithm: &[u8]) -> Option<usize> {
        self.0
            .retain(|listed| context::find(listed.handle).is_some());
        let (root, here) = (env::sysfs_root(), numa::here());
        let suits = |listed: &&mut Listed| !listed.taken && has(&listed.algorithms, algorithm);
        let nearest = self.0.iter_mut().filter(suits).min_by_key(|listed| {
            (
                listed.node != here,
                numa::distance(&root, here, listed.node),
            )
        });
        let found = nearest?;
        found.taken = true;
        Some(found.handle)
    }
}

/// The list of this process. A fork child begins with an empty one.
fn list() -> MutexGuard<'static, List> {
    static LIST: PerProcess<Mutex<List>> = PerProcess::new();
    LIST.get_or(Mutex::default).lock()
}

/// Lists a context with the names of its algorithms. One without a device is left out.
pub fn insert(handle: usize, algorithms: &[u8]) {
    list().insert(handle, algorithms);
}

/// The contexts of an initialisation, which are listed until this is dropped.
pub struct Listing(Vec<usize>);

/// Lists contexts with the names of their algorithms.
#[must_use]
pub fn listed(handles: Vec<usize>, algorithms: &[u8]) -> Listing {
    for handle in &handles {
        insert(*handle, algorithms);
    }
    Listing(handles)
}

impl Drop for Listing {
    fn drop(&mut self) {
        let stays = |listed: &Listed| !self.0.contains(&listed.handle);
        list().0.retain(stays);
    }
}

/// Takes a context that is open, not taken yet, and has `algorithm` in its names: the first one on the
/// caller's node, or else the nearest. `None`, with a message, if there is none.
#[must_use]
pub fn take(algorithm: &[u8]) -> Option<usize> {
    let found = list().take(algorithm);
    if found.is_none() {
        let name = String::from_utf8_lossy(algorithm);
        log_error!("no context is left for '{name}'");
    }
    found
}

/// Empties the list.
pub fn clear() {
    list().0.clear();
}

/// Whether `part` is somewhere in `text`, as `strstr(3)` tells.
fn has(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    use crate::alg::context::Context;
    use crate::sim::World;
    use crate::sim::config::Config;
    use crate::uacce::channel::Bus;
    use std::sync::Arc;

    /// A context of each device.
    fn contexts(world: &World) -> Vec<Arc<Context>> {
        let devices = world.devices().expect("simulated");
        let open = |device| Context::open_on(world, device).expect("a free queue");
        devices.into_iter().map(open).collect()
    }

    #[test]
    fn contexts_are_taken_once_the_nearest_first_while_they_are_open() {
        let far = numa::here() + 1;
        let text = format!("hisi_zip,node={far};hisi_zip,count=3,node={}", numa::here());
        let world = World::new(text.parse::<Config>().expect("valid")).expect("valid");
        let contexts = contexts(&world);
        let handles: Vec<usize> = contexts.iter().map(|context| context.handle()).collect();
        let mut list = List::default();
        list.insert(handles[0], b"zlib gzip");
        list.insert(handles[1], b"zlib gzip");
        list.insert(handles[2], b"deflate");
        list.insert(handles[3], &[b'z'; 200]);
        list.insert(1, b"zlib");
        assert_eq!(list.take(b"lz4"), None);
        assert_eq!(list.take(b"gzip"), Some(handles[1]), "the near one");
        assert_eq!(list.take(b"gzip"), Some(handles[0]), "the other one");
        assert_eq!(list.take(b"gzip"), None, "all are taken");
        assert_eq!(list.take(&[b'z'; 128]), None, "names are cut");
        assert_eq!(list.take(&[b'z'; 127]), Some(handles[3]));
        contexts[2].release().expect("open");
        assert_eq!(list.take(b"deflate"), None, "released");
    }
}
