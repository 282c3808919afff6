//! x
use clap::Args;
#[derive(Args, Debug)]
pub struct Test {}
pub fn run(_: &Test) -> crate::fail::Result<u8> {
    Ok(0)
}
