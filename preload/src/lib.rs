//! `libwd_sim.so`: with it in `LD_PRELOAD` and devices named in `WD_SIM`, any dynamically linked
//! program sees simulated accelerators below `/sys/class/uacce` and `/dev`, whatever library it
//! drives them with, or if it drives them by itself. docs/device-model.md describes the devices,
//! docs/preload.md what is served, and what cannot be.
//!
//! The simulation is that of the crate `warpdrive`; here it gets the face of the kernel:
//!
//! * `hooks` stand before functions of the C library. What does not concern a device goes to the
//!   function behind (`next`) at the cost of a look at the first bytes of a path, or of a
//!   number in a table. No lock is taken on that way.
//! * `tree` makes a directory that stands for `/sys`; `place` knows which paths lead there.
//! * `table` knows the descriptors of devices, `file` the files behind them, and `regions` what of
//!   them is mapped; `queue` answers what is asked of a queue of the uacce class, `vfio` what is
//!   asked of containers, groups and mediated devices.
//! * `trap` gets the stores to doorbells, which it reads with `decode`.
//!
//! # Locks and signals
//!
//! A doorbell is a store of the program, and a signal handler of ours in the middle of it. The
//! handler takes locks of the simulation. No thread that holds one can come there: code of this
//! library never stores to a doorbell, and while a hook or the handler serves a device, all
//! signals are blocked (`quiet`), so that no handler of the program runs in between.
//!
//! # Forks
//!
//! What a process serves is in `served::Served`, one for each process; a fork child begins with
//! none. A child of `vfork` shares its parent's memory; hooks notice by its number and leave it alone.

mod decode;
mod file;
mod hooks;
mod next;
mod place;
mod queue;
mod quiet;
mod regions;
mod served;
mod table;
mod trap;
mod tree;
mod vfio;
