//! How a standard stream can be waited for.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{FileType, fstat};
use rustix::io::{Errno, fcntl_dupfd_cloexec};

use crate::io::PollEvented;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// How a standard stream can be waited for.
#[derive(Debug)]
pub(super) enum Channel {
    /// A pipe or FIFO, opened once more.
    Pipe(PollEvented<OwnedFd>),
    /// A terminal, opened once more: it reads lines, of which several may wait.
    Terminal(PollEvented<OwnedFd>),
    /// A second descriptor of a socket.
    Socket(PollEvented<OwnedFd>),
    /// By blocking only.
    Blocking,
    /// There is none.
    Closed,
}

impl Channel {
    pub(super) fn of(fd: BorrowedFd<'_>, way: Way) -> io::Result<Self> {
        let kind = match fstat(fd) {
            Ok(found) => FileType::from_raw_mode(found.st_mode),
            Err(Errno::BADF) => return Ok(Self::Closed),
            Err(error) => return Err(error.into()),
        };
        let channel = match kind {
            FileType::Fifo => open_again(fd, way).map(Self::Pipe),
            FileType::CharacterDevice if is_terminal(fd) => open_again(fd, way).map(Self::Terminal),
            FileType::Socket => Some(Self::Socket(PollEvented::new(fcntl_dupfd_cloexec(fd, 0)?))),
            _ => None,
        };
        Ok(channel.unwrap_or(Self::Blocking))
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if let Self::Socket(socket) = self {
            // The socket stays open. Fails only when the runtime has shut down.
            let _ = socket.deregister();
        }
    }
}

fn is_terminal(fd: BorrowedFd<'_>) -> bool {
    std::io::IsTerminal::is_terminal(&fd)
}

/// The same pipe or terminal with an open file of our own, in non-blocking mode. Nothing if that is not allowed.
#[cfg(target_os = "linux")]
fn open_again(fd: BorrowedFd<'_>, way: Way) -> Option<PollEvented<OwnedFd>> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{Mode, OFlags, open};

    let direction = match way {
        Way::In => OFlags::RDONLY,
        Way::Out => OFlags::WRONLY,
    };
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let flags = direction | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    open(path, flags, Mode::empty()).ok().map(PollEvented::new)
}

/// Elsewhere this gives the same open file, whose mode others share.
#[cfg(not(target_os = "linux"))]
fn open_again(_: BorrowedFd<'_>, _: Way) -> Option<PollEvented<OwnedFd>> {
    None
}
