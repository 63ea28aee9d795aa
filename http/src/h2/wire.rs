//! The socket as h2 sees it: writes are gathered, and leave once per turn.
//!
//! h2 flushes after nearly every frame of data. Here a flush is answered at once and does nothing; the driver of the
//! connection writes what has gathered when its turn ends. A long piece of data is not copied: it leaves with all
//! that stands before it in one vectored write.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};

use minato_runtime::io::tokio_compat;
use minato_runtime::io::{AsyncRead, AsyncWrite};

use super::guard::FrameGuard;
use crate::input::Input;
use crate::limits::COALESCE_BYTES;
use crate::output::{COPY_BYTES, Output};

/// The side of the connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

struct Shared<Io> {
    io: Io,
    /// Read before h2 came into play.
    input: Input,
    /// Bytes that were read in all.
    received: u64,
    output: Output,
    guard: FrameGuard,
}

/// A handle to the socket of an HTTP/2 connection: h2 holds one, the driver another.
pub(crate) struct Wire<Io> {
    shared: Arc<Mutex<Shared<Io>>>,
}

impl<Io> Clone for Wire<Io> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<Io> Wire<Io> {
    /// A socket of which `input` has been read.
    pub(crate) fn new(io: Io, input: Input, role: Role, control_frames: u32) -> Self {
        let guard = FrameGuard::new(role, control_frames);
        let received = input.received();
        Self {
            shared: Arc::new(Mutex::new(Shared { io, input, received, output: Output::default(), guard })),
        }
    }

    /// Bytes that were read and written in all.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        let shared = self.lock();
        (shared.received, shared.output.sent())
    }

    /// Looks at, or settles with, the guard.
    pub(crate) fn guard<R>(&self, with: impl FnOnce(&mut FrameGuard) -> R) -> R {
        with(&mut self.lock().guard)
    }

    // Uncontended: only the connection's own task polls h2 and the driver.
    fn lock(&self) -> MutexGuard<'_, Shared<Io>> {
        self.shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<Io: AsyncWrite + Unpin> Wire<Io> {
    /// Writes what has gathered. `progress` is set when the peer took any of it.
    pub(crate) fn poll_write_out(&self, cx: &mut Context<'_>, progress: &mut bool) -> Poll<io::Result<()>> {
        let Shared { io, output, guard, .. } = &mut *self.lock();
        let before = output.len();
        let written = output.poll_write(io, cx, progress);
        guard.handle_written(before - output.len());
        written
    }
}

impl<Io: AsyncWrite + Unpin> Shared<Io> {
    fn poll_gather(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let total: usize = bufs.iter().map(|buf| buf.len()).sum();
        let is_long = bufs.iter().any(|buf| buf.len() >= COPY_BYTES);
        if !is_long && self.output.len() + total <= COALESCE_BYTES {
            bufs.iter().for_each(|buf| self.output.tail().extend_from_slice(buf));
            return Poll::Ready(Ok(total));
        }
        while let Poll::Ready(written) = self.output.poll_write_once(&mut self.io, cx, bufs)? {
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.guard.handle_written(written);
            let taken = self.output.advance(written);
            if taken > 0 {
                return Poll::Ready(Ok(taken));
            }
        }
        // The socket is full. Below the mark h2 may go on, and the driver writes when the socket drains.
        let mut room = COALESCE_BYTES.saturating_sub(self.output.len());
        let mut taken = 0;
        for buf in bufs {
            let len = buf.len().min(room);
            self.output.tail().extend_from_slice(&buf[..len]);
            room -= len;
            taken += len;
        }
        match taken {
            0 => Poll::Pending,
            _ => Poll::Ready(Ok(taken)),
        }
    }
}

impl<Io: AsyncRead + Unpin> tokio::io::AsyncRead for Wire<Io> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Shared { io, input, received, guard, .. } = &mut *self.lock();
        // What the connection must end for has arrived: its driver knows, and h2 need not.
        if guard.is_shut() {
            return Poll::Pending;
        }
        let before = buf.filled().len();
        if input.is_empty() {
            ready!(tokio_compat::poll_read(Pin::new(io), cx, buf))?;
            *received += (buf.filled().len() - before) as u64;
        } else {
            let len = input.bytes().len().min(buf.remaining());
            buf.put_slice(&input.bytes()[..len]);
            input.consume(len);
            input.release();
        }
        let passed = guard.handle_read(&buf.filled()[before..]);
        buf.set_filled(before + passed);
        // To have read nothing would be the end of the connection.
        if passed == 0 && guard.is_shut() { Poll::Pending } else { Poll::Ready(Ok(())) }
    }
}

impl<Io: AsyncWrite + Unpin> tokio::io::AsyncWrite for Wire<Io> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.lock().poll_gather(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.lock().poll_gather(cx, bufs)
    }

    // With this h2 hands over its data in place, however the socket beneath does it.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Shared { io, output, .. } = &mut *self.lock();
        ready!(output.poll_write(io, cx, &mut false))?;
        Pin::new(io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use minato_runtime::io::duplex;
    use tokio::io::{AsyncRead as _, AsyncWrite as _};

    use super::super::PREFACE;
    use super::*;

    const ROOM: usize = 1 << 20;

    fn wire(
        room: usize,
        role: Role,
    ) -> (Wire<minato_runtime::io::DuplexStream>, minato_runtime::io::DuplexStream) {
        let (ours, theirs) = duplex(room);
        (Wire::new(ours, Input::default(), role, 10), theirs)
    }

    fn read(peer: &mut minato_runtime::io::DuplexStream) -> usize {
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        let mut buf = vec![0; ROOM];
        let mut buf = minato_runtime::io::ReadBuf::new(&mut buf);
        let _ = AsyncRead::poll_read(Pin::new(peer), cx, &mut buf);
        buf.filled().len()
    }

    #[test]
    fn frames_gather_until_the_driver_writes_them_out() {
        let (mut wire, mut peer) = wire(ROOM, Role::Client);
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        for _ in 0..100 {
            assert!(matches!(Pin::new(&mut wire).poll_write(cx, &[0; 1000]), Poll::Ready(Ok(1000))));
            assert!(Pin::new(&mut wire).poll_flush(cx).is_ready());
        }
        assert_eq!(read(&mut peer), 0);
        assert!(wire.poll_write_out(cx, &mut false).is_ready());
        assert_eq!(read(&mut peer), 100_000);
    }

    #[test]
    fn a_long_piece_leaves_at_once_with_what_stands_before_it() {
        let (mut wire, mut peer) = wire(ROOM, Role::Client);
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut wire).poll_write(cx, &[0; 9]).is_ready());
        let written = Pin::new(&mut wire).poll_write(cx, &[1; COPY_BYTES]);
        assert!(matches!(written, Poll::Ready(Ok(COPY_BYTES))));
        assert_eq!(read(&mut peer), 9 + COPY_BYTES);
    }

    #[test]
    fn no_more_gathers_than_allowed_when_the_socket_is_full() {
        let (mut wire, _peer) = wire(10, Role::Client);
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        let mut gathered = 0;
        while let Poll::Ready(Ok(len)) = Pin::new(&mut wire).poll_write(cx, &[0; 5000]) {
            gathered += len;
            assert!(gathered <= COALESCE_BYTES + 10);
        }
        assert_eq!(gathered, COALESCE_BYTES + 10);
        assert!(wire.poll_write_out(cx, &mut false).is_pending());
    }

    #[test]
    fn what_was_read_before_comes_first() {
        let (io, mut peer) = duplex(ROOM);
        let mut input = Input::default();
        input.extend(PREFACE);
        let mut wire = Wire::new(io, input, Role::Server, 10);
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        assert!(AsyncWrite::poll_write(Pin::new(&mut peer), cx, &[0, 0, 0, 4, 0, 0, 0, 0, 0]).is_ready());
        let mut bytes = [0; 100];
        let mut buf = tokio::io::ReadBuf::new(&mut bytes);
        assert!(Pin::new(&mut wire).poll_read(cx, &mut buf).is_ready());
        assert_eq!(buf.filled(), PREFACE);
        assert!(!wire.guard(|guard| guard.has_settings()));
        assert!(Pin::new(&mut wire).poll_read(cx, &mut buf).is_ready());
        assert_eq!(buf.filled().len(), PREFACE.len() + 9);
        assert!(wire.guard(|guard| guard.has_settings()));
    }
}
