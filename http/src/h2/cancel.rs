//! Ends an upload when nobody wants the answer to it any more.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Where an exchange stands, as far as its upload must know.
const OPEN: u8 = 0;
const CANCELED: u8 = 1;
const ANSWERED: u8 = 2;

struct Shared {
    state: AtomicU8,
    upload: Mutex<Option<Waker>>,
}

/// A linked pair for one exchange.
pub(crate) fn cancellation() -> (CancelOnDrop, Canceled) {
    let shared = Arc::new(Shared { state: AtomicU8::new(OPEN), upload: Mutex::new(None) });
    (CancelOnDrop { shared: Arc::clone(&shared) }, Canceled { shared })
}

/// Held by the response and then its body; dropping it cancels the upload.
pub(crate) struct CancelOnDrop {
    shared: Arc<Shared>,
}

impl CancelOnDrop {
    /// Whether there still is an upload.
    pub(crate) fn is_uploading(&self) -> bool {
        Arc::strong_count(&self.shared) > 1
    }

    /// The response has come in whole: the upload may go on.
    pub(crate) fn defuse(self) {
        self.shared.state.store(ANSWERED, Ordering::Relaxed);
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        // ORDERING: Relaxed, the state carries no other memory: the waker is published by its lock.
        let was = self.shared.state.compare_exchange(OPEN, CANCELED, Ordering::Relaxed, Ordering::Relaxed);
        if was.is_ok() {
            let waker = self.shared.upload.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// Held by the upload.
pub(crate) struct Canceled {
    shared: Arc<Shared>,
}

impl Canceled {
    /// Ready once the upload is pointless.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let mut upload = self.shared.upload.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // INVARIANT: the state is read under the lock that the canceller takes after it has written it, so either
        // we see the write or the canceller sees our waker.
        if self.shared.state.load(Ordering::Relaxed) == CANCELED {
            return Poll::Ready(());
        }
        *upload = Some(cx.waker().clone());
        Poll::Pending
    }
}
