//! How long a tick of a wheel is.

use super::Nanos;

/// The unit that the timers of a runtime are rounded up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticks {
    /// What `epoll_wait` can wait for.
    Milliseconds,
    /// What a timer descriptor can wait for, and worth its system call.
    Microseconds,
}

const MILLISECOND: u64 = 1_000_000;
const MICROSECOND: u64 = 1_000;

impl Ticks {
    /// The tick at which `deadline` has passed.
    #[inline]
    pub(crate) const fn ceil(self, deadline: Nanos) -> u64 {
        // Two divisions by constants are multiplications; one by a variable is the slowest instruction there is.
        match self {
            Self::Milliseconds => deadline.0.div_ceil(MILLISECOND),
            Self::Microseconds => deadline.0.div_ceil(MICROSECOND),
        }
    }

    /// The last tick that has passed at `now`.
    #[inline]
    pub(crate) fn floor(self, now: Nanos) -> u64 {
        match self {
            Self::Milliseconds => now.0 / MILLISECOND,
            Self::Microseconds => now.0 / MICROSECOND,
        }
    }

    /// When `tick` begins.
    pub(crate) fn start(self, tick: u64) -> Nanos {
        match self {
            Self::Milliseconds => Nanos(tick.saturating_mul(MILLISECOND)),
            Self::Microseconds => Nanos(tick.saturating_mul(MICROSECOND)),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_never_before_its_deadline() {
        for ticks in [Ticks::Milliseconds, Ticks::Microseconds] {
            for nanos in [0, 1, 999, 1_000, 1_001, 999_999, 1_000_000, 1_000_001, 123_456_789] {
                let tick = ticks.ceil(Nanos(nanos));
                assert!(ticks.start(tick).0 >= nanos);
                assert_eq!(ticks.floor(ticks.start(tick)), tick);
            }
        }
    }
}
