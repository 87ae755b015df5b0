mod catalogue;
mod example;
mod failover;
mod faults;
mod follow;
mod gaps;
mod reading;
mod workload;
