//! The outline of a message, written as it reads and compiled once for each version of a table.

/// A piece of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Always the same.
    Text(Vec<u8>),
    /// The row, as an object.
    Data,
    /// What an update changed, as an array of an object; otherwise null.
    Old,
    /// Milliseconds since 1970.
    Time,
    /// The transaction, as a string.
    Transaction,
    /// Types of the columns, as an object.
    SqlTypes,
    /// `ALTER`, `ERASE` and so on.
    Kind,
    /// Text of a statement, escaped.
    Statement,
}

/// Compiles an outline with `$names`: `known` gives the text of those that are always the same.
pub(crate) fn compile(outline: &str, known: impl Fn(&str) -> Option<Vec<u8>>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut parts = outline.split('$');
    let mut text = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let end = part.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(part.len());
        let (name, behind) = part.split_at(end);
        if let Some(known) = known(name) {
            text.extend_from_slice(&known);
            text.extend_from_slice(behind.as_bytes());
            continue;
        }
        let piece = match name {
            "data" => Piece::Data,
            "old" => Piece::Old,
            "time" => Piece::Time,
            "transaction" => Piece::Transaction,
            "sqlTypes" => Piece::SqlTypes,
            "kind" => Piece::Kind,
            "statement" => Piece::Statement,
            _ => unreachable!("an outline has no ${name}"),
        };
        pieces.push(Piece::Text(std::mem::take(&mut text)));
        pieces.push(piece);
        text.extend_from_slice(behind.as_bytes());
    }
    pieces.push(Piece::Text(text));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_becomes_text() {
        let pieces = compile("a$table,$kind$data!", |name| match name {
            "table" => Some(b"<table>".to_vec()),
            _ => None,
        });
        let text = |text: &str| Piece::Text(text.as_bytes().to_vec());
        assert_eq!(pieces, [text("a<table>,"), Piece::Kind, text(""), Piece::Data, text("!")],);
    }
}
