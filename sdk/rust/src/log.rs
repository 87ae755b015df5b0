//! Lines for the log of the pipeline. The host limits their length and number.
//!
//! In a component they go to the host. A natively linked plugin's lines go where
//! [`set_native`] says, and nowhere until it was called.

#[cfg(not(target_arch = "wasm32"))]
use std::sync::OnceLock;

/// How much a line of log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every detail.
    Trace,
    /// For the plugin's author.
    Debug,
    /// For the operator, when all is well.
    Info,
    /// For the operator, when something is odd.
    Warn,
    /// For the operator, when something is wrong.
    Error,
}

/// Writes a line of every detail.
pub fn trace(message: &str) {
    write(Level::Trace, message);
}

/// Writes a line for the plugin's author.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// Writes a line for the operator, when all is well.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// Writes a line for the operator, when something is odd.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// Writes a line for the operator, when something is wrong.
pub fn error(message: &str) {
    write(Level::Error, message);
}

#[cfg(target_arch = "wasm32")]
fn write(level: Level, message: &str) {
    crate::component::write_log(level, message);
}

#[cfg(not(target_arch = "wasm32"))]
static NATIVE: OnceLock<fn(Level, &str)> = OnceLock::new();

#[cfg(not(target_arch = "wasm32"))]
fn write(level: Level, message: &str) {
    if let Some(sink) = NATIVE.get() {
        sink(level, message);
    }
}

/// Says where the lines of natively linked plugins go. The first call decides for the process.
#[cfg(not(target_arch = "wasm32"))]
pub fn set_native(sink: fn(Level, &str)) {
    // A second call is harmless: the process has one log.
    let _ = NATIVE.set(sink);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

    #[test]
    fn lines_go_where_the_first_call_said() {
        info("to nowhere");
        set_native(|level, line| LINES.lock().unwrap().push(format!("{level:?} {line}")));
        set_native(|_, _| panic!("the second call changes nothing"));
        warn("odd");
        error("wrong");
        assert_eq!(*LINES.lock().unwrap(), ["Warn odd", "Error wrong"]);
    }
}
