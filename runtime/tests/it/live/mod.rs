mod endurance;
mod example;
mod faults;
mod follow;
mod gaps;
mod reading;
mod workload;
