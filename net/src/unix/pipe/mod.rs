//! Pipes, with and without a name.
//!
//! - [`pipe`]: a pipe without a name, as its two ends
//! - [`OpenOptions`]: opens the ends of a named pipe (FIFO)
//! - [`Sender`], [`Receiver`]: the ends

mod open_options;
mod receiver;
mod sender;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{FileType, OFlags};

pub use open_options::OpenOptions;
pub use receiver::Receiver;
pub use sender::Sender;

/// A pipe without a name: what is written to the sender comes out of the receiver.
///
/// # Errors
///
/// If the process or the system has run out of descriptors.
///
/// ```
/// use minato_net::unix::pipe;
/// use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let (mut sender, mut receiver) = pipe::pipe()?;
/// sender.write_all(b"ahoy").await?;
/// drop(sender);
/// let mut text = String::new();
/// receiver.read_to_string(&mut text).await?;
/// assert_eq!(text, "ahoy");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (receiver, sender) = crate::sys::pipe()?;
    Ok((Sender::from_nonblocking(sender), Receiver::from_nonblocking(receiver)))
}

/// An end of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Sender,
    Receiver,
}

/// Checks that a descriptor is this end of a pipe, and puts it into non-blocking mode.
fn adopt(fd: impl Into<OwnedFd>, end: End) -> io::Result<OwnedFd> {
    let fd = fd.into();
    expect_pipe(&fd)?;
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    let mode = flags & OFlags::RWMODE;
    let wrong_end = if end == End::Sender { OFlags::RDONLY } else { OFlags::WRONLY };
    if mode == wrong_end {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the descriptor is the other end of a pipe"));
    }
    rustix::fs::fcntl_setfl(&fd, flags | OFlags::NONBLOCK)?;
    Ok(fd)
}

fn expect_pipe(fd: impl AsFd) -> io::Result<()> {
    match FileType::from_raw_mode(rustix::fs::fstat(fd)?.st_mode) {
        FileType::Fifo => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "the descriptor is not a pipe")),
    }
}

/// Takes a descriptor out of non-blocking mode.
fn into_blocking(fd: OwnedFd) -> io::Result<OwnedFd> {
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    rustix::fs::fcntl_setfl(&fd, flags - OFlags::NONBLOCK)?;
    Ok(fd)
}

/// What both ends have: where they come from and where they go.
macro_rules! end_methods {
    ($end:expr) => {
        /// Takes the file of a pipe's end, and puts it into non-blocking mode.
        ///
        /// # Errors
        ///
        /// `InvalidInput` if it is no pipe, or its other end.
        pub fn from_file(file: std::fs::File) -> std::io::Result<Self> {
            Self::from_owned_fd(file.into())
        }

        /// Takes the descriptor of a pipe's end, and puts it into non-blocking mode.
        ///
        /// # Errors
        ///
        /// `InvalidInput` if it is no pipe, or its other end.
        pub fn from_owned_fd(fd: std::os::fd::OwnedFd) -> std::io::Result<Self> {
            Ok(Self::from_nonblocking($crate::unix::pipe::adopt(fd, $end)?))
        }

        /// Takes the file of a pipe's end without a look at it: it must be the right end of a pipe, in non-blocking mode, or
        /// operations fail or block their thread.
        ///
        /// # Errors
        ///
        /// None today.
        pub fn from_file_unchecked(file: std::fs::File) -> std::io::Result<Self> {
            Self::from_owned_fd_unchecked(file.into())
        }

        /// Takes the descriptor of a pipe's end without a look at it; see
        /// [`from_file_unchecked`](Self::from_file_unchecked).
        ///
        /// # Errors
        ///
        /// None today.
        pub fn from_owned_fd_unchecked(fd: std::os::fd::OwnedFd) -> std::io::Result<Self> {
            Ok(Self::from_nonblocking(fd))
        }

        pub(super) fn from_nonblocking(fd: std::os::fd::OwnedFd) -> Self {
            Self { io: $crate::source::PollEvented::new(fd) }
        }

        /// Gives the descriptor away, still in non-blocking mode.
        ///
        /// # Errors
        ///
        /// If the pipe cannot leave its driver.
        pub fn into_nonblocking_fd(self) -> std::io::Result<std::os::fd::OwnedFd> {
            self.io.into_inner()
        }

        /// Gives the descriptor away in blocking mode, as child processes expect it.
        ///
        /// # Errors
        ///
        /// If the pipe cannot leave its driver or the mode cannot be set.
        pub fn into_blocking_fd(self) -> std::io::Result<std::os::fd::OwnedFd> {
            $crate::unix::pipe::into_blocking(self.io.into_inner()?)
        }
    };
}

use end_methods;

/// Opens the end of a named pipe without waiting for the other.
fn open(path: &std::path::Path, end: End, options: OpenOptions) -> io::Result<OwnedFd> {
    let (also_reads, also_writes) = match end {
        End::Sender => (options.is_read_write(), true),
        End::Receiver => (true, options.is_read_write()),
    };
    let file: File = rustix_open(path, also_reads, also_writes)?;
    if !options.is_unchecked() {
        expect_pipe(&file)?;
    }
    Ok(file.into())
}

fn rustix_open(path: &std::path::Path, reads: bool, writes: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    std::fs::OpenOptions::new().read(reads).write(writes).custom_flags(flags).open(path)
}
