//! What is fuzzed: one plain function for each target, which takes any bytes and
//! panics if what it holds against them is not so.
//!
//! Under libFuzzer the functions are called by `fuzz_targets/`; in `make test` by
//! `tests/corpora.rs`, which includes this file and replays the corpora.

mod contexts;
mod hostile;
mod input;
mod lists;
mod messages;
mod queues;
mod sessions;
mod simulated;
mod soft;
mod streams;
mod texts;
mod zip;

pub use contexts::api_v1;
pub use lists::sgl;
pub use messages::messages;
pub use queues::{api_v0, ring};
pub use sessions::api_v2;
pub use soft::soft_streams;
pub use streams::{inflate, lz};
pub use texts::{environment, plugin_list, sim_config, sysfs};
pub use zip::zip_driver;

/// Called first by targets that open queues: what costs them time and tells them nothing is left
/// out. Time is simulated where the build can, and distances of nodes are not read for each queue.
fn set_up() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: no other thread is there yet that looks at the environment.
        unsafe { std::env::set_var("WD_SYSFS_ROOT", "/nowhere") };
        #[cfg(fuzzing)]
        warpdrive::sys::clock::simulated::begin();
    });
}
