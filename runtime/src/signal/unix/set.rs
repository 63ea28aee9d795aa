//! Waiting for any of several kinds of signal.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use super::{Signal, SignalKind, signal};
use crate::task::coop::poll_proceed;

/// Keeps the arrivals of several kinds of signal until they are asked for; made by [`signals`].
#[derive(Debug)]
pub struct SignalSet {
    signals: Vec<Signal>,
    /// Whose turn it is to be looked at first, so that a busy signal does not hide the others.
    next: usize,
}

/// Starts to keep the arrivals of several kinds of signal, in place of their default actions.
///
/// # Errors
///
/// If one of them cannot be caught, or descriptors have run out; then none is.
///
/// ```
/// use minato_runtime::signal::unix::{SignalKind, signals};
///
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # rt.block_on(async {
/// let mut ends = signals([SignalKind::terminate(), SignalKind::interrupt()])?;
/// # rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM)?;
/// assert_eq!(ends.recv().await, Some(SignalKind::terminate()));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub fn signals(kinds: impl IntoIterator<Item = SignalKind>) -> io::Result<SignalSet> {
    let signals = kinds.into_iter().map(signal).collect::<io::Result<_>>()?;
    Ok(SignalSet { signals, next: 0 })
}

impl SignalSet {
    /// Waits for an arrival of any kind. `None` if the runtime has shut down, or the set is empty.
    ///
    /// # Cancel safety
    ///
    /// No arrival is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<SignalKind> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Waits for an arrival of any kind; see [`recv`](Self::recv).
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<SignalKind>> {
        let unit = ready!(poll_proceed(cx));
        let count = self.signals.len();
        let mut is_over = true;
        for turn in 0..count {
            let index = (self.next + turn) % count;
            match self.signals[index].poll_recv(cx) {
                Poll::Ready(Some(())) => {
                    unit.made_progress();
                    self.next = index + 1;
                    return Poll::Ready(Some(self.signals[index].kind()));
                }
                Poll::Ready(None) => {}
                Poll::Pending => is_over = false,
            }
        }
        if is_over {
            unit.made_progress();
            return Poll::Ready(None);
        }
        Poll::Pending
    }
}
