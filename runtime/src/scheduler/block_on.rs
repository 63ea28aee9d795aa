//! Running a future on the calling thread, which runs the tasks besides.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use super::hands::Hands;
use super::worker::{self, End, Root};
use super::{SharedRef, context, with_core};
use crate::task::{coop, current};

/// The thread waits without a core.
const NO_WORKER: u32 = u32::MAX;

/// Wakes the thread in `block_on`, wherever it waits.
struct RootWaker {
    is_woken: AtomicBool,
    /// The worker that the thread runs.
    worker: AtomicU32,
    runtime: SharedRef,
    thread: Thread,
}

impl Wake for RootWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // ORDERING: SeqCst [root], like the thread's `worker` and then `is_woken`: either we see the worker that the
        // thread has begun to run, or the thread sees the wake before it sleeps as that worker.
        if self.is_woken.swap(true, SeqCst) {
            return;
        }
        match self.worker.load(SeqCst) {
            NO_WORKER => self.thread.unpark(),
            worker => {
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
        // ORDERING: SeqCst [root].
        self.state.is_woken.load(SeqCst)
    }

    fn poll(&mut self) -> bool {
        if !self.state.is_woken.swap(false, SeqCst) {
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
        // ORDERING: SeqCst [root].
        self.state.worker.store(worker, SeqCst);
    }
}

/// Notes that the thread runs no worker any more, also when the future panics.
struct AtRest<'a>(&'a RootWaker);

impl Drop for AtRest<'_> {
    fn drop(&mut self) {
        self.0.worker.store(NO_WORKER, SeqCst);
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
        is_woken: AtomicBool::new(true),
        worker: AtomicU32::new(NO_WORKER),
        runtime: runtime.clone(),
        thread: std::thread::current(),
    });
    let waker = Waker::from(state.clone());
    let mut root = RootFuture { future: pin!(future), state: &state, waker: &waker, output: None };
    let mut waiting = Waiting { runtime, thread: &state.thread, is_listed: false };
    loop {
        let ended = match runtime.take_core(Some(&state.thread)) {
            Some(core) => {
                let _at_rest = AtRest(&state);
                let hands = Hands::new(runtime, core);
                worker::run(&hands, &mut root) == End::RootReady
            }
            None => {
                waiting.is_listed = true;
                root.poll()
            }
        };
        if ended && let Some(output) = root.output.take() {
            return output;
        }
        assert!(
            !runtime.has_panicked(),
            "a task panicked, and the runtime is set to shut down for that (`unhandled_panic`)"
        );
        if !root.is_woken() {
            std::thread::park();
        }
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
