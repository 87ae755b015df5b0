//! JSON documents of MySQL, which it keeps in a binary form: as text, and with differences applied.

mod binary;
mod diff;
mod double;
mod path;
mod text;

pub(super) use diff::append as append_changed;
pub(super) use text::append;
