//! The service that the test plays, with the names of tower-test.

use std::task::Poll;
use std::time::Duration;

use minato_service::limit::ConcurrencyLimitLayer;
use minato_service::test::mock::{self, Closed};
use minato_service::timeout::TimeoutLayer;
use minato_service::{ServiceExt, assert_request_eq};

use crate::support::{Failed, Task, now, paused};

#[test]
fn the_test_answers_what_it_is_asked() {
    paused(async {
        let (mut service, mut handle) = mock::spawn::<&str, u32>();
        assert!(service.poll_ready().is_ready());
        let mut answer = Task::new(service.call("one"));
        assert!(answer.poll().is_pending());
        assert_request_eq!(handle, "one").send_response(1);
        assert!(answer.is_woken() && matches!(answer.poll(), Poll::Ready(Ok(1))));
        assert!(service.poll_ready().is_ready());
        let failed = service.call("two");
        assert_request_eq!(handle, "two", "the {}", "second").send_error(Failed("no"));
        assert_eq!(failed.await.unwrap_err().downcast_ref(), Some(&Failed("no")));
        assert!(service.poll_ready().is_ready());
        let dropped = service.call("three");
        drop(handle.next_request().await);
        assert!(dropped.await.unwrap_err().is::<Closed>());
    });
}

#[test]
fn no_more_calls_are_made_than_are_allowed_and_clones_start_unready() {
    let (mut service, mut handle) = mock::spawn::<u32, u32>();
    handle.allow(1);
    assert!(service.poll_ready().is_ready() && service.poll_ready().is_ready());
    let mut clone = service.clone();
    assert!(clone.poll_ready().is_pending());
    assert_eq!(clone.waker_ref_count(), 1);
    handle.allow(1);
    assert!(clone.is_woken());
    assert!(clone.poll_ready().is_ready() && !clone.is_woken());
    let called = std::panic::AssertUnwindSafe(|| drop(service.clone().call(1)));
    assert!(std::panic::catch_unwind(called).is_err());
}

#[test]
fn readiness_fails_as_it_is_told_and_when_nobody_plays() {
    let (mut service, mut handle) = mock::spawn::<u32, u32>();
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.send_error(Failed("down"));
    assert!(service.is_woken());
    let Poll::Ready(Err(error)) = service.poll_ready() else { panic!("told to fail") };
    assert_eq!(error.to_string(), "down");
    let (mock, handle) = mock::pair::<u32, u32>();
    drop(handle);
    assert!(now(mock.oneshot(1)).unwrap_err().is::<Closed>());
}

#[test]
fn the_handle_hears_when_all_services_are_gone() {
    let (mock, mut handle) = mock::pair::<u32, u32>();
    let mut waits = Task::new(async move { handle.next_request().await.is_none() });
    assert!(waits.poll().is_pending());
    let clone = mock.clone();
    drop(mock);
    assert!(!waits.is_woken());
    drop(clone);
    assert!(waits.is_woken());
    assert_eq!(waits.poll(), Poll::Ready(true));
}

#[test]
fn layers_are_tested_around_it() {
    paused(async {
        let (mut limited, mut handle) = mock::spawn_layer(ConcurrencyLimitLayer::new(1));
        assert!(limited.poll_ready().is_ready());
        let running = limited.call("first");
        assert!(limited.poll_ready().is_pending());
        assert_request_eq!(handle, "first").send_response("done");
        assert_eq!(running.await.unwrap(), "done");
        assert!(limited.is_woken() && limited.poll_ready().is_ready());
        let (timed, mut handle) = mock::spawn_with(|mock: mock::Mock<u32, u32>| {
            minato_service::Layer::layer(&TimeoutLayer::new(Duration::from_secs(1)), mock)
        });
        let call = minato_runtime::spawn(timed.into_inner().oneshot(7));
        let answer = assert_request_eq!(handle, 7);
        assert!(call.await.unwrap().is_err_and(|error| error.is_elapsed()));
        answer.send_response(1);
    });
}
