//! Cancellation.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::super::platform::{CancellationToken, yield_now};
use super::{TURN, in_task};
use crate::{Work, Workers};

/// Makes a child of a token, and drops it.
pub(crate) fn child_token(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let token = CancellationToken::new();
        for number in 0..operations {
            drop(token.child_token());
            if number % TURN == 0 {
                yield_now().await;
            }
        }
    })
}

/// Waits for a token, and gives up.
pub(crate) fn cancelled_given_up(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let token = CancellationToken::new();
        for number in 0..operations {
            {
                let mut cancelled = pin!(token.cancelled());
                let is_pending = poll_fn(|cx| Poll::Ready(cancelled.as_mut().poll(cx).is_pending())).await;
                assert!(is_pending);
            }
            if number % TURN == 0 {
                yield_now().await;
            }
        }
    })
}

/// Cancels a token with four children.
pub(crate) fn cancel_4(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        for number in 0..operations {
            let token = CancellationToken::new();
            let children: [_; 4] = std::array::from_fn(|_| token.child_token());
            token.cancel();
            assert!(children.iter().all(|child| child.is_cancelled()));
            if number % TURN == 0 {
                yield_now().await;
            }
        }
    })
}
