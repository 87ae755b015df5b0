//! Any bytes as a document of binary JSON, inserted and then changed by any differences. What is
//! decoded is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::Deserialize as _;
use tidemill_fuzz::{Family, Log, take};
use tidemill_rows::{Frame, Value};

const TABLE: [u8; 6] = [7, 0, 0, 0, 0, 0];
/// Flags, database `d`, table `t`, one column of JSON with a length of four bytes that may be null,
/// and its name, `j`.
const DESCRIPTION: &[u8] = b"\0\0\x01d\0\x01t\0\x01\xf5\x01\x04\x01\x04\x02\x01j";
/// Flags, no extra data, one column, and it is present.
const INSERT: &[u8] = b"\x01\0\x02\0\x01\xff";
const UPDATE: &[u8] = b"\x01\0\x02\0\x01\xff\xff";

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    let document = take(&mut rest);
    let mut log = Log::new(Family::MySql);
    log.event(2, b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0BEGIN");
    log.event(19, &[&TABLE, DESCRIPTION].concat());
    let value = |bytes: &[u8]| [&(bytes.len() as u32).to_le_bytes(), bytes].concat();
    log.event(30, &[&TABLE, INSERT, &[0], &value(document)].concat());
    if !rest.is_empty() {
        // Neither image is null; the row has options: one column changes by differences.
        let images = [&[0], &value(document)[..], &[1, 1, 0], &value(rest)].concat();
        log.event(39, &[&TABLE, UPDATE, &images].concat());
    }
    log.event(16, &[0; 8]);
    log.decode(usize::MAX, documents);
});

fn documents(frame: &Frame<'_>) {
    for change in frame.changes() {
        let Some(schema) = change.schema() else { continue };
        for row in [change.before(), change.after()].into_iter().flatten() {
            for column in schema.columns() {
                if let Value::Json(text) = row.value(&column) {
                    is_json(text);
                }
            }
        }
    }
}

fn is_json(text: &[u8]) {
    let mut reader = serde_json::Deserializer::from_slice(text);
    match serde::de::IgnoredAny::deserialize(&mut reader) {
        Ok(_) => reader.end().expect("nothing stands behind the document"),
        // A number may be larger than any that this reader knows, and it reads no deeper.
        Err(error) if error.to_string().contains("recursion limit") => {}
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(text)),
    }
}
