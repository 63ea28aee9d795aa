//! Locks and permits, free and wanted by many.

use std::sync::Arc;

use super::super::platform::{Mutex, RwLock, Semaphore, yield_now};
use super::{in_eight_tasks, in_task};
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

/// Tasks that want one of the two permits, and hold it across a yield.
pub(crate) fn contended_semaphore(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let permits = Arc::new(Semaphore::new(2));
        in_eight_tasks(operations, |rounds| {
            let permits = Arc::clone(&permits);
            async move {
                for _ in 0..rounds {
                    let permit = permits.acquire().await.expect("the semaphore is open");
                    yield_now().await;
                    drop(permit);
                }
            }
        })
        .await;
    })
}

/// Tasks that read across a yield, and write every eighth time.
pub(crate) fn contended_rwlock(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let count = Arc::new(RwLock::new(0_u64));
        in_eight_tasks(operations, |rounds| {
            let count = Arc::clone(&count);
            async move {
                for round in 0..rounds {
                    if round % 8 == 0 {
                        *count.write().await += 1;
                    } else {
                        let read = count.read().await;
                        yield_now().await;
                        drop(read);
                    }
                }
            }
        })
        .await;
    })
}
