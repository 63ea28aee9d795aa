//! The end that is written to.

use std::io::{self, IoSlice};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use minato_runtime::io::AsyncWrite;

use super::{End, end_methods};
use crate::bridges::bridge;
use crate::readiness::readiness_methods;
use crate::source::{Interest, PollEvented, descriptor};

/// The end of a pipe that is written to.
///
/// It writes through [`AsyncWriteExt`](minato_runtime::io::AsyncWriteExt). What is written goes to the kernel at once,
/// so there is nothing to flush, and the receiver sees the end when the sender is dropped; shutting it down does
/// nothing.
#[derive(Debug)]
pub struct Sender {
    io: PollEvented<OwnedFd>,
}

descriptor!(Sender);

impl Sender {
    end_methods!(End::Sender);
    readiness_methods!();

    /// Writes what fits of `buf`.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if nothing fits, `BrokenPipe` if there is no receiver, and those of `write`.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_io(Interest::WRITABLE, |io| Ok(rustix::io::write(io, buf)?))
    }

    /// Writes what fits of several buffers.
    ///
    /// # Errors
    ///
    /// As [`try_write`](Self::try_write).
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.io.try_io(Interest::WRITABLE, |io| Ok(rustix::io::writev(io, bufs)?))
    }
}

impl AsyncWrite for Sender {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.io.poll_write_pipe(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write_pipe_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

bridge!([] Sender; write);
