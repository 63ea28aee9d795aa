//! Counted references to a runtime, cheap for its own workers.
//!
//! Every task, timer and socket keeps its runtime alive. Were each a plain counted reference, all workers would
//! fight over one counter. So a worker takes references from the counter a thousand at a time, and hands them out
//! and takes them back without touching it. A reference does not know where it came from: what is handed out by one
//! worker may be taken back by another, or by the counter.
//!
//! # Safety
//!
//! 1. `references` is the number of `SharedRef`s and task credits there are, plus what workers hold in stock.
//! 2. The `Shared` is freed by whoever brings it to zero.

use std::fmt;
use std::ops::Deref;
use std::ptr::{self, NonNull};

use super::{Core, Shared, context};
use crate::shim::atomic::Ordering::{AcqRel, Relaxed};

/// References a worker takes, or gives back, at a time.
pub(super) const STOCK: usize = 1024;

pub(crate) struct SharedRef(NonNull<Shared>);

// SAFETY: `Shared` is made to be shared; the count is atomic.
unsafe impl Send for SharedRef {}
// SAFETY: as above.
unsafe impl Sync for SharedRef {}

impl SharedRef {
    /// The first reference to a new runtime.
    pub(super) fn new(shared: Shared) -> Self {
        Self(NonNull::from(Box::leak(Box::new(shared))))
    }

    pub(crate) fn as_ptr(&self) -> *const Shared {
        self.0.as_ptr()
    }

    /// Turns the reference into a credit, to be given back by [`Shared::return_credit`].
    pub(crate) fn into_credit(self) -> *const Shared {
        let shared = self.as_ptr();
        std::mem::forget(self);
        shared
    }

    /// A reference to a runtime that is known to be alive.
    pub(super) fn of(shared: &Shared) -> Self {
        Shared::take_credit(shared);
        Self(NonNull::from(shared))
    }
}

impl Core {
    /// A reference to the runtime of this core.
    #[inline]
    pub(super) fn new_reference(&self) -> SharedRef {
        self.take_credit();
        SharedRef(NonNull::from(self.shared()))
    }

    /// A task's credit with the runtime of this core.
    #[inline]
    pub(super) fn new_credit(&self) -> *const Shared {
        self.take_credit();
        self.shared()
    }

    /// Takes a reference to the runtime of this core into the stock; hands it out again if that is full enough.
    #[inline]
    pub(super) fn take_back(&self, reference: SharedRef) -> Option<SharedRef> {
        debug_assert!(ptr::eq(self.shared(), &*reference));
        if self.credits.get() >= 2 * STOCK {
            return Some(reference);
        }
        self.credits.set(self.credits.get() + 1);
        // It lives on in the stock.
        std::mem::forget(reference);
        None
    }

    /// Adds one to the count, from the stock.
    #[inline]
    fn take_credit(&self) {
        let stock = self.credits.get();
        if stock == 0 {
            self.shared().add_references(STOCK);
            self.credits.set(STOCK - 1);
        } else {
            self.credits.set(stock - 1);
        }
    }

    /// Takes one into the stock; returns how many are to be given back to the count.
    #[inline]
    fn stock_credit(&self) -> usize {
        let stock = self.credits.get();
        self.credits.set(stock + 1);
        if stock == 2 * STOCK { self.take_excess() } else { 0 }
    }

    #[cold]
    fn take_excess(&self) -> usize {
        self.credits.set(self.credits.get() - STOCK);
        STOCK
    }
}

impl Shared {
    /// Adds one to the count, from the stock of the worker that runs if there is one.
    fn take_credit(shared: &Shared) {
        context::with_core(|core| match core {
            Some(core) if ptr::eq(core.shared(), shared) => {
                core.take_credit();
            }
            _ => shared.add_references(1),
        });
    }

    fn add_references(&self, count: usize) {
        // ORDERING: Relaxed: made from an existing reference.
        if self.references.fetch_add(count, Relaxed) > isize::MAX as usize {
            std::process::abort();
        }
    }

    /// Takes one from the count, into the stock of the worker that runs if there is one.
    ///
    /// # Safety
    ///
    /// The caller owns one, and does not use it again.
    pub(crate) unsafe fn return_credit(shared: *const Shared) {
        let excess = context::with_core(|core| match core {
            Some(core) if ptr::eq(core.shared(), shared) => core.stock_credit(),
            _ => 1,
        });
        if excess != 0 {
            // SAFETY: the references are ours.
            unsafe { Self::drop_references(shared, excess) };
        }
    }

    /// # Safety
    ///
    /// The caller owns `count` references, and does not use them again.
    pub(super) unsafe fn drop_references(shared: *const Shared, count: usize) {
        // SAFETY: alive until this subtraction.
        // ORDERING: AcqRel: the last one sees what all the others did.
        if unsafe { &*shared }.references.fetch_sub(count, AcqRel) == count {
            // SAFETY: (2); it came from a box.
            drop(unsafe { Box::from_raw(shared.cast_mut()) });
        }
    }
}

impl Deref for SharedRef {
    type Target = Shared;

    #[inline]
    fn deref(&self) -> &Shared {
        // SAFETY: (1).
        unsafe { self.0.as_ref() }
    }
}

impl Clone for SharedRef {
    fn clone(&self) -> Self {
        Self::of(self)
    }
}

impl Drop for SharedRef {
    fn drop(&mut self) {
        // SAFETY: the reference is ours.
        unsafe { Shared::return_credit(self.as_ptr()) };
    }
}

impl fmt::Debug for SharedRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runtime").field(&self.as_ptr()).finish()
    }
}
