//! Pipelines over memory: what they promise, whatever fails.

mod ends;
mod faults;
mod log;
mod once;
mod parts;
mod plans;
mod straight;
mod world;
