//! Pausing an accept loop from elsewhere.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// Pauses an [`AcceptLoop`](super::AcceptLoop) and lets it go on.
///
/// While a loop is paused, connections wait in the listener's backlog. A call to `accept` that has begun waits too.
///
/// ```
/// use minato_net::{TcpListener, accept::AcceptLoop};
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let mut connections = AcceptLoop::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
/// let control = connections.control();
/// control.pause();
/// let address = connections.get_ref().local_addr().unwrap();
/// let accepting = minato_runtime::spawn(async move { connections.accept().await.1 });
/// let client = minato_net::TcpStream::connect(address).await.unwrap();
/// control.resume();
/// assert_eq!(accepting.await.unwrap(), client.local_addr().unwrap());
/// # });
/// ```
#[derive(Clone)]
pub struct AcceptControl {
    gate: Arc<Mutex<Gate>>,
}

enum Gate {
    Open,
    Closed {
        /// The loop, if it waits to go on.
        waiting: Option<Waker>,
    },
}

impl AcceptControl {
    pub(super) fn new() -> Self {
        Self { gate: Arc::new(Mutex::new(Gate::Open)) }
    }

    /// Accepts no connection from now on.
    pub fn pause(&self) {
        self.with(|gate| {
            if let Gate::Open = gate {
                *gate = Gate::Closed { waiting: None };
            }
        });
    }

    /// Accepts connections again.
    pub fn resume(&self) {
        // Woken outside the lock.
        let last = self.with(|gate| std::mem::replace(gate, Gate::Open));
        if let Gate::Closed { waiting: Some(waker) } = last {
            waker.wake();
        }
    }

    /// Whether the loop is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.with(|gate| matches!(gate, Gate::Closed { .. }))
    }

    pub(super) fn poll_open(&self, cx: &Context<'_>) -> Poll<()> {
        // Cloned before and dropped after the lock is held.
        let waker = cx.waker().clone();
        let (poll, _last) = self.with(|gate| match gate {
            Gate::Open => (Poll::Ready(()), Some(waker)),
            Gate::Closed { waiting } => (Poll::Pending, waiting.replace(waker)),
        });
        poll
    }

    fn with<R>(&self, change: impl FnOnce(&mut Gate) -> R) -> R {
        change(&mut self.gate.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for AcceptControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptControl").field("is_paused", &self.is_paused()).finish()
    }
}
