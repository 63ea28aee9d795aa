//! Every interleaving of two calls of a breaker.

use std::sync::Arc;
use std::time::Duration;

use loom::thread;

use super::cell::Gathering;
use super::settings::Settings;
use super::shared::Shared;
use super::state::{Part, ProbeEnd, State, Status};
use super::window::{Counts, WindowKind};
use crate::stripe::Stripe;

fn breaker() -> Arc<Shared> {
    let shared = Arc::new(breaker_of(WindowKind::Calls(100)));
    shared.take_calls();
    shared
}

fn breaker_of(window: WindowKind) -> Shared {
    let mut settings = Settings::new(1.0);
    settings.set_calls_min(2);
    settings.set_window(window);
    settings.set_open_for(Duration::from_secs(1000)..=Duration::from_secs(1000));
    settings.set_probes(1);
    Shared::new(settings)
}

#[test]
fn loom_one_probe_is_one_probe() {
    loom::model(|| {
        let shared = breaker();
        shared.force(State::open_until(0));
        let other = shared.clone();
        let thread = thread::spawn(move || other.admit().is_ok());
        let own = shared.admit().is_ok();
        assert!(own != thread.join().unwrap());
        assert_eq!(shared.status(), Status::HalfOpen);
    });
}

#[test]
fn loom_a_probe_that_ends_and_one_that_is_refused_leave_a_state_of_one_of_them() {
    loom::model(|| {
        let shared = breaker();
        shared.force(State::open_until(0));
        let probe = shared.admit().ok().and_then(Part::probe).expect("the first is a probe");
        let other = shared.clone();
        let thread = thread::spawn(move || other.admit());
        shared.settle(probe, ProbeEnd::Good);
        let admitted = thread.join().unwrap();
        assert!(matches!(admitted, Err(_) | Ok(Part::COUNTED)), "{admitted:?}");
        assert_eq!(shared.status(), Status::Closed);
    });
}

#[test]
fn loom_no_failure_is_lost_between_two_calls() {
    loom::model(|| {
        let shared = breaker();
        let other = shared.clone();
        let thread = thread::spawn(move || other.note(true));
        shared.note(true);
        thread.join().unwrap();
        assert_eq!(shared.status(), Status::Open);
    });
}

/// A breaker whose calls find it through its cell, and how they are counted.
fn gathering(calls: u32) -> (Arc<Shared>, Gathering) {
    let shared = breaker_of(WindowKind::Calls(calls));
    shared.settings.set_calls_min(3);
    let shared = Arc::new(shared);
    shared.take_calls();
    let gathering = shared.gathering();
    (shared, gathering)
}

#[test]
fn loom_a_failure_sees_every_success_that_was_gathered_before() {
    loom::model(|| {
        let (shared, gathering) = gathering(32);
        let cell = shared.cell;
        let thread = thread::spawn(move || cell.succeeded(Stripe::new(1), gathering));
        cell.succeeded(Stripe::new(0), gathering);
        thread.join().unwrap();
        shared.cell.gather(shared.term());
        let counts = shared.cell.window.0.note(Counts::FAILURE, 0, shared.term());
        assert_eq!(counts, Some(Counts { calls: 3, failures: 1 }));
    });
}

#[test]
fn loom_successes_of_two_threads_in_one_place_are_counted_once_each() {
    loom::model(|| {
        let (shared, gathering) = gathering(16);
        let cell = shared.cell;
        let thread = thread::spawn(move || cell.succeeded(Stripe::new(0), gathering));
        cell.succeeded(Stripe::new(0), gathering);
        thread.join().unwrap();
        shared.cell.gather(shared.term());
        let counts = shared.cell.window.0.note(Counts::FAILURE, 0, shared.term());
        assert_eq!(counts, Some(Counts { calls: 3, failures: 1 }));
    });
}

#[test]
fn loom_a_call_of_a_breaker_that_is_gone_counts_for_no_other() {
    loom::model(|| {
        let (shared, gathering) = gathering(16);
        let cell = shared.cell;
        let late = thread::spawn(move || {
            cell.succeeded(Stripe::new(0), gathering);
            cell.owner_in(gathering).is_some()
        });
        drop(shared);
        let term = cell.begin();
        cell.set_window(WindowKind::Calls(16), term);
        late.join().unwrap();
        cell.gather(term);
        let counts = cell.window.0.note(Counts::FAILURE, 0, term);
        assert_eq!(counts, Some(Counts { calls: 1, failures: 1 }));
    });
}
