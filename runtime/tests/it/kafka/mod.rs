mod delivery;
mod hash;
mod kills;
mod program;
mod refusals;
mod rows;
