//! Waiting for one kind of signal.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll, ready};

use super::SignalKind;
use super::slot::{Listening, drain};
use crate::io::PollEvented;
use crate::sync::Waiting;

/// Keeps the arrivals of one kind of signal until they are asked for.
///
/// Any number of these may exist for one kind; each sees every arrival. Arrivals that nobody has asked for yet count
/// as one. When the last one for a kind is dropped, what the signal did before comes back: ctrl-c ends the process again.
pub struct Signal {
    listening: Listening,
    /// How many arrivals have been told.
    seen: u64,
    ear: PollEvented<OwnedFd>,
    /// Made before `seen` was compared last: hears of whoever reads from the pipe since.
    reading: Waiting,
}

/// Starts to keep the arrivals of a kind of signal, in place of the default action.
///
/// # Errors
///
/// If the signal cannot be caught, or descriptors have run out.
///
/// ```
/// use minato_runtime::signal::unix::{SignalKind, signal};
///
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # rt.block_on(async {
/// let mut hangups = signal(SignalKind::hangup())?;
/// # rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::HUP)?;
/// hangups.recv().await;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    let (listening, ear) = Listening::begin(kind)?;
    let seen = listening.slot.arrivals();
    // Nothing is assumed: the driver tells when a byte comes.
    let reading = Waiting::new(&listening.slot.was_read);
    Ok(Signal { listening, seen, ear: PollEvented::new_connecting(ear), reading })
}

impl Signal {
    /// Which signal it listens for.
    #[must_use]
    pub fn kind(&self) -> SignalKind {
        self.listening.kind
    }

    /// Waits for an arrival since the last one that was returned. `None` if the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// No arrival is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Waits for an arrival; see [`recv`](Self::recv).
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        loop {
            if self.take_arrivals() {
                return Poll::Ready(Some(()));
            }
            if self.reading.advance(&self.listening.slot.was_read, Some(cx)).is_ready() {
                self.reading = Waiting::new(&self.listening.slot.was_read);
                continue;
            }
            let Ok(event) = ready!(self.ear.poll_read_ready(cx)) else { return Poll::Ready(None) };
            // The byte of an arrival that came meanwhile is a newer event, which this does not clear.
            let read = drain(self.ear.get_ref());
            // INVARIANT: after the bytes are gone. The kernel tells nobody any more who has not been told yet; they are told here.
            self.listening.slot.was_read.notify_waiters();
            if read.and_then(|()| self.ear.clear_ready(event)).is_err() {
                return Poll::Ready(None);
            }
        }
    }

    /// Whether any have come since the last time.
    fn take_arrivals(&mut self) -> bool {
        let arrivals = self.listening.slot.arrivals();
        std::mem::replace(&mut self.seen, arrivals) != arrivals
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        self.reading.leave(&self.listening.slot.was_read);
        // The pipe stays, for the next listener. Fails only when the runtime has shut down.
        let _ = self.ear.deregister();
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").field("kind", &self.kind()).finish_non_exhaustive()
    }
}
