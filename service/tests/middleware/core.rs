//! The small parts: filters, steering, streams of calls, makers, boxes and the forms of errors.

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use futures_util::{FutureExt, StreamExt, stream};
use minato_service::boxed::{BoxCloneServiceLayer, BoxCloneSyncServiceLayer, BoxLayer};
use minato_service::error::{OverloadReason, RejectionKind};
use minato_service::limit::ConcurrencyLimitLayer;
use minato_service::make::Shared;
use minato_service::steer::SteerError;
use minato_service::{
    ArcService, BoxError, FutureService, Layer, MakeService, OverloadError, Overloaded, Rejection, Service,
    ServiceBuilder, ServiceExt, Steer, TimeoutError, UnsyncBoxService, service_fn, timeout,
};

use crate::support::{Act, Failed, Probe, Task, now, poll_ready};

#[test]
fn a_filter_turns_requests_away_before_the_inner_service_sees_them() {
    let probe = Probe::well();
    let observer = probe.observer();
    let odd = |n: u32| if n.is_multiple_of(2) { Err(Failed("even")) } else { Ok(n) };
    let mut filtered = ServiceBuilder::new().filter(odd).service(probe);
    assert!(poll_ready(&mut filtered).is_ready());
    assert_eq!(now(filtered.call(2)), Err(Failed("even")));
    assert_eq!(observer.calls(), 0);
    assert_eq!(now(filtered.call(3)), Ok(4));
    assert_eq!(filtered.check(4), Err(Failed("even")));
}

#[test]
fn an_async_filter_calls_the_instance_that_was_ready() {
    let probe = Probe::well();
    let observer = probe.observer();
    let slow = |n: u32| async move { if n == 0 { Err(Failed("zero")) } else { Ok(n) } };
    let mut filtered = ServiceBuilder::new().filter_async(slow).service(probe);
    for n in 1..4 {
        assert!(poll_ready(&mut filtered).is_ready());
        assert_eq!(now(filtered.call(n)), Ok(n + 1));
    }
    assert!(poll_ready(&mut filtered).is_ready());
    assert_eq!(now(filtered.call(0)), Err(Failed("zero")));
    assert_eq!(observer.calls(), 3);
}

#[test]
fn steering_nowhere_is_an_error() {
    let empty: Steer<Probe, _> = Steer::new([], |_: &u32, _: &[Probe]| 0);
    let error = now(empty.oneshot(1)).unwrap_err();
    assert!(error.is_no_such_service());
    assert!(error.rejection().unwrap().is_unavailable());
    assert_eq!(BoxError::from(error).to_string(), "service 0 was picked of 0");
}

#[test]
fn steering_waits_for_the_picked_service_alone() {
    let stuck = Probe::new(&[Act::Hang; 8], &[]);
    let steer = Steer::new([stuck, Probe::well()], |n: &u32, _: &[Probe]| *n as usize);
    let mut waits = Task::new(steer.clone().oneshot(0));
    assert!(waits.poll().is_pending());
    assert_eq!(now(steer.clone().oneshot(1)), Ok(2));
    assert!(matches!(now(steer.oneshot(2)), Err(SteerError::NoSuchService(refusal)) if refusal.len == 2));
}

/// A service whose calls end in the order the test says.
fn by_hand() -> (impl Service<u32, Response = u32, Error = Failed>, Rc<RefCell<Vec<signal::Sender>>>) {
    let senders = Rc::new(RefCell::new(Vec::new()));
    let kept = senders.clone();
    let service = service_fn(move |n: u32| {
        let (sender, receiver) = signal::pair();
        kept.borrow_mut().push(sender);
        receiver.map(move |()| Ok(n))
    });
    (service, senders)
}

/// A signal that one side gives and the other waits for.
mod signal {
    use std::cell::RefCell;
    use std::future::Future;
    use std::pin::Pin;
    use std::rc::Rc;
    use std::task::{Context, Poll, Waker};

    #[derive(Default)]
    struct Cell {
        is_sent: bool,
        waker: Option<Waker>,
    }

    pub(super) struct Sender(Rc<RefCell<Cell>>);
    pub(super) struct Receiver(Rc<RefCell<Cell>>);

    pub(super) fn pair() -> (Sender, Receiver) {
        let cell = Rc::<RefCell<Cell>>::default();
        (Sender(cell.clone()), Receiver(cell))
    }

    impl Sender {
        pub(super) fn send(&self) {
            self.0.borrow_mut().is_sent = true;
            let waker = self.0.borrow_mut().waker.take();
            waker.into_iter().for_each(Waker::wake);
        }
    }

    impl Future for Receiver {
        type Output = ();

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            if self.0.borrow().is_sent {
                return Poll::Ready(());
            }
            self.0.borrow_mut().waker = Some(cx.waker().clone());
            Poll::Pending
        }
    }
}

fn next<S: futures_util::Stream>(stream: &mut Pin<Box<S>>) -> Poll<Option<S::Item>> {
    stream.as_mut().poll_next(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn call_all_answers_in_the_order_of_the_requests() {
    let (service, calls) = by_hand();
    let mut answers = Box::pin(service.call_all(stream::iter(0..3)));
    assert!(next(&mut answers).is_pending());
    assert_eq!(calls.borrow().len(), 3);
    calls.borrow()[2].send();
    assert!(next(&mut answers).is_pending());
    calls.borrow()[0].send();
    calls.borrow()[1].send();
    for n in 0..3 {
        assert_eq!(next(&mut answers), Poll::Ready(Some(Ok(n))));
    }
    assert_eq!(next(&mut answers), Poll::Ready(None));
}

#[test]
fn call_all_unordered_answers_as_they_come() {
    let (service, calls) = by_hand();
    let mut answers = Box::pin(service.call_all(stream::iter(0..3)).unordered());
    assert!(next(&mut answers).is_pending());
    for n in [2, 0, 1] {
        calls.borrow()[n as usize].send();
        assert_eq!(next(&mut answers), Poll::Ready(Some(Ok(n))));
    }
    assert_eq!(next(&mut answers), Poll::Ready(None));
}

#[test]
fn call_all_has_no_more_calls_under_way_than_it_may() {
    let (service, calls) = by_hand();
    let mut answers = Box::pin(service.call_all(stream::iter(0..)).in_flight_max(2));
    assert!(next(&mut answers).is_pending());
    assert_eq!(calls.borrow().len(), 2);
    calls.borrow()[0].send();
    assert_eq!(next(&mut answers), Poll::Ready(Some(Ok(0))));
    assert!(next(&mut answers).is_pending());
    assert_eq!(calls.borrow().len(), 3);
    let (service, calls) = by_hand();
    assert!(next(&mut Box::pin(service.call_all(stream::iter(0..)))).is_pending());
    assert_eq!(calls.borrow().len(), 64, "the default bound");
}

#[test]
fn call_all_holds_no_reservation_while_there_is_no_request() {
    let limited = ConcurrencyLimitLayer::new(1).layer(Probe::well());
    let mut idle = Box::pin(limited.clone().call_all(stream::pending()));
    assert!(next(&mut idle).is_pending());
    assert_eq!(now(limited.oneshot(1)), Ok(2));
}

#[test]
fn call_all_tells_a_failed_readiness_after_the_answers_under_way() {
    let probe = Probe::new(&[Act::Succeed, Act::Fail], &[]);
    let answers: Vec<_> = now(probe.call_all(stream::iter(0..9)).collect());
    assert_eq!(answers, [Ok(1), Err(Failed("not ready"))]);
}

#[test]
fn a_maker_is_a_service_of_services() {
    let mut make = Shared::new(Probe::well());
    assert!(
        MakeService::<(), u32>::poll_ready(&mut make, &mut Context::from_waker(Waker::noop())).is_ready()
    );
    let made = now(MakeService::<(), u32>::make_service(&mut make, ())).unwrap();
    assert_eq!(now(made.oneshot(1)), Ok(2));
    let again = now(MakeService::<(), u32>::as_service(&mut make).oneshot(())).unwrap();
    assert_eq!(now(again.oneshot(1)), Ok(2));
    let last = now(MakeService::<(), u32>::into_service(make).oneshot(())).unwrap();
    assert_eq!(now(last.oneshot(1)), Ok(2));
}

#[test]
fn a_service_in_the_making_becomes_ready_when_it_is_made() {
    let made = FutureService::new(std::future::ready(Ok::<_, Failed>(Probe::well())));
    assert_eq!(now(made.oneshot(1)), Ok(2));
    let failed = FutureService::new(std::future::ready(Err::<Probe, _>(Failed("no connection"))));
    assert_eq!(now(failed.oneshot(1)), Err(Failed("no connection")));
}

#[test]
fn boxed_layers_and_services_answer_as_what_they_hold() {
    let limit = || ConcurrencyLimitLayer::new(1);
    assert_eq!(now(BoxLayer::new(limit()).layer(Probe::well()).oneshot(1)), Ok(2));
    let cloned = BoxCloneServiceLayer::new(limit()).clone().layer(Probe::well());
    assert_eq!(now(cloned.clone().oneshot(1)), Ok(2));
    let shared = BoxCloneSyncServiceLayer::new(limit()).layer(Probe::well());
    assert_eq!(now(shared.clone().oneshot(1)), Ok(2));
    let local = UnsyncBoxService::new(service_fn(|n: Rc<u32>| async move { Ok::<_, Failed>(n) }));
    assert_eq!(now(local.oneshot(Rc::new(1))), Ok(Rc::new(1)));
}

#[test]
fn an_arc_service_clones_what_it_holds_only_to_call_it() {
    let probe = Probe::well();
    let observer = probe.observer();
    let service = ArcService::new(probe);
    let clones: Vec<_> = (0..10).map(|_| service.clone()).collect();
    assert_eq!(observer.clones(), 0);
    for clone in clones {
        assert_eq!(now(clone.oneshot(1)), Ok(2));
    }
    assert_eq!(observer.clones(), 10);
}

#[test]
fn inspection_changes_nothing() {
    let seen = AtomicUsize::new(0);
    let note = |amount: usize| {
        seen.fetch_add(amount, Ordering::Relaxed);
    };
    let service = Probe::new(&[], &[Act::Succeed, Act::Fail])
        .inspect_request(|_: &u32| note(1))
        .inspect_response(|_: &u32| note(10))
        .inspect_err(|_: &Failed| note(100));
    assert_eq!(now(service.clone().oneshot(1)), Ok(2));
    assert_eq!(seen.load(Ordering::Relaxed), 11);
    assert_eq!(now(service.oneshot(1)), Err(Failed("call failed")));
    assert_eq!(seen.load(Ordering::Relaxed), 112);
    let unready = Probe::new(&[Act::Fail], &[]).inspect_err(|_: &Failed| note(1000));
    assert_eq!(now(unready.oneshot(1)), Err(Failed("not ready")));
    assert_eq!(seen.load(Ordering::Relaxed), 1112);
}

#[derive(Debug, PartialEq)]
enum Own {
    Busy,
    Late,
    Broken,
}

impl From<Overloaded> for Own {
    fn from(_: Overloaded) -> Self {
        Self::Busy
    }
}

impl From<timeout::Elapsed> for Own {
    fn from(_: timeout::Elapsed) -> Self {
        Self::Late
    }
}

#[test]
fn refusals_can_become_errors_of_the_inner_service() {
    let stack = |probe: Probe| {
        ServiceBuilder::new()
            .lift()
            .load_shed()
            .lift()
            .timeout(std::time::Duration::from_secs(1))
            .service(probe.map_err(|_| Own::Broken))
    };
    assert_eq!(now(stack(Probe::well()).oneshot(1)), Ok(2));
    assert_eq!(now(stack(Probe::new(&[Act::Hang], &[])).oneshot(1)), Err(Own::Busy));
    assert_eq!(now(stack(Probe::new(&[], &[Act::Fail])).oneshot(1)), Err(Own::Broken));
}

#[test]
fn refusals_can_become_responses_of_a_service_that_cannot_fail() {
    let limit = ConcurrencyLimitLayer::rejecting(1);
    let service = ServiceBuilder::new()
        .or_response(|refusal: Overloaded| refusal.to_string())
        .layer(limit)
        .service(service_fn(|n: u32| async move {
            if n == 0 {
                std::future::pending::<()>().await;
            }
            Ok::<_, Infallible>(n.to_string())
        }));
    let mut holder = Task::new(service.clone().oneshot(0));
    assert!(holder.poll().is_pending());
    let Ok(answer) = now(service.clone().oneshot(1));
    assert_eq!(answer, "service overloaded: too many calls at once");
    drop(holder);
    assert_eq!(now(service.oneshot(1)), Ok("1".to_owned()));
}

#[test]
fn erased_errors_are_those_of_tower() {
    let shed = ServiceBuilder::new().box_errors().load_shed().service(Probe::new(&[Act::Hang], &[]));
    let error = now(shed.oneshot(1)).unwrap_err();
    assert!(error.is::<minato_service::load_shed::error::Overloaded>());
    let inner = ServiceBuilder::new().box_errors().load_shed().service(Probe::new(&[Act::Fail], &[]));
    assert_eq!(now(inner.oneshot(1)).unwrap_err().downcast_ref(), Some(&Failed("not ready")));
    let late = BoxError::from(TimeoutError::<BoxError>::Elapsed(timeout::Elapsed::new()));
    assert!(late.is::<minato_service::timeout::error::Elapsed>());
}

#[derive(Debug)]
struct Outer(BoxError);

impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("outer")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

#[test]
fn a_rejection_is_found_however_deep_it_lies() {
    let second = std::time::Duration::from_secs(1);
    let refused = Overloaded::because(OverloadReason::Rate).retry_after(second);
    let error = Outer(Box::new(Outer(refused.into())));
    let rejection = Rejection::of(&error).unwrap();
    assert_eq!(rejection.kind(), RejectionKind::RateLimit);
    assert!(rejection.is_overload() && rejection.is_rate_limited() && rejection.is_retry_safe());
    assert_eq!(rejection.retry_after(), Some(second));
    let late = Rejection::of(&timeout::Elapsed::new()).unwrap();
    assert!(late.is_timeout() && !late.is_overload() && !late.is_retry_safe());
    assert_eq!(Rejection::of(&Failed("other")), None);
    assert!(OverloadError::<Failed>::Overloaded(refused).rejection().unwrap().is_overload());
    assert_eq!(OverloadError::Inner(Failed("other")).rejection(), None);
}
