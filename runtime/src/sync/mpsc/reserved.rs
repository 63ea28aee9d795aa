//! Room for many messages, taken together.

use std::fmt;

use super::bounded::{Claim, Permit, Sender};
use super::error::{SendError, TrySendError};
use super::handle::SenderHandle;
use super::ring::Ring;
use crate::sync::permits::{Closed, Ticket, Unavailable};

impl<T> Sender<T> {
    /// Waits for room for `count` messages, and keeps it until the permits are used or dropped.
    ///
    /// # Errors
    ///
    /// If the receiver is gone or closed, or the channel is too small for so many.
    ///
    /// # Cancel safety
    ///
    /// As [`reserve`](Self::reserve).
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::sync::mpsc;
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, mut rx) = mpsc::channel(2);
    /// for (permit, number) in tx.reserve_many(2).await.unwrap().zip(1..) {
    ///     permit.send(number);
    /// }
    /// assert_eq!(rx.recv().await, Some(1));
    /// assert_eq!(rx.recv().await, Some(2));
    /// # });
    /// ```
    pub async fn reserve_many(&self, count: usize) -> Result<PermitIterator<'_, T>, SendError<()>> {
        let Some(permits) = self.fitting(count) else { return Err(SendError(())) };
        match (Claim { ring: &self.ring, permits, ticket: Ticket::No, place: None }).await {
            Ok(_) => Ok(PermitIterator { ring: &self.ring, left: permits }),
            Err(Closed) => Err(SendError(())),
        }
    }

    /// Keeps room for `count` messages if there is so much.
    ///
    /// # Errors
    ///
    /// If there is not, or the receiver is gone or closed.
    pub fn try_reserve_many(&self, count: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        let Some(permits) = self.fitting(count) else { return Err(TrySendError::Full(())) };
        match self.ring.header.permits.try_take(permits, Ticket::No) {
            Ok(_) => Ok(PermitIterator { ring: &self.ring, left: permits }),
            Err(Unavailable::NoPermits) => Err(TrySendError::Full(())),
            Err(Unavailable::Closed) => Err(TrySendError::Closed(())),
        }
    }

    /// As permits, if the channel could ever hold so many messages.
    fn fitting(&self, count: usize) -> Option<u32> {
        if count > self.max_capacity() { None } else { u32::try_from(count).ok() }
    }
}

/// Room for many messages, a [`Permit`] for each; dropping it gives back what was not taken.
#[must_use = "permits that are not kept give the room back at once"]
pub struct PermitIterator<'a, T> {
    ring: &'a SenderHandle<Ring<T>>,
    left: u32,
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        self.left = self.left.checked_sub(1)?;
        Some(Permit { ring: Some(self.ring) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}

impl<T> std::iter::FusedIterator for PermitIterator<'_, T> {}

impl<T> Drop for PermitIterator<'_, T> {
    fn drop(&mut self) {
        if self.left > 0 {
            self.ring.put_back(self.left);
        }
    }
}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitIterator").field("left", &self.left).finish_non_exhaustive()
    }
}
