//! The end that is read from.

use std::io::{self, IoSliceMut};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use minato_runtime::io::{AsyncRead, ReadBuf};

use super::{End, end_methods};
use crate::bridges::bridge;
use crate::readiness::readiness_methods;
use crate::source::{BufMut, Interest, PollEvented, descriptor};

/// The end of a pipe that is read from.
///
/// It reads through [`AsyncReadExt`](minato_runtime::io::AsyncReadExt). The end is seen when all senders are gone.
#[derive(Debug)]
pub struct Receiver {
    io: PollEvented<OwnedFd>,
}

descriptor!(Receiver);

impl Receiver {
    end_methods!(End::Receiver);
    readiness_methods!();

    /// Reads what is there into `buf`; 0 bytes are the end, if `buf` is not empty.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if nothing is there, and those of `read`.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_io(Interest::READABLE, |io| Ok(rustix::io::read(io, buf)?))
    }

    /// Reads what is there into several buffers.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.io.try_io(Interest::READABLE, |io| Ok(rustix::io::readv(io, bufs)?))
    }

    /// Appends what is there to `buf`, whose spare room need not be initialised.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.try_read_buf(buf)
    }
}

impl AsyncRead for Receiver {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io.poll_read_record(cx, buf)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        // As `poll_read_record`: how much was read says nothing of what is left.
        self.io.poll_read_io(cx, |io| Ok(rustix::io::readv(io, bufs)?))
    }

    fn is_read_vectored(&self) -> bool {
        true
    }
}

bridge!([] Receiver; read);
