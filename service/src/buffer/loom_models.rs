//! Every interleaving of two calls that share a service.

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::sync::Mutex;
use loom::thread;
use tower_service::Service;

use super::slot::Answer;
use super::turns::{Entered, Turns, Waiting};

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
    let future = match turns.enter((), None) {
        Entered::Called(called) => called.expect("never fails"),
        Entered::Waiting(mut waiting) => match poll_fn(|cx| waiting.poll_answer(cx)).await {
            Answer::Called(future) => future,
            _ => panic!("there is no deadline, and nothing fails"),
        },
    };
    let Ok(number) = future.await;
    number
}

/// Enters the queue, and goes away again when what is returned is dropped.
fn wait(turns: &Arc<Turns<Counter>>) -> Option<Waiting<Counter, ()>> {
    match turns.enter((), None) {
        Entered::Called(_) => None,
        Entered::Waiting(mut waiting) => {
            let polled = waiting.poll_answer(&mut Context::from_waker(Waker::noop()));
            polled.is_pending().then_some(waiting)
        }
    }
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
        let number = thread.join().unwrap();
        // The other may have made the call of the one who goes away before its own.
        assert!((1..=2).contains(&number), "{number}");
    });
}
