//! Every interleaving of two calls of a breaker.

use std::sync::Arc;
use std::time::Duration;

use loom::thread;

use super::layer::Settings;
use super::shared::{Part, Shared};
use super::state::{ProbeEnd, State, Status};
use super::window::WindowKind;

fn breaker() -> Arc<Shared> {
    Arc::new(Shared::new(Settings {
        failure_rate: 1.0,
        calls_min: 2,
        window: WindowKind::Calls(100),
        open_for: Duration::from_secs(1000)..=Duration::from_secs(1000),
        probes: 1,
        slow: None,
    }))
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
        let Ok(Part::Probe(probe)) = shared.admit() else { panic!("the first is a probe") };
        let other = shared.clone();
        let thread = thread::spawn(move || other.admit());
        shared.settle(probe, ProbeEnd::Good);
        let admitted = thread.join().unwrap();
        assert!(matches!(admitted, Err(_) | Ok(Part::Counted)), "{admitted:?}");
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
