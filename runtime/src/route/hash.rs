//! Which of a topic's partitions a key belongs to, as the clients of queues see it.

use std::num::NonZeroU32;

/// How the ordinary client of a queue hashes keys: consumers find an entity in the same partition
/// whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// Murmur 2 of the bytes, as Java's client for Kafka has it.
    Murmur2,
    /// `String.hashCode` of the bytes as UTF-8 text, as `SelectMessageQueueByHash` of RocketMQ.
    Java,
}

impl Hash {
    /// The number that stands for a key.
    pub(super) fn of(self, key: &[u8]) -> u32 {
        match self {
            Self::Murmur2 => murmur2(key),
            Self::Java => java(key),
        }
    }

    /// The partition of that number.
    pub(super) fn partition(self, number: u32, partitions: NonZeroU32) -> u32 {
        match self {
            Self::Murmur2 => (number & i32::MAX as u32) % partitions,
            // The number is signed, and the rest of a negative one is negative.
            Self::Java => {
                let rest = i64::from(number as i32) % i64::from(partitions.get());
                rest.unsigned_abs() as u32
            }
        }
    }
}

/// Murmur 2 as Java's client for Kafka has it (`org.apache.kafka.common.utils.Utils.murmur2`).
#[must_use]
pub fn murmur2(bytes: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    let (words, rest) = bytes.as_chunks::<4>();
    let mut hash = SEED ^ bytes.len() as u32;
    for word in words {
        let mut word = u32::from_le_bytes(*word).wrapping_mul(M);
        word ^= word >> 24;
        hash = hash.wrapping_mul(M) ^ word.wrapping_mul(M);
    }
    if !rest.is_empty() {
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u32::from_le_bytes(last)).wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// `String.hashCode` of `new String(bytes, UTF_8)`: over UTF-16, and what is no text is U+FFFD.
fn java(bytes: &[u8]) -> u32 {
    let mut hash = 0_u32;
    let mut add = |unit: u16| hash = hash.wrapping_mul(31).wrapping_add(unit.into());
    for chunk in bytes.utf8_chunks() {
        chunk.valid().encode_utf16().for_each(&mut add);
        if !chunk.invalid().is_empty() {
            add(char::REPLACEMENT_CHARACTER as u16);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::{Hash, java};

    fn of(hash: Hash, key: &str, partitions: u32) -> u32 {
        hash.partition(hash.of(key.as_bytes()), NonZeroU32::new(partitions).unwrap())
    }

    #[test]
    fn murmur_is_that_of_the_client_for_kafka() {
        // By `BuiltInPartitioner.partitionForKey(key, 12)` of Kafka 4.3.1.
        for (key, partition) in [("a", 4), ("hello", 9), ("user-42", 4), ("ключ", 8), ("", 9)] {
            assert_eq!(of(Hash::Murmur2, key, 12), partition, "{key}");
        }
    }

    #[test]
    fn hash_code_is_that_of_java() {
        // By Java 17, and the queues of 4 and of 12 by `SelectMessageQueueByHash`.
        for (key, code, of_4, of_12) in [
            ("", 0, 0, 0),
            ("a", 97, 1, 1),
            ("hello", 99_162_322, 2, 10),
            ("user-42", -147_182_656, 0, 4),
            ("polygenelubricants", i32::MIN, 0, 8),
            ("ключ", 33_309_882, 2, 6),
            ("日本語", 25_921_943, 3, 11),
            ("😀", 1_772_899, 3, 7),
            ("a😀,🚀", -239_297_781, 1, 9),
            ("shop.lines", 2_093_581_831, 3, 7),
        ] {
            assert_eq!(java(key.as_bytes()) as i32, code, "{key}");
            assert_eq!([of(Hash::Java, key, 4), of(Hash::Java, key, 12)], [of_4, of_12], "{key}");
        }
        assert_eq!(java(b"\xffa\xe6\x97b\xf0\x9f\x98"), 457_495_060);
    }
}
