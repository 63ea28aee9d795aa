//! Descriptors of other libraries, to be waited for.
//!
//! A descriptor that somebody else opened may be open in more than one place (`dup`, a child process), so closing it
//! does not take it out of epoll. Therefore, unlike our own sockets, it joins its driver when it is wrapped and
//! leaves it when it is unwrapped or dropped.

mod guard;

pub use guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard, TryIoError};

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::task::{Context, Poll, ready};

use super::cell::Direction;
use super::ready::Interest;
use super::registration::{ReadyEvent, Registration};

/// Waits for any descriptor that epoll can watch: an `eventfd`, a `timerfd`, a pidfd, `inotify`, a pipe, a device, a
/// socket of another library.
///
/// The wrapped value keeps doing its own reads and writes; this tells when they are worth trying. It should be in
/// non-blocking mode. Readiness is kept until somebody clears it, which the guards do when an operation turns out to
/// block: a method that only waits, without an operation that says so, comes back at once.
///
/// One task may wait through `poll_read_ready` and one through `poll_write_ready`. Any number may wait through the
/// `async` methods.
///
/// # Examples
///
/// ```
/// use minato_runtime::io::AsyncFd;
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build()?;
/// # rt.block_on(async {
/// let (mut ours, theirs) = UnixStream::pair()?;
/// theirs.set_nonblocking(true)?;
/// let theirs = AsyncFd::new(theirs)?;
/// ours.write_all(b"hello")?;
/// let mut buf = [0; 8];
/// let read = loop {
///     let mut guard = theirs.readable().await?;
///     if let Ok(result) = guard.try_io(|fd| fd.get_ref().read(&mut buf)) {
///         break result?;
///     }
/// };
/// assert_eq!(&buf[..read], b"hello");
/// # std::io::Result::Ok(())
/// # })?;
/// # std::io::Result::Ok(())
/// ```
pub struct AsyncFd<T: AsRawFd> {
    registration: Registration,
    /// As it was when it was registered; the wrapped value may answer differently later.
    fd: RawFd,
    /// Gone only while the value is given back.
    inner: Option<T>,
}

impl<T: AsRawFd> AsyncFd<T> {
    /// Wraps a descriptor, to be waited for in both directions.
    ///
    /// # Errors
    ///
    /// Those of `epoll_ctl` (a regular file cannot be waited for), if there is no runtime here, or if it has shut
    /// down.
    pub fn new(inner: T) -> io::Result<Self> {
        Self::with_interest(inner, Interest::READABLE | Interest::WRITABLE)
    }

    /// Wraps a descriptor, to be waited for as `interest` says; other waits do not end.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_interest(inner: T, interest: Interest) -> io::Result<Self> {
        Self::try_with_interest(inner, interest).map_err(AsyncFdTryNewError::into_error)
    }

    /// As [`new`](Self::new), giving the value back on failure.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), with the value.
    pub fn try_new(inner: T) -> Result<Self, AsyncFdTryNewError<T>> {
        Self::try_with_interest(inner, Interest::READABLE | Interest::WRITABLE)
    }

    /// As [`with_interest`](Self::with_interest), giving the value back on failure.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), with the value.
    pub fn try_with_interest(inner: T, interest: Interest) -> Result<Self, AsyncFdTryNewError<T>> {
        let fd = inner.as_raw_fd();
        match Registration::new_now(fd, interest) {
            Ok(registration) => Ok(Self { registration, fd, inner: Some(inner) }),
            Err(cause) => Err(AsyncFdTryNewError { inner, cause }),
        }
    }

    /// The wrapped value.
    pub fn get_ref(&self) -> &T {
        match &self.inner {
            Some(inner) => inner,
            None => unreachable!("the value is there until `into_inner` consumes self"),
        }
    }

    /// The wrapped value.
    pub fn get_mut(&mut self) -> &mut T {
        match &mut self.inner {
            Some(inner) => inner,
            None => unreachable!("the value is there until `into_inner` consumes self"),
        }
    }

    /// Takes the descriptor out of its driver and gives it back.
    #[must_use]
    pub fn into_inner(mut self) -> T {
        match self.inner.take() {
            Some(inner) => {
                // Fails only if the descriptor is closed already, and then it is out.
                let _ = self.registration.deregister(self.fd);
                inner
            }
            None => unreachable!("the value is there until `into_inner` consumes self"),
        }
    }

    /// Waits until a read is worth trying. One task at a time; the last one to ask is woken.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    pub fn poll_read_ready<'a>(&'a self, cx: &mut Context<'_>) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        let event = ready!(self.poll_ready(Direction::Read, cx))?;
        Poll::Ready(Ok(AsyncFdReadyGuard::new(self, event)))
    }

    /// As [`poll_read_ready`](Self::poll_read_ready), with a guard that lends the value mutably.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    pub fn poll_read_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        let event = ready!(self.poll_ready(Direction::Read, cx))?;
        Poll::Ready(Ok(AsyncFdReadyMutGuard::new(self, event)))
    }

    /// Waits until a write is worth trying. One task at a time; the last one to ask is woken.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    pub fn poll_write_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        let event = ready!(self.poll_ready(Direction::Write, cx))?;
        Poll::Ready(Ok(AsyncFdReadyGuard::new(self, event)))
    }

    /// As [`poll_write_ready`](Self::poll_write_ready), with a guard that lends the value mutably.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    pub fn poll_write_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        let event = ready!(self.poll_ready(Direction::Write, cx))?;
        Poll::Ready(Ok(AsyncFdReadyMutGuard::new(self, event)))
    }

    fn poll_ready(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<io::Result<ReadyEvent>> {
        self.registration.poll_ready(self.fd, direction, cx)
    }

    /// Waits until an operation of `interest` is worth trying.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn ready(&self, interest: Interest) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        let event = self.registration.ready(self.fd, interest).await?;
        Ok(AsyncFdReadyGuard::new(self, event))
    }

    /// As [`ready`](Self::ready), with a guard that lends the value mutably.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn ready_mut(&mut self, interest: Interest) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        let event = self.registration.ready(self.fd, interest).await?;
        Ok(AsyncFdReadyMutGuard::new(self, event))
    }

    /// Waits until a read is worth trying.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn readable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::READABLE).await
    }

    /// As [`readable`](Self::readable), with a guard that lends the value mutably.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn readable_mut(&mut self) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        self.ready_mut(Interest::READABLE).await
    }

    /// Waits until a write is worth trying.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn writable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::WRITABLE).await
    }

    /// As [`writable`](Self::writable), with a guard that lends the value mutably.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn writable_mut(&mut self) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        self.ready_mut(Interest::WRITABLE).await
    }

    /// Tries `operation` whenever it is worth trying, until it does not block.
    ///
    /// # Errors
    ///
    /// The error of `operation`, or that of waiting.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped, if a blocked `operation` has done nothing.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            let event = self.registration.ready(self.fd, interest).await?;
            let result = operation(self.get_ref());
            if !would_block(&result) {
                return result;
            }
            self.registration.clear_blocked(self.fd, event)?;
        }
    }

    /// As [`async_io`](Self::async_io), lending the value mutably.
    ///
    /// # Errors
    ///
    /// The error of `operation`, or that of waiting.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped, if a blocked `operation` has done nothing.
    pub async fn async_io_mut<R>(
        &mut self,
        interest: Interest,
        mut operation: impl FnMut(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            let event = self.registration.ready(self.fd, interest).await?;
            let result = operation(self.get_mut());
            if !would_block(&result) {
                return result;
            }
            self.registration.clear_blocked(self.fd, event)?;
        }
    }

    /// Tries `operation` now, if it is worth trying.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or the error of `operation`.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        let event = self.look(interest)?;
        let result = operation(self.get_ref());
        self.note(event, &result)?;
        result
    }

    /// As [`try_io`](Self::try_io), lending the value mutably.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or the error of `operation`.
    pub fn try_io_mut<R>(
        &mut self,
        interest: Interest,
        operation: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let event = self.look(interest)?;
        let result = operation(self.get_mut());
        self.note(event, &result)?;
        result
    }

    fn look(&self, interest: Interest) -> io::Result<ReadyEvent> {
        let event = self.registration.look(self.fd, interest)?;
        if event.ready().is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(event) }
    }

    fn note<R>(&self, event: ReadyEvent, result: &io::Result<R>) -> io::Result<()> {
        if would_block(result) { self.registration.clear_blocked(self.fd, event) } else { Ok(()) }
    }
}

fn would_block<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

impl<T: AsRawFd> Drop for AsyncFd<T> {
    fn drop(&mut self) {
        if self.inner.is_some() {
            // Fails only if the descriptor is closed already, and then it is out.
            let _ = self.registration.deregister(self.fd);
        }
    }
}

impl<T: AsRawFd> AsRawFd for AsyncFd<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.get_ref().as_raw_fd()
    }
}

impl<T: AsRawFd + AsFd> AsFd for AsyncFd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.get_ref().as_fd()
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFd").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// A descriptor could not be wrapped, and here it is; see [`AsyncFd::try_new`].
pub struct AsyncFdTryNewError<T> {
    inner: T,
    cause: io::Error,
}

impl<T> AsyncFdTryNewError<T> {
    /// The value that was to be wrapped, and why it was not.
    #[must_use]
    pub fn into_parts(self) -> (T, io::Error) {
        (self.inner, self.cause)
    }

    fn into_error(self) -> io::Error {
        self.cause
    }
}

impl<T> fmt::Display for AsyncFdTryNewError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the descriptor cannot be waited for")
    }
}

impl<T> fmt::Debug for AsyncFdTryNewError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncFdTryNewError").field(&self.cause).finish()
    }
}

impl<T> std::error::Error for AsyncFdTryNewError<T> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

impl<T> From<AsyncFdTryNewError<T>> for io::Error {
    fn from(error: AsyncFdTryNewError<T>) -> Self {
        error.cause
    }
}
