//! Wakes the connection's task, unless it is running and will look anyway.
//!
//! A stream that is woken wakes the connection's task, which polls it. When that is done from within the task itself, as by
//! a handler that wakes another, it would cost a second turn through the scheduler. A turn that is running takes the
//! wake as "once more around" instead.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Wake, Waker};

const IDLE: u8 = 0;
const RUNNING: u8 = 1;
/// Woken since the turn began, or since it ended.
const NOTIFIED: u8 = 2;

/// The waker that everything on one connection shares.
#[derive(Debug)]
pub(crate) struct Turn {
    state: AtomicU8,
    task: Mutex<Option<Waker>>,
}

impl Turn {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: AtomicU8::new(IDLE), task: Mutex::new(None) })
    }

    /// Begins a turn of the task with this waker.
    pub(crate) fn begin(&self, task: &Waker) {
        let is_known = self.task().as_ref().is_some_and(|known| known.will_wake(task));
        if !is_known {
            let task = task.clone();
            let before = self.task().replace(task);
            drop(before);
        }
        // ORDERING: Acquire, to see what was done before the wakes that this turn answers. Pairs with [turn.wake].
        self.state.swap(RUNNING, Ordering::Acquire);
    }

    /// Whether there was a wake since the turn, or the last round of it, began.
    pub(crate) fn take_notified(&self) -> bool {
        // ORDERING: Acquire, as in `begin`.
        self.state.swap(RUNNING, Ordering::Acquire) == NOTIFIED
    }

    /// Ends the turn; false if there was a wake, and another round is due.
    pub(crate) fn end(&self) -> bool {
        // ORDERING: Acquire on failure, as in `begin`. Nothing is published by success.
        self.state.compare_exchange(RUNNING, IDLE, Ordering::Relaxed, Ordering::Acquire).is_ok()
    }

    fn task(&self) -> MutexGuard<'_, Option<Waker>> {
        self.task.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // ORDERING: Release, publishes what was done before the wake. [turn.wake]
        if self.state.swap(NOTIFIED, Ordering::Release) != IDLE {
            return;
        }
        // Out of the lock: a waker may do anything, and poll the task at once.
        let Some(task) = self.task().take() else { return };
        task.wake_by_ref();
        let mut slot = self.task();
        let spent = if slot.is_none() { slot.replace(task) } else { Some(task) };
        drop(slot);
        drop(spent);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_running_turn_goes_around_once_more_instead_of_waking_its_task() {
        let task = Arc::new(Task::default());
        let turn = Turn::new();
        turn.begin(&Waker::from(task.clone()));
        turn.wake_by_ref();
        turn.wake_by_ref();
        assert!(turn.take_notified());
        assert!(!turn.take_notified());
        turn.wake_by_ref();
        assert!(!turn.end());
        assert!(turn.take_notified());
        assert!(turn.end());
        assert_eq!(task.0.load(Ordering::Relaxed), 0);
    }

    /// A task that is polled by whoever wakes it, and has another waker from then on.
    struct Inline(Arc<Turn>, Arc<Task>);

    impl Wake for Inline {
        fn wake(self: Arc<Self>) {
            self.0.begin(&Waker::from(self.1.clone()));
            assert!(self.0.end());
        }
    }

    #[test]
    fn a_task_may_be_polled_by_its_waker() {
        let task = Arc::new(Task::default());
        let turn = Turn::new();
        turn.begin(&Waker::from(Arc::new(Inline(turn.clone(), task.clone()))));
        assert!(turn.end());
        turn.wake_by_ref();
        assert_eq!(task.0.load(Ordering::Relaxed), 0);
        // The waker of the poll is the one that is kept.
        turn.wake_by_ref();
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn an_ended_turn_wakes_its_task_once() {
        let task = Arc::new(Task::default());
        let turn = Turn::new();
        turn.begin(&Waker::from(task.clone()));
        assert!(turn.end());
        turn.wake_by_ref();
        turn.wake_by_ref();
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
    }
}
