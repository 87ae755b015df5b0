mod delivery;
mod exactly;
mod hash;
mod kills;
mod program;
mod refusals;
mod rows;
mod world;
