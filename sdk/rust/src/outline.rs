//! The outline of a message, written as it reads and compiled once for each version of a table.

/// A part of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<P> {
    /// Always the same.
    Text(Vec<u8>),
    /// What each change has of its own.
    Piece(P),
}

/// Compiles an outline with `$names`: `known` gives the text of those that are always the same,
/// `piece` says what the others are.
///
/// ```
/// use tidemill_plugin::outline::{Part, compile};
///
/// let known = |name: &str| (name == "table").then(|| b"orders".to_vec());
/// let parts = compile(r#"{"table":"$table","op":$op}"#, known, |name| name.len());
/// let text = |text: &str| Part::Text(text.as_bytes().to_vec());
/// assert_eq!(parts, [text(r#"{"table":"orders","op":"#), Part::Piece(2), text("}")]);
/// ```
pub fn compile<P>(
    outline: &str,
    known: impl Fn(&str) -> Option<Vec<u8>>,
    piece: impl Fn(&str) -> P,
) -> Vec<Part<P>> {
    let mut parts = Vec::new();
    let mut names = outline.split('$');
    let mut text = names.next().unwrap_or_default().as_bytes().to_vec();
    for name in names {
        let end = name.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(name.len());
        let (name, behind) = name.split_at(end);
        if let Some(known) = known(name) {
            text.extend_from_slice(&known);
        } else {
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(Part::Piece(piece(name)));
        }
        text.extend_from_slice(behind.as_bytes());
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}
