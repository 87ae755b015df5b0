//! What a pipeline file says of the connection.

use std::num::NonZeroU32;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Address;
use crate::tls::Tls;

/// All that a connection needs to know.
#[derive(Debug, Clone)]
pub struct Target {
    /// Which server, and as whom.
    pub address: Address,
    /// Encryption.
    pub tls: Tls,
    /// How long to wait.
    pub timeouts: Timeouts,
}

/// How long to wait for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// For the connection and the login together, in milliseconds.
    pub connect_ms: NonZeroU32,
    /// For the next bytes of an answer or of the log, in milliseconds. A server that is idle
    /// sends heartbeats; this must be more than twice their period.
    pub read_ms: NonZeroU32,
}

impl Timeouts {
    pub(super) fn connect(self) -> Duration {
        Duration::from_millis(self.connect_ms.get().into())
    }

    pub(super) fn read(self) -> Duration {
        Duration::from_millis(self.read_ms.get().into())
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        const fn seconds(seconds: u32) -> NonZeroU32 {
            match NonZeroU32::new(seconds * 1000) {
                Some(milliseconds) => milliseconds,
                None => NonZeroU32::MIN,
            }
        }
        Self { connect_ms: seconds(10), read_ms: seconds(60) }
    }
}
