#![no_main]
#![expect(dead_code, reason = "the other targets use the rest of it")]

// Not in the library of this package, which the tests of `warpdrive` include: they know no `wd`.
#[path = "../src/input.rs"]
mod input;
#[path = "../src/traces.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::traces(data));
