//! Random numbers for spreading load and delays. Not for secrets.

use std::sync::atomic::{AtomicU64, Ordering};

/// The increment of splitmix64.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A sequence of random numbers that many threads may draw from.
#[derive(Debug)]
pub(crate) struct Random {
    state: AtomicU64,
}

impl Random {
    pub(crate) const fn from_seed(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// A sequence like no other; inside a simulated runtime it follows from the seed.
    pub(crate) fn new() -> Self {
        Self::from_seed(crate::clock::seed())
    }

    /// The next number.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        // Two threads may draw the same number once: no harm, and cheaper than to prevent it.
        let state = self.state.load(Ordering::Relaxed).wrapping_add(STEP);
        self.state.store(state, Ordering::Relaxed);
        mix(state)
    }

    /// True once in sixteen numbers: the lowest bits of the state count, for the step is odd.
    #[inline]
    pub(crate) fn is_sixteenth(&self) -> bool {
        self.state.load(Ordering::Relaxed).is_multiple_of(16)
    }

    /// A fraction in [0, 1).
    pub(crate) fn fraction(&self) -> f64 {
        fraction(self.next())
    }
}

/// One step of splitmix64, for a sequence with a single owner.
pub(crate) fn step(state: &mut u64) -> u64 {
    *state = state.wrapping_add(STEP);
    mix(*state)
}

/// The fraction in [0, 1) a random word stands for: 53 bits, which an `f64` holds exactly.
pub(crate) fn fraction(word: u64) -> f64 {
    (word >> 11) as f64 / (1_u64 << 53) as f64
}

/// Spreads a word over all others.
#[inline]
pub(crate) const fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}
