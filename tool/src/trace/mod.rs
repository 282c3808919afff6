//! x
#[derive(clap::Subcommand, Debug)]
pub enum Trace {
    #[doc = "x"]
    A,
}
pub fn run(_: &Trace) -> crate::fail::Result<u8> {
    Ok(0)
}
