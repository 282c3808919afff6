//! What cbindgen reads for warpdrive/wd.h. It takes one file and the modules below it; rustc never
//! sees this one.

#[path = "../../src/ctypes/v0/wd.rs"]
mod structures;

#[path = "../../src/capi/v0/wd.rs"]
mod functions;
