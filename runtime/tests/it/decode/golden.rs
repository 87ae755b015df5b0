//! The recorded logs, against text that was checked by hand and against the server's own SELECT.

use std::path::Path;

use tidemill::source::mysql::event::MAGIC_ENCRYPTED;

use super::reading::{frames, recorded, settings, transactions};
use super::text::Text;

/// The text of a log's changes, and of the error at its end.
fn decoded(log: &Path) -> String {
    let (frames, end) = match std::fs::read(log).unwrap().starts_with(&MAGIC_ENCRYPTED) {
        true => (Vec::new(), frames(&settings(&[log]), None).1),
        false => transactions(log),
    };
    let mut text = Text::default();
    frames.iter().for_each(|frame| text.frame(frame));
    if let Err(error) = end {
        // The file's folder is not the same everywhere.
        let folder = log.parent().unwrap().display().to_string();
        text.out += &format!("error {error:#}\n").replace(&folder, "FOLDER");
    }
    text.out
}

#[test]
fn every_recorded_log_decodes_to_its_text() {
    let mut faults = Vec::new();
    for log in recorded() {
        let actual = decoded(&log);
        let path = log.with_extension("decoded.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &actual).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if expected != actual {
            let lines = expected.lines().zip(actual.lines());
            let line = lines.take_while(|(expected, actual)| expected == actual).count();
            let (path, now) = (path.display(), actual.lines().nth(line).unwrap_or("(the end)"));
            faults.push(format!("{path}:{}: now {now}", line + 1));
        }
    }
    assert!(faults.is_empty(), "{}\nUPDATE_GOLDEN=1 rewrites them", faults.join("\n"));
}
