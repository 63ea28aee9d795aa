//! The waker of whoever awaits a task, in one word.
//!
//! Most who await a task are tasks themselves: of those the address is kept, and their reference. Any other waker is kept in
//! a block of its own.
//!
//! # Safety
//!
//! 1. The word is null for none, or the address of a task and owns one reference to it, or has `FOREIGN` on and is
//!    otherwise the address of a waker from [`scheduler::allocate`], which it owns. Both are aligned to more than `FOREIGN`.

use std::ptr::{self, NonNull};
use std::task::Waker;

use super::header::Header;
use super::waker;
use crate::scheduler;

/// The lowest bit of the address of a waker that is not a task's.
const FOREIGN: usize = 1;
const _: () = assert!(align_of::<Header>() > FOREIGN && align_of::<Waker>() > FOREIGN);

/// A waker, or none.
#[derive(Debug)]
pub(super) struct JoinWaker(*mut ());

impl JoinWaker {
    pub(super) const NONE: Self = Self(ptr::null_mut());

    /// Clones `waker`: somebody else's code, unless it is a task's.
    #[inline]
    pub(super) fn of(waker: &Waker) -> Self {
        match waker::task_of(waker) {
            Some(task) => {
                task.header().state.add_reference();
                Self(task.as_ptr().cast())
            }
            None => Self(scheduler::allocate(waker.clone()).as_ptr().map_addr(|addr| addr | FOREIGN).cast()),
        }
    }

    /// Takes what is there, and leaves none.
    #[inline]
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::NONE)
    }

    /// Whether `waker` wakes the same; not if there is none.
    #[inline]
    pub(super) fn will_wake(&self, waker: &Waker) -> bool {
        match self.foreign() {
            // SAFETY: (1).
            Some(own) => unsafe { own.as_ref() }.will_wake(waker),
            None => {
                !self.0.is_null() && waker::task_of(waker).is_some_and(|task| task.as_ptr().cast() == self.0)
            }
        }
    }

    /// The waker, to be woken or dropped: somebody else's code, unless it is a task's.
    #[inline]
    pub(super) fn into_waker(self) -> Option<Waker> {
        let word = std::mem::ManuallyDrop::new(self);
        if let Some(block) = word.foreign() {
            // SAFETY: (1): the waker is moved out, and its block is ours to free.
            return Some(unsafe {
                let waker = block.read();
                scheduler::free(block);
                waker
            });
        }
        // SAFETY: (1): the reference goes to the waker.
        NonNull::new(word.0.cast::<Header>()).map(|task| unsafe { waker::owned(task) })
    }

    fn foreign(&self) -> Option<NonNull<Waker>> {
        let is_foreign = self.0.addr() & FOREIGN != 0;
        is_foreign.then(|| NonNull::new(self.0.map_addr(|addr| addr & !FOREIGN).cast())).flatten()
    }
}

impl Drop for JoinWaker {
    fn drop(&mut self) {
        if !self.0.is_null() {
            drop(self.take().into_waker());
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::task::{Id, JoinHandle, TaskRef, allocate};
    use crate::test_support::CountingWaker;

    fn task() -> TaskRef {
        let origin = std::panic::Location::caller().into();
        let task = allocate(async {}, Id::next(), ptr::null(), origin);
        // SAFETY: new, and its output is `()`.
        drop(unsafe { JoinHandle::<()>::new(task) });
        task
    }

    #[test]
    fn a_waker_of_a_task_is_kept_as_the_task_and_one_of_its_references() {
        let (task, other) = (task(), task());
        let waker = waker::owned_for_tests(task);
        let kept = JoinWaker::of(&waker);
        assert!(kept.will_wake(&waker));
        assert!(!kept.will_wake(Waker::noop()));
        assert!(!kept.will_wake(&waker::owned_for_tests(other)));
        drop(waker);
        let back = kept.into_waker().unwrap();
        assert!(back.will_wake(&waker::owned_for_tests(task)));
        drop(back);
        for task in [task, other] {
            task.cancel_queued();
            // SAFETY: cancelled, and in no registry; this frees it, since no reference was lost or kept.
            unsafe { task.retire() };
        }
    }

    #[test]
    fn any_other_waker_is_kept_as_it_is() {
        let (count, waker) = CountingWaker::new();
        let kept = JoinWaker::of(&waker);
        assert!(kept.will_wake(&waker));
        assert_eq!(Arc::strong_count(&count), 3);
        drop(JoinWaker::of(&waker));
        assert_eq!(Arc::strong_count(&count), 3);
        kept.into_waker().unwrap().wake();
        assert_eq!((count.count(), Arc::strong_count(&count)), (1, 2));
        assert!(JoinWaker::NONE.into_waker().is_none());
        assert!(!JoinWaker::NONE.will_wake(&waker));
    }
}
