//! What is said where something is called in the wrong place: word for word, for it has to say what to do.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use minato_runtime::runtime::Handle;
use minato_runtime::task::{self, JoinSet, TaskTracker, spawn_blocking};
use minato_runtime::{spawn, time};
use support::{all_flavors, current_thread, multi_thread};

#[track_caller]
fn message_of<R>(f: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else { panic!("it should have panicked") };
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).to_owned(),
    }
}

fn needs_a_runtime(what: &str) -> String {
    format!(
        "{what} needs a Minato runtime, and this thread is in none: call it inside `Runtime::block_on` or a task, or \
         enter a runtime first with `Handle::enter`"
    )
}

#[test]
fn outside_of_runtimes() {
    assert_eq!(message_of(|| spawn(async {})), needs_a_runtime("spawn"));
    assert_eq!(message_of(|| spawn_blocking(|| ())), needs_a_runtime("spawn_blocking"));
    assert_eq!(message_of(Handle::current), needs_a_runtime("Handle::current"));
    assert_eq!(message_of(time::pause), needs_a_runtime("time::pause"));
    assert_eq!(message_of(|| JoinSet::new().spawn(async {})), needs_a_runtime("spawn"));
    assert_eq!(message_of(|| TaskTracker::new().spawn(async {})), needs_a_runtime("spawn"));
    let mut sleep = std::pin::pin!(time::sleep(Duration::from_secs(1)));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert_eq!(message_of(|| sleep.as_mut().poll(&mut cx)), needs_a_runtime("a timer"));
    assert_eq!(Handle::try_current().unwrap_err().to_string(), "this thread is in no Minato runtime");
    assert_eq!(
        message_of(task::id),
        "task::id() called outside a task; the future given to block_on is not one"
    );
}

#[test]
fn blocking_inside_a_runtime() {
    let expected = "block_on called from inside a runtime: the thread that would wait is the one that has to run the \
                    tasks. Await the future instead, or move the call into `spawn_blocking`";
    for rt in all_flavors() {
        let other = current_thread();
        rt.block_on(async {
            assert_eq!(message_of(|| Handle::current().block_on(async {})), expected);
            assert_eq!(message_of(|| other.block_on(async {})), expected);
            let in_task = spawn(async { message_of(|| Handle::current().block_on(async {})) });
            assert_eq!(in_task.await.unwrap(), expected);
            // On a thread of its own it is allowed.
            assert_eq!(spawn_blocking(|| Handle::current().block_on(async { 4 })).await.unwrap(), 4);
        });
    }
}

#[test]
fn a_clock_that_cannot_be_paused() {
    let expected = "time::pause: only the clock of a current-thread runtime can be paused; tasks on other threads would go on";
    assert_eq!(message_of(|| multi_thread(2).block_on(async { time::pause() })), expected);
    current_thread().block_on(async {
        assert_eq!(message_of(time::resume), "time::resume: the clock is not paused");
        time::pause();
        assert_eq!(message_of(time::pause), "time::pause: the clock stands still already");
    });
}

#[test]
fn a_runtime_dropped_in_an_async_context_ends_without_a_panic() {
    for rt in all_flavors() {
        for inner in all_flavors() {
            let task = inner.spawn(std::future::pending::<()>());
            rt.block_on(async {
                drop(inner);
                assert!(task.await.unwrap_err().is_cancelled());
            });
        }
    }
}
