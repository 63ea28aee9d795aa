//! Splitting any stream into a reader and a writer.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{AsyncRead, AsyncWrite, ReadBuf};
use crate::shim::{Arc, Mutex};

/// Splits a stream into two halves that may live in different tasks.
///
/// The halves share the stream under a lock that is held for one poll. Sockets have a `split` of their own that
/// needs none.
pub fn split<S: AsyncRead + AsyncWrite>(stream: S) -> (ReadHalf<S>, WriteHalf<S>) {
    let is_write_vectored = stream.is_write_vectored();
    let shared = Arc::new(Mutex::new(Box::pin(stream)));
    (ReadHalf { shared: Arc::clone(&shared) }, WriteHalf { shared, is_write_vectored })
}

/// The reading half of a stream; made by [`split`].
pub struct ReadHalf<S> {
    shared: Arc<Mutex<Pin<Box<S>>>>,
}

/// The writing half of a stream; made by [`split`].
///
/// Dropping it does not end the stream; [`shutdown`](super::AsyncWriteExt::shutdown) does.
pub struct WriteHalf<S> {
    shared: Arc<Mutex<Pin<Box<S>>>>,
    is_write_vectored: bool,
}

impl<S> ReadHalf<S> {
    /// Whether the two halves come from the same [`split`].
    pub fn is_pair_of(&self, other: &WriteHalf<S>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Puts the stream together again.
    ///
    /// # Panics
    ///
    /// If the halves do not come from the same [`split`].
    #[track_caller]
    pub fn unsplit(self, other: WriteHalf<S>) -> S
    where
        S: Unpin,
    {
        assert!(self.is_pair_of(&other), "the halves come from different streams");
        drop(other);
        let Ok(shared) = Arc::try_unwrap(self.shared) else {
            unreachable!("only the two halves share the stream, and one of them is dropped");
        };
        *Pin::into_inner(shared.into_inner())
    }
}

impl<S> WriteHalf<S> {
    /// Whether the two halves come from the same [`split`].
    pub fn is_pair_of(&self, other: &ReadHalf<S>) -> bool {
        other.is_pair_of(self)
    }
}

impl<S: AsyncRead> AsyncRead for ReadHalf<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.shared.lock().as_mut().poll_read(cx, buf)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared.lock().as_mut().poll_read_vectored(cx, bufs)
    }

    fn is_read_vectored(&self) -> bool {
        self.shared.lock().is_read_vectored()
    }

    fn poll_read_closed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.lock().as_mut().poll_read_closed(cx)
    }
}

impl<S: AsyncWrite> AsyncWrite for WriteHalf<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.shared.lock().as_mut().poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared.lock().as_mut().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.is_write_vectored
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.lock().as_mut().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.lock().as_mut().poll_shutdown(cx)
    }
}

impl<S> fmt::Debug for ReadHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for WriteHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}
