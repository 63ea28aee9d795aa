//! A pair of connected streams in memory.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use super::{AsyncRead, AsyncWrite, ReadBuf};
use crate::shim::{Arc, Mutex};
use crate::task::coop::poll_proceed;

/// Two connected streams: what is written to one is read from the other.
///
/// At most `capacity` bytes wait in each direction; a writer waits for room. Dropping one end, or shutting it down,
/// ends what the other reads; writing to an end whose peer is gone is a broken pipe.
///
/// # Examples
///
/// ```
/// use minato_runtime::io::{self, AsyncReadExt, AsyncWriteExt};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let (mut client, mut server) = io::duplex(64);
/// client.write_all(b"ping").await?;
/// let mut buf = [0; 4];
/// server.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"ping");
/// # Ok::<(), io::Error>(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
///
/// # Panics
///
/// If `capacity` is 0: nothing could ever be written.
#[must_use]
pub fn duplex(capacity: usize) -> (DuplexStream, DuplexStream) {
    assert!(capacity > 0, "a duplex stream needs room for at least one byte");
    let there = Arc::new(Pipe::new(capacity));
    let back = Arc::new(Pipe::new(capacity));
    (
        DuplexStream { read: Arc::clone(&back), write: Arc::clone(&there) },
        DuplexStream { read: there, write: back },
    )
}

/// One end of a pair of streams in memory; made by [`duplex`].
#[derive(Debug)]
pub struct DuplexStream {
    read: Arc<Pipe>,
    write: Arc<Pipe>,
}

/// One direction.
#[derive(Debug)]
struct Pipe {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bytes: VecDeque<u8>,
    /// The writer has shut down or gone: after the bytes comes the end.
    ended: bool,
    /// The reader has gone: nobody will read.
    abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn new(capacity: usize) -> Self {
        let state =
            State { bytes: VecDeque::new(), ended: false, abandoned: false, reader: None, writer: None };
        Self { capacity, state: Mutex::new(state) }
    }

    fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let unit = ready!(poll_proceed(cx));
        let mut state = self.state.lock();
        if state.bytes.is_empty() && !state.ended && buf.remaining() > 0 {
            remember(&mut state.reader, cx);
            return Poll::Pending;
        }
        unit.made_progress();
        let mut read = 0;
        let (head, tail) = state.bytes.as_slices();
        for part in [head, tail] {
            let length = part.len().min(buf.remaining());
            buf.put_slice(&part[..length]);
            read += length;
        }
        state.bytes.drain(..read);
        let writer = if read > 0 { state.writer.take() } else { None };
        drop(state);
        if let Some(writer) = writer {
            writer.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(&self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let unit = ready!(poll_proceed(cx));
        let mut state = self.state.lock();
        if state.ended || state.abandoned {
            unit.made_progress();
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let mut room = self.capacity - state.bytes.len();
        if room == 0 && bufs.iter().any(|buf| !buf.is_empty()) {
            remember(&mut state.writer, cx);
            return Poll::Pending;
        }
        unit.made_progress();
        let mut written = 0;
        for buf in bufs {
            let length = buf.len().min(room);
            state.bytes.extend(&buf[..length]);
            room -= length;
            written += length;
        }
        let reader = if written > 0 { state.reader.take() } else { None };
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        Poll::Ready(Ok(written))
    }

    /// The writer ends the stream.
    fn end(&self) {
        let mut state = self.state.lock();
        state.ended = true;
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// The reader goes away.
    fn abandon(&self) {
        let mut state = self.state.lock();
        state.abandoned = true;
        state.bytes.clear();
        let writer = state.writer.take();
        drop(state);
        if let Some(writer) = writer {
            writer.wake();
        }
    }
}

/// Keeps the waker of `cx`, without a clone if it is there already.
fn remember(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}

impl AsyncRead for DuplexStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.read.poll_read(cx, buf)
    }
}

impl AsyncWrite for DuplexStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write.poll_write(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write.poll_write(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write.end();
        Poll::Ready(Ok(()))
    }
}

impl Drop for DuplexStream {
    fn drop(&mut self) {
        self.write.end();
        self.read.abandon();
    }
}
