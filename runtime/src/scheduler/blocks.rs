//! Freed blocks that a worker keeps for the next task or channel.
//!
//! A task lives for one allocation, and most live for microseconds: what one leaves, the next one takes, of the same
//! size to the next sixteen bytes and still in the cache of this core. Threads that run no worker, and sizes beyond the
//! largest class, go to the global allocator. So does everything under a sanitizer (`--cfg minato_sanitize`), which
//! would not see a use after free through blocks that are never freed.
//!
//! # Safety
//!
//! 1. A block was allocated by the global allocator with [`layout`] of its class, whoever allocated it, so anybody may
//!    free it or keep it.
//! 2. A block in a list belongs to that list; its first word is the next block or null.
//! 3. A `Blocks` belongs to a core, so one thread at a time touches it, and no code of the user runs meanwhile.

use std::alloc::{self, Layout};
use std::cell::Cell;
use std::fmt;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use super::context;
use crate::limits::KEPT_BLOCK_BYTES_MAX;

/// The classes are the multiples of this, which is also the alignment of every block.
const STEP: usize = 16;
/// Classes; larger blocks are not kept.
const CLASSES: usize = 32;
const IS_KEEPING: bool = cfg!(not(any(loom, minato_sanitize)));

struct Free {
    next: *mut Free,
}

pub(super) struct Blocks {
    lists: [Cell<*mut Free>; CLASSES],
    /// Bytes in all lists.
    kept: Cell<usize>,
}

/// The class of values of type `T`; none if their blocks are not kept.
const fn class<T>() -> Option<usize> {
    let size = size_of::<T>();
    if IS_KEEPING && size != 0 && size <= STEP * CLASSES && align_of::<T>() <= STEP {
        Some((size - 1) / STEP)
    } else {
        None
    }
}

const fn size(class: usize) -> usize {
    (class + 1) * STEP
}

/// What a block for a `T` is allocated with.
const fn layout<T>() -> Layout {
    match class::<T>() {
        Some(class) => match Layout::from_size_align(size(class), STEP) {
            Ok(layout) => layout,
            Err(_) => unreachable!(),
        },
        None => Layout::new::<T>(),
    }
}

/// Moves `value` to the heap; to be freed with [`free`] only.
#[inline]
pub(crate) fn allocate<T>(value: T) -> NonNull<T> {
    allocate_with(|| value)
}

/// As [`allocate`], of a value that is made where it will stand; `make` does not panic.
#[inline(always)]
pub(crate) fn allocate_with<T>(make: impl FnOnce() -> T) -> NonNull<T> {
    const { assert!(size_of::<T>() != 0) };
    let kept = match const { class::<T>() } {
        Some(class) => context::with_core(|core| core.and_then(|core| core.blocks.take(class))),
        None => None,
    };
    let block = kept.unwrap_or_else(|| allocate_fresh(const { layout::<T>() })).cast::<T>();
    // SAFETY: the block is ours, and its size and alignment are at least those of a `T` (1).
    unsafe { block.write(make()) };
    block
}

#[cold]
fn allocate_fresh(layout: Layout) -> NonNull<MaybeUninit<u8>> {
    // SAFETY: no layout here has size zero: `allocate` asserts it.
    let block = unsafe { alloc::alloc(layout) };
    NonNull::new(block.cast()).unwrap_or_else(|| alloc::handle_alloc_error(layout))
}

/// Frees the memory of a `T` without dropping it.
///
/// # Safety
///
/// It came from [`allocate`], and nobody uses it any more.
#[inline]
pub(crate) unsafe fn free<T>(block: NonNull<T>) {
    let is_kept = const { class::<T>() }.is_some_and(|class| {
        context::with_core(|core| {
            let Some(core) = core else { return false };
            // SAFETY: the block is ours, and of this class (1).
            unsafe { core.blocks.keep(class, block.cast()) }
        })
    });
    if !is_kept {
        // SAFETY: (1), and it is not used again.
        unsafe { alloc::dealloc(block.as_ptr().cast(), const { layout::<T>() }) };
    }
}

impl Blocks {
    pub(super) fn new() -> Self {
        Self { lists: [const { Cell::new(ptr::null_mut()) }; CLASSES], kept: Cell::new(0) }
    }

    #[inline]
    fn take(&self, class: usize) -> Option<NonNull<MaybeUninit<u8>>> {
        let list = &self.lists[class];
        let first = NonNull::new(list.get())?;
        // SAFETY: (2), (3).
        list.set(unsafe { first.as_ref() }.next);
        self.kept.set(self.kept.get() - size(class));
        Some(first.cast())
    }

    /// False if enough is kept.
    ///
    /// # Safety
    ///
    /// The block is of this class, and the caller gives it up if true is returned.
    #[inline]
    unsafe fn keep(&self, class: usize, block: NonNull<Free>) -> bool {
        let kept = self.kept.get() + size(class);
        if kept > KEPT_BLOCK_BYTES_MAX {
            return false;
        }
        self.kept.set(kept);
        let list = &self.lists[class];
        // SAFETY: given up by the caller, and large enough: a class is at least sixteen bytes.
        unsafe { block.write(Free { next: list.get() }) };
        list.set(block.as_ptr());
        true
    }

    /// Bytes in all lists.
    #[cfg(all(test, not(loom), not(minato_sanitize)))]
    fn kept(&self) -> usize {
        self.kept.get()
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        for class in 0..CLASSES {
            while let Some(block) = self.take(class) {
                let layout = Layout::from_size_align(size(class), STEP);
                // SAFETY: (1); it was taken out of the list.
                let _ = layout.map(|layout| unsafe { alloc::dealloc(block.as_ptr().cast(), layout) });
            }
        }
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").field("kept", &self.kept.get()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom), not(minato_sanitize)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_freed_is_taken_again_by_its_class_only() {
        let blocks = Blocks::new();
        let block = allocate([1_u8; 40]);
        // SAFETY: given up; forty bytes are of the third class.
        assert!(unsafe { blocks.keep(2, block.cast()) });
        assert_eq!(blocks.kept(), 48);
        assert!(blocks.take(1).is_none());
        assert_eq!(blocks.take(2).map(NonNull::cast), Some(block));
        assert_eq!(blocks.kept(), 0);
        // SAFETY: made above, and not used again.
        unsafe { free(block) };
    }

    #[test]
    fn no_more_is_kept_than_the_limit() {
        let blocks = Blocks::new();
        let most = KEPT_BLOCK_BYTES_MAX / 512;
        for _ in 0..most {
            // SAFETY: given up.
            assert!(unsafe { blocks.keep(31, allocate([0_u8; 512]).cast()) });
        }
        let one_more = allocate([0_u8; 512]);
        // SAFETY: not taken, so still ours.
        unsafe {
            assert!(!blocks.keep(31, one_more.cast()));
            free(one_more);
        }
        assert!(blocks.kept() <= KEPT_BLOCK_BYTES_MAX);
    }

    #[test]
    fn sizes_and_alignments_beyond_the_classes_go_to_the_allocator() {
        #[repr(align(64))]
        struct Aligned(#[expect(dead_code, reason = "only its place counts")] u8);
        let aligned = allocate(Aligned(1));
        assert!(aligned.as_ptr().is_aligned());
        let large = allocate([0_u8; 513]);
        // SAFETY: made above, and not used again.
        unsafe {
            free(aligned);
            free(large);
        }
    }
}
