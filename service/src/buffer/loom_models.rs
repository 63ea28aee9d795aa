//! Every interleaving of two calls that share a service.

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::sync::Mutex;
use loom::thread;
use tower_service::Service;

use super::turns::{Place, Turns};

/// Counts its calls, and is ready when its gate is open.
struct Counter {
    calls: u32,
    gate: Arc<Mutex<Gate>>,
}

#[derive(Default)]
struct Gate {
    is_open: bool,
    waker: Option<Waker>,
}

impl Gate {
    fn open(gate: &Mutex<Self>) {
        let mut gate = gate.lock().unwrap();
        gate.is_open = true;
        let waker = gate.waker.take();
        drop(gate);
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Service<()> for Counter {
    type Response = u32;
    type Error = Infallible;
    type Future = Ready<Result<u32, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        let mut gate = self.gate.lock().unwrap();
        if gate.is_open {
            return Poll::Ready(Ok(()));
        }
        gate.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn call(&mut self, (): ()) -> Self::Future {
        self.calls += 1;
        ready(Ok(self.calls))
    }
}

fn turns(is_open: bool) -> (Arc<Turns<Counter>>, Arc<Mutex<Gate>>) {
    let gate = Arc::new(Mutex::new(Gate { is_open, waker: None }));
    (Turns::new(Counter { calls: 0, gate: gate.clone() }), gate)
}

async fn call(turns: &Arc<Turns<Counter>>) -> u32 {
    let (mut place, mut request) = (None, Some(()));
    let called = poll_fn(|cx| turns.poll_call(&mut place, &mut request, cx)).await;
    let Ok(number) = called.expect("never fails").await;
    number
}

/// Enters the queue, and goes away again when the place is dropped.
fn wait(turns: &Arc<Turns<Counter>>) -> Option<Place<Counter>> {
    let (mut place, mut request) = (None, Some(()));
    let polled = turns.poll_call(&mut place, &mut request, &mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending() || place.is_none());
    place
}

#[test]
fn loom_two_calls_have_a_turn_each() {
    loom::model(|| {
        let (turns, _) = turns(true);
        let other = turns.clone();
        let thread = thread::spawn(move || block_on(call(&other)));
        let own = block_on(call(&turns));
        assert_eq!(own + thread.join().unwrap(), 1 + 2);
    });
}

#[test]
fn loom_a_service_that_becomes_ready_is_not_waited_for_in_vain() {
    loom::model(|| {
        let (turns, gate) = turns(false);
        let thread = thread::spawn(move || block_on(call(&turns)));
        Gate::open(&gate);
        assert_eq!(thread.join().unwrap(), 1);
    });
}

#[test]
fn loom_who_goes_away_takes_nobodys_turn_along() {
    loom::model(|| {
        let (turns, gate) = turns(false);
        let place = wait(&turns);
        let other = turns.clone();
        let thread = thread::spawn(move || block_on(call(&other)));
        Gate::open(&gate);
        drop(place);
        assert_eq!(thread.join().unwrap(), 1);
    });
}
