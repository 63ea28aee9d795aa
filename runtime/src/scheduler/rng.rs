//! Random numbers of a runtime: what order to look in, which branch of `select!` to try first.
//!
//! One of the seams for simulation: all of them follow from one seed.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// Where the numbers of a runtime come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(u64);

impl Seed {
    /// A seed from the system's entropy.
    pub(crate) fn fresh() -> Self {
        Self(RandomState::new().hash_one(0_u8))
    }

    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// The generator of one worker.
    pub(crate) fn derive(self, worker: u32) -> Rng {
        // SplitMix64 (Steele, Lea and Flood, 2014): neighbouring seeds give unrelated streams.
        let mut z = self.0.wrapping_add((u64::from(worker) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Rng(Cell::new((z ^ (z >> 31)) | 1))
    }
}

/// xorshift64 (Marsaglia, 2003). A state of zero stands for one that takes its seed at the first number.
#[derive(Debug)]
pub(crate) struct Rng(Cell<u64>);

thread_local! {
    /// For threads that run no worker.
    static OUTSIDE: Rng = const { Rng(Cell::new(0)) };
}

/// A number for a thread that runs no worker.
pub(super) fn next_outside() -> u64 {
    OUTSIDE.with(Rng::next)
}

impl Rng {
    /// The next number.
    pub(super) fn next(&self) -> u64 {
        let mut x = self.0.get();
        if x == 0 {
            x = Seed::fresh().0 | 1;
        }
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x
    }

    /// A number below `bound`, which must not be zero.
    pub(crate) fn below(&self, bound: u32) -> u32 {
        // The high half times the bound: no division, and no bias worth naming.
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }
}
