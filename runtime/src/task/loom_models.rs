//! Every interleaving of running, waking, joining, aborting and dropping one task.

use std::future::{Future, pending, ready};
use std::panic::Location;
use std::ptr;
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize as StdCount, Ordering::SeqCst};

use loom::future::block_on;

use super::state::{Start, Wake};
use super::{Id, JoinHandle, State, TaskRef, Turn, allocate};
use crate::shim::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use crate::shim::{Arc, thread};

/// Counts its drops.
#[derive(Debug)]
struct Token(StdArc<StdCount>);

impl Drop for Token {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn new_task<F: Future>(future: F) -> (TaskRef, JoinHandle<F::Output>) {
    let task = allocate(future, Id::next(), ptr::null(), Location::caller().into());
    // SAFETY: new, and the output is the future's.
    (task, unsafe { JoinHandle::new(task) })
}

fn run_to_end(task: TaskRef) {
    assert_eq!(task.run(), Turn::Complete);
    // SAFETY: complete, and never in a registry.
    unsafe { task.retire() };
}

#[test]
fn loom_the_output_reaches_the_handle() {
    loom::model(|| {
        let drops = StdArc::new(StdCount::new(0));
        let (task, handle) = new_task(ready(Token(drops.clone())));
        let runner = thread::spawn(move || run_to_end(task));
        drop(block_on(handle).unwrap());
        runner.join().unwrap();
        assert_eq!(drops.load(SeqCst), 1);
    });
}

#[test]
fn loom_a_handle_dropped_meanwhile_leaves_one_owner_of_the_output() {
    loom::model(|| {
        let drops = StdArc::new(StdCount::new(0));
        let (task, mut handle) = new_task(ready(Token(drops.clone())));
        let runner = thread::spawn(move || run_to_end(task));
        let waker = std::task::Waker::noop();
        let polled = std::pin::Pin::new(&mut handle).poll(&mut std::task::Context::from_waker(waker));
        drop(handle);
        runner.join().unwrap();
        drop(polled);
        assert_eq!(drops.load(SeqCst), 1);
    });
}

#[test]
fn loom_a_handle_polled_with_another_waker_meanwhile_is_told_through_it() {
    loom::model(|| {
        let (task, mut handle) = new_task(ready(5));
        let runner = thread::spawn(move || run_to_end(task));
        let waker = std::task::Waker::noop();
        let first = std::pin::Pin::new(&mut handle).poll(&mut std::task::Context::from_waker(waker));
        let output = match first {
            std::task::Poll::Ready(output) => output,
            std::task::Poll::Pending => block_on(&mut handle),
        };
        assert_eq!(output.unwrap(), 5);
        runner.join().unwrap();
    });
}

#[test]
fn loom_an_abort_and_the_first_run_meet() {
    loom::model(|| {
        let drops = StdArc::new(StdCount::new(0));
        let token = Token(drops.clone());
        let (task, handle) = new_task(async move {
            drop(token);
            7
        });
        let abort = handle.abort_handle();
        // A new task is queued, so the abort never has to queue it.
        let aborter = thread::spawn(move || abort.abort());
        run_to_end(task);
        let output = block_on(handle);
        assert!(output.is_err_and(|error| error.is_cancelled()) || drops.load(SeqCst) == 1);
        aborter.join().unwrap();
        assert_eq!(drops.load(SeqCst), 1);
    });
}

#[test]
fn loom_shutdown_and_a_handle_meet() {
    loom::model(|| {
        let (task, handle) = new_task(pending::<()>());
        assert_eq!(task.run(), Turn::Pending);
        let dropper = thread::spawn(move || drop(handle));
        assert!(task.cancel_idle());
        // SAFETY: cancelled, and never in a registry.
        unsafe { task.retire() };
        dropper.join().unwrap();
    });
}

/// A task reduced to its state word, a condition, and the number of its queue entries.
struct Skeleton {
    state: State,
    condition: AtomicBool,
    queued: AtomicUsize,
}

impl Skeleton {
    fn wake(&self) {
        self.condition.store(true, Relaxed);
        if self.state.wake_by_ref() == Wake::Schedule {
            assert_eq!(self.queued.fetch_add(1, Relaxed), 0, "queued twice");
        }
    }

    /// Runs the task if it is queued. True once it has seen the condition.
    fn run(&self) -> bool {
        if self.queued.load(Relaxed) == 0 {
            return false;
        }
        self.queued.fetch_sub(1, Relaxed);
        assert_eq!(self.state.start(), Start::Poll);
        let seen = self.condition.load(Relaxed);
        if self.state.finish_pending() {
            self.queued.fetch_add(1, Relaxed);
        }
        seen
    }
}

#[test]
fn loom_a_wake_is_neither_lost_nor_doubled() {
    loom::model(|| {
        let task = Arc::new(Skeleton {
            state: State::new(),
            condition: AtomicBool::new(false),
            queued: AtomicUsize::new(1),
        });
        let wakers: Vec<_> = (0..2)
            .map(|_| {
                let task = task.clone();
                thread::spawn(move || task.wake())
            })
            .collect();
        let mut has_seen = task.run();
        wakers.into_iter().for_each(|waker| waker.join().unwrap());
        while task.queued.load(Relaxed) != 0 {
            has_seen |= task.run();
        }
        assert!(has_seen, "the task sleeps although its condition holds");
    });
}
