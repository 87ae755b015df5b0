//! Any types and bodies of events.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidemill_fuzz::{Log, family, take};

fuzz_target!(|bytes: &[u8]| {
    let Some((&mode, mut rest)) = bytes.split_first() else { return };
    let mut log = Log::new(family(mode));
    while let Some((&number, behind)) = rest.split_first() {
        rest = behind;
        log.event(number, take(&mut rest));
    }
    log.decode(if mode & 2 == 0 { usize::MAX } else { 100 }, |_| {});
});
