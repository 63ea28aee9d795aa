//! The core in the hands of a thread, and lending it while the thread blocks.
//!
//! `block_in_place` is called in the middle of a poll, deep inside the calls by which this thread runs its core. It gives
//! the core to another thread, blocks, and afterwards takes whichever core rests, or none. So the calls further out find
//! the core that they run gone when the poll returns. They learn it from a flag, touch the core no more, and return to
//! the loop, which goes on with what is now in its hands.
//!
//! # Safety
//!
//! 1. `HANDS` points to the hands of this thread while it runs their core.
//! 2. Between [`lend`] and the return to [`Hands::hold`], no call on this thread touches the core it was given. A core is
//!    lent only inside a poll of a task or of the future of `block_on`; what calls those asks [`was_lent`] before
//!    it goes on.

use std::cell::Cell;
use std::ptr;

use super::{Core, Shared, context};
use crate::task::{TaskRef, Turn, current};

thread_local! {
    static HANDS: Cell<*const Context> = const { Cell::new(ptr::null()) };
    static WAS_LENT: Cell<bool> = const { Cell::new(false) };
}

/// Whether the core that this thread ran was lent in the poll that just returned.
#[inline]
pub(super) fn was_lent() -> bool {
    WAS_LENT.get()
}

/// Gives a core back when it is dropped, also when one of the user's wakers panics.
pub(super) struct Hands<'a> {
    runtime: &'a Shared,
    context: Context,
}

struct Context {
    core: Cell<Option<Box<Core>>>,
    /// A poll goes on without a core.
    is_empty_handed: Cell<bool>,
    /// The future of `block_on` is polled.
    is_polling_root: Cell<bool>,
}

impl<'a> Hands<'a> {
    pub(super) fn new(runtime: &'a Shared, core: Box<Core>) -> Self {
        let context = Context {
            core: Cell::new(Some(core)),
            is_empty_handed: Cell::new(false),
            is_polling_root: Cell::new(false),
        };
        Self { runtime, context }
    }

    /// Runs `f` with the core as that of this thread, unless the last poll left none.
    pub(super) fn hold<R>(&self, f: impl FnOnce(&Core) -> R) -> Option<R> {
        struct Restore(*const Context, bool);
        impl Drop for Restore {
            fn drop(&mut self) {
                HANDS.set(self.0);
                WAS_LENT.set(self.1);
            }
        }
        let core = self.context.core.take()?;
        let address: *const Core = &raw const *core;
        self.context.core.set(Some(core));
        // Further out may be a poll that has lent its core: this is `block_on` inside it.
        let _restore = Restore(HANDS.replace(&raw const self.context), WAS_LENT.replace(false));
        // SAFETY: the box stays where it is until the hands are dropped or it is lent; see (2).
        let core = unsafe { &*address };
        Some(context::run_as(core, || f(core)))
    }

    /// Polls the future of `block_on`, which may lend the core.
    pub(super) fn poll_root<R>(poll: impl FnOnce() -> R) -> R {
        struct Restore(bool);
        impl Drop for Restore {
            fn drop(&mut self) {
                with_context(|context| context.is_polling_root.set(self.0));
            }
        }
        let outer = with_context(|context| context.is_polling_root.replace(true));
        let _restore = Restore(outer.unwrap_or(false));
        poll()
    }
}

impl Drop for Hands<'_> {
    fn drop(&mut self) {
        if let Some(core) = self.context.core.take() {
            self.runtime.give_back(core);
        }
        if self.context.is_empty_handed.get() {
            self.runtime.end_without_core();
        }
    }
}

fn with_context<R>(f: impl FnOnce(&Context) -> R) -> Option<R> {
    // SAFETY: (1).
    unsafe { HANDS.get().as_ref() }.map(f)
}

/// Ends the turn of a task in which the core was lent.
#[cold]
pub(super) fn finish_turn(task: TaskRef, turn: Turn) {
    context::with_core(|core| match core {
        Some(core) => core.finish(task, turn),
        None => match turn {
            Turn::Pending => {}
            // SAFETY: the task is one of a runtime, and its queue entry is ours.
            Turn::Requeue => unsafe { super::schedule_remote(task) },
            // SAFETY: the task is one of a runtime, which it keeps alive until its worker has seen to its end.
            Turn::Complete => unsafe { &*task.shared() }.send_complete(task),
        },
    });
}

/// Which runtimes a core may be lent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lender {
    /// Those with threads to take it over.
    #[cfg(feature = "rt-multi-thread")]
    MultiThread,
    /// Also those without: their tasks wait, unless `block_on` is called meanwhile.
    Any,
}

/// Lends the core of this thread, if it runs one inside a poll, until the value is dropped.
///
/// # Errors
///
/// If the runtime has no thread to take it over.
pub(crate) fn lend(lender: Lender) -> Result<Option<Lent>, NoThread> {
    let Some(runtime) = context::with_core(|core| core.map(|core| super::SharedRef::of(core.shared())))
    else {
        return Ok(None);
    };
    if lender != Lender::Any && runtime.is_current_thread() {
        return Err(NoThread);
    }
    let core = with_context(|context| {
        let is_in_poll = context.is_polling_root.get() || current::with(|task| task.is_some());
        if is_in_poll { context.core.take() } else { None }
    });
    let Some(core) = core.flatten() else { return Ok(None) };
    core.stop();
    WAS_LENT.set(true);
    context::let_go_of_core();
    with_context(|context| context.is_empty_handed.set(true));
    runtime.lend(core);
    Ok(Some(Lent { runtime }))
}

/// There is one thread, which must not block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoThread;

/// Takes a core, if one rests, when dropped.
#[derive(Debug)]
pub(crate) struct Lent {
    runtime: super::SharedRef,
}

impl Drop for Lent {
    fn drop(&mut self) {
        with_context(|context| {
            if let Some(core) = self.runtime.take_core_after_lending() {
                context::take_up_core(&core);
                context.core.set(Some(core));
                context.is_empty_handed.set(false);
            }
        });
    }
}
