//! A stream in memory, in one direction.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, Waker, ready};

use super::ReadBuf;
use crate::shim::{Arc, Mutex, MutexGuard};
use crate::task::coop::poll_proceed;

/// A reader and a writer: what is written to one is read from the other.
///
/// At most `capacity` bytes wait; a writer waits for room. Dropping the writer, or shutting it down, ends what the
/// reader reads; writing after the reader is gone is a broken pipe. (tokio's `simplex` ends by `shutdown` only, which
/// a writer that fails or is cancelled does not call.)
///
/// # Examples
///
/// ```
/// use minato_runtime::io::{self, AsyncReadExt, AsyncWriteExt};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let (mut reader, mut writer) = io::simplex(64);
/// writer.write_all(b"one way").await?;
/// drop(writer);
/// let mut text = String::new();
/// reader.read_to_string(&mut text).await?;
/// assert_eq!(text, "one way");
/// # Ok::<(), io::Error>(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
///
/// # Panics
///
/// If `capacity` is 0: nothing could ever be written.
#[must_use]
pub fn simplex(capacity: usize) -> (SimplexReader, SimplexWriter) {
    let pipe = Arc::new(Pipe::new(capacity));
    (SimplexReader(Arc::clone(&pipe)), SimplexWriter(pipe))
}

/// The end that reads; made by [`simplex`].
#[derive(Debug)]
pub struct SimplexReader(Arc<Pipe>);

/// The end that writes; made by [`simplex`].
#[derive(Debug)]
pub struct SimplexWriter(Arc<Pipe>);

/// Both ends of a one-way stream in one value, for a task that reads back what it wrote.
#[derive(Debug)]
pub struct SimplexStream(Pipe);

impl SimplexStream {
    /// A stream in which at most `capacity` bytes wait.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0.
    #[must_use]
    pub fn new_unsplit(capacity: usize) -> Self {
        Self(Pipe::new(capacity))
    }
}

/// One direction.
#[derive(Debug)]
pub(super) struct Pipe {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bytes: VecDeque<u8>,
    ends: Ends,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Which ends are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Both,
    /// The writer has shut down or gone: after the bytes comes the end.
    Reader,
    /// The reader has gone: nobody will read.
    Writer,
    Neither,
}

impl Ends {
    fn without_writer(self) -> Self {
        match self {
            Self::Both | Self::Reader => Self::Reader,
            Self::Writer | Self::Neither => Self::Neither,
        }
    }

    fn without_reader(self) -> Self {
        match self {
            Self::Both | Self::Writer => Self::Writer,
            Self::Reader | Self::Neither => Self::Neither,
        }
    }
}

impl Pipe {
    #[track_caller]
    pub(super) fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a stream in memory needs room for at least one byte");
        let state = State { bytes: VecDeque::new(), ends: Ends::Both, reader: None, writer: None };
        Self { capacity, state: Mutex::new(state) }
    }

    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let unit = ready!(poll_proceed(cx));
        let must_wait =
            |state: &State| state.bytes.is_empty() && state.ends == Ends::Both && buf.remaining() > 0;
        let mut state = ready!(self.poll_unless(cx, must_wait, |state| &mut state.reader));
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

    pub(super) fn poll_read_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let must_wait = |state: &State| state.ends == Ends::Both;
        self.poll_unless(cx, must_wait, |state| &mut state.reader).map(drop)
    }

    pub(super) fn poll_write(&self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let unit = ready!(poll_proceed(cx));
        let has_bytes = bufs.iter().any(|buf| !buf.is_empty());
        let must_wait =
            |state: &State| state.ends == Ends::Both && state.bytes.len() == self.capacity && has_bytes;
        let mut state = ready!(self.poll_unless(cx, must_wait, |state| &mut state.writer));
        unit.made_progress();
        if state.ends != Ends::Both {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let mut room = self.capacity - state.bytes.len();
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

    /// The state, unless the caller must wait; then its waker is in `slot`. Wakers are cloned and dropped without the
    /// lock, since they are other people's code.
    fn poll_unless(
        &self,
        cx: &Context<'_>,
        must_wait: impl Fn(&State) -> bool,
        slot: impl Fn(&mut State) -> &mut Option<Waker>,
    ) -> Poll<MutexGuard<'_, State>> {
        let mut state = self.state.lock();
        if !must_wait(&state) {
            return Poll::Ready(state);
        }
        if slot(&mut state).as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        drop(state);
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        if !must_wait(&state) {
            return Poll::Ready(state);
        }
        let replaced = slot(&mut state).replace(waker);
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// The writer ends the stream.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        state.ends = state.ends.without_writer();
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// The reader goes away.
    pub(super) fn abandon(&self) {
        let mut state = self.state.lock();
        state.ends = state.ends.without_reader();
        let unread = std::mem::take(&mut state.bytes);
        let writer = state.writer.take();
        drop(state);
        drop(unread);
        if let Some(writer) = writer {
            writer.wake();
        }
    }
}

/// The reading methods over a field that is a [`Pipe`].
macro_rules! reads_from {
    ($name:ty, $($pipe:tt)+) => {
        impl $crate::io::AsyncRead for $name {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut $crate::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.$($pipe)+.poll_read(cx, buf)
            }

            fn poll_read_closed(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<()> {
                self.$($pipe)+.poll_read_closed(cx)
            }
        }
    };
}

/// The writing methods over a field that is a [`Pipe`].
macro_rules! writes_to {
    ($name:ty, $($pipe:tt)+) => {
        impl $crate::io::AsyncWrite for $name {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.$($pipe)+.poll_write(cx, &[std::io::IoSlice::new(buf)])
            }

            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.$($pipe)+.poll_write(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn poll_shutdown(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.$($pipe)+.end();
                std::task::Poll::Ready(Ok(()))
            }
        }
    };
}

pub(super) use {reads_from, writes_to};

reads_from!(SimplexReader, 0);
reads_from!(SimplexStream, 0);
writes_to!(SimplexWriter, 0);
writes_to!(SimplexStream, 0);

impl Drop for SimplexReader {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Drop for SimplexWriter {
    fn drop(&mut self) {
        self.0.end();
    }
}
