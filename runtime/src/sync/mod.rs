//! Synchronisation between tasks.
//!
//! - [`oneshot`] and [`mpsc`]: channels for one value and for many;
//! - [`mpmc`]: a queue of messages for whoever is free;
//! - [`broadcast`] and [`watch`]: channels to many, for every value and for the newest alone;
//! - [`Semaphore`], [`Mutex`], [`RwLock`]: limits on who may go on;
//! - [`Notify`]: a wake-up call without a value;
//! - [`CancellationToken`]: a signal to stop, for a tree of tasks;
//! - [`Barrier`]: a place to meet;
//! - [`OnceCell`], [`SetOnce`]: a value made by whoever needs it first, and one that is waited for;
//! - [`mpsc::PollSender`], [`PollSemaphore`], [`ReusableBoxFuture`]: for code that polls.
//!
//! Wakers are always called after every lock was let go. Inside: `wait_queue` keeps waiting tasks in order, `permits`
//! counts and hands over, `atomic_waker` holds one waker.

pub(crate) mod atomic_waker;
mod barrier;
pub(crate) mod blocking;
pub mod broadcast;
mod cancellation_token;
pub mod mpmc;
pub mod mpsc;
mod mutex;
mod notify;
mod once_cell;
pub mod oneshot;
mod permits;
mod poll_semaphore;
mod reusable_box;
mod rwlock;
mod semaphore;
mod set_once;
mod short_list;
mod wait_queue;
pub mod watch;

pub use barrier::{Barrier, BarrierWaitResult};
pub use cancellation_token::{
    CancellationToken, DropGuard, DropGuardRef, WaitForCancellationFuture, WaitForCancellationFutureOwned,
};
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError};
#[cfg(all(unix, feature = "signal"))]
pub(crate) use notify::Waiting;
pub use notify::{Notified, Notify, OwnedNotified};
pub use once_cell::{OnceCell, SetError};
pub use poll_semaphore::PollSemaphore;
pub use reusable_box::ReusableBoxFuture;
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockMappedWriteGuard,
    RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{
    Acquire, AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError,
};
pub use set_once::{SetOnce, SetOnceError};
