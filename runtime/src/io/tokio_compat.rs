//! The bridge between tokio's I/O traits and ours.
//!
//! [`poll_read`] lets a type of another crate implement `tokio::io::AsyncRead` over our [`AsyncRead`] without
//! zeroing or copying; writes need no bridge, their signatures are equal. [`Compat`] wraps any type of one world for
//! the other.
//!
//! # Safety
//!
//! 1. Our buffer covers exactly the unfilled part of tokio's, and starts with the bytes tokio knows to be
//!    initialised; and the other way round.
//! 2. Nothing here writes to that memory but through the lent buffer, which never de-initialises a byte.
//! 3. What is reported back as initialised or filled is what the *lent* buffer says: a reader that put another buffer
//!    in its place is caught by comparing addresses.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io as theirs;

use super::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

/// Reads from one of our readers into tokio's buffer.
///
/// # Errors
///
/// Those of the reader.
///
/// # Panics
///
/// If the reader replaced the buffer it was lent.
#[inline]
pub fn poll_read<R: AsyncRead + ?Sized>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    buf: &mut theirs::ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let initialized = buf.initialized().len() - buf.filled().len();
    // SAFETY: invariant 2.
    let unfilled = unsafe { buf.unfilled_mut() };
    let start = unfilled.as_ptr().cast::<u8>();
    let mut lent = ReadBuf::uninit(unfilled);
    // SAFETY: tokio's buffer says so (invariant 1).
    unsafe { lent.assume_init(initialized) };
    ready!(reader.poll_read(cx, &mut lent))?;
    assert_eq!(lent.filled().as_ptr(), start, "the reader replaced the buffer it was lent");
    let (filled, initialized) = (lent.filled().len(), lent.initialized().len());
    // SAFETY: invariant 3.
    unsafe { buf.assume_init(initialized) };
    buf.advance(filled);
    Poll::Ready(Ok(()))
}

/// Reads from one of tokio's readers into our buffer.
#[inline]
fn poll_read_theirs<R: theirs::AsyncRead + ?Sized>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let initialized = buf.initialized().len() - buf.filled().len();
    // SAFETY: invariant 2.
    let unfilled = unsafe { buf.unfilled_mut() };
    let start = unfilled.as_ptr().cast::<u8>();
    let mut lent = theirs::ReadBuf::uninit(unfilled);
    // SAFETY: our buffer says so (invariant 1).
    unsafe { lent.assume_init(initialized) };
    ready!(reader.poll_read(cx, &mut lent))?;
    assert_eq!(lent.filled().as_ptr(), start, "the reader replaced the buffer it was lent");
    let (filled, initialized) = (lent.filled().len(), lent.initialized().len());
    // SAFETY: invariant 3.
    unsafe { buf.assume_init(initialized) };
    buf.advance(filled);
    Poll::Ready(Ok(()))
}

pin_project_lite::pin_project! {
    /// Makes a type with tokio's I/O traits have ours, and a type with ours have tokio's.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::io::AsyncWrite;
    /// use minato_runtime::io::tokio_compat::Compat;
    ///
    /// fn takes_ours(_: impl AsyncWrite) {}
    /// fn takes_theirs(_: impl tokio::io::AsyncWrite) {}
    ///
    /// takes_ours(Compat::new(Vec::new()));
    /// takes_theirs(Compat::new(Vec::new()));
    /// ```
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Compat<T> {
        #[pin]
        inner: T,
    }
}

impl<T> Compat<T> {
    /// Wraps `inner`.
    pub fn new(inner: T) -> Self {
        Self { inner }
    }

    /// The wrapped value.
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// The wrapped value.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Takes the wrapped value out.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: AsyncRead> theirs::AsyncRead for Compat<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut theirs::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_read(self.project().inner, cx, buf)
    }
}

impl<T: theirs::AsyncRead> AsyncRead for Compat<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        poll_read_theirs(self.project().inner, cx, buf)
    }
}

/// Both traits have the same methods; only the path of the trait differs.
macro_rules! forward_writes {
    () => {
        fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            self.project().inner.poll_write(cx, buf)
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.project().inner.poll_write_vectored(cx, bufs)
        }

        fn is_write_vectored(&self) -> bool {
            self.inner.is_write_vectored()
        }

        fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.project().inner.poll_flush(cx)
        }

        fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.project().inner.poll_shutdown(cx)
        }
    };
}

impl<T: AsyncWrite> theirs::AsyncWrite for Compat<T> {
    forward_writes!();
}

impl<T: theirs::AsyncWrite> AsyncWrite for Compat<T> {
    forward_writes!();
}

macro_rules! forward_buffered_reads {
    () => {
        fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
            self.project().inner.poll_fill_buf(cx)
        }

        fn consume(self: Pin<&mut Self>, amount: usize) {
            self.project().inner.consume(amount);
        }
    };
}

impl<T: AsyncBufRead> theirs::AsyncBufRead for Compat<T> {
    forward_buffered_reads!();
}

impl<T: theirs::AsyncBufRead> AsyncBufRead for Compat<T> {
    forward_buffered_reads!();
}

macro_rules! forward_seeks {
    () => {
        fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
            self.project().inner.start_seek(position)
        }

        fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
            self.project().inner.poll_complete(cx)
        }
    };
}

impl<T: AsyncSeek> theirs::AsyncSeek for Compat<T> {
    forward_seeks!();
}

impl<T: theirs::AsyncSeek> AsyncSeek for Compat<T> {
    forward_seeks!();
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::mem::MaybeUninit;
    use std::task::Waker;

    #[test]
    fn bytes_cross_both_ways_without_initialising_the_buffer() {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut memory = [MaybeUninit::uninit(); 8];
        let mut buf = theirs::ReadBuf::uninit(&mut memory);
        buf.put_slice(b"ab");
        let mut source = &b"cdef"[..];
        assert!(poll_read(Pin::new(&mut source), cx, &mut buf).is_ready());
        assert_eq!(buf.filled(), b"abcdef");
        assert_eq!(buf.initialized().len(), 6);

        let mut memory = [MaybeUninit::uninit(); 8];
        let mut buf = ReadBuf::uninit(&mut memory);
        buf.put_slice(b"ab");
        let mut source = Compat::new(&b"cdef"[..]);
        assert!(Pin::new(&mut source).poll_read(cx, &mut buf).is_ready());
        assert_eq!(buf.filled(), b"abcdef");
        assert_eq!(buf.initialized().len(), 6);
    }

    #[test]
    #[should_panic(expected = "replaced the buffer")]
    fn a_reader_that_swaps_the_buffer_is_caught() {
        struct Swaps;
        impl AsyncRead for Swaps {
            fn poll_read(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                *buf = ReadBuf::new(&mut []);
                Poll::Ready(Ok(()))
            }
        }
        let mut memory = [0; 8];
        let mut buf = theirs::ReadBuf::new(&mut memory);
        let _ = poll_read(Pin::new(&mut Swaps), &mut Context::from_waker(Waker::noop()), &mut buf);
    }
}
