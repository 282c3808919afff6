//! UADK v1: queues that take messages of one class of algorithms, and contexts
//! that make messages of requests. Descriptors, rings and devices are those of
//! the floors below.

#![forbid(unsafe_code)]

pub mod comp;
pub mod pools;
pub mod queue;
