//! The work that monoio can do, on its driver over epoll: many kernels refuse io_uring to containers.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use local_sync::oneshot;
use monoio::time::{sleep, timeout};
use monoio::{LegacyDriver, RuntimeBuilder, spawn};

use crate::Work;

const FAR: Duration = Duration::from_secs(60);

/// Work that is one task for each round.
fn in_task<F, Fut>(round: F) -> Work
where
    F: Fn(u64) -> Fut + 'static,
    Fut: Future<Output = ()> + 'static,
{
    let mut runtime = RuntimeBuilder::<LegacyDriver>::new().enable_timer().build().expect("a runtime");
    Box::new(move |operations| {
        let round = round(operations);
        runtime.block_on(async { spawn(round).await });
    })
}

async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

pub(crate) fn spawn_many() -> Work {
    in_task(|operations| async move {
        let mut left = operations;
        while left > 0 {
            let tasks = left.min(1000);
            left -= tasks;
            let count = std::rc::Rc::new(std::cell::Cell::new(tasks));
            let (done, is_done) = oneshot::channel();
            let done = std::rc::Rc::new(std::cell::Cell::new(Some(done)));
            for _ in 0..tasks {
                let (count, done) = (count.clone(), done.clone());
                drop(spawn(async move {
                    count.set(count.get() - 1);
                    if count.get() == 0
                        && let Some(done) = done.take()
                    {
                        assert!(done.send(()).is_ok());
                    }
                }));
            }
            assert!(is_done.await.is_ok());
        }
    })
}

pub(crate) fn spawn_join() -> Work {
    in_task(|operations| async move {
        for number in 0..operations {
            assert_eq!(spawn(async move { number }).await, number);
        }
    })
}

pub(crate) fn yield_alone() -> Work {
    in_task(|operations| async move {
        for _ in 0..operations {
            yield_now().await;
        }
    })
}

pub(crate) fn ping_pong() -> Work {
    in_task(|operations| async move {
        for _ in 0..operations {
            let (ping, pinged) = oneshot::channel::<u64>();
            let (pong, ponged) = oneshot::channel::<u64>();
            drop(spawn(async move {
                let number = pinged.await.expect("a ping");
                assert!(pong.send(number + 1).is_ok());
            }));
            drop(spawn(async move { assert!(ping.send(1).is_ok()) }));
            assert_eq!(ponged.await.ok(), Some(2));
        }
    })
}

pub(crate) fn oneshot_in_task() -> Work {
    in_task(|operations| async move {
        for number in 0..operations {
            let (sender, receiver) = oneshot::channel();
            assert!(sender.send(number).is_ok());
            assert_eq!(receiver.await.ok(), Some(number));
        }
    })
}

pub(crate) fn sleep_cancelled() -> Work {
    in_task(|operations| async move {
        for number in 0..operations {
            {
                let mut sleep = pin!(sleep(FAR));
                let is_pending = poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_pending())).await;
                assert!(is_pending);
            }
            if number % 32 == 0 {
                yield_now().await;
            }
        }
    })
}

pub(crate) fn timeout_ready() -> Work {
    in_task(|operations| async move {
        for number in 0..operations {
            assert_eq!(timeout(FAR, std::future::ready(number)).await.ok(), Some(number));
        }
    })
}

pub(crate) fn timeout_pending() -> Work {
    in_task(|operations| async move {
        for _ in 0..operations {
            assert!(timeout(FAR, yield_now()).await.is_ok());
        }
    })
}
