//! What time it is: the machine's, or a test's.
//!
//! Time inside a runtime is counted in nanoseconds of the machine's monotonic clock. The clock is one of the seams for
//! simulation: a paused clock stands still until it is advanced, by hand or, when nothing is left to run,
//! to the next timer.

use std::time::Duration;

use super::{Instant, machine};
use crate::shim::Mutex;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicUsize};

/// Nanoseconds of the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Nanos(pub(crate) u64);

impl Nanos {
    pub(crate) fn of(instant: std::time::Instant) -> Self {
        Self(machine::of_instant(instant))
    }

    pub(crate) fn to_instant(self) -> std::time::Instant {
        machine::to_instant(self.0)
    }

    /// The machine's time.
    #[inline]
    pub(crate) fn real() -> Self {
        Self(machine::now())
    }

    /// The point `duration` later, or one that never comes.
    #[inline]
    pub(crate) fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(machine::nanos_of(duration)))
    }
}

/// When simulations begin: a day after the anchor, so that code may look back.
const SIMULATED_START: Nanos = Nanos(24 * 60 * 60 * 1_000_000_000);

/// The clock of one runtime.
#[derive(Debug)]
pub(crate) struct Clock {
    /// Whether `virtual_time` is to be asked at all.
    is_virtual: AtomicBool,
    virtual_time: Mutex<VirtualTime>,
    /// How many guards keep a paused clock from moving by itself.
    holds: AtomicUsize,
}

#[derive(Clone, Copy, Debug)]
enum VirtualTime {
    /// The machine's time, plus what pauses have added or taken.
    Running { ahead: i128 },
    /// Standing still.
    Paused { at: Nanos },
}

impl Clock {
    pub(crate) fn new(starts_paused: bool) -> Self {
        let clock = Self {
            is_virtual: AtomicBool::new(false),
            virtual_time: Mutex::new(VirtualTime::Running { ahead: 0 }),
            holds: AtomicUsize::new(0),
        };
        if starts_paused {
            clock.pause();
        }
        clock
    }

    /// A clock that stands still at a time which is the same in each run.
    pub(crate) fn simulated() -> Self {
        Self {
            is_virtual: AtomicBool::new(true),
            virtual_time: Mutex::new(VirtualTime::Paused { at: SIMULATED_START }),
            holds: AtomicUsize::new(0),
        }
    }

    #[inline]
    pub(crate) fn now(&self) -> Nanos {
        // ORDERING: Acquire [virtual].
        if self.is_virtual() { self.virtual_now() } else { Nanos::real() }
    }

    #[cold]
    fn virtual_now(&self) -> Nanos {
        match *self.virtual_time.lock() {
            VirtualTime::Paused { at } => at,
            VirtualTime::Running { ahead } => {
                let now = i128::from(Nanos::real().0) + ahead;
                Nanos(u64::try_from(now).unwrap_or(if now < 0 { 0 } else { u64::MAX }))
            }
        }
    }

    /// Whether the clock was ever paused.
    #[inline]
    pub(crate) fn is_virtual(&self) -> bool {
        self.is_virtual.load(Acquire)
    }

    /// False if the clock stands still already.
    pub(crate) fn pause(&self) -> bool {
        let at = self.now();
        let mut time = self.virtual_time.lock();
        if matches!(*time, VirtualTime::Paused { .. }) {
            return false;
        }
        // On a whole millisecond, so that what tests wait for in whole milliseconds they get to the nanosecond.
        let at = Nanos(at.0.next_multiple_of(1_000_000));
        *time = VirtualTime::Paused { at };
        // ORDERING: Release [virtual].
        self.is_virtual.store(true, Release);
        true
    }

    /// False if the clock runs already.
    pub(crate) fn resume(&self) -> bool {
        let mut time = self.virtual_time.lock();
        let VirtualTime::Paused { at } = *time else { return false };
        *time = VirtualTime::Running { ahead: i128::from(at.0) - i128::from(Nanos::real().0) };
        true
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.is_virtual() && matches!(*self.virtual_time.lock(), VirtualTime::Paused { .. })
    }

    /// Moves a paused clock. False if it runs.
    pub(crate) fn advance(&self, by: Duration) -> bool {
        let mut time = self.virtual_time.lock();
        let VirtualTime::Paused { at } = &mut *time else { return false };
        at.0 = at.0.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX));
        true
    }

    /// Keeps a paused clock from moving by itself, until [`let_go`](Self::let_go) as often.
    pub(crate) fn hold(&self) {
        self.holds.fetch_add(1, Relaxed);
    }

    pub(crate) fn let_go(&self) {
        // ORDERING: Release [hold].
        self.holds.fetch_sub(1, Release);
    }

    /// Whether a paused clock must not move by itself.
    pub(crate) fn is_held(&self) -> bool {
        // ORDERING: Acquire [hold]: what was done under the guards.
        self.holds.load(Acquire) != 0
    }

    /// Moves a paused clock to `to`, unless it is past that.
    pub(crate) fn advance_to(&self, to: Nanos) {
        if let VirtualTime::Paused { at } = &mut *self.virtual_time.lock() {
            *at = (*at).max(to);
        }
    }
}

impl From<Nanos> for Instant {
    fn from(nanos: Nanos) -> Self {
        Instant::from_std(nanos.to_instant())
    }
}
