//! One who tells, and those who are told.

use std::sync::Arc;

use super::super::platform::{Notify, broadcast, spawn, watch, yield_now};
use super::{in_eight_tasks, in_task};
use crate::{Work, Workers};

/// Two tasks that notify each other in turns.
pub(crate) fn notify_round_trip(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let there = Arc::new(Notify::new());
        let back = Arc::new(Notify::new());
        let echo = {
            let (there, back) = (Arc::clone(&there), Arc::clone(&back));
            spawn(async move {
                for _ in 0..operations {
                    there.notified().await;
                    back.notify_one();
                }
            })
        };
        for _ in 0..operations {
            there.notify_one();
            back.notified().await;
        }
        echo.await.expect("the echo does not panic");
    })
}

/// A value that four tasks see change; one operation is one change, seen by all.
pub(crate) fn watch_by_4(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let (sender, receiver) = watch::channel(0_u64);
        let watchers: Vec<_> = (0..4)
            .map(|_| {
                let mut receiver = receiver.clone();
                spawn(async move {
                    let mut seen = 0;
                    while receiver.changed().await.is_ok() {
                        seen = *receiver.borrow_and_update();
                    }
                    seen
                })
            })
            .collect();
        drop(receiver);
        for number in 1..=operations {
            sender.send(number).expect("somebody watches");
            yield_now().await;
        }
        drop(sender);
        for watcher in watchers {
            assert_eq!(watcher.await.ok(), Some(operations));
        }
    })
}

/// Messages that four tasks receive; one operation is one message, received by all.
pub(crate) fn broadcast_to_4(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let (sender, receiver) = broadcast::channel(64);
        let listeners: Vec<_> = (0..4)
            .map(|_| {
                let mut receiver = sender.subscribe();
                spawn(async move {
                    let mut last = 0_u64;
                    loop {
                        match receiver.recv().await {
                            Ok(number) => last = number,
                            // On a worker of its own it may fall behind.
                            Err(broadcast::error::RecvError::Lagged(_)) => {}
                            Err(broadcast::error::RecvError::Closed) => return last,
                        }
                    }
                })
            })
            .collect();
        drop(receiver);
        for number in 1..=operations {
            sender.send(number).expect("somebody listens");
            yield_now().await;
        }
        drop(sender);
        for listener in listeners {
            assert_eq!(listener.await.ok(), Some(operations));
        }
    })
}

/// Eight tasks that read a value and sometimes change it.
pub(crate) fn contended_watch(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let (sender, receiver) = watch::channel(0_u64);
        let sender = Arc::new(sender);
        in_eight_tasks(operations, |rounds| {
            let (sender, mut receiver) = (Arc::clone(&sender), receiver.clone());
            async move {
                for round in 0..rounds {
                    if round % 8 == 0 {
                        sender.send_modify(|number| *number += 1);
                    }
                    std::hint::black_box(*receiver.borrow_and_update());
                    if round % 32 == 0 {
                        yield_now().await;
                    }
                }
            }
        })
        .await;
    })
}
