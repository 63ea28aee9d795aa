//! One instance.

use super::stock::Lease;
use crate::breaker::window::Window;
use crate::shim::{AtomicU32, AtomicU64, Ordering};

/// Aligned so that calls of one do not slow down those of its neighbours; processors fetch lines in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Endpoint<K, S> {
    pub(super) key: K,
    pub(super) service: S,
    pub(super) weight: f32,
    pub(super) hash: u64,
    pub(super) meter: Lease,
    /// Outcomes of late, where a rate of failures ejects.
    pub(super) outcomes: Option<Window>,
    /// Failures since the last success.
    pub(super) failures: AtomicU32,
    /// The nanosecond from which it gets its share little by little.
    pub(super) start: AtomicU64,
    /// The nanosecond at which it comes back; zero while it is in.
    pub(super) out_until: AtomicU64,
    /// How often it was ejected.
    pub(super) ejections: AtomicU32,
}

impl<K, S> Endpoint<K, S> {
    pub(super) fn is_out(&self) -> bool {
        self.out_until.load(Ordering::Relaxed) != 0
    }
}
