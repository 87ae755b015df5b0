mod delivery;
mod hash;
mod keys;
mod kills;
mod program;
mod refusals;
mod rows;
