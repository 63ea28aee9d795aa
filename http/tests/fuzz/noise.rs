//! Repeatable noise.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        // Small seeds lie far apart.
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// Changes a few bytes.
    pub(crate) fn disturb(&mut self, bytes: &mut Vec<u8>, with: &[u8]) {
        for _ in 0..=self.below(2) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            match self.below(5) {
                0 => bytes[at] = self.below(256) as u8,
                1 => bytes.insert(at, self.pick(with)),
                2 => drop(bytes.remove(at)),
                3 => bytes[at] = self.pick(with),
                _ if self.one_in(4) => bytes.truncate(at),
                _ => {
                    let to = at + self.below(bytes.len() - at).min(40);
                    let again = bytes[at..to].to_vec();
                    bytes.splice(at..at, again);
                }
            }
        }
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs rounds, each from a seed of its own; answers whether they were enough to have met everything.
pub(crate) fn rounds(usual: u64, round: impl Fn(&mut Noise)) -> bool {
    let first = setting("MINATO_FUZZ_SEED").unwrap_or(0);
    let rounds = setting("MINATO_FUZZ_ROUNDS").unwrap_or(usual);
    for seed in first..first + rounds {
        let played = catch_unwind(AssertUnwindSafe(|| round(&mut Noise::new(seed))));
        if let Err(panic) = played {
            let told = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("the round of MINATO_FUZZ_SEED={seed}\n").as_bytes(),
            );
            drop(told);
            resume_unwind(panic);
        }
    }
    rounds >= usual
}

/// Where to cut `len` bytes.
pub(crate) enum Steps {
    Whole,
    Bytes,
    Random,
}

impl Steps {
    pub(crate) fn next(&self, noise: &mut Noise, left: usize) -> usize {
        match self {
            Self::Whole => left,
            Self::Bytes => 1,
            Self::Random => 1 + noise.below(left.min(40)),
        }
    }
}
