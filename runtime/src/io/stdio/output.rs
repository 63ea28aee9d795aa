//! Writing to the standard output and the standard error.

use std::fmt;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustix::io::{fcntl_dupfd_cloexec, write};
use rustix::net::{SendFlags, send};

use super::channel::{Channel, Way};
use crate::fs::File;
use crate::io::{AsyncWrite, PollEvented};
use crate::sys::NO_SIGNAL;

/// Where the bytes go.
enum Outlet {
    /// Not looked at yet.
    Unknown,
    /// Written when a write is ready.
    Channel(Channel),
    /// Written by a job, which the end of the runtime waits for.
    File(File),
}

impl Outlet {
    fn find(fd: BorrowedFd<'_>) -> io::Result<Self> {
        Ok(match Channel::of(fd, Way::Out)? {
            Channel::Blocking => Self::File(File::from(fcntl_dupfd_cloexec(fd, 0)?)),
            channel => Self::Channel(channel),
        })
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Unknown => unreachable!("looked for before"),
            Self::File(file) => Pin::new(file).poll_write(cx, buf),
            Self::Channel(Channel::Pipe(pipe)) => pipe.poll_write_pipe(cx, buf),
            Self::Channel(Channel::Terminal(terminal)) => {
                terminal.poll_write_io(cx, |terminal: &OwnedFd| Ok(write(terminal, buf)?))
            }
            Self::Channel(Channel::Socket(socket)) => poll_send(socket, cx, buf),
            // As `std` does: nobody is there to hear.
            Self::Channel(Channel::Closed | Channel::Blocking) => Poll::Ready(Ok(buf.len())),
        }
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::File(file) => Pin::new(file).poll_write_vectored(cx, bufs),
            Self::Channel(Channel::Pipe(pipe)) => pipe.poll_write_pipe_vectored(cx, bufs),
            _ => {
                let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| &**buf);
                self.poll_write(cx, first)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        matches!(self, Self::File(_) | Self::Channel(Channel::Pipe(_)))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::File(file) => Pin::new(file).poll_flush(cx),
            Self::Unknown | Self::Channel(_) => Poll::Ready(Ok(())),
        }
    }
}

fn poll_send(socket: &PollEvented<OwnedFd>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
    socket.poll_write_io(cx, |socket| Ok(send(socket, buf, SendFlags::DONTWAIT | NO_SIGNAL)?))
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("Unknown"),
            Self::Channel(channel) => channel.fmt(f),
            Self::File(file) => file.fmt(f),
        }
    }
}

macro_rules! standard_output {
    ($(#[doc = $doc:literal])+ $make:ident, $name:ident, $summary:literal) => {
        $(#[doc = $doc])+
        #[must_use]
        pub fn $make() -> $name {
            $name { outlet: Outlet::Unknown }
        }

        #[doc = $summary]
        #[derive(Debug)]
        pub struct $name {
            outlet: Outlet,
        }

        impl $name {
            /// Where the bytes go, looked for at the first write.
            fn outlet(&mut self) -> io::Result<&mut Outlet> {
                if let Outlet::Unknown = self.outlet {
                    // What was printed before comes before.
                    std::io::$make().flush()?;
                    self.outlet = Outlet::find(self.as_fd())?;
                }
                Ok(&mut self.outlet)
            }
        }

        impl AsyncWrite for $name {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.get_mut().outlet()?.poll_write(cx, buf)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.get_mut().outlet()?.poll_write_vectored(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                self.outlet.is_write_vectored()
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.get_mut().outlet.poll_flush(cx)
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.get_mut().outlet.poll_flush(cx)
            }
        }

        impl AsFd for $name {
            fn as_fd(&self) -> BorrowedFd<'_> {
                rustix::stdio::$make()
            }
        }

        impl AsRawFd for $name {
            fn as_raw_fd(&self) -> RawFd {
                self.as_fd().as_raw_fd()
            }
        }
    };
}

standard_output! {
    /// The standard output of the process.
    ///
    /// On a pipe, a terminal or a socket, a write is ready when the bytes are written: nothing has to be flushed, and
    /// nothing is lost when the process ends. On a regular file, writes gather as in a [`File`]. What is printed with
    /// `print!` without a line feed waits in `std`, and may come after what is written here.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::io::{AsyncWriteExt, stdout};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// stdout().write_all(b"hello\n").await?;
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    stdout, Stdout, "The standard output of the process; made by [`stdout`]."
}

standard_output! {
    /// The standard error of the process; as [`stdout`].
    stderr, Stderr, "The standard error of the process; made by [`stderr`]."
}
