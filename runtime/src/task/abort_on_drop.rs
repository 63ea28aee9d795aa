//! A join handle that takes its task with it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{AbortHandle, Id, JoinError, JoinHandle};

/// A [`JoinHandle`] that aborts its task when it is dropped; a future of the output.
///
/// The task is only asked to stop: it may still run, to its next await point, after the drop has returned. To wait
/// for its end, [`abort`](Self::abort) and then await the handle.
///
/// # Cancel safety
///
/// Polling by `&mut` and dropping that future loses nothing. Dropping the handle itself aborts the task.
///
/// ```
/// use minato_runtime::task::AbortOnDropHandle;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (still_there, gone) = minato_runtime::sync::oneshot::channel::<()>();
/// let owned = AbortOnDropHandle::new(minato_runtime::spawn(async move {
///     let _still_there = still_there;
///     std::future::pending::<()>().await;
/// }));
/// drop(owned);
/// assert!(gone.await.is_err());
/// # });
/// ```
#[derive(Debug)]
#[must_use = "dropping the handle aborts the task"]
pub struct AbortOnDropHandle<T>(
    /// `None` only after `detach`, which consumes the handle.
    Option<JoinHandle<T>>,
);

impl<T> AbortOnDropHandle<T> {
    /// Takes over `handle`.
    pub fn new(handle: JoinHandle<T>) -> Self {
        Self(Some(handle))
    }

    fn handle(&self) -> &JoinHandle<T> {
        self.0.as_ref().expect("the handle is there until detach consumes it")
    }

    /// Asks the task to stop; see [`JoinHandle::abort`].
    pub fn abort(&self) {
        self.handle().abort();
    }

    /// A handle that can only abort; dropping it does not.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        self.handle().abort_handle()
    }

    /// Whether the task is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.handle().is_finished()
    }

    /// The id of the task.
    #[must_use]
    pub fn id(&self) -> Id {
        self.handle().id()
    }

    /// Gives the plain handle back; dropping that one lets the task go on.
    pub fn detach(mut self) -> JoinHandle<T> {
        self.0.take().expect("the handle is there until detach consumes it")
    }
}

impl<T> From<JoinHandle<T>> for AbortOnDropHandle<T> {
    fn from(handle: JoinHandle<T>) -> Self {
        Self::new(handle)
    }
}

impl<T> AsRef<JoinHandle<T>> for AbortOnDropHandle<T> {
    fn as_ref(&self) -> &JoinHandle<T> {
        self.handle()
    }
}

impl<T> Future for AbortOnDropHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = self.0.as_mut().expect("the handle is there until detach consumes it");
        Pin::new(handle).poll(cx)
    }
}

impl<T> Drop for AbortOnDropHandle<T> {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.abort();
        }
    }
}
