//! Waiting for readiness, within bounds.

use std::task::Poll;
use std::time::Duration;

use minato_runtime::time::{Instant, sleep};
use minato_service::buffer::Buffer;
use minato_service::fail_fast::{FailFastError, FailFastLayer};
use minato_service::limit::ConcurrencyLimitLayer;
use minato_service::observe::Event;
use minato_service::{BoxError, Layer, Rejection, ServiceExt, service_fn};

use crate::support::{Act, Failed, Probe, Task, paused, poll_ready};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn callers_wait_for_a_while_and_then_hear_at_once_until_it_is_ready() {
    paused(async {
        let layer = FailFastLayer::new(3 * SECOND);
        let handle = layer.handle();
        let probe = Probe::new(&[Act::Wait], &[]);
        let observer = probe.observer();
        let service = layer.layer(probe);
        let start = Instant::now();
        let error = service.clone().oneshot(1).await.unwrap_err();
        assert!(error.is_unready() && error.rejection().unwrap().is_unavailable());
        assert!(Rejection::of(&*BoxError::from(error)).unwrap().is_retry_safe());
        assert_eq!(start.elapsed().as_secs(), 3);
        assert!(handle.is_failing());
        for _ in 0..3 {
            assert!(service.clone().oneshot(1).await.is_err());
        }
        assert_eq!(start.elapsed().as_secs(), 3, "nobody waits again");
        observer.release();
        assert_eq!(service.oneshot(1).await, Ok(2));
        assert!(!handle.is_failing());
    });
}

#[test]
fn who_waits_is_served_when_it_becomes_ready_in_time() {
    paused(async {
        let probe = Probe::new(&[Act::Wait], &[]);
        let observer = probe.observer();
        let service = FailFastLayer::new(3 * SECOND).layer(probe);
        let call = minato_runtime::spawn(service.oneshot(1));
        sleep(2 * SECOND).await;
        observer.release();
        assert_eq!(call.await.unwrap(), Ok(2));
    });
}

#[test]
fn readiness_in_between_begins_the_wait_anew() {
    paused(async {
        let service = FailFastLayer::new(3 * SECOND).layer(ConcurrencyLimitLayer::new(1).layer(service_fn(
            |hold: Duration| async move {
                sleep(hold).await;
                Ok::<_, Failed>(())
            },
        )));
        let calls: Vec<_> =
            (0..4).map(|_| minato_runtime::spawn(service.clone().oneshot(2 * SECOND))).collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(()), "it was ready every two seconds");
        }
    });
}

#[test]
fn a_moment_long_ago_is_not_taken_for_a_long_time() {
    paused(async {
        let layer = FailFastLayer::new(SECOND);
        let probe = Probe::new(&[Act::Hang, Act::Wait], &[]);
        let observer = probe.observer();
        let mut service = layer.layer(probe);
        assert!(poll_ready(&mut service).is_pending());
        sleep(3600 * SECOND).await;
        let mut call = Task::new(service.clone().oneshot(1));
        assert!(call.poll().is_pending(), "nobody has asked in between");
        observer.release();
        assert_eq!(call.poll(), Poll::Ready(Ok(2)));
    });
}

#[test]
fn a_buffer_around_it_drains_at_once() {
    paused(async {
        let probe = Probe::new(&[Act::Wait; 1], &[]);
        let observer = probe.observer();
        let shared = Buffer::new(FailFastLayer::new(SECOND).layer(probe), 16);
        let calls: Vec<_> = (0..8).map(|n| minato_runtime::spawn(shared.clone().oneshot(n))).collect();
        let start = Instant::now();
        for call in calls {
            assert!(call.await.unwrap().is_err());
        }
        assert_eq!(start.elapsed().as_secs(), 1, "one second for all of them");
        assert!(shared.clone().oneshot(1).await.is_err());
        assert_eq!((shared.handle().in_flight(), start.elapsed().as_secs()), (0, 1));
        observer.release();
        assert_eq!(shared.oneshot(1).await.ok(), Some(2));
    });
}

#[test]
fn an_error_of_readiness_is_told_and_the_patience_can_be_changed() {
    paused(async {
        let (tell, told) = std::sync::mpsc::channel();
        let layer = FailFastLayer::new(9 * SECOND).observer(move |event: Event| tell.send(event).unwrap());
        let service = layer.layer(Probe::new(&[Act::Fail, Act::Hang, Act::Hang], &[]));
        let failed = service.clone().oneshot(1).await;
        assert_eq!(failed, Err(FailFastError::Inner(Failed("not ready"))));
        layer.handle().set_patience(SECOND);
        let start = Instant::now();
        assert!(service.oneshot(1).await.is_err_and(|error| error.is_unready()));
        assert_eq!(start.elapsed().as_secs(), 1);
        assert!(matches!(told.try_recv(), Ok(Event::Refused { .. })));
    });
}
