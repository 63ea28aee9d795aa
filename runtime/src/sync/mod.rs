//! Synchronisation between tasks.
//!
//! - [`oneshot`] and [`mpsc`]: channels for one value and for many;
//! - [`broadcast`] and [`watch`]: channels to many, for every value and for the newest alone;
//! - [`Semaphore`], [`Mutex`], [`RwLock`]: limits on who may go on;
//! - [`Notify`]: a wake-up call without a value;
//! - [`CancellationToken`]: a signal to stop, for a tree of tasks;
//! - [`Barrier`]: a place to meet; [`OnceCell`]: a value made by whoever needs it first.
//!
//! Wakers are always called after every lock was let go. Inside: `wait_queue` keeps waiting tasks in order, `permits`
//! counts and hands over, `atomic_waker` holds one waker.

pub(crate) mod atomic_waker;
mod barrier;
pub(crate) mod blocking;
pub mod broadcast;
mod cancellation_token;
pub mod mpsc;
mod mutex;
mod notify;
mod once_cell;
pub mod oneshot;
mod permits;
mod rwlock;
mod semaphore;
mod wait_queue;
pub mod watch;

pub use barrier::{Barrier, BarrierWaitResult};
pub use cancellation_token::{
    CancellationToken, DropGuard, WaitForCancellationFuture, WaitForCancellationFutureOwned,
};
pub use mutex::{Mutex, MutexGuard, OwnedMutexGuard, TryLockError};
pub use notify::{Notified, Notify, OwnedNotified};
pub use once_cell::{OnceCell, SetError};
pub use rwlock::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{
    Acquire, AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError,
};
