//! Time: sleeping, limits, steady paces, and a clock that tests can hold.
//!
//! - `clock`, `instant`: what time it is
//! - `machine`: the machine's clock, and what it has to do with `std::time::Instant`
//! - `ticks`, `wheel`: the timers of one worker
//! - `hold`: a paused clock that does not move by itself
//! - `sleep`, `timeout`, `interval`: what users wait for
//! - [`delay_queue`]: many values, each with a time of its own, and one timer
//! - `foreign`: timers polled on threads that are no workers
//!
//! Every worker has a wheel of its own, which it uses without locks. A timer belongs to the worker that first polled
//! it. Polled elsewhere it is entered there anew; dropped elsewhere, its owner is told to forget it. A `Sleep` is
//! never early: a deadline is rounded up to a tick, the time now is rounded down. A tick is a millisecond, or a
//! microsecond where the runtime was built with precise timers.

mod clock;
pub mod delay_queue;
mod foreign;
mod hold;
mod instant;
mod interval;
mod machine;
mod sleep;
mod ticks;
mod timeout;
mod wheel;

pub(crate) use clock::{Clock, Nanos};
pub use delay_queue::DelayQueue;
pub(crate) use foreign::ForeignTimer;
pub use hold::{AutoAdvanceInhibit, inhibit_auto_advance};
pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use std::time::Duration;
pub(crate) use ticks::Ticks;
#[cfg(feature = "stream")]
pub(crate) use timeout::poll_limit;
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};
pub(crate) use wheel::{Key, Wheel};

use crate::scheduler;

/// Stops the clock of the current runtime.
///
/// From now on time moves only through [`advance`], and by itself, to the next timer, whenever no task can run and no
/// blocking job is under way; [`inhibit_auto_advance`] keeps it from that. Tests of timeouts and retries then take no
/// time.
///
/// # Panics
///
/// If the clock stands still already, or outside a current-thread runtime.
#[track_caller]
pub fn pause() {
    let is_new = scheduler::with_test_clock("time::pause", Clock::pause);
    assert!(is_new, "time::pause: the clock stands still already");
}

/// Lets the clock of the current runtime run again, from where it stands.
///
/// # Panics
///
/// If the clock runs, outside a current-thread runtime, or in a simulated one.
#[track_caller]
pub fn resume() {
    scheduler::refuse_in_simulation("time::resume", "its time would be that of the machine");
    let was_paused = scheduler::with_test_clock("time::resume", Clock::resume);
    assert!(was_paused, "time::resume: the clock is not paused");
}

/// Moves the paused clock of the current runtime by `duration`, and lets the timers that came due fire.
///
/// # Panics
///
/// If the clock runs, or outside a current-thread runtime.
///
/// # Cancel safety
///
/// Once it was polled the clock has moved; what is left is to give way, so that whoever was woken runs.
pub async fn advance(duration: Duration) {
    let was_paused = scheduler::with_test_clock("time::advance", |clock| clock.advance(duration));
    assert!(was_paused, "time::advance: the clock is not paused");
    scheduler::fire_timers();
    crate::task::yield_now().await;
}
