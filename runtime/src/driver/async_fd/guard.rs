//! Readiness in the hand: try an operation, and say if it blocked.

use std::fmt;
use std::io;
use std::os::fd::AsRawFd;

use super::{AsyncFd, would_block};
use crate::driver::ready::Ready;
use crate::driver::registration::ReadyEvent;

/// A descriptor was ready; made by the waiting methods of [`AsyncFd`].
///
/// Dropping it changes nothing: the descriptor still counts as ready. Try the operation through
/// [`try_io`](Self::try_io), or say with [`clear_ready`](Self::clear_ready) that it would block.
#[must_use = "try the operation, and clear the readiness if it would block"]
pub struct AsyncFdReadyGuard<'a, T: AsRawFd> {
    fd: &'a AsyncFd<T>,
    /// Nothing once it has been cleared.
    event: Option<ReadyEvent>,
}

/// As [`AsyncFdReadyGuard`], lending the value mutably.
#[must_use = "try the operation, and clear the readiness if it would block"]
pub struct AsyncFdReadyMutGuard<'a, T: AsRawFd> {
    fd: &'a mut AsyncFd<T>,
    /// Nothing once it has been cleared.
    event: Option<ReadyEvent>,
}

impl<'a, T: AsRawFd> AsyncFdReadyGuard<'a, T> {
    pub(super) fn new(fd: &'a AsyncFd<T>, event: ReadyEvent) -> Self {
        Self { fd, event: Some(event) }
    }

    /// Tries `operation`; if it would block, the readiness is cleared and the inner result is kept back.
    ///
    /// # Errors
    ///
    /// [`TryIoError`] if `operation` would block: wait again. Its own errors are in the inner result.
    pub fn try_io<R>(
        &mut self,
        operation: impl FnOnce(&'a AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = operation(self.fd);
        if would_block(&result) {
            blocked(self.fd, &mut self.event);
            return Err(TryIoError(()));
        }
        Ok(result)
    }

    /// The descriptor.
    #[must_use]
    pub fn get_ref(&self) -> &'a AsyncFd<T> {
        self.fd
    }

    /// The wrapped value.
    #[must_use]
    pub fn get_inner(&self) -> &'a T {
        self.fd.get_ref()
    }
}

impl<'a, T: AsRawFd> AsyncFdReadyMutGuard<'a, T> {
    pub(super) fn new(fd: &'a mut AsyncFd<T>, event: ReadyEvent) -> Self {
        Self { fd, event: Some(event) }
    }

    /// Tries `operation`; if it would block, the readiness is cleared and the inner result is kept back.
    ///
    /// # Errors
    ///
    /// [`TryIoError`] if `operation` would block: wait again. Its own errors are in the inner result.
    pub fn try_io<R>(
        &mut self,
        operation: impl FnOnce(&mut AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = operation(self.fd);
        if would_block(&result) {
            blocked(self.fd, &mut self.event);
            return Err(TryIoError(()));
        }
        Ok(result)
    }

    /// The descriptor.
    #[must_use]
    pub fn get_ref(&self) -> &AsyncFd<T> {
        self.fd
    }

    /// The descriptor.
    pub fn get_mut(&mut self) -> &mut AsyncFd<T> {
        self.fd
    }

    /// The wrapped value.
    #[must_use]
    pub fn get_inner(&self) -> &T {
        self.fd.get_ref()
    }

    /// The wrapped value.
    pub fn get_inner_mut(&mut self) -> &mut T {
        self.fd.get_mut()
    }
}

/// An operation would block.
fn blocked<T: AsRawFd>(fd: &AsyncFd<T>, event: &mut Option<ReadyEvent>) {
    if let Some(event) = event.take() {
        // Fails only when the runtime has shut down; the next wait tells.
        let _ = fd.registration.clear_blocked(fd.fd, event);
    }
}

macro_rules! what_both_guards_do {
    ($guard:ident) => {
        impl<T: AsRawFd> $guard<'_, T> {
            /// Says that what was ready is used up. An end that was told stays.
            ///
            /// Only after an operation that would block, or one that certainly took everything: otherwise the next
            /// wait may not end.
            pub fn clear_ready(&mut self) {
                self.clear_ready_matching(Ready::ALL);
            }

            /// As [`clear_ready`](Self::clear_ready), for a part of what was ready.
            pub fn clear_ready_matching(&mut self, ready: Ready) {
                if let Some(event) = self.event {
                    // Fails only when the runtime has shut down; the next wait tells.
                    let _ = self.fd.registration.clear_used(self.fd.fd, event.narrowed(ready));
                    self.event = Some(event.narrowed(event.ready() - ready));
                }
            }

            /// Says that the descriptor is still ready; nothing is changed.
            pub fn retain_ready(&mut self) {}

            /// What was ready and has not been cleared through this guard.
            #[must_use]
            pub fn ready(&self) -> Ready {
                self.event.map_or(Ready::EMPTY, |event| event.ready())
            }
        }

        impl<T: AsRawFd + fmt::Debug> fmt::Debug for $guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($guard))
                    .field("fd", &self.fd)
                    .field("ready", &self.ready())
                    .finish()
            }
        }
    };
}

what_both_guards_do!(AsyncFdReadyGuard);
what_both_guards_do!(AsyncFdReadyMutGuard);

/// The operation would block, after all.
#[derive(Debug)]
pub struct TryIoError(());

impl fmt::Display for TryIoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation would block")
    }
}

impl std::error::Error for TryIoError {}
