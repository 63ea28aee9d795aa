//! Locks and permits that are free.

use std::sync::Arc;

use super::super::platform::{Mutex, Semaphore};
use super::in_task;
use crate::{Work, Workers};

/// Locks and unlocks.
pub(crate) fn mutex(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let count = Arc::new(Mutex::new(0));
        for _ in 0..operations {
            *count.lock().await += 1;
        }
        assert_eq!(*count.lock().await, operations);
    })
}

/// Takes a permit and gives it back.
pub(crate) fn semaphore(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let permits = Semaphore::new(10);
        for _ in 0..operations {
            drop(permits.acquire().await.expect("the semaphore is open"));
        }
    })
}
