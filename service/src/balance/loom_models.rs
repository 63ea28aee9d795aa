//! Every interleaving of two calls of an instance.

use std::sync::Arc;
use std::time::Duration;

use loom::thread;

use super::ejection::Ejection;
use super::endpoints::Endpoints;
use super::load::{Load, Look, Meter};
use super::pick::{Candidates, P2c, Picker, Scales};
use crate::random::Random;
use crate::stripe::Stripe;

#[test]
fn loom_a_peak_is_not_lost() {
    loom::model(|| {
        let kind = Load::peak_ewma();
        let meter = Arc::new(Meter::new());
        let other = meter.clone();
        let thread = thread::spawn(move || {
            Stripe::new(1).make_own();
            let call = Stripe::own();
            other.begin(call);
            other.note(kind, Duration::from_millis(500), false, 0);
            other.end(call);
        });
        let call = Stripe::own();
        meter.begin(call);
        meter.note(kind, Duration::from_millis(10), false, 0);
        meter.end(call);
        thread.join().unwrap();
        assert_eq!(meter.pending(), 0);
        assert!(meter.load(kind, 0, Look::Close) > 499_000.0);
    });
}

#[test]
fn loom_calls_that_are_picked_at_once_are_all_counted_and_all_forgotten() {
    loom::model(|| {
        let endpoints = Endpoints::new(Load::Pending);
        endpoints.reset([(0, ()), (1, ())]);
        let begin = |endpoints: &Endpoints<u32, ()>, seed| {
            let (_, snapshot) = endpoints.shared().snapshot();
            let scales = Scales { endpoints: &snapshot.eligible, load: &Load::Pending, slow_start: 0 };
            let random = Random::from_seed(seed);
            let candidates =
                Candidates { endpoints: &scales, now: 0, random: &random, stripe: Stripe::own() };
            let endpoint = snapshot.eligible[P2c::new().pick(&candidates, &())].clone();
            let call = Stripe::own();
            endpoint.meter.begin(call);
            (endpoint, call)
        };
        let other = endpoints.clone();
        let thread = thread::spawn(move || {
            Stripe::new(1).make_own();
            begin(&other, 1)
        });
        let own = begin(&endpoints, 2);
        let theirs = thread.join().unwrap();
        assert_eq!(pending(&endpoints), 2);
        own.0.meter.end(own.1);
        theirs.0.meter.end(theirs.1);
        assert_eq!(pending(&endpoints), 0);
    });
}

fn pending(endpoints: &Endpoints<u32, ()>) -> u64 {
    endpoints.status().iter().map(|(_, status)| status.pending).sum()
}

#[test]
fn loom_who_sees_the_version_of_a_change_sees_the_change() {
    loom::model(|| {
        let endpoints = Endpoints::new(Load::Pending);
        endpoints.reset([(0, ()), (1, ())]);
        let (before, _) = endpoints.shared().snapshot();
        let other = endpoints.clone();
        let thread = thread::spawn(move || other.remove(&0));
        if endpoints.shared().version() != before {
            let (version, snapshot) = endpoints.shared().snapshot();
            assert!(version > before);
            assert_eq!(snapshot.all.iter().map(|endpoint| endpoint.key).collect::<Vec<_>>(), [1]);
        }
        assert!(thread.join().unwrap());
        assert_eq!(endpoints.shared().snapshot().1.all.len(), 1);
    });
}

#[test]
fn loom_failures_of_two_calls_eject_once() {
    loom::model(|| {
        let ejection = Ejection::new().in_a_row(2).rate(None, 20);
        let endpoints = Endpoints::new(Load::Pending).ejection(ejection);
        endpoints.reset([(0, ()), (1, ())]);
        let (_, snapshot) = endpoints.shared().snapshot();
        let endpoint = snapshot.all[0].clone();
        let (other, same) = (endpoints.clone(), endpoint.clone());
        let thread = thread::spawn(move || other.shared().note_outcome(&same, true));
        endpoints.shared().note_outcome(&endpoint, true);
        thread.join().unwrap();
        let status = endpoints.status();
        assert!(status[0].1.is_ejected && status[0].1.ejections == 1);
        assert!(!status[1].1.is_ejected);
    });
}
