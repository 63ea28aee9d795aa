//! Reading from the standard input.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::net::RecvFlags;

use super::channel::{Channel, Way};
use super::stdin_thread;
use crate::io::{AsyncRead, ReadBuf};
use crate::task::coop::poll_proceed;

/// The standard input of the process.
///
/// A runtime that ends does not wait for it. Reads go to the descriptor itself: what [`std::io::stdin`] has read ahead
/// is not seen here, so use one or the other.
///
/// # Examples
///
/// ```no_run
/// use minato_runtime::io::{AsyncBufReadExt, BufReader, stdin};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut lines = BufReader::new(stdin()).lines();
/// while let Some(line) = lines.next_line().await? {
///     println!("{}", line.len());
/// }
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn stdin() -> Stdin {
    Stdin { channel: None }
}

/// The standard input of the process; made by [`stdin`].
pub struct Stdin {
    /// Looked for at the first read.
    channel: Option<Channel>,
}

impl AsyncRead for Stdin {
    /// Reads what is there.
    ///
    /// A read that is dropped takes nothing: what came is there for the next, of this handle or another.
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let channel = match &me.channel {
            Some(channel) => channel,
            None => me.channel.insert(Channel::of(std::io::stdin().as_fd(), Way::In)?),
        };
        match channel {
            Channel::Pipe(records) | Channel::Terminal(records) => records.poll_read_record(cx, buf),
            Channel::Socket(socket) => socket.poll_read_io(cx, |socket| {
                let room = buf.initialize_unfilled();
                let (read, _) = rustix::net::recv(socket, room, RecvFlags::DONTWAIT)?;
                buf.advance(read);
                Ok(())
            }),
            Channel::Blocking => {
                let unit = ready!(poll_proceed(cx));
                let result = ready!(stdin_thread::poll_read(cx, buf));
                unit.made_progress();
                Poll::Ready(result)
            }
            Channel::Closed => Poll::Ready(Ok(())),
        }
    }
}

impl AsFd for Stdin {
    fn as_fd(&self) -> BorrowedFd<'_> {
        rustix::stdio::stdin()
    }
}

impl AsRawFd for Stdin {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdin").field("channel", &self.channel).finish()
    }
}
