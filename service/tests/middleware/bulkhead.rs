//! A limit for each key.

use std::task::Poll;
use std::time::Duration;

use minato_service::deadline::Deadline;
use minato_service::error::OverloadReason;
use minato_service::limit::{BulkheadLayer, Wait};
use minato_service::observe::Event;
use minato_service::{Layer, OverloadError, Service, ServiceExt};

use crate::support::{Act, Probe, Task, now, paused, poll_ready};

fn hanging() -> Probe {
    Probe::new(&[], &[Act::Hang; 64])
}

#[test]
fn a_key_that_is_full_leaves_the_others_their_places() {
    let layer = BulkheadLayer::rejecting(2, |n: &u32| n % 10);
    let handle = layer.handle();
    let (mut first, mut second) = (layer.layer(hanging()), layer.layer(Probe::well()));
    assert!(poll_ready(&mut first).is_ready());
    let mut running = Vec::new();
    for n in [1, 11] {
        let mut clone = first.clone();
        assert!(poll_ready(&mut clone).is_ready());
        running.push(clone.call(n));
    }
    assert_eq!((handle.in_flight(&1), handle.in_flight(&2), handle.keys()), (2, 0, 1));
    assert!(now(first.call(21)).is_err_and(|error| error.is_overloaded()));
    assert!(poll_ready(&mut second).is_ready());
    assert!(now(second.call(31)).is_err(), "the services of one layer share the limits");
    assert_eq!(now(second.clone().oneshot(2)), Ok(3));
    drop(running);
    assert_eq!(now(second.oneshot(1)), Ok(2));
    assert_eq!(handle.keys(), 0, "what has no calls is forgotten");
}

#[test]
fn calls_wait_for_a_place_of_their_key_alone() {
    let layer = BulkheadLayer::waiting(1, Wait::new().waiters(1), |n: &u32| n % 10);
    let handle = layer.handle();
    let probe = Probe::new(&[], &[Act::Hang]);
    let service = layer.layer(probe);
    let mut running = Task::new(service.clone().oneshot(1));
    let mut waiting = Task::new(service.clone().oneshot(11));
    assert!(running.poll().is_pending() && waiting.poll().is_pending());
    assert!(now(service.clone().oneshot(21)).is_err(), "one may wait");
    assert_eq!(now(service.clone().oneshot(2)), Ok(3));
    assert_eq!((handle.in_flight(&1), handle.waiting(&1), handle.keys()), (1, 1, 1));
    drop(running);
    assert!(waiting.is_woken());
    assert_eq!(waiting.poll(), Poll::Ready(Ok(12)));
    assert_eq!(handle.keys(), 0, "also before the future is dropped");
}

#[test]
fn who_waits_beyond_its_deadline_loses_its_turn() {
    paused(async {
        let layer = BulkheadLayer::waiting(1, Wait::new(), |_: &u32| ());
        let probe = Probe::new(&[], &[Act::Hang]);
        let observer = probe.observer();
        let service = layer.layer(probe);
        let mut running = Task::new(service.clone().oneshot(1));
        assert!(running.poll().is_pending());
        let mut late = Task::new(Deadline::after(Duration::from_secs(1)).scope(service.oneshot(2)));
        assert!(late.poll().is_pending());
        minato_runtime::time::sleep(Duration::from_secs(2)).await;
        drop(running);
        assert!(matches!(late.poll(), Poll::Ready(Err(OverloadError::Overloaded(_)))));
        assert_eq!(observer.calls(), 1);
    });
}

#[test]
fn no_more_keys_are_kept_track_of_than_may_be() {
    let layer = || BulkheadLayer::rejecting(1, (|n| *n) as fn(&u32) -> u32);
    for (layer, most) in [(layer().keys_max(160), 160), (layer(), 65_536)] {
        let mut service = layer.layer(Probe::new(&[], &vec![Act::Hang; 70_000]));
        let mut running = Vec::new();
        let mut reasons = Vec::new();
        for n in 0..200_000_u32 {
            if running.len() == most {
                break;
            }
            assert!(poll_ready(&mut service).is_ready());
            let mut call = Task::new(service.call(n));
            match call.poll() {
                Poll::Pending => running.push(call),
                Poll::Ready(Err(OverloadError::Overloaded(refusal))) => reasons.push(refusal.reason),
                Poll::Ready(other) => panic!("{other:?}"),
            }
        }
        assert!(reasons.iter().all(|reason| *reason == OverloadReason::Keys));
        assert_eq!(layer.handle().keys(), most);
        for n in 100_000..100_100 {
            assert!(poll_ready(&mut service).is_ready());
            assert!(now(service.call(n)).is_err());
        }
    }
}

#[test]
fn a_handle_changes_the_limits_of_all_keys_and_an_observer_hears_of_it() {
    let (tell, told) = std::sync::mpsc::channel();
    let layer = BulkheadLayer::waiting(1, Wait::new(), |n: &u32| *n)
        .observer(move |event: Event| tell.send(event).unwrap());
    let service = layer.layer(hanging());
    let mut calls: Vec<_> = [1, 1, 2, 2].map(|n| Task::new(service.clone().oneshot(n))).into();
    assert!(calls.iter_mut().all(|call| call.poll().is_pending()));
    layer.handle().set_max(2);
    assert!(calls[1].is_woken() && calls[3].is_woken());
    assert_eq!(layer.handle().max(), 2);
    let changed = Event::LimitChanged { from: 1, to: 2 };
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [changed, changed]);
    let mut third = Task::new(service.clone().oneshot(3));
    let mut fourth = Task::new(service.oneshot(3));
    assert!(third.poll().is_pending() && fourth.poll().is_pending());
    assert_eq!(layer.handle().in_flight(&3), 2, "keys that come later have the new limit");
}
