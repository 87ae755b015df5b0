//! Pipelines over memory: what they promise, whatever fails.

mod ends;
mod faults;
mod log;
mod parts;
mod plans;
mod straight;
mod world;
