//! The frame format against an independent model, and against everything that is not a frame.

mod arbitrary;
mod edits;
mod frames;
mod layout;
mod message_frames;
mod message_model;
mod model;
mod mutation;
mod refusals;
mod schemas;
mod walk;
