//! Running a future on the calling thread, which runs the tasks besides.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use super::hands::Hands;
use super::root_signal::{RootSignal, Tell};
use super::worker::{self, Root};
use super::{SharedRef, context, with_core};
use crate::task::{coop, current};

/// Wakes the thread in `block_on`, wherever it waits.
struct RootWaker {
    signal: RootSignal,
    runtime: SharedRef,
    thread: Thread,
}

impl Wake for RootWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        match self.signal.wake() {
            Tell::Nobody => {}
            Tell::Thread => self.thread.unpark(),
            Tell::Worker(worker) => {
                let is_here = with_core(|core| {
                    core.is_some_and(|core| {
                        core.index == worker && std::ptr::eq(core.shared(), &*self.runtime)
                    })
                });
                if !is_here {
                    self.runtime.note_foreign_thread();
                    self.runtime.remote(worker).tell();
                    // The thread may have let go of its core since.
                    self.thread.unpark();
                }
            }
        }
    }
}

struct RootFuture<'a, F: Future> {
    future: Pin<&'a mut F>,
    state: &'a RootWaker,
    waker: &'a Waker,
    output: Option<F::Output>,
}

impl<F: Future> Root for RootFuture<'_, F> {
    #[inline]
    fn is_woken(&self) -> bool {
        self.state.signal.is_woken()
    }

    fn may_sleep(&self) -> bool {
        self.state.signal.may_sleep()
    }

    fn poll(&mut self) -> bool {
        if !self.state.signal.take() {
            return false;
        }
        let mut cx = Context::from_waker(self.waker);
        match coop::with_budget(|| self.future.as_mut().poll(&mut cx)) {
            Poll::Ready(output) => {
                self.output = Some(output);
                true
            }
            Poll::Pending => false,
        }
    }

    fn run_by(&self, worker: u32) {
        self.state.signal.run_by(worker);
    }
}

/// Notes that the thread runs no worker any more, also when the future panics.
struct AtRest<'a>(&'a RootWaker);

impl Drop for AtRest<'_> {
    fn drop(&mut self) {
        self.0.signal.rest();
    }
}

/// Runs `future` to its end on this thread.
///
/// # Panics
///
/// If this thread runs a worker already.
#[track_caller]
pub(crate) fn block_on<F: Future>(runtime: &SharedRef, future: F) -> F::Output {
    assert!(
        with_core(|core| core.is_none()),
        "block_on called from inside a runtime: the thread that would wait is the one that has to run the tasks. \
         Await the future instead, or move the call into `spawn_blocking`"
    );
    let _entered = context::enter(runtime.clone());
    // Inside `block_in_place` the task around stands still.
    let _no_task = current::enter_none();
    let state = Arc::new(RootWaker {
        signal: RootSignal::new(),
        runtime: runtime.clone(),
        thread: std::thread::current(),
    });
    let waker = Waker::from(state.clone());
    let mut root = RootFuture { future: pin!(future), state: &state, waker: &waker, output: None };
    let mut waiting = Waiting { runtime, thread: &state.thread, is_listed: false };
    loop {
        match runtime.take_core(Some(&state.thread)) {
            Some(core) => {
                let _at_rest = AtRest(&state);
                let hands = Hands::new(runtime, core);
                worker::run(&hands, &mut root);
            }
            None => {
                waiting.is_listed = true;
                // INVARIANT: nothing of the user runs between the question for a core and sleep. A poll may take the news that one
                // came free out of the thread, by waiting for something else: so it is followed by the question again.
                if root.is_woken() {
                    root.poll();
                } else if root.may_sleep() {
                    std::thread::park();
                }
            }
        }
        if let Some(output) = root.output.take() {
            return output;
        }
        assert!(
            !runtime.has_panicked(),
            "a task panicked, and the runtime is set to shut down for that (`unhandled_panic`)"
        );
    }
}

/// Takes the thread off the list of those that wait for a core.
struct Waiting<'a> {
    runtime: &'a SharedRef,
    thread: &'a Thread,
    is_listed: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.is_listed {
            self.runtime.stop_waiting(self.thread);
        }
    }
}
