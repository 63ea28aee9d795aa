//! The bridge between futures-io's traits and ours.
//!
//! Reading from one of ours costs nothing: its caller lends initialised memory. Reading from one of theirs needs the
//! memory initialised first, which happens once per buffer: a [`ReadBuf`] remembers.

use std::io::{self, IoSlice, IoSliceMut, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io as theirs;

use super::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

pin_project_lite::pin_project! {
    /// Makes a type with futures-io's traits have ours, and a type with ours have futures-io's.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::io::AsyncWrite;
    /// use minato_runtime::io::futures_compat::Compat;
    ///
    /// fn takes_ours(_: impl AsyncWrite) {}
    /// fn takes_theirs(_: impl futures_util::io::AsyncWrite) {}
    ///
    /// takes_ours(Compat::new(Vec::new()));
    /// takes_theirs(Compat::new(Vec::new()));
    /// ```
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Compat<T> {
        #[pin]
        inner: T,
        seek: Seek,
    }
}

/// Theirs seek in one step, ours in two.
#[derive(Debug, Clone, Copy, Default)]
enum Seek {
    #[default]
    None,
    /// Asked of us, not yet of a seeker of theirs; or started with a seeker of ours.
    Under(SeekFrom),
}

impl<T> Compat<T> {
    /// Wraps `inner`.
    pub fn new(inner: T) -> Self {
        Self { inner, seek: Seek::None }
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
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        ready!(self.project().inner.poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_read_vectored(cx, bufs)
    }
}

impl<T: theirs::AsyncRead> AsyncRead for Compat<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = ready!(self.project().inner.poll_read(cx, buf.initialize_unfilled()))?;
        buf.advance(read);
        Poll::Ready(Ok(()))
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_read_vectored(cx, bufs)
    }
}

impl<T: AsyncBufRead> theirs::AsyncBufRead for Compat<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.project().inner.poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        self.project().inner.consume(amount);
    }
}

impl<T: theirs::AsyncBufRead> AsyncBufRead for Compat<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.project().inner.poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        self.project().inner.consume(amount);
    }
}

impl<T: AsyncWrite> theirs::AsyncWrite for Compat<T> {
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

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_shutdown(cx)
    }
}

impl<T: theirs::AsyncWrite> AsyncWrite for Compat<T> {
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

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_close(cx)
    }
}

impl<T: AsyncSeek> theirs::AsyncSeek for Compat<T> {
    fn poll_seek(self: Pin<&mut Self>, cx: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        let mut me = self.project();
        if !matches!(me.seek, Seek::Under(under) if *under == position) {
            // Another position: a seek whose future was dropped is finished first.
            if let Seek::Under(_) = me.seek {
                ready!(me.inner.as_mut().poll_complete(cx))?;
                *me.seek = Seek::None;
            }
            me.inner.as_mut().start_seek(position)?;
            *me.seek = Seek::Under(position);
        }
        let result = ready!(me.inner.poll_complete(cx));
        *me.seek = Seek::None;
        Poll::Ready(result)
    }
}

impl<T: theirs::AsyncSeek> AsyncSeek for Compat<T> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        *self.project().seek = Seek::Under(position);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let me = self.project();
        let position = match *me.seek {
            Seek::Under(position) => position,
            Seek::None => SeekFrom::Current(0),
        };
        let result = ready!(me.inner.poll_seek(cx, position));
        *me.seek = Seek::None;
        Poll::Ready(result)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::io::Cursor;
    use std::mem::MaybeUninit;
    use std::task::Waker;

    use futures_util::io as foreign;

    use super::*;
    use crate::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, duplex};
    use crate::test_support::ready;

    #[test]
    fn ours_speaks_futures_io() {
        let (near, far) = duplex(64);
        let (mut near, mut far) = (Compat::new(near), Compat::new(far));
        ready(foreign::AsyncWriteExt::write_all(&mut near, b"one\ntwo")).unwrap();
        ready(foreign::AsyncWriteExt::close(&mut near)).unwrap();
        let mut text = String::new();
        ready(foreign::AsyncReadExt::read_to_string(&mut far, &mut text)).unwrap();
        assert_eq!(text, "one\ntwo");
        let mut cursor = Compat::new(Cursor::new(b"abcdef".to_vec()));
        assert_eq!(ready(foreign::AsyncSeekExt::seek(&mut cursor, SeekFrom::End(-2))).unwrap(), 4);
        let mut end = [0; 2];
        ready(foreign::AsyncReadExt::read_exact(&mut cursor, &mut end)).unwrap();
        assert_eq!(&end, b"ef");
    }

    #[test]
    fn theirs_speaks_ours() {
        let mut cursor = Compat::new(foreign::Cursor::new(Vec::new()));
        ready(cursor.write_all(b"abcdef")).unwrap();
        ready(cursor.shutdown()).unwrap();
        assert_eq!(ready(cursor.seek(SeekFrom::Start(2))).unwrap(), 2);
        assert_eq!(ready(cursor.stream_position()).unwrap(), 2);
        let mut text = String::new();
        ready(cursor.read_to_string(&mut text)).unwrap();
        assert_eq!(text, "cdef");
    }

    #[test]
    fn memory_is_initialised_once() {
        let mut memory = [MaybeUninit::uninit(); 8];
        let mut buf = ReadBuf::uninit(&mut memory);
        let mut source = Compat::new(foreign::Cursor::new(b"ab".to_vec()));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut source).poll_read(cx, &mut buf).is_ready());
        assert_eq!((buf.filled(), buf.initialized().len()), (&b"ab"[..], 8));
    }
}
