//! One service for many callers.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use minato_service::buffer::Buffer;
use minato_service::deadline::Deadline;
use minato_service::{OverloadError, Service, ServiceExt};

use crate::support::{Task, now, paused};

/// Notes what it is called for and by when, is ready when it is told so, and panics for zero.
#[derive(Clone, Default)]
struct Notes {
    inner: Arc<Mutex<Noted>>,
}

#[derive(Default)]
struct Noted {
    calls: Vec<(u32, Option<Deadline>)>,
    is_ready: bool,
    waker: Option<Waker>,
}

impl Notes {
    fn ready() -> Self {
        let notes = Self::default();
        notes.become_ready();
        notes
    }

    fn become_ready(&self) {
        let waker = {
            let mut noted = self.inner.lock().unwrap();
            noted.is_ready = true;
            noted.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    fn numbers(&self) -> Vec<u32> {
        self.inner.lock().unwrap().calls.iter().map(|(number, _)| *number).collect()
    }
}

impl Service<u32> for Notes {
    type Response = u32;
    type Error = Infallible;
    type Future = Ready<Result<u32, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        let mut noted = self.inner.lock().unwrap();
        if noted.is_ready {
            return Poll::Ready(Ok(()));
        }
        noted.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn call(&mut self, number: u32) -> Self::Future {
        assert!(number > 0, "zero");
        self.inner.lock().unwrap().calls.push((number, Deadline::current()));
        ready(Ok(number))
    }
}

#[test]
fn calls_are_made_in_the_order_of_requests_whoever_is_polled_first() {
    let notes = Notes::default();
    let buffer = Buffer::new(notes.clone(), 8);
    let mut tasks: Vec<_> = (1..=4).map(|n| Task::new(buffer.clone().oneshot(n))).collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    notes.become_ready();
    assert!(tasks[0].is_woken(), "the oldest has a turn");
    assert_eq!(tasks[2].poll(), Poll::Ready(Ok(3)), "and so has whoever comes");
    assert_eq!(notes.numbers(), [1, 2, 3, 4]);
    assert!([0, 1, 3].iter().all(|n| tasks[*n].is_woken()));
    assert_eq!(now(buffer.oneshot(5)), Ok(5));
    assert_eq!(notes.numbers(), [1, 2, 3, 4, 5]);
}

#[test]
fn a_call_that_another_makes_has_the_deadline_of_its_own_request() {
    paused(async {
        let notes = Notes::default();
        let buffer = Buffer::new(notes.clone(), 8);
        let deadlines = [10, 20].map(|seconds| Deadline::after(Duration::from_secs(seconds)));
        let mut tasks: Vec<_> =
            deadlines.iter().zip(1..).map(|(at, n)| Task::new(at.scope(buffer.clone().oneshot(n)))).collect();
        let mut without = Task::new(buffer.clone().oneshot(3));
        assert!(tasks.iter_mut().all(|task| task.poll().is_pending()) && without.poll().is_pending());
        notes.become_ready();
        assert_eq!(tasks[1].poll(), Poll::Ready(Ok(2)));
        let noted: Vec<_> = notes.inner.lock().unwrap().calls.iter().map(|(_, deadline)| *deadline).collect();
        assert_eq!(noted, [Some(deadlines[0]), Some(deadlines[1]), None]);
    });
}

#[test]
fn a_panic_belongs_to_the_caller_whose_request_it_was_and_costs_nobody_else_anything() {
    let notes = Notes::default();
    let buffer = Buffer::new(notes.clone(), 8);
    let [mut first, mut panics, mut last] = [1, 0, 2].map(|n| Task::new(buffer.clone().oneshot(n)));
    assert!(first.poll().is_pending() && panics.poll().is_pending() && last.poll().is_pending());
    notes.become_ready();
    assert_eq!(last.poll(), Poll::Ready(Ok(2)));
    assert_eq!(first.poll(), Poll::Ready(Ok(1)));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| panics.poll()));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"zero"));
    drop(panics);
    // With nobody in the queue it is the caller's own call.
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| now(buffer.clone().oneshot(0))));
    assert!(panic.is_err());
    assert_eq!(now(buffer.oneshot(3)), Ok(3));
}

#[test]
fn who_goes_away_is_not_called_and_takes_nobodys_turn_along() {
    let notes = Notes::default();
    let buffer = Buffer::new(notes.clone(), 8);
    let [mut first, mut second, mut third] = [1, 2, 3].map(|n| Task::new(buffer.clone().oneshot(n)));
    assert!(first.poll().is_pending() && second.poll().is_pending() && third.poll().is_pending());
    notes.become_ready();
    assert!(first.is_woken());
    drop(first);
    assert!(second.is_woken(), "the turn of the one before");
    drop(second);
    assert!(third.is_woken());
    assert_eq!(third.poll(), Poll::Ready(Ok(3)));
    assert_eq!(notes.numbers(), [3]);
    assert_eq!(buffer.handle().in_flight(), 0);
}

#[test]
fn threads_that_meet_are_all_served_in_turns() {
    let notes = Notes::ready();
    let buffer = Buffer::new(notes.clone(), 4);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let buffer = buffer.clone();
            scope.spawn(move || {
                let runtime = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async {
                    for n in 1..=500 {
                        let number = thread * 1000 + n;
                        assert_eq!(buffer.clone().oneshot(number).await, Ok(number));
                    }
                });
            });
        }
    });
    let numbers = notes.numbers();
    assert_eq!(numbers.len(), 2000);
    for thread in 0..4 {
        let own: Vec<_> = numbers.iter().filter(|n| *n / 1000 == thread).collect();
        assert!(own.is_sorted(), "the requests of one caller keep their order");
    }
}

/// Whether it is ready is for the test to say; until then it wakes at once whoever asks, as one that gives way to others does.
struct GivesWay {
    is_ready: Arc<AtomicBool>,
    asked: u32,
}

impl Service<u32> for GivesWay {
    type Response = u32;
    type Error = Infallible;
    type Future = Ready<Result<u32, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.is_ready.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        self.asked += 1;
        assert!(self.asked < 100, "who gives way is not asked on and on");
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, number: u32) -> Self::Future {
        ready(Ok(number))
    }
}

#[test]
fn a_service_that_gives_way_has_others_run_before_it_is_asked_again() {
    let is_ready = Arc::new(AtomicBool::new(false));
    let buffer = Buffer::new(GivesWay { is_ready: is_ready.clone(), asked: 0 }, 8);
    let [mut first, mut second] = [1, 2].map(|n| Task::new(buffer.clone().oneshot(n)));
    for _ in 0..3 {
        assert!(first.poll().is_pending() && first.is_woken());
        assert!(second.poll().is_pending());
    }
    assert!(first.is_woken());
    is_ready.store(true, Ordering::Relaxed);
    assert_eq!(first.poll(), Poll::Ready(Ok(1)));
    assert!(second.is_woken());
    assert_eq!(second.poll(), Poll::Ready(Ok(2)));
}

/// A request with a destructor.
struct Dropping(Option<Box<dyn FnOnce() + Send>>);

impl Drop for Dropping {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(|destructor| destructor());
    }
}

/// Is not ready, and then cannot be made so.
#[derive(Clone, Default)]
struct Fails {
    is_failing: Arc<AtomicBool>,
    waker: Arc<Mutex<Option<Waker>>>,
}

impl Fails {
    fn fail(&self) {
        self.is_failing.store(true, Ordering::Relaxed);
        let waker = self.waker.lock().unwrap().take();
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Service<Dropping> for Fails {
    type Response = ();
    type Error = &'static str;
    type Future = Ready<Result<(), &'static str>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        if self.is_failing.load(Ordering::Relaxed) {
            return Poll::Ready(Err("failing"));
        }
        *self.waker.lock().unwrap() = Some(cx.waker().clone());
        Poll::Pending
    }

    fn call(&mut self, _: Dropping) -> Self::Future {
        unreachable!("it is never ready")
    }
}

fn dropping(destructor: impl FnOnce() + Send + 'static) -> Dropping {
    Dropping(Some(Box::new(destructor)))
}

#[test]
fn a_panic_of_a_request_that_is_dropped_costs_nobody_else_a_turn() {
    let fails = Fails::default();
    let buffer = Buffer::new(fails.clone(), 8);
    let mut panics = Task::new(buffer.clone().oneshot(dropping(|| panic!("dropped"))));
    let mut next = Task::new(buffer.oneshot(dropping(|| ())));
    assert!(panics.poll().is_pending() && next.poll().is_pending());
    fails.fail();
    let failed = |polled: Poll<Result<(), OverloadError<_>>>| match polled {
        Poll::Ready(Err(OverloadError::Inner(error))) => error == "failing",
        _ => false,
    };
    assert!(failed(next.poll()));
    assert!(panics.is_woken() && failed(panics.poll()));
}

#[test]
fn a_request_that_is_dropped_may_take_its_own_call_along() {
    let fails = Fails::default();
    let buffer = Buffer::new(fails.clone(), 8);
    let own: Arc<Mutex<Option<Task<_>>>> = Arc::default();
    let taken = own.clone();
    let call = buffer.clone().oneshot(dropping(move || drop(taken.lock().unwrap().take())));
    let mut call: Task<Pin<Box<dyn Future<Output = _> + Send>>> = Task::new(Box::pin(call));
    let mut next = Task::new(buffer.clone().oneshot(dropping(|| ())));
    assert!(call.poll().is_pending() && next.poll().is_pending());
    *own.lock().unwrap() = Some(call);
    fails.fail();
    assert!(next.poll().is_ready());
    assert!(own.lock().unwrap().is_none());
    assert_eq!(buffer.handle().in_flight(), 0);
}
