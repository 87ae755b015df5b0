//! Damaged logs end in a named error, or in the right changes: never in a panic, never in others.

use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use tidemill::error::{Kind, Result};
use tidemill::position::Position;
use tidemill::source::Chunk;
use tidemill::source::mysql::{Decoder, Framer};
use tidemill_rows::Frame;

use super::reading::{chunks, frame, frames, golden, settings};
use super::text::Text;

/// Of each server one; all that they hold can be read.
const LOGS: [&str; 4] = [
    "binlog/types.000001",
    "binlog/mariadb-11.4/types.000001",
    "binlog/mysql-8.0/types.000001",
    "binlog/mysql-9.7/types.000001",
];

/// The changes of a log in memory, and what ended it.
fn decoded(log: &[u8]) -> (String, Result<()>) {
    let mut text = Text::default();
    let end = decode(log, &mut text);
    (text.out, end)
}

fn decode(log: &[u8], text: &mut Text) -> Result<()> {
    let mut framer = Framer::new("log.000001", 4, &[])?;
    framer.fill(log.get(4..).unwrap_or_default().to_vec());
    let mut decoder = Decoder::default();
    while let Some(chunk) = framer.next_chunk()? {
        text.frame(&frame(&mut decoder, &chunk)?);
    }
    if let Some(chunk) = framer.flush() {
        text.frame(&frame(&mut decoder, &chunk)?);
    }
    framer.end()
}

#[test]
fn a_log_cut_at_any_byte_gives_its_beginning() {
    for name in LOGS {
        let log = std::fs::read(golden(name)).unwrap();
        let (whole, end) = decoded(&log);
        end.unwrap();
        let mut clean = 0;
        for len in 4..log.len() {
            let (text, end) = decoded(&log[..len]);
            assert!(whole.starts_with(&text), "{name} cut at {len}");
            match end {
                Ok(()) => clean += 1,
                Err(error) => {
                    assert_eq!(error.code(), "log-truncated", "{name} cut at {len}: {error}");
                }
            }
        }
        // As many as there are places between transactions, and no more.
        assert!((15..200).contains(&clean), "{name}: {clean} cuts went unnoticed");
    }
}

#[test]
fn a_log_with_any_bit_turned_gives_an_error_or_the_same_changes() {
    for name in LOGS {
        let log = std::fs::read(golden(name)).unwrap();
        let turned = (4..log.len()).map(|at| (at, log[at] ^ 1 << (at % 8)));
        changed_bytes_are_noticed(name, &log, turned);
    }
}

#[test]
fn a_log_with_any_byte_changed_gives_an_error_or_the_same_changes() {
    for name in LOGS {
        let log = std::fs::read(golden(name)).unwrap();
        for value in [0x00, 0x01, 0x13, 0x7f, 0x80, 0xfb, 0xff] {
            let stretch = (log.len() - 2_048..log.len()).map(|at| (at, value));
            changed_bytes_are_noticed(name, &log, stretch.filter(|(at, new)| log[*at] != *new));
        }
    }
}

/// Decodes a log with one byte changed, for each of these changes.
fn changed_bytes_are_noticed(name: &str, log: &[u8], changes: impl Iterator<Item = (usize, u8)>) {
    let (whole, end) = decoded(log);
    end.unwrap();
    let mut unnoticed = 0;
    for (at, value) in changes {
        let mut damaged = log.to_vec();
        damaged[at] = value;
        let (text, end) = decoded(&damaged);
        match end {
            Ok(()) => {
                unnoticed += 1;
                assert_eq!(text, whole, "{name}: {value} at {at}");
            }
            Err(error) => {
                assert!(whole.starts_with(&text), "{name}: {value} at {at}");
                let kind = error.kind();
                assert!(matches!(kind, Kind::Input | Kind::Gap), "{name}: {at}: {error}");
                assert!(error.hint_text().is_some(), "{name}: {value} at {at}: {error}");
            }
        }
    }
    // The server's flag for a log in use is not part of the checksum; all else is.
    assert!(unnoticed <= 1, "{name}: {unnoticed} changes went unnoticed");
}

/// Without checksums the decoders see the damage themselves.
#[test]
fn any_byte_changed_in_a_log_without_checksums_is_no_panic() {
    let mariadb = ["types", "edges", "ddl", "compressed", "mariadb-11.4/statements"];
    let mysql = ["8.0/types", "8.0/hidden", "9.7/ddl", "9.7/partial", "9.7/payload", "9.7/tagged"];
    let mysql = mysql.map(|name| format!("mysql-{name}"));
    for name in mariadb.map(String::from).into_iter().chain(mysql) {
        let (chunks, _) = chunks(&settings(&[&golden(&format!("binlog/{name}.000001"))]), None);
        for chunk in chunks {
            let step = (chunk.events.len() / 1_500).max(1);
            let bare = without_checksums(&chunk);
            for byte in (0..bare.events.len()).step_by(step) {
                for value in [0x00, 0x7f, 0xff] {
                    let mut events = bare.events.to_vec();
                    events[byte] = value;
                    let events = Bytes::from(events);
                    // A right answer is one, an error is one.
                    let _ = frame(&mut Decoder::default(), &Chunk { events, ..bare.clone() })
                        .map(|frame| Text::default().frame(&frame));
                }
            }
        }
    }
}

#[test]
fn differences_of_json_that_do_not_fit_are_named() {
    let log = golden("binlog/mysql-9.7/partial.000001");
    let chunk = without_checksums(&chunks(&settings(&[&log]), None).0[0]);
    let updates = events(&chunk.events).into_iter().filter(|at| chunk.events[at.start + 4] == 39);
    let mut errors = String::new();
    for byte in updates.take(3).flatten() {
        for value in [0, 1, 2, 3, b'.'] {
            let mut events = chunk.events.to_vec();
            events[byte] = value;
            let events = Bytes::from(events);
            match frame(&mut Decoder::default(), &Chunk { events, ..chunk.clone() }) {
                Ok(frame) => drop(Frame::validate(&frame).unwrap()),
                Err(error) => errors += &format!("{error:#}\n"),
            }
        }
    }
    for says in [
        "its row has options that are not known",
        "a difference of its JSON is for a place that the document before does not have",
        "a difference of its JSON has a path that cannot be read",
        "a difference of its JSON is of a kind that there is not",
        "a difference of its JSON adds a member that is there already",
    ] {
        let named = |line: &str| line.contains(says) && line.contains("table partial.docs");
        assert!(errors.lines().any(named), "nothing says '{says}'");
    }
}

/// Where the events of a chunk stand.
fn events(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut events = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let len = u32::from_le_bytes(bytes[at + 9..at + 13].try_into().unwrap()) as usize;
        events.push(at..at + len);
        at += len;
    }
    events
}

/// The same chunk as a server with `binlog_checksum=NONE` writes it.
fn without_checksums(chunk: &Chunk) -> Chunk {
    let strip = |bytes: &Bytes| {
        let mut out = Vec::new();
        for at in events(bytes) {
            let (mut event, len) = (bytes[at.clone()].to_vec(), at.len());
            if event[4] == 15 {
                event[len - 5] = 0;
            } else {
                event.truncate(len - 4);
                event[9..13].copy_from_slice(&(len as u32 - 4).to_le_bytes());
            }
            out.extend(event);
        }
        Bytes::from(out)
    };
    Chunk { preamble: strip(&chunk.preamble), events: strip(&chunk.events), ..chunk.clone() }
}

#[test]
fn files_that_are_no_logs_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, content: &[u8], code: &str, says: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        refused(&path, code, says);
    };
    check("empty.000001", b"", "file-empty", "empty.000001");
    check("text.000001", b"hello, world", "file-no-binlog", "begins with 68 65 6c 6c");
    check("short.000001", b"\xfebi", "file-no-binlog", "begins with fe 62 69");
    check("secret.000001", b"\xfdbin1234", "file-encrypted", "secret.000001");
    check("header.000001", b"\xfebin1234", "log-truncated", "header.000001:4");
    check("zeros.000001", &[b"\xfebin", &[0; 100][..]].concat(), "log-damaged", "zeros.000001:4");
    refused(folder.path(), "path-folder", "empty.000001");
    refused(&folder.path().join("mbin.0*"), "path-missing", "empty.000001, header.000001");
    refused(&folder.path().join("[.000001"), "path-pattern", "[.000001");
}

fn refused(path: &Path, code: &str, says: &str) {
    let (frames, end) = frames(&settings(&[path]), None);
    let error = end.expect_err(code);
    assert!(frames.is_empty());
    assert_eq!(error.code(), code, "{error:#}");
    let text = format!("{error:#}");
    assert!(text.contains(says), "{text}");
    assert!(error.hint_text().is_some() || code == "path-pattern", "{text}");
}

#[test]
fn a_truncated_file_delivers_what_stands_before() {
    let folder = tempfile::tempdir().unwrap();
    let log = std::fs::read(golden(LOGS[0])).unwrap();
    let path = folder.path().join("types.000001");
    std::fs::write(&path, &log[..log.len() - 30]).unwrap();
    let (chunks, end) = chunks(&settings(&[&path]), None);
    assert_eq!(chunks.len(), 1);
    let error = end.unwrap_err();
    assert_eq!(error.code(), "log-truncated");
    let text = format!("{error}");
    assert!(text.contains("position types.000001:"), "{text}");
    assert!(text.contains(&path.display().to_string()), "{text}");
}

#[test]
fn a_file_that_is_gone_or_shorter_is_a_gap() {
    let log = golden(LOGS[0]);
    let at = |text: &str| {
        let (_, end) = chunks(&settings(&[&log]), Some(&Position::new(text)));
        end.unwrap_err()
    };
    assert_eq!(at("types.000000:4").code(), "log-gone");
    assert_eq!(at("types.000001:99999999").code(), "log-shorter");
    assert_eq!(at("types.000001").code(), "position");
    // Not the place of an event.
    assert_eq!(at("types.000001:777").kind(), Kind::Input);
}
