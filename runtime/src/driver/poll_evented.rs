//! A descriptor with its registration: what sockets are built on.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, SendAncillaryBuffer};

use super::cell::Direction;
use super::ready::{Interest, Ready};
use super::registration::{ReadyEvent, Registration};
use crate::io::ReadBuf;
use crate::sys::NO_SIGNAL;

/// Slices the kernel takes in one call.
const IOV_MAX: usize = 1024;

/// A non-blocking descriptor that tasks can wait on.
///
/// It belongs to no runtime until an operation on it first would block; from then on it belongs to the one that
/// polled it, and to the worker that did. Until then every operation is simply tried, which for a socket that was
/// just accepted is usually right, and a short-lived connection never enters epoll at all.
///
/// One task may wait through `poll_*` for reading and one for writing. Any number may wait through the `async`
/// methods.
///
/// ```
/// use minato_runtime::io::{Interest, PollEvented};
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # rt.block_on(async {
/// let (mut a, b) = UnixStream::pair().unwrap();
/// b.set_nonblocking(true).unwrap();
/// let b = PollEvented::new(b);
/// a.write_all(b"x").unwrap();
/// let n = b.async_io(Interest::READABLE, |mut io| io.read(&mut [0; 8])).await.unwrap();
/// assert_eq!(n, 1);
/// # });
/// ```
pub struct PollEvented<S: AsFd> {
    registration: Registration,
    io: Option<S>,
}

impl<S: AsFd> PollEvented<S> {
    /// Takes a descriptor in non-blocking mode.
    pub fn new(io: S) -> Self {
        let assumed = Ready::READABLE | Ready::WRITABLE;
        Self { registration: Registration::new(assumed), io: Some(io) }
    }

    /// Takes a socket that is still connecting: it is not tried before the kernel says it is ready.
    pub fn new_connecting(io: S) -> Self {
        Self { registration: Registration::new(Ready::EMPTY), io: Some(io) }
    }

    /// The descriptor.
    #[inline]
    pub fn get_ref(&self) -> &S {
        match &self.io {
            Some(io) => io,
            None => unreachable!("the descriptor is there until `into_inner` consumes self"),
        }
    }

    #[inline]
    fn raw_fd(&self) -> RawFd {
        self.get_ref().as_fd().as_raw_fd()
    }

    /// Takes the descriptor out of its driver and gives it back.
    ///
    /// # Errors
    ///
    /// Those of `epoll_ctl`.
    pub fn into_inner(mut self) -> io::Result<S> {
        match self.io.take() {
            Some(io) => {
                self.registration.deregister(io.as_fd().as_raw_fd())?;
                Ok(io)
            }
            None => unreachable!("the descriptor is there until `into_inner` consumes self"),
        }
    }

    /// Takes the descriptor out of its driver. Before it is dropped while its file stays open elsewhere: closing does
    /// not take it out then, and the driver would be woken for nobody.
    ///
    /// # Errors
    ///
    /// Those of `epoll_ctl`.
    pub fn deregister(&mut self) -> io::Result<()> {
        let fd = self.raw_fd();
        self.registration.deregister(fd)
    }

    /// Waits until a read would not block. One task at a time.
    ///
    /// # Errors
    ///
    /// If this is the first wait and there is no runtime, or the runtime has shut down.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<ReadyEvent>> {
        self.registration.poll_ready(self.raw_fd(), Direction::Read, cx)
    }

    /// Waits until the peer will send nothing more, whatever it has sent before. One task at a time, the one that reads;
    /// it may be woken for bytes that come.
    ///
    /// # Errors
    ///
    /// As [`poll_read_ready`](Self::poll_read_ready).
    pub fn poll_read_closed(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration.poll_read_closed(self.raw_fd(), cx)
    }

    /// Waits until a write would not block. One task at a time.
    ///
    /// # Errors
    ///
    /// As [`poll_read_ready`](Self::poll_read_ready).
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<ReadyEvent>> {
        self.registration.poll_ready(self.raw_fd(), Direction::Write, cx)
    }

    /// Says that an operation tried at `event` would block.
    ///
    /// # Errors
    ///
    /// If the descriptor must join a driver now and cannot.
    pub fn clear_ready(&self, event: ReadyEvent) -> io::Result<()> {
        self.registration.clear_blocked(self.raw_fd(), event)
    }

    /// Waits until `interest` is satisfied. Any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// As [`poll_read_ready`](Self::poll_read_ready).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn ready(&self, interest: Interest) -> io::Result<ReadyEvent> {
        self.registration.ready(self.raw_fd(), interest).await
    }

    /// Tries `operation` now, if the descriptor may be ready.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or the error of `operation`.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        let event = self.registration.look(self.raw_fd(), interest)?;
        if event.ready().is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = operation(self.get_ref());
        if would_block(&result) {
            self.registration.clear_blocked(self.raw_fd(), event)?;
        }
        result
    }

    /// Tries `operation` whenever the descriptor may be ready, until it does not block. Any number of tasks may.
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
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            let event = self.ready(interest).await?;
            let result = operation(self.get_ref());
            if !would_block(&result) {
                return result;
            }
            self.registration.clear_blocked(self.raw_fd(), event)?;
        }
    }

    /// Tries a reading `operation` until it does not block. One task at a time.
    ///
    /// # Errors
    ///
    /// The error of `operation`, or that of waiting.
    pub fn poll_read_io<R>(
        &self,
        cx: &mut Context<'_>,
        operation: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_io(Direction::Read, cx, operation)
    }

    /// Tries a writing `operation` until it does not block. One task at a time.
    ///
    /// # Errors
    ///
    /// The error of `operation`, or that of waiting.
    pub fn poll_write_io<R>(
        &self,
        cx: &mut Context<'_>,
        operation: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_io(Direction::Write, cx, operation)
    }

    #[inline]
    fn poll_io<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_transfer(direction, cx, |io| operation(io).map(|result| (result, Length::Unknown)))
    }

    /// Tries `operation`; a transfer shorter than was asked for says that the next one would block, which saves
    /// finding that out.
    #[inline]
    pub(super) fn poll_transfer<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&S) -> io::Result<(R, Length)>,
    ) -> Poll<io::Result<R>> {
        loop {
            let event = ready!(self.registration.poll_ready(self.raw_fd(), direction, cx))?;
            match operation(self.get_ref()) {
                Ok((result, length)) => {
                    if length == Length::Short {
                        self.registration.clear_short(event);
                    }
                    return Poll::Ready(Ok(result));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.registration.clear_blocked(self.raw_fd(), event)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Receives from a socket into `buf`, which need not be initialised. No bytes means the end.
    ///
    /// # Errors
    ///
    /// Those of `recv`.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_transfer(Direction::Read, cx, |io| {
            let room = buf.remaining();
            // SAFETY: nothing is de-initialised: the kernel writes, or leaves alone.
            let unfilled = unsafe { buf.unfilled_mut() };
            let ((filled, _), _) = rustix::net::recv(io, unfilled, RecvFlags::empty())?;
            let received = filled.len();
            // SAFETY: `recv` has written these bytes.
            unsafe { buf.assume_init(received) };
            buf.advance(received);
            Ok(((), Length::of(received, room)))
        })
    }

    /// Receives from a socket into several slices.
    ///
    /// # Errors
    ///
    /// Those of `readv`.
    pub fn poll_recv_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = bufs.len().min(IOV_MAX);
        let bufs = &mut bufs[..count];
        let room: usize = bufs.iter().map(|buf| buf.len()).sum();
        self.poll_transfer(Direction::Read, cx, |io| {
            let received = rustix::io::readv(io, bufs)?;
            Ok((received, Length::of(received, room)))
        })
    }

    /// Sends bytes to a socket; a broken pipe is an error, never a signal.
    ///
    /// # Errors
    ///
    /// Those of `send`.
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_transfer(Direction::Write, cx, |io| {
            let sent = rustix::net::send(io, buf, NO_SIGNAL)?;
            Ok((sent, Length::of(sent, buf.len())))
        })
    }

    /// Sends several slices to a socket in one call.
    ///
    /// # Errors
    ///
    /// Those of `sendmsg`.
    pub fn poll_send_vectored(&self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let bufs = &bufs[..bufs.len().min(IOV_MAX)];
        let offered: usize = bufs.iter().map(|buf| buf.len()).sum();
        self.poll_transfer(Direction::Write, cx, |io| {
            let sent = send_vectored(io, bufs)?;
            Ok((sent, Length::of(sent, offered)))
        })
    }

    /// Reads from a pipe or a terminal into `buf`, which need not be initialised. No bytes means the end.
    ///
    /// They may hand out records: lines, or packets if whoever writes to the pipe has set `O_DIRECT`, which its reader
    /// cannot see. So a read shorter than was asked for says nothing of what is left.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub fn poll_read_record(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_read_io(cx, |io| Ok(read_uninit(io, buf).map(drop)?))
    }

    /// Writes to a pipe.
    ///
    /// # Errors
    ///
    /// Those of `write`.
    pub fn poll_write_pipe(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_transfer(Direction::Write, cx, |io| {
            let written = rustix::io::write(io, buf)?;
            Ok((written, Length::of(written, buf.len())))
        })
    }

    /// Writes several slices to a pipe in one call.
    ///
    /// # Errors
    ///
    /// Those of `writev`.
    pub fn poll_write_pipe_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bufs = &bufs[..bufs.len().min(IOV_MAX)];
        let offered: usize = bufs.iter().map(|buf| buf.len()).sum();
        self.poll_transfer(Direction::Write, cx, |io| {
            let written = rustix::io::writev(io, bufs)?;
            Ok((written, Length::of(written, offered)))
        })
    }

    /// Receives what is there without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recv`.
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.try_io(Interest::READABLE, |io| Ok(rustix::net::recv(io, buf, RecvFlags::empty())?.1))
    }

    /// Sends what fits without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `send`.
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.try_io(Interest::WRITABLE, |io| Ok(rustix::net::send(io, buf, NO_SIGNAL)?))
    }

    /// Sends what fits of several slices without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `sendmsg`.
    pub fn try_send_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let bufs = &bufs[..bufs.len().min(IOV_MAX)];
        self.try_io(Interest::WRITABLE, |io| Ok(send_vectored(io, bufs)?))
    }

    /// Waits for readiness as a future of its own; for `poll_fn`-shaped callers.
    ///
    /// # Errors
    ///
    /// As [`poll_read_ready`](Self::poll_read_ready).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn write_ready(&self) -> io::Result<ReadyEvent> {
        poll_fn(|cx| self.poll_write_ready(cx)).await
    }
}

fn send_vectored(io: impl AsFd, bufs: &[IoSlice<'_>]) -> rustix::io::Result<usize> {
    rustix::net::sendmsg(io, bufs, &mut SendAncillaryBuffer::default(), NO_SIGNAL)
}

/// One `read` into the unfilled part.
fn read_uninit(io: impl AsFd, buf: &mut ReadBuf<'_>) -> rustix::io::Result<usize> {
    // SAFETY: nothing is de-initialised: the kernel writes, or leaves alone.
    let unfilled = unsafe { buf.unfilled_mut() };
    let (filled, _) = rustix::io::read(io, unfilled)?;
    let read = filled.len();
    // SAFETY: `read` has written these bytes.
    unsafe { buf.assume_init(read) };
    buf.advance(read);
    Ok(read)
}

fn would_block<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// How a transfer compares with what was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// Some bytes, and fewer than there was room for: the next transfer would block.
    Short,
    /// As many as asked for, or the end.
    Whole,
    /// Not a transfer of bytes.
    Unknown,
}

impl Length {
    fn of(transferred: usize, asked: usize) -> Self {
        if transferred != 0 && transferred < asked { Self::Short } else { Self::Whole }
    }
}

impl<S: AsFd + fmt::Debug> fmt::Debug for PollEvented<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollEvented").field("io", &self.io).finish_non_exhaustive()
    }
}
