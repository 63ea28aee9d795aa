//! Timers that do not fire.

use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::super::platform::{sleep, timeout, yield_now};
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
