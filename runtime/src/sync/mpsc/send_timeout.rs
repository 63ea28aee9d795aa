//! Sending with a limit on the wait.

use std::time::Duration;

use super::bounded::Sender;
use super::error::SendTimeoutError;
use crate::time::timeout;

impl<T> Sender<T> {
    /// Sends a message, waiting for room no longer than `limit`.
    ///
    /// # Errors
    ///
    /// The message comes back if there was no room for so long, or the receiver is gone or closed.
    ///
    /// # Panics
    ///
    /// If it has to wait and is not polled in a runtime, which has the clock.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has sent nothing, and the message is lost with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use minato_runtime::sync::mpsc::{self, SendTimeoutError};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, _rx) = mpsc::channel(1);
    /// let limit = Duration::from_millis(1);
    /// assert_eq!(tx.send_timeout("there is room", limit).await, Ok(()));
    /// assert_eq!(tx.send_timeout("no more", limit).await, Err(SendTimeoutError::Timeout("no more")));
    /// # });
    /// ```
    pub async fn send_timeout(&self, value: T, limit: Duration) -> Result<(), SendTimeoutError<T>> {
        match timeout(limit, self.reserve()).await {
            Ok(Ok(permit)) => {
                permit.send(value);
                Ok(())
            }
            Ok(Err(_)) => Err(SendTimeoutError::Closed(value)),
            Err(_) => Err(SendTimeoutError::Timeout(value)),
        }
    }
}
