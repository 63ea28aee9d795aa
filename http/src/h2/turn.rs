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
        let mut slot = self.task();
        match &mut *slot {
            Some(known) => known.clone_from(task),
            empty => *empty = Some(task.clone()),
        }
        drop(slot);
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
        if self.state.swap(NOTIFIED, Ordering::Release) == IDLE
            && let Some(task) = &*self.task()
        {
            task.wake_by_ref();
        }
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
