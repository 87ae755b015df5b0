//! The durable memory of a pipeline.

use crate::error::Result;
use crate::position::Position;

mod memory;
mod saved;
mod sqlite;

pub use memory::Memory;
pub use saved::saved;
pub use sqlite::Sqlite;

/// Remembers a pipeline's position.
pub trait Checkpoint: Send {
    /// The position that was saved last.
    ///
    /// # Errors
    /// Of the kind `State`.
    fn load(&mut self) -> Result<Option<Position>>;

    /// Remembers this position; it is durable when this returns.
    ///
    /// # Errors
    /// Of the kind `State`; what was saved before is then still there.
    fn save(&mut self, position: &Position) -> Result<()>;
}
