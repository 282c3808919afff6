//! Atomics that loom explores and that statics can have. Loom's own are made anew for each
//! execution of a model and by no `const fn`; these take one of loom's at their first use in an
//! execution, from a stock that was made before any thread began.

#![expect(unsafe_code, reason = "a cell that threads share for loom to look at")]

use core::sync::atomic::Ordering;
use loom::cell::UnsafeCell;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use loom::sync::atomic::fence;
pub use loom::thread::yield_now;

/// The atomics that an execution may use.
const STOCK: usize = 160;

/// An execution of a model.
struct Run {
    number: u64,
    stock: Vec<Word>,
    /// The last one given out.
    tokens: usize,
    /// Threads in [`until_fork`].
    mortals: Vec<loom::thread::ThreadId>,
    /// Whether there was a fork. Mortals hold it in each of their steps.
    forked: Option<Arc<loom::sync::Mutex<bool>>>,
}

type Word = Arc<loom::sync::atomic::AtomicU64>;

static RUN: Mutex<Run> = Mutex::new(Run {
    number: 0,
    stock: Vec::new(),
    tokens: 0,
    mortals: Vec::new(),
    forked: None,
});

fn run() -> MutexGuard<'static, Run> {
    RUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Explores `model` with at most `preemptions` changes of thread that no wait asked for.
pub fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    // One at a time: all share the statics.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 10_000;
    let executions = Arc::new(core::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&executions);
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let stock = (0..STOCK).map(|_| Word::default()).collect();
        let mut run = run();
        *run = Run {
            number: run.number + 1,
            stock,
            tokens: 0,
            mortals: Vec::new(),
            forked: Some(Arc::default()),
        };
        drop(run);
        model();
        let mut run = self::run();
        (run.stock, run.forked) = (Vec::new(), None);
    });
    println!("{} executions", executions.load(Ordering::Relaxed));
}

/// What a thread ends with that a fork has left behind.
struct Gone;

/// Makes the calling thread the only one, as it is in a fork child: those in [`until_fork`] make no
/// further step. What they have done it sees.
pub fn fork() {
    let forked = run().forked.clone().expect("in a model");
    *forked.lock().expect("not poisoned") = true;
}

/// Does one step of a thread, unless a fork has left it behind.
fn step<R>(work: impl FnOnce() -> R) -> R {
    let run = run();
    if run.mortals.is_empty() || !run.mortals.contains(&loom::thread::current().id()) {
        drop(run);
        return work();
    }
    let forked = run.forked.clone().expect("in a model");
    drop(run);
    let guard = forked.lock().expect("not poisoned");
    if *guard {
        drop(guard);
        resume_unwind(Box::new(Gone));
    }
    work()
}

/// Runs `thread`, to its end or until another one forks: `None` then.
pub fn until_fork<R>(thread: impl FnOnce() -> R) -> Option<R> {
    run().mortals.push(loom::thread::current().id());
    let ended = catch_unwind(AssertUnwindSafe(thread));
    let gone = |cause: &Box<dyn Any + Send>| cause.is::<Gone>();
    match ended {
        Ok(value) => Some(value),
        Err(cause) if gone(&cause) => None,
        Err(cause) => resume_unwind(cause),
    }
}

/// As that of gates: a number of the thread's own, in which the lowest and the highest bits are 0.
pub fn token() -> usize {
    fn fresh() -> usize {
        let mut run = run();
        run.tokens += 8;
        run.tokens
    }
    loom::thread_local!(static HERE: usize = fresh());
    HERE.with(|here| *here)
}

/// Stands for data that is not atomic: loom fails the model if a write and another use of it have no
/// order.
#[derive(Debug)]
pub struct Data(UnsafeCell<()>);

// SAFETY: there is nothing in it.
unsafe impl Sync for Data {}
// SAFETY: as above.
unsafe impl Send for Data {}

impl Default for Data {
    fn default() -> Data {
        Data(UnsafeCell::new(()))
    }
}

impl Data {
    /// Is read.
    pub fn read(&self) {
        self.0.with(|_| ());
    }

    /// Is written.
    pub fn write(&self) {
        self.0.with_mut(|_| ());
    }
}

/// Whose turn it is, where `std` would let a thread wait that loom knows nothing of.
#[derive(Debug, Default)]
pub struct Turn(AtomicBool);

/// A turn that was taken; dropping it gives it back.
pub struct Taken<'a>(&'a Turn);

impl Turn {
    /// Nobody's.
    pub const fn new() -> Turn {
        Turn(AtomicBool::new(false))
    }

    /// Waits for it.
    pub fn take(&self) -> Taken<'_> {
        while self.0.swap(true, Ordering::Acquire) {
            yield_now();
        }
        Taken(self)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Release);
    }
}

/// A word; loom's has the difference to the first value in it.
#[derive(Debug, Default)]
struct Place {
    first: u64,
    here: Mutex<(u64, Option<Word>)>,
}

impl Place {
    const fn new(first: u64) -> Place {
        Place {
            first,
            here: Mutex::new((0, None)),
        }
    }

    fn word(&self) -> Word {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let mut run = run();
        if here.0 != run.number || here.1.is_none() {
            *here = (run.number, run.stock.pop());
        }
        here.1.clone().expect("in a model, and enough of them")
    }

    fn load(&self, order: Ordering) -> u64 {
        step(|| self.word().load(order)).wrapping_add(self.first)
    }

    fn store(&self, value: u64, order: Ordering) {
        step(|| self.word().store(value.wrapping_sub(self.first), order));
    }

    fn swap(&self, value: u64, order: Ordering) -> u64 {
        let before = step(|| self.word().swap(value.wrapping_sub(self.first), order));
        before.wrapping_add(self.first)
    }

    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        let before = step(|| self.word().fetch_add(value, order));
        before.wrapping_add(self.first)
    }

    fn exchange(&self, old: u64, new: u64, good: Ordering, bad: Ordering) -> Result<u64, u64> {
        let stored = |value: u64| value.wrapping_sub(self.first);
        let won = step(|| {
            let word = self.word();
            word.compare_exchange(stored(old), stored(new), good, bad)
        });
        let read = |value: u64| value.wrapping_add(self.first);
        won.map(read).map_err(read)
    }
}

/// An atomic of a type that is read from a word by `$read` and written by `$write`.
macro_rules! atomic {
    ($name:ident $(<$t:ident>)?, $type:ty, $first:expr, $read:expr, $write:expr) => {
        /// As `core`'s, explored.
        #[derive(Debug)]
        pub struct $name $(<$t>)? {
            place: Place,
            $(of: core::marker::PhantomData<core::sync::atomic::AtomicPtr<$t>>,)?
        }

        impl $(<$t>)? $name $(<$t>)? {
            /// With this value; of a pointer only null can be known here.
            pub const fn new(first: $type) -> Self {
                $name {
                    place: Place::new($first(first)),
                    $(of: core::marker::PhantomData::<core::sync::atomic::AtomicPtr<$t>>,)?
                }
            }

            /// As `core`'s.
            pub fn load(&self, order: Ordering) -> $type {
                $read(self.place.load(order))
            }

            /// As `core`'s.
            pub fn store(&self, value: $type, order: Ordering) {
                self.place.store($write(value), order);
            }

            /// As `core`'s.
            pub fn swap(&self, value: $type, order: Ordering) -> $type {
                $read(self.place.swap($write(value), order))
            }

            /// As `core`'s.
            ///
            /// # Errors
            /// The value, if it is another.
            pub fn compare_exchange(
                &self,
                old: $type,
                new: $type,
                good: Ordering,
                bad: Ordering,
            ) -> Result<$type, $type> {
                let won = self.place.exchange($write(old), $write(new), good, bad);
                won.map($read).map_err($read)
            }

            /// As `core`'s; never fails without reason.
            ///
            /// # Errors
            /// The value, if it is another.
            pub fn compare_exchange_weak(
                &self,
                old: $type,
                new: $type,
                good: Ordering,
                bad: Ordering,
            ) -> Result<$type, $type> {
                self.compare_exchange(old, new, good, bad)
            }
        }
    };
}

/// An atomic number.
macro_rules! number {
    ($($name:ident $type:ty),*) => {$(
        atomic!($name, $type, as_word::$name, |n| n as $type, |n| n as u64);

        impl $name {
            /// As `core`'s.
            pub fn fetch_add(&self, value: $type, order: Ordering) -> $type {
                self.place.fetch_add(value as u64, order) as $type
            }
        }

        impl Default for $name {
            fn default() -> Self {
                $name::new(0)
            }
        }
    )*

    /// Conversions that a `const fn` can call.
    #[expect(non_snake_case, reason = "named as the atomics are")]
    mod as_word {
        $(pub const fn $name(n: $type) -> u64 { n as u64 })*
    }};
}

number!(AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize, AtomicI32 i32);
atomic!(AtomicBool, bool, from_bool, |n| n != 0, u64::from);
atomic!(AtomicPtr<T>, *mut T, null, to_pointer, from_pointer);

const fn from_bool(value: bool) -> u64 {
    value as u64
}

const fn null<T>(_: *mut T) -> u64 {
    0
}

fn to_pointer<T>(word: u64) -> *mut T {
    core::ptr::with_exposed_provenance_mut(word as usize)
}

fn from_pointer<T>(pointer: *mut T) -> u64 {
    pointer.expose_provenance() as u64
}

impl Default for AtomicBool {
    fn default() -> Self {
        AtomicBool::new(false)
    }
}

impl<T> Default for AtomicPtr<T> {
    fn default() -> Self {
        AtomicPtr::new(core::ptr::null_mut())
    }
}
