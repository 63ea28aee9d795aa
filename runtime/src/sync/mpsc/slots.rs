//! Slots for values, and an allocation that holds a header and slots after it.
//!
//! # Safety
//!
//! 1. A slot is claimed by one sender at a time, who fills it once. It is claimed again only after the receiver has
//!    emptied it, and the new claim happens after that.
//! 2. The value of a slot is initialised exactly while its state is `FULL`, and belongs to the receiver then.
//! 3. One receiver at a time uses `take` and `mark`.
//! 4. A [`WithSlots`] is only ever reached through the pointer its `allocate` returned, whose provenance covers the
//!    slots; `slot` is called with an index below the number it was allocated with.

use std::alloc::{self, Layout};
use std::mem::{MaybeUninit, offset_of};
use std::ptr::{self, NonNull};

use crate::shim::UnsafeCell;
use crate::shim::atomic::AtomicU8;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// Zero, so that a zeroed allocation is a row of empty slots.
const EMPTY: u8 = 0;
/// The receiver waits for this slot.
const MARKED: u8 = 1;
const FULL: u8 = 2;

/// Room for one value.
pub(super) struct Slot<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Slot<T> {
    #[cfg(loom)]
    fn empty() -> Self {
        Self { state: AtomicU8::new(EMPTY), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Fills the slot; answers whether the receiver waits for it, and must be woken.
    ///
    /// # Safety
    ///
    /// The caller must have claimed the slot (invariant 1), and not fill it again.
    #[inline]
    pub(super) unsafe fn fill(&self, value: T) -> bool {
        // SAFETY: claimed by the caller, and not full: the receiver leaves the value alone (invariant 2).
        self.value.with_mut(|slot| unsafe { (*slot).write(value) });
        // ORDERING: AcqRel [slot]: Release publishes the value; Acquire sees the waker registered before the mark.
        self.state.swap(FULL, AcqRel) == MARKED
    }

    /// Takes the value, if there is one.
    ///
    /// # Safety
    ///
    /// The caller must be the receiver (invariant 3).
    #[inline]
    pub(super) unsafe fn take(&self) -> Option<T> {
        // ORDERING: Acquire [slot]: the value.
        if self.state.load(Acquire) != FULL {
            return None;
        }
        // SAFETY: invariant 2; the state is changed below before anybody else can see it (invariant 1).
        let value = self.value.with_mut(|slot| unsafe { (*slot).assume_init_read() });
        // Relaxed: a ring publishes this by giving the permit back, a list does not use the slot again.
        self.state.store(EMPTY, Relaxed);
        Some(value)
    }

    /// Marks the slot as waited for; answers false if it is full already.
    #[inline]
    pub(super) fn mark(&self) -> bool {
        // ORDERING: AcqRel [slot]: Release publishes the registration of the waker; Acquire, on failure, the value.
        self.state.compare_exchange(EMPTY, MARKED, AcqRel, Acquire) != Err(FULL)
    }
}

/// A header and, after it, slots.
#[repr(C)]
pub(super) struct WithSlots<H, T> {
    pub(super) header: H,
    slots: [Slot<T>; 0],
}

impl<H, T> WithSlots<H, T> {
    fn layout(slots: usize) -> Layout {
        let size = slots
            .checked_mul(size_of::<Slot<T>>())
            .and_then(|size| size.checked_add(offset_of!(Self, slots)))
            .map(|size| size.max(size_of::<Self>()));
        let layout = size.and_then(|size| Layout::from_size_align(size, align_of::<Self>()).ok());
        layout.expect("the channel is larger than the address space")
    }

    /// Allocates `header` and `count` empty slots.
    pub(super) fn allocate(header: H, count: usize) -> NonNull<Self> {
        let layout = Self::layout(count);
        // SAFETY: the layout is not of size zero: a header with an atomic in it, or at least one slot.
        let memory = unsafe { alloc::alloc_zeroed(layout) }.cast::<Self>();
        let Some(this) = NonNull::new(memory) else { alloc::handle_alloc_error(layout) };
        // SAFETY: fresh memory of the right layout.
        unsafe { (&raw mut (*memory).header).write(header) };
        // loom's atomics are not zeroes; the real ones are (`EMPTY` is 0).
        #[cfg(loom)]
        for index in 0..count {
            // SAFETY: in bounds of the allocation.
            unsafe { Self::slot_ptr(this, index).cast_mut().write(Slot::empty()) };
        }
        this
    }

    /// Where the slot at `index` is, good for reaching the others from there.
    #[inline]
    pub(super) fn slot_ptr(this: NonNull<Self>, index: usize) -> *const Slot<T> {
        // SAFETY: in bounds by invariant 4.
        unsafe { (&raw const (*this.as_ptr()).slots).cast::<Slot<T>>().add(index) }
    }

    /// The slot at `index`.
    ///
    /// # Safety
    ///
    /// `this` must be alive for `'a`, and invariant 4 must hold.
    #[inline]
    pub(super) unsafe fn slot<'a>(this: NonNull<Self>, index: usize) -> &'a Slot<T> {
        // SAFETY: the caller's word.
        unsafe { &*Self::slot_ptr(this, index) }
    }

    /// Frees the allocation and drops the header; values still in the slots are leaked.
    ///
    /// # Safety
    ///
    /// Nobody may use `this` any more, and it must have been allocated with `count` slots.
    pub(super) unsafe fn free(this: NonNull<Self>, count: usize) {
        let memory = this.as_ptr();
        #[cfg(loom)]
        for index in 0..count {
            // SAFETY: in bounds, and written by `allocate`.
            unsafe { ptr::drop_in_place(Self::slot_ptr(this, index).cast_mut()) };
        }
        // SAFETY: the caller's word; the same layout as in `allocate`.
        unsafe {
            ptr::drop_in_place(&raw mut (*memory).header);
            alloc::dealloc(memory.cast(), Self::layout(count));
        }
    }
}
