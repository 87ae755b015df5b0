//! Any bytes as a file: an error with a hint, or frames that validate.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use tidemill_fuzz::{Log, decode, family};

const LENGTH_AT: usize = 9;
const HEADER_LEN: usize = 19;

fuzz_target!(|bytes: &[u8]| {
    let Some((&mode, log)) = bytes.split_first() else { return };
    let chunk_bytes = if mode & 2 == 0 { usize::MAX } else { usize::from(mode) * 4 };
    if mode & 4 == 0 {
        let mut whole = Log::new(family(mode));
        whole.bytes(log);
        whole.decode(chunk_bytes, |_| {});
    } else {
        decode(log.to_vec(), chunk_bytes, |_| {});
    }
});

// What stands behind an event with a wrong length would never be reached.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    if seed % 4 != 0 {
        mend(&mut data[1.min(size)..size]);
    }
    size
});

/// Makes the last event end with the file, and each one long enough for a header.
fn mend(log: &mut [u8]) {
    let mut rest = log;
    while rest.len() >= HEADER_LEN {
        let stated: [u8; 4] = rest[LENGTH_AT..LENGTH_AT + 4].try_into().expect("four bytes");
        let mut length = u32::from_le_bytes(stated) as usize;
        if length < HEADER_LEN || length > rest.len() {
            length = rest.len();
            rest[LENGTH_AT..LENGTH_AT + 4].copy_from_slice(&(length as u32).to_le_bytes());
        }
        rest = &mut rest[length..];
    }
}
