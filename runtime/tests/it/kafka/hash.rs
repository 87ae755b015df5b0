//! The hash of a key is that of Java's client, asked of its own class.

use std::fmt::Write;
use std::fs::File;

use tidemill::route::murmur2;

use crate::support::broker::{java, recipes};
use crate::support::random::Random;

const KEYS: u64 = 5_000;

#[test]
fn keys_go_where_java_puts_them() {
    let mut random = Random::seeded();
    // Every length modulo four, and bytes that Java takes for negative.
    let key = |number| (0..number % 41).map(|_| random.next() as u8).collect();
    let keys: Vec<Vec<u8>> = (0..KEYS).map(key).collect();
    let mut text = String::new();
    for key in &keys {
        key.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
        text.push('\n');
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    std::fs::write(&path, text).unwrap();

    let program = recipes().join("kafka/Partitions.java");
    let said = java(program.to_str().unwrap(), &[], File::open(&path).unwrap().into());
    let partitions: Vec<u32> = said.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(partitions.len() as u64, KEYS);
    for (key, expected) in keys.iter().zip(partitions) {
        let partition = (murmur2(key) & i32::MAX as u32) % 12;
        assert_eq!(partition, expected, "of the key {key:02x?}");
    }
}
