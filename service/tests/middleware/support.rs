//! A scripted service and a hand-driven task.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use minato_service::Service;

/// Counts its wakes.
#[derive(Default)]
pub(crate) struct CountingWaker(AtomicUsize);

impl Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl CountingWaker {
    pub(crate) fn pair() -> (Arc<Self>, Waker) {
        let counter = Arc::new(Self::default());
        (counter.clone(), Waker::from(counter))
    }

    pub(crate) fn wakes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A future polled by hand.
pub(crate) struct Task<F> {
    future: Pin<Box<F>>,
    waker: Waker,
    counter: Arc<CountingWaker>,
}

impl<F: Future> Task<F> {
    pub(crate) fn new(future: F) -> Self {
        let (counter, waker) = CountingWaker::pair();
        Self { future: Box::pin(future), waker, counter }
    }

    pub(crate) fn poll(&mut self) -> Poll<F::Output> {
        self.future.as_mut().poll(&mut Context::from_waker(&self.waker))
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.counter.wakes() > 0
    }
}

/// Runs a future that never has to wait.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match Task::new(future).poll() {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// Asks for readiness once.
pub(crate) fn poll_ready<S: Service<R>, R>(service: &mut S) -> Poll<Result<(), S::Error>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop()))
}

/// The error of a [`Probe`] told to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed(pub(crate) &'static str);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Failed {}

/// What a [`Probe`] does with one `poll_ready` or one call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    Succeed,
    Fail,
    /// Pends for ever and keeps no waker.
    Hang,
    /// Pends until the observer releases everybody, then succeeds.
    Wait,
}

/// A service that insists on its contract: calling an instance that was not polled ready panics, and so does being
/// ready twice over. Its clones share the script and the log.
pub(crate) struct Probe {
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
}

impl Shared {
    fn poll_released(&self, cx: &Context<'_>) -> Poll<()> {
        if self.is_released.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        self.wakers.lock().unwrap().push(cx.waker().clone());
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
    pub(crate) fn new(readiness: &[Act], calls: &[Act]) -> Self {
        let shared = Shared {
            readiness: Mutex::new(readiness.iter().copied().collect()),
            calls: Mutex::new(calls.iter().copied().collect()),
            ..Shared::default()
        };
        Self { shared: Arc::new(shared), is_ready: false }
    }

    pub(crate) fn well() -> Self {
        Self::new(&[], &[])
    }

    pub(crate) fn observer(&self) -> Observer {
        Observer(self.shared.clone())
    }
}

/// Looks at a [`Probe`] from outside.
pub(crate) struct Observer(Arc<Shared>);

impl Observer {
    pub(crate) fn calls(&self) -> usize {
        self.0.called.load(Ordering::Relaxed)
    }

    /// How often readiness was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// Calls whose futures have not been dropped.
    pub(crate) fn live(&self) -> usize {
        self.0.live.load(Ordering::Relaxed)
    }

    /// Lets everything go on that waits.
    pub(crate) fn release(&self) {
        self.0.is_released.store(true, Ordering::Relaxed);
        let wakers = std::mem::take(&mut *self.0.wakers.lock().unwrap());
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn clones(&self) -> usize {
        self.0.clones.load(Ordering::Relaxed)
    }
}

impl Clone for Probe {
    fn clone(&self) -> Self {
        self.shared.clones.fetch_add(1, Ordering::Relaxed);
        Self { shared: self.shared.clone(), is_ready: false }
    }
}

impl Service<u32> for Probe {
    type Response = u32;
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<u32, Failed>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        self.shared.asked.fetch_add(1, Ordering::Relaxed);
        let act = self.shared.readiness.lock().unwrap().pop_front();
        match act {
            Some(Act::Wait) => {
                if self.shared.poll_released(cx).is_pending() {
                    self.shared.readiness.lock().unwrap().push_front(Act::Wait);
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

    fn call(&mut self, request: u32) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called an instance that was not polled ready");
        self.shared.called.fetch_add(1, Ordering::Relaxed);
        let act = self.shared.calls.lock().unwrap().pop_front();
        let live = Live::new(&self.shared);
        Box::pin(async move {
            let live = live;
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

/// Runs a test on a runtime whose clock moves only when everybody waits.
pub(crate) fn paused<F: Future>(test: F) -> F::Output {
    minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap().block_on(test)
}
