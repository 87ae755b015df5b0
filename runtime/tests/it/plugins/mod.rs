//! Plugins: what the bad ones cannot do, and that the sandbox changes nothing for the good ones.

mod abuse;
mod cache;
mod equality;
mod frames;
mod guests;
mod lies;
mod loading;
