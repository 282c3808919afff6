//! x
pub fn run(_: &[String]) -> u8 {
    0
}
