//! Chance that comes again: the same seed gives the same run.

/// Numbers by xorshift.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// From a seed that is printed, and that `TIDEMILL_SEED` brings back.
    pub(crate) fn seeded() -> Self {
        let now = || u64::from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos());
        let seed = std::env::var("TIDEMILL_SEED").map_or_else(|_| now(), |s| s.parse().unwrap());
        eprintln!("TIDEMILL_SEED={seed} makes the same run again");
        Self::from(seed)
    }

    /// From a seed.
    pub(crate) fn from(seed: u64) -> Self {
        // Zero would stay zero.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below the limit, or 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}
