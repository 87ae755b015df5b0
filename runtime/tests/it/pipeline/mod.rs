//! Pipelines over memory: what they promise, whatever fails.

mod ends;
mod log;
mod parts;
mod straight;
