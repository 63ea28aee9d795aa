//! Who owns a channel: the senders, the receiver, and weak senders.
//!
//! # Safety
//!
//! 1. All senders together own one reference, the receiver one, each weak sender one. Who gives the last back frees
//!    the channel.

use std::mem;
use std::ops::Deref;
use std::ptr::NonNull;

use crate::shim::atomic::AtomicUsize;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// The two counts, in the header of a channel.
#[derive(Debug)]
pub(super) struct Owners {
    senders: AtomicUsize,
    references: AtomicUsize,
    /// Weak senders; only told to users.
    weak: AtomicUsize,
}

impl Owners {
    /// One sender and one receiver.
    pub(super) fn new() -> Self {
        Self { senders: AtomicUsize::new(1), references: AtomicUsize::new(2), weak: AtomicUsize::new(0) }
    }

    /// Whether there is no sender and so no message but those that were sent already.
    pub(super) fn no_senders(&self) -> bool {
        // ORDERING: Acquire [senders]: the last messages are visible.
        self.senders.load(Acquire) == 0
    }

    pub(super) fn senders(&self) -> usize {
        self.senders.load(Relaxed)
    }

    pub(super) fn weak(&self) -> usize {
        self.weak.load(Relaxed)
    }
}

/// A channel that handles point to.
///
/// # Safety
///
/// `owners` must answer the same counts each time, and `free` must be sound to call once the last reference is given
/// back.
pub(super) unsafe trait Channel {
    fn owners(&self) -> &Owners;

    /// The last sender has gone.
    fn senders_gone(&self);

    /// # Safety
    ///
    /// Nobody may use `this` any more.
    unsafe fn free(this: NonNull<Self>);
}

/// One reference.
pub(super) struct Reference<C: Channel>(NonNull<C>);

// SAFETY: a reference gives out `&C` only, as an `Arc` does.
unsafe impl<C: Channel + Send + Sync> Send for Reference<C> {}
// SAFETY: as above.
unsafe impl<C: Channel + Send + Sync> Sync for Reference<C> {}

impl<C: Channel> Reference<C> {
    /// # Safety
    ///
    /// The caller must give a counted reference away.
    pub(super) unsafe fn from_raw(channel: NonNull<C>) -> Self {
        Self(channel)
    }

    pub(super) fn as_ptr(&self) -> NonNull<C> {
        self.0
    }

    fn another(&self) -> Self {
        // Relaxed: the reference at hand keeps the channel alive.
        self.owners().references.fetch_add(1, Relaxed);
        Self(self.0)
    }
}

impl<C: Channel> Deref for Reference<C> {
    type Target = C;

    #[inline]
    fn deref(&self) -> &C {
        // SAFETY: this reference keeps the channel alive (invariant 1).
        unsafe { self.0.as_ref() }
    }
}

impl<C: Channel> Drop for Reference<C> {
    fn drop(&mut self) {
        // ORDERING: AcqRel [references]: Release publishes our last use; Acquire, for the last, sees everybody's.
        if self.owners().references.fetch_sub(1, AcqRel) == 1 {
            // SAFETY: the last reference (invariant 1).
            unsafe { C::free(self.0) };
        }
    }
}

/// One of the senders.
///
/// The reference is that of all the senders together; it is dropped with the last of them only.
pub(super) struct SenderHandle<C: Channel>(mem::ManuallyDrop<Reference<C>>);

impl<C: Channel> SenderHandle<C> {
    /// # Safety
    ///
    /// The caller must give the first sender and the senders' reference away.
    pub(super) unsafe fn first(channel: NonNull<C>) -> Self {
        // SAFETY: forwarded.
        Self(mem::ManuallyDrop::new(unsafe { Reference::from_raw(channel) }))
    }

    pub(super) fn downgrade(&self) -> WeakHandle<C> {
        WeakHandle::new(self.0.another())
    }
}

impl<C: Channel> Deref for SenderHandle<C> {
    type Target = Reference<C>;

    #[inline]
    fn deref(&self) -> &Reference<C> {
        &self.0
    }
}

impl<C: Channel> Clone for SenderHandle<C> {
    fn clone(&self) -> Self {
        // Relaxed: the sender at hand keeps the count from being zero.
        self.owners().senders.fetch_add(1, Relaxed);
        Self(mem::ManuallyDrop::new(Reference(self.0.as_ptr())))
    }
}

impl<C: Channel> Drop for SenderHandle<C> {
    fn drop(&mut self) {
        // ORDERING: AcqRel [senders]: Release publishes our messages; Acquire, for the last, those of all.
        if self.owners().senders.fetch_sub(1, AcqRel) == 1 {
            // SAFETY: the last sender, dropped once (invariant 1).
            let reference = unsafe { mem::ManuallyDrop::take(&mut self.0) };
            // It is given back after the receiver was woken, also if its waker panics.
            reference.senders_gone();
        }
    }
}

/// A reference that does not keep the channel open.
pub(super) struct WeakHandle<C: Channel>(Reference<C>);

impl<C: Channel> WeakHandle<C> {
    fn new(reference: Reference<C>) -> Self {
        reference.owners().weak.fetch_add(1, Relaxed);
        Self(reference)
    }

    pub(super) fn owners(&self) -> &Owners {
        self.0.owners()
    }

    /// Makes a sender, unless the last has gone.
    pub(super) fn upgrade(&self) -> Option<SenderHandle<C>> {
        let senders = &self.0.owners().senders;
        let mut count = senders.load(Relaxed);
        while count != 0 {
            // ORDERING: Acquire [senders]: this sender comes after the one it was counted beside.
            match senders.compare_exchange_weak(count, count + 1, Acquire, Relaxed) {
                Ok(_) => return Some(SenderHandle(mem::ManuallyDrop::new(Reference(self.0.as_ptr())))),
                Err(current) => count = current,
            }
        }
        None
    }
}

impl<C: Channel> Clone for WeakHandle<C> {
    fn clone(&self) -> Self {
        Self::new(self.0.another())
    }
}

impl<C: Channel> Drop for WeakHandle<C> {
    fn drop(&mut self) {
        self.owners().weak.fetch_sub(1, Relaxed);
    }
}
