//! What is kept between requests: states that are costly to make, and the states
//! of streams.

use crate::sys::lock::Mutex;
use std::collections::HashMap;

/// States that wait for their next request. More are dropped, which bounds what a context keeps:
/// a compressor is about 300 KiB.
const IDLE: usize = 16;

/// States that are not in use.
pub struct Shelf<T>(Mutex<Vec<Box<T>>>);

impl<T> Shelf<T> {
    /// An empty shelf.
    pub fn new() -> Shelf<T> {
        Shelf(Mutex::new(Vec::with_capacity(IDLE)))
    }

    /// The state that was put here last of those that `suits`, or a new one.
    pub fn take(&self, suits: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> Box<T> {
        let mut idle = self.0.lock();
        let found = idle.iter().rposition(|state| suits(state));
        let found = found.map(|at| idle.remove(at));
        drop(idle);
        found.unwrap_or_else(|| Box::new(make()))
    }

    /// Puts a state back. If there are too many, the one goes that has been here longest.
    pub fn put(&self, state: Box<T>) {
        let mut idle = self.0.lock();
        let oldest = (idle.len() == IDLE).then(|| idle.remove(0));
        idle.push(state);
        drop(idle);
        drop(oldest);
    }
}

/// A power of two.
const SHARDS: usize = 16;

/// States of streams, by the address of the stream's context. A state is taken out while it is in
/// use: two threads in one stream do not wait for each other, the second finds none.
pub struct Streams<T>([Mutex<HashMap<usize, T>>; SHARDS]);

impl<T> Streams<T> {
    /// No streams.
    pub fn new() -> Streams<T> {
        Streams(core::array::from_fn(|_| Mutex::new(HashMap::new())))
    }

    fn shard(&self, name: usize) -> &Mutex<HashMap<usize, T>> {
        // Contexts are of 64 KiB; the lowest bits of their addresses say little.
        &self.0[(name >> 16 ^ name >> 6) % SHARDS]
    }

    /// Takes the state of a stream, if there is one.
    pub fn take(&self, name: usize) -> Option<T> {
        self.shard(name).lock().remove(&name)
    }

    /// Keeps the state of a stream.
    pub fn put(&self, name: usize, state: T) {
        let before = self.shard(name).lock().insert(name, state);
        drop(before);
    }
}
