//! Which tables go on, as what and whither: rules over table names, plans applied to schemas, and
//! the partitions and topics of messages.

mod by_table;
mod hash;
mod key;
mod partition;
mod pattern;
mod plan;
mod tables;
mod topic;

pub use by_table::ByTable;
pub use hash::{Hash, murmur2};
pub use key::Key;
pub use partition::{Mode, Partitioner, Sharding, key_text};
pub use plan::{apply, close_gaps};
pub use tables::Tables;
pub use topic::Template;
