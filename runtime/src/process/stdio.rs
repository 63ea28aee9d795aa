//! The pipes to and from a child.

use std::fmt;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use rustix::io::ioctl_fionbio;

use crate::io::{AsyncRead, AsyncWrite, PollEvented, ReadBuf};

/// The pipe to the standard input of a child.
///
/// Shutting it down, or dropping it, closes it: the child sees the end of its input.
pub struct ChildStdin {
    /// Gone once it was shut down.
    pipe: Option<PollEvented<OwnedFd>>,
}

/// The pipe from the standard output of a child.
pub struct ChildStdout {
    pipe: PollEvented<OwnedFd>,
}

/// The pipe from the standard error of a child.
pub struct ChildStderr {
    pipe: PollEvented<OwnedFd>,
}

fn nonblocking(fd: OwnedFd) -> io::Result<PollEvented<OwnedFd>> {
    ioctl_fionbio(&fd, true)?;
    Ok(PollEvented::new(fd))
}

fn blocking(pipe: PollEvented<OwnedFd>) -> io::Result<OwnedFd> {
    let fd = pipe.into_inner()?;
    ioctl_fionbio(&fd, false)?;
    Ok(fd)
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the pipe has been shut down")
}

impl ChildStdin {
    /// Takes over a pipe of `std`.
    ///
    /// # Errors
    ///
    /// If it cannot be made non-blocking.
    pub fn from_std(stdin: std::process::ChildStdin) -> io::Result<Self> {
        Ok(Self { pipe: Some(nonblocking(stdin.into())?) })
    }

    /// The descriptor, out of the runtime and in blocking mode.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` if it has been shut down, or if it cannot be made blocking.
    pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
        blocking(self.pipe.ok_or_else(closed)?)
    }
}

impl AsyncWrite for ChildStdin {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &self.pipe {
            Some(pipe) => pipe.poll_write_pipe(cx, buf),
            None => Poll::Ready(Err(closed())),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &self.pipe {
            Some(pipe) => pipe.poll_write_pipe_vectored(cx, bufs),
            None => Poll::Ready(Err(closed())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe = None;
        Poll::Ready(Ok(()))
    }
}

impl TryFrom<ChildStdin> for Stdio {
    type Error = io::Error;

    fn try_from(stdin: ChildStdin) -> io::Result<Self> {
        stdin.into_owned_fd().map(Self::from)
    }
}

impl fmt::Debug for ChildStdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildStdin").field("pipe", &self.pipe).finish()
    }
}

macro_rules! reading_end {
    ($name:ident) => {
        impl $name {
            /// Takes over a pipe of `std`.
            ///
            /// # Errors
            ///
            /// If it cannot be made non-blocking.
            pub fn from_std(pipe: std::process::$name) -> io::Result<Self> {
                Ok(Self { pipe: nonblocking(pipe.into())? })
            }

            /// The descriptor, out of the runtime and in blocking mode.
            ///
            /// # Errors
            ///
            /// If it cannot be made blocking.
            pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
                blocking(self.pipe)
            }
        }

        impl AsyncRead for $name {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.pipe.poll_read_record(cx, buf)
            }
        }

        impl TryFrom<$name> for Stdio {
            type Error = io::Error;

            fn try_from(pipe: $name) -> io::Result<Self> {
                pipe.into_owned_fd().map(Self::from)
            }
        }

        impl AsFd for $name {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.pipe.get_ref().as_fd()
            }
        }

        impl AsRawFd for $name {
            fn as_raw_fd(&self) -> RawFd {
                self.as_fd().as_raw_fd()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("pipe", &self.pipe).finish()
            }
        }
    };
}

reading_end!(ChildStdout);
reading_end!(ChildStderr);
