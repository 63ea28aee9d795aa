//! Synchronisation between tasks.
//!
//! - [`oneshot`] and [`mpsc`]: channels for one value and for many;
//! - [`Semaphore`], [`Mutex`]: limits on who may go on;
//! - [`Notify`]: a wake-up call without a value.
//!
//! Wakers are always called after every lock was let go. Inside: `wait_queue` keeps waiting tasks in order, `permits`
//! counts and hands over, `atomic_waker` holds one waker.

pub(crate) mod atomic_waker;
pub(crate) mod blocking;
pub mod mpsc;
mod mutex;
mod notify;
pub mod oneshot;
mod permits;
mod semaphore;
mod wait_queue;

pub use mutex::{Mutex, MutexGuard, OwnedMutexGuard, TryLockError};
pub use notify::{Notified, Notify};
pub use semaphore::{
    Acquire, AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError,
};
