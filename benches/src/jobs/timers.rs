//! Timers that do not fire.

use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::super::platform::{Instant, sleep, sleep_until, spawn, timeout, yield_now};
use super::{TURN, in_task};
use crate::{Work, Workers};

const FAR: Duration = Duration::from_secs(60);

/// Registers a timer and drops it.
pub(crate) fn sleep_cancelled(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        for number in 0..operations {
            {
                let mut sleep = pin!(sleep(FAR));
                let is_pending = poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_pending())).await;
                assert!(is_pending);
            }
            if number % TURN == 0 {
                yield_now().await;
            }
        }
    })
}

/// Puts a time limit on a future that is ready.
pub(crate) fn timeout_ready(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        for number in 0..operations {
            assert_eq!(timeout(FAR, ready(number)).await.ok(), Some(number));
        }
    })
}

/// Puts a time limit on a future that yields once.
pub(crate) fn timeout_pending(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        for _ in 0..operations {
            assert!(timeout(FAR, yield_now()).await.is_ok());
        }
    })
}

/// Tasks that sleep until one after the other is woken, a hundred thousand in a second.
pub(crate) fn timers_firing(workers: Workers) -> Work {
    const APART: Duration = Duration::from_micros(10);
    in_task(workers, |operations| async move {
        let start = Instant::now() + APART * 100;
        let sleepers: Vec<_> = (0..operations)
            .map(|number| {
                let until = start + APART * u32::try_from(number).expect("less than a day of timers");
                spawn(async move { sleep_until(until).await })
            })
            .collect();
        for sleeper in sleepers {
            sleeper.await.expect("the sleeper does not panic");
        }
    })
}
