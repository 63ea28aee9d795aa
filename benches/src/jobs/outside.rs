//! What a thread that is no worker does with a runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::platform::oneshot;
use super::runtime;
use crate::{Work, Workers};

/// Tasks that live at the same time at most.
const BATCH: u64 = 10_000;

/// Makes a runtime and drops it.
pub(crate) fn build_and_drop(workers: Workers) -> Work {
    Box::new(move |operations| {
        for _ in 0..operations {
            drop(runtime(workers));
        }
    })
}

/// Spawns tasks through a handle, from a thread outside; the last of a batch says so.
pub(crate) fn spawn_from_outside(workers: Workers) -> Work {
    let runtime = runtime(workers);
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel::<()>();
    // A current-thread runtime needs somebody who runs it.
    let runner = std::thread::spawn(move || {
        runtime.block_on(async { stopped.await.is_ok() });
    });
    let runner = Runner { stop: Some(stop), thread: Some(runner) };
    Box::new(move |operations| {
        let _runner = &runner;
        let batch = Arc::new(AtomicU64::new(0));
        let mut left = operations;
        while left > 0 {
            let tasks = left.min(BATCH);
            left -= tasks;
            batch.store(tasks, Ordering::Relaxed);
            let (done, is_done) = std::sync::mpsc::channel();
            for _ in 0..tasks {
                let (batch, done) = (Arc::clone(&batch), done.clone());
                drop(handle.spawn(async move {
                    if batch.fetch_sub(1, Ordering::Relaxed) == 1 {
                        done.send(()).expect("the spawner waits");
                    }
                }));
            }
            is_done.recv().expect("the last task says so");
        }
    })
}

/// Ends the thread that runs the runtime.
struct Runner {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Runner {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the runtime does not panic");
        }
    }
}
