//! A value that its owner uses without a lock, and that others may use while the owner does not.
//!
//! The owner raises a flag while it is inside, two plain stores. Somebody else raises another and has every thread pass a
//! barrier, after which it knows whether the owner is inside; if so it goes away. So the price of the exclusion is paid
//! by those who come when the owner is held up elsewhere.
//!
//! # Safety
//!
//! 1. `is_inside` is written by the owner only, and is on while the owner uses the value.
//! 2. `is_lent` is on while somebody else uses the value or is about to look whether it may. It is turned on by an
//!    exchange, so by one at a time, who turns it off.
//! 3. Both sides raise their own flag, pass a barrier and read the other's: the owner does not go in while it sees
//!    `is_lent`, others do not while they see `is_inside`. One of the two sees the other.
//! 4. What runs inside does not come back to the same value.

use crate::shim::atomic::AtomicBool;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::shim::{UnsafeCell, heavy_barrier, light_barrier, thread};

pub(crate) struct Biased<T> {
    is_inside: AtomicBool,
    is_lent: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: (3): one side at a time.
unsafe impl<T: Send> Sync for Biased<T> {}

impl<T> Biased<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            is_inside: AtomicBool::new(false),
            is_lent: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Uses the value as its owner.
    ///
    /// # Safety
    ///
    /// The caller is the owner, and `f` does not come back here (4).
    #[inline]
    pub(crate) unsafe fn with_owner<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        debug_assert!(!self.is_inside.load(Relaxed), "the owner is inside already");
        self.is_inside.store(true, Relaxed);
        light_barrier();
        // ORDERING: Acquire [lent]: what a borrower did to the value.
        if self.is_lent.load(Acquire) {
            self.wait();
        }
        // SAFETY: (3), (4).
        let result = self.value.with_mut(|value| f(unsafe { &mut *value }));
        // ORDERING: Release [inside]: hands the value to a borrower.
        self.is_inside.store(false, Release);
        result
    }

    /// Lets a borrower finish, which takes it a few steps, and goes in.
    #[cold]
    fn wait(&self) {
        loop {
            self.is_inside.store(false, Release);
            while self.is_lent.load(Acquire) {
                thread::yield_now();
            }
            self.is_inside.store(true, Relaxed);
            light_barrier();
            if !self.is_lent.load(Acquire) {
                return;
            }
        }
    }

    /// Uses the value for its owner; nothing if the owner or somebody else does.
    pub(crate) fn try_borrow<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        if self.is_lent.swap(true, AcqRel) {
            return None;
        }
        let _lent = Lent(&self.is_lent);
        // ORDERING: Acquire [inside]: what the owner did to the value.
        if !heavy_barrier() || self.is_inside.load(Acquire) {
            return None;
        }
        // SAFETY: (3).
        Some(self.value.with_mut(|value| f(unsafe { &mut *value })))
    }
}

struct Lent<'a>(&'a AtomicBool);

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // ORDERING: Release [lent]: hands the value back.
        self.0.store(false, Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn owner_and_borrowers_never_meet_inside() {
        const ROUNDS: usize = 20_000;
        let count = Biased::new(0_usize);
        let borrowed: usize = std::thread::scope(|scope| {
            let borrower = || (0..ROUNDS / 10).filter_map(|_| count.try_borrow(|count| *count += 1)).count();
            let borrowers = [scope.spawn(borrower), scope.spawn(borrower)];
            for _ in 0..ROUNDS {
                // SAFETY: this thread is the owner.
                unsafe { count.with_owner(|count| *count += 1) };
            }
            borrowers.into_iter().map(|borrower| borrower.join().unwrap()).sum()
        });
        // SAFETY: as above.
        assert_eq!(unsafe { count.with_owner(|count| *count) }, ROUNDS + borrowed);
    }

    #[test]
    fn nothing_is_borrowed_while_the_owner_is_inside() {
        let value = Biased::new(());
        // SAFETY: the closure does not go in again as the owner.
        unsafe { value.with_owner(|()| assert!(value.try_borrow(|()| ()).is_none())) };
        if heavy_barrier() {
            assert!(value.try_borrow(|()| ()).is_some());
        }
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::shim::Arc;

    #[test]
    fn loom_owner_and_borrower_never_meet_inside() {
        loom::model(|| {
            let count = Arc::new(Biased::new(0));
            let borrower = {
                let count = count.clone();
                thread::spawn(move || count.try_borrow(|count| *count += 1).is_some())
            };
            for _ in 0..2 {
                // SAFETY: this thread is the owner.
                unsafe { count.with_owner(|count| *count += 1) };
            }
            let was_borrowed = borrower.join().unwrap();
            // SAFETY: as above.
            assert_eq!(unsafe { count.with_owner(|count| *count) }, 2 + usize::from(was_borrowed));
        });
    }
}
