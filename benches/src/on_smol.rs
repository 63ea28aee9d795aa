//! The work that smol can do, on one thread.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use smol::future::{block_on, poll_fn, yield_now};
use smol::lock::{Mutex, Semaphore};
use smol::{LocalExecutor, Timer, channel};

use crate::Work;

const FAR: Duration = Duration::from_secs(60);

/// Work that is one task for each round; the executor lives as long as the process.
fn in_task<F, Fut>(round: F) -> Work
where
    F: Fn(&'static LocalExecutor<'static>, u64) -> Fut + 'static,
    Fut: Future<Output = ()> + 'static,
{
    let executor: &'static LocalExecutor<'static> = Box::leak(Box::new(LocalExecutor::new()));
    Box::new(move |operations| block_on(executor.run(executor.spawn(round(executor, operations)))))
}

pub(crate) fn spawn_many() -> Work {
    in_task(|executor, operations| async move {
        let mut left = operations;
        while left > 0 {
            let tasks = left.min(1000);
            left -= tasks;
            let (done, is_done) = channel::bounded(1);
            let count = Arc::new(std::sync::atomic::AtomicU64::new(tasks));
            for _ in 0..tasks {
                let (count, done) = (Arc::clone(&count), done.clone());
                executor
                    .spawn(async move {
                        if count.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) == 1 {
                            done.try_send(()).expect("there is room");
                        }
                    })
                    .detach();
            }
            is_done.recv().await.expect("the last task says so");
        }
    })
}

pub(crate) fn spawn_join() -> Work {
    in_task(|executor, operations| async move {
        for number in 0..operations {
            assert_eq!(executor.spawn(async move { number }).await, number);
        }
    })
}

pub(crate) fn yield_alone() -> Work {
    in_task(|_, operations| async move {
        for _ in 0..operations {
            yield_now().await;
        }
    })
}

pub(crate) fn ping_pong() -> Work {
    in_task(|executor, operations| async move {
        for _ in 0..operations {
            let (ping, pinged) = channel::bounded(1);
            let (pong, ponged) = channel::bounded(1);
            executor
                .spawn(async move {
                    let number: u64 = pinged.recv().await.expect("a ping");
                    pong.try_send(number + 1).expect("there is room");
                })
                .detach();
            executor.spawn(async move { ping.try_send(1).expect("there is room") }).detach();
            assert_eq!(ponged.recv().await, Ok(2));
        }
    })
}

pub(crate) fn mpsc_bounded() -> Work {
    in_task(|executor, operations| async move {
        let (sender, receiver) = channel::bounded::<u64>(100);
        let producer = executor.spawn(async move {
            for number in 0..operations {
                sender.send(number).await.expect("somebody receives");
            }
        });
        for number in 0..operations {
            assert_eq!(receiver.recv().await, Ok(number));
        }
        producer.await;
    })
}

pub(crate) fn mpsc_unbounded() -> Work {
    in_task(|executor, operations| async move {
        let (sender, receiver) = channel::unbounded::<u64>();
        let producer = executor.spawn(async move {
            for number in 0..operations {
                sender.try_send(number).expect("somebody receives");
                if number % 32 == 0 {
                    yield_now().await;
                }
            }
        });
        for number in 0..operations {
            assert_eq!(receiver.recv().await, Ok(number));
        }
        producer.await;
    })
}

pub(crate) fn mutex() -> Work {
    in_task(|_, operations| async move {
        let count = Mutex::new(0);
        for _ in 0..operations {
            *count.lock().await += 1;
        }
        assert_eq!(*count.lock().await, operations);
    })
}

pub(crate) fn semaphore() -> Work {
    in_task(|_, operations| async move {
        let permits = Semaphore::new(10);
        for _ in 0..operations {
            drop(permits.acquire().await);
        }
    })
}

pub(crate) fn sleep_cancelled() -> Work {
    in_task(|_, operations| async move {
        for _ in 0..operations {
            let mut sleep = std::pin::pin!(Timer::after(FAR));
            let is_pending = poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_pending())).await;
            assert!(is_pending);
        }
    })
}
