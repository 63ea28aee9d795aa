//! A scripted service that insists on its contract.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tower_service::Service;

use crate::deadline::Deadline;

/// The error of a [`Probe`] told to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed(pub &'static str);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Failed {}

/// What a [`Probe`] does with one `poll_ready` or one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Is ready; answers with the request plus one.
    Succeed,
    /// Fails, with [`Failed`].
    Fail,
    /// Pends for ever and keeps no waker.
    Hang,
    /// Pends until the observer releases everybody, then succeeds.
    Wait,
}

/// A service that does what its script says and insists on its contract: calling an instance that was not polled ready
/// panics. Its clones share the script and the log.
pub struct Probe {
    shared: Arc<Shared>,
    is_ready: bool,
}

#[derive(Default)]
struct Shared {
    readiness: Mutex<VecDeque<Act>>,
    calls: Mutex<VecDeque<Act>>,
    called: AtomicUsize,
    asked: AtomicUsize,
    clones: AtomicUsize,
    live: AtomicUsize,
    is_released: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
    deadline: Mutex<Option<Deadline>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn poll_released(&self, cx: &Context<'_>) -> Poll<()> {
        if self.is_released.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        lock(&self.wakers).push(cx.waker().clone());
        Poll::Pending
    }
}

/// A call of a [`Probe`], counted while it lives.
struct Live(Arc<Shared>);

impl Live {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.live.fetch_add(1, Ordering::Relaxed);
        Self(shared.clone())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Probe {
    /// Plays the given acts, and succeeds once they are used up.
    #[must_use]
    pub fn new(readiness: &[Act], calls: &[Act]) -> Self {
        let shared = Shared {
            readiness: Mutex::new(readiness.iter().copied().collect()),
            calls: Mutex::new(calls.iter().copied().collect()),
            ..Shared::default()
        };
        Self { shared: Arc::new(shared), is_ready: false }
    }

    /// Always succeeds.
    #[must_use]
    pub fn well() -> Self {
        Self::new(&[], &[])
    }

    /// Looks at this probe and its clones from outside.
    #[must_use]
    pub fn observer(&self) -> Observer {
        Observer(self.shared.clone())
    }
}

/// Looks at a [`Probe`] from outside.
#[derive(Clone)]
pub struct Observer(Arc<Shared>);

impl Observer {
    /// How often it was called.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.0.called.load(Ordering::Relaxed)
    }

    /// How often readiness was asked for.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// How often it was cloned.
    #[must_use]
    pub fn clones(&self) -> usize {
        self.0.clones.load(Ordering::Relaxed)
    }

    /// Calls whose futures have not been dropped.
    #[must_use]
    pub fn live(&self) -> usize {
        self.0.live.load(Ordering::Relaxed)
    }

    /// The [current](Deadline::current) deadline when a call was last polled.
    #[must_use]
    pub fn deadline(&self) -> Option<Deadline> {
        *lock(&self.0.deadline)
    }

    /// Lets everything go on that waits.
    pub fn release(&self) {
        self.0.is_released.store(true, Ordering::Relaxed);
        let wakers = std::mem::take(&mut *lock(&self.0.wakers));
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Clone for Probe {
    fn clone(&self) -> Self {
        self.shared.clones.fetch_add(1, Ordering::Relaxed);
        Self { shared: self.shared.clone(), is_ready: false }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("is_ready", &self.is_ready).finish_non_exhaustive()
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").field("calls", &self.calls()).field("live", &self.live()).finish()
    }
}

impl Service<u32> for Probe {
    type Response = u32;
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<u32, Failed>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        self.shared.asked.fetch_add(1, Ordering::Relaxed);
        let act = lock(&self.shared.readiness).pop_front();
        match act {
            Some(Act::Wait) => {
                if self.shared.poll_released(cx).is_pending() {
                    lock(&self.shared.readiness).push_front(Act::Wait);
                    return Poll::Pending;
                }
                self.is_ready = true;
                Poll::Ready(Ok(()))
            }
            None | Some(Act::Succeed) => {
                self.is_ready = true;
                Poll::Ready(Ok(()))
            }
            Some(Act::Fail) => Poll::Ready(Err(Failed("not ready"))),
            Some(Act::Hang) => Poll::Pending,
        }
    }

    /// # Panics
    ///
    /// If this instance was not polled ready since its last call.
    fn call(&mut self, request: u32) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called an instance that was not polled ready");
        self.shared.called.fetch_add(1, Ordering::Relaxed);
        let act = lock(&self.shared.calls).pop_front();
        let live = Live::new(&self.shared);
        Box::pin(async move {
            let live = live;
            *lock(&live.0.deadline) = Deadline::current();
            match act {
                None | Some(Act::Succeed) => Ok(request + 1),
                Some(Act::Fail) => Err(Failed("call failed")),
                Some(Act::Hang) => std::future::pending().await,
                Some(Act::Wait) => {
                    std::future::poll_fn(|cx| live.0.poll_released(cx)).await;
                    Ok(request + 1)
                }
            }
        })
    }
}
