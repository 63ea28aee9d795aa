//! Semaphores that are not in use.
//!
//! A semaphore lives as long as the process, and serves one limit after another. Their number is the largest number of
//! limits that ever existed at once.

use super::permits::Permits;

#[cfg(not(loom))]
mod shelf {
    use std::sync::{Mutex, PoisonError};

    use super::Permits;

    static SHELF: Mutex<Vec<&'static Permits>> = Mutex::new(Vec::new());

    pub(crate) fn pop() -> Option<&'static Permits> {
        SHELF.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(crate) fn push(permits: &'static Permits) {
        SHELF.lock().unwrap_or_else(PoisonError::into_inner).push(permits);
    }
}

/// A model may not reach what belongs to another one.
#[cfg(loom)]
mod shelf {
    use super::Permits;

    pub(crate) fn pop() -> Option<&'static Permits> {
        None
    }

    pub(crate) fn push(_: &'static Permits) {}
}

/// A semaphore for a new limit.
pub(super) fn take() -> &'static Permits {
    shelf::pop().unwrap_or_else(|| Box::leak(Box::new(Permits::new())))
}

/// Takes a semaphore back whose limit is gone.
pub(super) fn give_back(permits: &'static Permits) {
    shelf::push(permits);
}
