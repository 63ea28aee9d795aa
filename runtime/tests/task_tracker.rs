//! Waiting for tasks that nobody joins.

mod support;

use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::task::Poll;

use minato_runtime::sync::oneshot;
use minato_runtime::task::{TaskTracker, yield_now};
use support::{Live, all_flavors};

async fn is_pending<F: Future>(mut future: Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

#[test]
fn wait_returns_when_the_futures_of_all_tasks_are_dropped() {
    for rt in all_flavors() {
        rt.block_on(async {
            let live = Arc::new(AtomicUsize::new(0));
            let tracker = TaskTracker::new();
            for _ in 0..100 {
                let guard = Live::new(&live);
                drop(tracker.spawn(async move {
                    let _guard = guard;
                    yield_now().await;
                }));
            }
            assert!(tracker.close());
            tracker.wait().await;
            assert_eq!(live.load(SeqCst), 0);
            assert!(tracker.is_empty());
        });
    }
}

#[test]
fn wait_needs_the_tracker_closed_and_empty() {
    for rt in all_flavors() {
        rt.block_on(async {
            let tracker = TaskTracker::new();
            let mut wait = pin!(tracker.wait());
            assert!(is_pending(wait.as_mut()).await);
            let token = tracker.token();
            let second = token.clone();
            assert_eq!(tracker.len(), 2);
            assert!(tracker.close() && !tracker.close() && tracker.is_closed());
            drop(token);
            assert!(is_pending(wait.as_mut()).await);
            drop(second);
            wait.await;
        });
    }
}

#[test]
fn a_moment_of_being_closed_and_empty_ends_every_wait() {
    for rt in all_flavors() {
        rt.block_on(async {
            let tracker = TaskTracker::new();
            let unpolled = tracker.wait();
            let mut waits = pin!(tracker.wait());
            assert!(is_pending(waits.as_mut()).await);
            tracker.close();
            assert!(tracker.reopen() && !tracker.reopen());
            let _token = tracker.token();
            waits.await;
            assert!(is_pending(pin!(unpolled)).await);
        });
    }
}

#[test]
fn panics_aborts_and_dropped_futures_are_tracked_to_their_end() {
    for rt in all_flavors() {
        rt.block_on(async {
            let tracker = TaskTracker::new();
            let broken = tracker.spawn(async { panic!("ran aground") });
            let stuck = tracker.spawn(pending::<()>());
            let unpolled = tracker.track_future(pending::<()>());
            assert!(tracker.len() >= 2);
            tracker.close();
            stuck.abort();
            drop(unpolled);
            tracker.wait().await;
            assert!(broken.await.map(|(): ()| ()).unwrap_err().is_panic());
        });
    }
}

#[test]
fn blocking_jobs_and_futures_polled_in_place_are_tracked() {
    for rt in all_flavors() {
        rt.block_on(async {
            let tracker = TaskTracker::new();
            let (release, wait_release) = mpsc::channel::<()>();
            let job = tracker.spawn_blocking(move || wait_release.recv().is_ok());
            let (gate, opened) = oneshot::channel::<()>();
            let mut tracked = pin!(tracker.track_future(opened));
            tracker.close();
            assert_eq!(tracker.len(), 2);
            gate.send(()).unwrap();
            tracked.as_mut().await.unwrap();
            // Ready is enough: the future need not be dropped.
            assert_eq!(tracker.len(), 1);
            release.send(()).unwrap();
            tracker.wait().await;
            assert!(job.await.unwrap());
        });
    }
}
