//! A paused clock that does not move by itself.

use std::fmt;

use crate::runtime::Handle;
use crate::scheduler;

/// Keeps the paused clock of the current runtime from moving by itself, until the guard is dropped.
///
/// Time then moves only through [`advance`](super::advance): a test can see what a program does *before* a timer
/// fires, however long nothing else is to be done. A runtime that waits for nothing but timers sleeps meanwhile, until
/// another thread or the kernel wakes it.
///
/// The clock need not be paused yet.
///
/// # Panics
///
/// Outside a current-thread runtime.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use minato_runtime::time::{self, Instant};
///
/// # minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
/// let start = Instant::now();
/// let sleeper = minato_runtime::spawn(time::sleep(Duration::from_secs(5)));
/// let held = time::inhibit_auto_advance();
/// let job = minato_runtime::task::spawn_blocking(|| 1); // nothing else is to be done while this runs
/// job.await.unwrap();
/// assert_eq!(start.elapsed(), Duration::ZERO);
/// drop(held);
/// sleeper.await.unwrap();
/// assert_eq!(start.elapsed(), Duration::from_secs(5));
/// # });
/// ```
#[track_caller]
pub fn inhibit_auto_advance() -> AutoAdvanceInhibit {
    scheduler::with_test_clock("time::inhibit_auto_advance", |clock| clock.hold());
    AutoAdvanceInhibit { runtime: Handle::current() }
}

/// Keeps a paused clock from moving by itself until it is dropped; made by [`inhibit_auto_advance`].
#[must_use = "a guard that is not kept holds nothing"]
pub struct AutoAdvanceInhibit {
    runtime: Handle,
}

impl Drop for AutoAdvanceInhibit {
    fn drop(&mut self) {
        self.runtime.shared().clock.let_go();
        // From another thread: the runtime may sleep because of us.
        self.runtime.shared().tell_worker(0);
    }
}

impl fmt::Debug for AutoAdvanceInhibit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoAdvanceInhibit").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::runtime::Builder;
    use crate::sync::oneshot;
    use crate::time::{Instant, advance, sleep};
    use std::time::Duration;

    #[test]
    fn a_held_clock_moves_by_hand_alone() {
        Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
            let start = Instant::now();
            let sleeper = crate::spawn(sleep(Duration::from_secs(1)));
            let (one, other) = (inhibit_auto_advance(), inhibit_auto_advance());
            drop(one);
            crate::task::spawn_blocking(|| ()).await.unwrap();
            assert!(!sleeper.is_finished());
            assert_eq!(start.elapsed(), Duration::ZERO);
            advance(Duration::from_millis(1_000)).await;
            sleeper.await.unwrap();
            assert_eq!(start.elapsed(), Duration::from_secs(1));
            drop(other);
            sleep(Duration::from_secs(1)).await;
            assert_eq!(start.elapsed(), Duration::from_secs(2));
        });
    }

    #[test]
    fn a_guard_dropped_on_another_thread_lets_the_clock_go() {
        Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
            let held = inhibit_auto_advance();
            let (tx, rx) = oneshot::channel();
            let other = std::thread::spawn(move || {
                rx.blocking_recv().unwrap();
                drop(held);
            });
            let waiting = crate::spawn(sleep(Duration::from_secs(1)));
            tx.send(()).unwrap();
            waiting.await.unwrap();
            other.join().unwrap();
        });
    }
}
