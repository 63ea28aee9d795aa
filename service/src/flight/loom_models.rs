//! Every interleaving of two who wait for one future.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll, Waker};

use loom::future::{AtomicWaker, block_on};
use loom::thread;

use super::{Flight, Place};

/// A future that ends when it is told to.
struct Told {
    is_told: loom::sync::atomic::AtomicBool,
    waker: AtomicWaker,
}

impl Told {
    fn pair() -> (Arc<Self>, Arc<Flight<impl Future<Output = u32>>>) {
        let told =
            Arc::new(Self { is_told: loom::sync::atomic::AtomicBool::new(false), waker: AtomicWaker::new() });
        let waited = told.clone();
        let flight = Flight::new(poll_fn(move |cx| {
            waited.waker.register_by_ref(cx.waker());
            match waited.is_told.load(loom::sync::atomic::Ordering::SeqCst) {
                true => Poll::Ready(7),
                false => Poll::Pending,
            }
        }));
        (told, flight)
    }

    fn tell(&self) {
        self.is_told.store(true, loom::sync::atomic::Ordering::SeqCst);
        self.waker.wake();
    }
}

async fn outcome<F: Future<Output = u32>>(flight: &Flight<F>) -> u32 {
    let mut place: Option<Place> = None;
    *poll_fn(|cx| flight.poll(&mut place, cx)).await.expect("nothing panics")
}

#[test]
fn loom_both_hear_of_the_end() {
    loom::model(|| {
        let (told, flight) = Told::pair();
        let other = flight.clone();
        let thread = thread::spawn(move || assert_eq!(block_on(outcome(&other)), 7));
        told.tell();
        assert_eq!(block_on(outcome(&flight)), 7);
        thread.join().unwrap();
    });
}

#[test]
fn loom_one_who_goes_away_takes_no_wake_along() {
    loom::model(|| {
        let (told, flight) = Told::pair();
        let mut place = None;
        let polled = flight.poll(&mut place, &mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let other = flight.clone();
        let thread = thread::spawn(move || assert_eq!(block_on(outcome(&other)), 7));
        told.tell();
        drop(place);
        thread.join().unwrap();
    });
}

#[test]
fn loom_it_is_polled_by_one_at_a_time() {
    loom::model(|| {
        let is_polled = Arc::new(AtomicBool::new(false));
        let polled = is_polled.clone();
        let flight = Flight::new(poll_fn(move |_| {
            use std::sync::atomic::Ordering::Relaxed;
            assert!(!polled.swap(true, Relaxed));
            thread::yield_now();
            polled.store(false, Relaxed);
            Poll::<u32>::Pending
        }));
        let other = flight.clone();
        let poll = |flight: &Flight<_>| {
            let _ = flight.poll(&mut None, &mut Context::from_waker(Waker::noop()));
        };
        let thread = thread::spawn(move || poll(&other));
        poll(&flight);
        thread.join().unwrap();
    });
}
