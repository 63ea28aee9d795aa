//! State in several places, of which each thread uses one.
//!
//! What every call counts would otherwise travel between the processors with every call: a word that two threads write in
//! turn costs each of them several times what one costs that it has for itself.

use std::cell::Cell;

/// Places. Threads beyond it share.
#[cfg(not(loom))]
pub(crate) const STRIPES: usize = 8;
#[cfg(loom)]
pub(crate) const STRIPES: usize = 2;

/// A value that shares a line of the cache with nothing else; processors fetch lines in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

/// Which place is whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stripe(usize);

#[cfg(not(loom))]
const UNKNOWN: usize = usize::MAX;

#[cfg(not(loom))]
thread_local! {
    static OWN: Cell<usize> = const { Cell::new(UNKNOWN) };
}

// The threads of a model say which place is theirs.
#[cfg(loom)]
loom::thread_local! {
    static OWN: Cell<usize> = Cell::new(0);
}

impl Stripe {
    /// The place with a number.
    pub(crate) const fn new(index: usize) -> Self {
        Self(index % STRIPES)
    }

    /// The place of this thread.
    #[cfg(not(loom))]
    #[inline]
    pub(crate) fn own() -> Self {
        match OWN.get() {
            UNKNOWN => Self::choose(),
            own => Self(own),
        }
    }

    #[cfg(loom)]
    pub(crate) fn own() -> Self {
        OWN.with(|own| Self(own.get()))
    }

    /// Makes this the place of the thread of a model.
    #[cfg(all(test, loom))]
    pub(crate) fn make_own(self) {
        OWN.with(|own| own.set(self.0));
    }

    #[cfg(not(loom))]
    #[cold]
    fn choose() -> Self {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let own = Self::new(NEXT.fetch_add(1, Ordering::Relaxed));
        OWN.set(own.0);
        own
    }
}

/// A value for each place.
#[derive(Debug)]
pub(crate) struct Stripes<T>([Padded<T>; STRIPES]);

impl<T> Stripes<T> {
    pub(crate) fn new(mut value: impl FnMut() -> T) -> Self {
        Self(std::array::from_fn(|_| Padded(value())))
    }

    #[inline]
    pub(crate) fn of(&self, stripe: Stripe) -> &T {
        &self.0[stripe.0 % STRIPES].0
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|padded| &padded.0)
    }
}
