//! The side that receives.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::error::{RecvError, TryRecvError};
use super::shared::{Place, Shared};
use crate::sync::blocking::block_on;
use crate::task::coop::poll_proceed;

/// Receives every message sent since it was made.
pub struct Receiver<T> {
    pub(super) shared: Arc<Shared<T>>,
    /// That of the next message to receive.
    position: u64,
}

impl<T> Receiver<T> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        let position = shared.add_receiver();
        Self { shared, position }
    }

    /// Another receiver, for the messages sent from now on.
    #[must_use]
    pub fn resubscribe(&self) -> Self {
        Self::new(Arc::clone(&self.shared))
    }

    /// How many messages were sent that this receiver has not received, with those it has lost and was not told of.
    #[must_use]
    pub fn len(&self) -> usize {
        (self.shared.state.lock().queue.next() - self.position) as usize
    }

    /// Whether this receiver has received every message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all senders are gone; messages may be left.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.state.lock().senders == 0
    }

    /// Whether both receive from the same channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T: Clone> Receiver<T> {
    /// Receives the next message.
    ///
    /// # Errors
    ///
    /// If messages were lost because this receiver was too slow, or all senders are gone and no message is left.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no message.
    pub fn recv(&mut self) -> impl Future<Output = Result<T, RecvError>> {
        Receiving { receiver: self, place: None }
    }

    /// Receives the next message if it is there.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv), and if there is none yet.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.shared.try_take(&mut self.position)
    }

    /// Receives the next message, blocking this thread; not for use in a task.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        block_on(self.recv())
    }
}

/// Waits for a message.
#[must_use = "futures do nothing unless polled"]
struct Receiving<'a, T> {
    receiver: &'a mut Receiver<T>,
    place: Option<Place>,
}

impl<T: Clone> Future for Receiving<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(poll_proceed(cx));
        let Self { receiver, place } = &mut *self;
        let taken = ready!(receiver.shared.poll_take(cx, &mut receiver.position, place));
        unit.made_progress();
        Poll::Ready(taken.map_err(|error| match error {
            TryRecvError::Lagged(lost) => RecvError::Lagged(lost),
            TryRecvError::Closed => RecvError::Closed,
            TryRecvError::Empty => unreachable!("an empty channel is waited for"),
        }))
    }
}

impl<T> Drop for Receiving<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.receiver.shared.leave(place);
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.remove_receiver(self.position);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("len", &self.len()).finish_non_exhaustive()
    }
}
