//! What was asked and what was accepted of late.
//!
//! Two halves of a window, each with an id, requests, and accepts among them. The same scheme as the breaker's, in words
//! of their own: nothing but a probability depends on their agreeing.

use std::time::Duration;

use crate::clock::{Epoch, nanos};
use crate::observe::Watch;
use crate::random::Random;
use crate::shim::{AtomicU64, Ordering};

#[derive(Debug)]
pub(super) struct Shared {
    /// Bits of an `f64`.
    factor: AtomicU64,
    half: u64,
    halves: [Half; 2],
    pub(super) epoch: Epoch,
    pub(super) random: Random,
    pub(super) watch: Watch,
}

#[derive(Debug)]
struct Half {
    id: AtomicU64,
    requests: AtomicU64,
    accepts: AtomicU64,
}

impl Half {
    fn new() -> Self {
        Self { id: AtomicU64::new(0), requests: AtomicU64::new(0), accepts: AtomicU64::new(0) }
    }
}

/// Refuses what is no factor; the bits of what is one.
fn check(factor: f64) -> u64 {
    assert!(factor >= 1.0 && factor.is_finite(), "`factor` is {factor}, not a number from 1 up");
    factor.to_bits()
}

impl Shared {
    pub(super) fn set_factor(&self, factor: f64) {
        self.factor.store(check(factor), Ordering::Relaxed);
    }

    pub(super) fn new(factor: f64, window: Duration) -> Self {
        Self {
            factor: AtomicU64::new(check(factor)),
            half: (nanos(window) / 2).max(1),
            halves: [Half::new(), Half::new()],
            epoch: Epoch::new(),
            random: Random::new(),
            watch: Watch::default(),
        }
    }

    pub(super) fn set_window(&mut self, window: Duration) {
        self.half = (nanos(window) / 2).max(1);
    }

    /// The half that `now` lies in, begun anew where it was of an earlier time.
    fn half(&self, now: u64) -> &Half {
        let id = now / self.half + 1;
        let half = &self.halves[(id % 2) as usize];
        let seen = half.id.load(Ordering::Relaxed);
        if seen != id && half.id.compare_exchange(seen, id, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            // What others count in between may be lost: the counts are an estimate.
            half.requests.store(0, Ordering::Relaxed);
            half.accepts.store(0, Ordering::Relaxed);
        }
        half
    }

    /// Requests and accepts in the window that ends now.
    fn counts(&self, now: u64) -> (u64, u64) {
        let id = now / self.half + 1;
        self.halves.iter().filter(|half| half.id.load(Ordering::Relaxed) + 1 >= id).fold(
            (0, 0),
            |(requests, accepts), half| {
                let asked = half.requests.load(Ordering::Relaxed);
                (requests + asked, accepts + half.accepts.load(Ordering::Relaxed))
            },
        )
    }

    pub(super) fn probability(&self, now: u64) -> f64 {
        let (requests, accepts) = self.counts(now);
        let (requests, accepts) = (requests as f64, accepts as f64);
        let factor = f64::from_bits(self.factor.load(Ordering::Relaxed));
        ((requests - factor * accepts) / (requests + 1.0)).max(0.0)
    }

    /// Whether a request is to be sent. One that is not counts at once, one that is when it has been answered; so those
    /// that nobody waits for any more do not count against the callee.
    pub(super) fn admits(&self) -> bool {
        let now = self.epoch.now();
        let probability = self.probability(now);
        let is_sent = probability == 0.0 || self.random.fraction() >= probability;
        if !is_sent {
            self.half(now).requests.fetch_add(1, Ordering::Relaxed);
        }
        is_sent
    }

    pub(super) fn note_answer(&self, is_refused: bool) {
        let half = self.half(self.epoch.now());
        half.requests.fetch_add(1, Ordering::Relaxed);
        if !is_refused {
            half.accepts.fetch_add(1, Ordering::Relaxed);
        }
    }
}
