//! Messages between tasks.

use super::super::platform::{mpsc, oneshot, spawn, yield_now};
use super::{TURN, in_task};
use crate::{Work, Workers};

/// Messages a bounded channel holds.
const CAPACITY: usize = 100;

/// One producer, one consumer, a bounded channel between them.
pub(crate) fn mpsc_bounded(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let (sender, mut receiver) = mpsc::channel::<u64>(CAPACITY);
        let producer = spawn(async move {
            for number in 0..operations {
                sender.send(number).await.expect("somebody receives");
            }
        });
        for number in 0..operations {
            assert_eq!(receiver.recv().await, Some(number));
        }
        producer.await.expect("the producer does not panic");
    })
}

/// One producer, one consumer, an unbounded channel between them.
pub(crate) fn mpsc_unbounded(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let (sender, mut receiver) = mpsc::unbounded_channel::<u64>();
        let producer = spawn(async move {
            for number in 0..operations {
                sender.send(number).expect("somebody receives");
                if number % TURN == 0 {
                    yield_now().await;
                }
            }
        });
        for number in 0..operations {
            assert_eq!(receiver.recv().await, Some(number));
        }
        producer.await.expect("the producer does not panic");
    })
}

/// A channel for one message, used by one task.
pub(crate) fn oneshot_in_task(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        for number in 0..operations {
            let (sender, receiver) = oneshot::channel();
            sender.send(number).expect("the receiver is there");
            assert_eq!(receiver.await.ok(), Some(number));
        }
    })
}
