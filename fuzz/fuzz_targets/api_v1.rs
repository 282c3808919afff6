#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| warpdrive_fuzz::api_v1(data));
