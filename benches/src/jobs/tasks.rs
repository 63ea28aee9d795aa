//! Starting, joining and switching tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::platform::{Notify, oneshot, spawn, yield_now};
use super::{in_task, runtime};
use crate::{Work, Workers};

/// Tasks that live at the same time at most.
const BATCH: u64 = 1000;

/// Spawns tasks that nobody joins, from inside the runtime; the last of a batch says so.
pub(crate) fn spawn_many(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let batch = Arc::new(Batch { left: AtomicU64::new(0), is_done: Notify::new() });
        let mut left = operations;
        while left > 0 {
            let tasks = left.min(BATCH);
            left -= tasks;
            batch.left.store(tasks, Ordering::Relaxed);
            for _ in 0..tasks {
                let batch = Arc::clone(&batch);
                drop(spawn(async move {
                    if batch.left.fetch_sub(1, Ordering::Relaxed) == 1 {
                        batch.is_done.notify_one();
                    }
                }));
            }
            batch.is_done.notified().await;
        }
    })
}

struct Batch {
    left: AtomicU64,
    is_done: Notify,
}

/// Spawns a task and awaits it, from inside the runtime.
pub(crate) fn spawn_join(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        for number in 0..operations {
            assert_eq!(spawn(async move { number }).await.ok(), Some(number));
        }
    })
}

/// Spawns a task and awaits it from the future of `block_on`.
pub(crate) fn join_from_block_on(workers: Workers) -> Work {
    let runtime = runtime(workers);
    Box::new(move |operations| {
        runtime.block_on(async {
            for number in 0..operations {
                assert_eq!(spawn(async move { number }).await.ok(), Some(number));
            }
        });
    })
}

/// Yields where there is nothing else to run.
pub(crate) fn yield_alone(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        for _ in 0..operations {
            yield_now().await;
        }
    })
}

/// Yields in 200 tasks.
pub(crate) fn yield_among_200(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let each = operations.div_ceil(200);
        let tasks: Vec<_> = (0..200)
            .map(|_| {
                spawn(async move {
                    for _ in 0..each {
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("the task does not panic");
        }
    })
}

/// Two tasks that answer each other over oneshot channels, and end.
pub(crate) fn ping_pong(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        for _ in 0..operations {
            let (ping, pinged) = oneshot::channel();
            let (pong, ponged) = oneshot::channel();
            drop(spawn(async move {
                let number: u64 = pinged.await.expect("a ping");
                pong.send(number + 1).expect("somebody waits");
            }));
            drop(spawn(async move { ping.send(1).expect("somebody waits") }));
            assert_eq!(ponged.await.ok(), Some(2));
        }
    })
}
