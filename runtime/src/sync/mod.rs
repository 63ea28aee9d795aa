//! Synchronisation between tasks.

pub(crate) mod atomic_waker;
