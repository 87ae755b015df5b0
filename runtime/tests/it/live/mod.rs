mod example;
mod faults;
mod follow;
mod gaps;
mod idle;
mod precheck;
mod reading;
mod workload;
