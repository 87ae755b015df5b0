//! Makes a component of whatever WebAssembly a file holds.

use std::borrow::Cow;
use std::fmt;

use wit_component::ComponentEncoder;

/// Why a file is not a component and cannot become one.
#[derive(Debug)]
pub(crate) enum NotLifted {
    /// It does not begin as WebAssembly does.
    NotWasm,
    /// A core module that the component model has no description of, or whose parts do not fit.
    Core(String),
}

impl fmt::Display for NotLifted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWasm => f.write_str("not a WebAssembly file"),
            Self::Core(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for NotLifted {}

const MAGIC: &[u8] = b"\0asm";
/// Version and layer of a core module, and of a component.
const CORE: &[u8] = &[1, 0, 0, 0];
const COMPONENT: &[u8] = &[13, 0, 1, 0];

/// A component as it is; of a core module, the component that its embedded metadata describes.
pub(crate) fn lift(wasm: &[u8]) -> Result<Cow<'_, [u8]>, NotLifted> {
    let rest = wasm.strip_prefix(MAGIC).unwrap_or_default();
    if rest.starts_with(COMPONENT) {
        return Ok(Cow::Borrowed(wasm));
    }
    if !rest.starts_with(CORE) {
        return Err(NotLifted::NotWasm);
    }
    // The encoder trusts the lengths that a module states.
    wasmparser::validate(wasm).map_err(|e| NotLifted::Core(e.to_string()))?;
    ComponentEncoder::default()
        .validate(true)
        .module(wasm)
        .and_then(|mut encoder| encoder.encode())
        .map(Cow::Owned)
        .map_err(|e| NotLifted::Core(format!("{e:#}")))
}
