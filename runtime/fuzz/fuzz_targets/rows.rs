//! Any description of a table, and any rows of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidemill_fuzz::{Family, Log, family, take};

const QUERY: u8 = 2;
const XID: u8 = 16;
const TABLE_MAP: u8 = 19;
const ROWS: [u8; 13] = [23, 24, 25, 30, 31, 32, 39, 166, 167, 168, 169, 170, 171];
/// The table's number, in the six bytes that its description and its rows begin with.
const TABLE: [u8; 6] = [7, 0, 0, 0, 0, 0];

fuzz_target!(|bytes: &[u8]| {
    let Some((&mode, mut rest)) = bytes.split_first() else { return };
    let mut log = Log::new(family(mode));
    match family(mode) {
        Family::MariaDb => {
            log.event(162, &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0])
        }
        // Thread, time, lengths of the database, error and variables; no database; the statement.
        Family::MySql => log.event(QUERY, b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0BEGIN"),
    }
    log.event(TABLE_MAP, &[&TABLE, take(&mut rest)].concat());
    while let Some((&number, behind)) = rest.split_first() {
        rest = behind;
        let number = ROWS[usize::from(number) % ROWS.len()];
        log.event(number, &[&TABLE, take(&mut rest)].concat());
    }
    log.event(XID, &[0; 8]);
    log.decode(if mode & 2 == 0 { usize::MAX } else { 100 }, |_| {});
});
