//! Streams as zlib has them.

mod pump;
#[cfg(test)]
mod tests;
