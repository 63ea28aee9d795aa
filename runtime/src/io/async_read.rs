//! Reading bytes.

use std::io::{self, Cursor, IoSliceMut};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::ReadBuf;

/// Reads bytes from a source.
///
/// This is the asynchronous form of [`std::io::Read`]. Use it through the methods of
/// [`AsyncReadExt`](super::AsyncReadExt); implement it for a new kind of source.
pub trait AsyncRead {
    /// Attempts to read into the unfilled part of `buf`.
    ///
    /// `Ready(Ok(()))` means that bytes were appended to `buf`; if none were although there was room, the source has
    /// ended. `Pending` means that nothing was read and the task will be woken when it may be worth trying again.
    ///
    /// # Errors
    ///
    /// Any error of the source except `WouldBlock`, which is `Pending`, and `Interrupted`, which is tried again.
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>>;

    /// Attempts to read into several buffers, in order, and answers how many bytes were read.
    ///
    /// The provided method reads into the first buffer that is not empty. Override it, together with
    /// [`is_read_vectored`](Self::is_read_vectored), where the source can fill several at once.
    ///
    /// # Errors
    ///
    /// As [`poll_read`](Self::poll_read).
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let buf = bufs.iter_mut().find(|buf| !buf.is_empty()).map_or(&mut [][..], |buf| &mut **buf);
        let mut buf = ReadBuf::new(buf);
        ready!(self.poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }

    /// Whether [`poll_read_vectored`](Self::poll_read_vectored) fills more than one buffer in one go.
    fn is_read_vectored(&self) -> bool {
        false
    }

    /// Waits until nothing more can come, without reading what has come: the other side has ended, or is lost.
    ///
    /// It is for those who keep a peer waiting, and want to know if that has left meanwhile, although bytes of it that
    /// nobody is ready for stand before its end. One task waits, the one that reads; it may be woken for less.
    ///
    /// The provided method never tells: a source that wraps another should ask that, and one that cannot know need not.
    fn poll_read_closed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Pending
    }
}

macro_rules! forward_to_the_target {
    () => {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut **self).poll_read(cx, buf)
        }

        fn poll_read_vectored(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &mut [IoSliceMut<'_>],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut **self).poll_read_vectored(cx, bufs)
        }

        fn is_read_vectored(&self) -> bool {
            (**self).is_read_vectored()
        }

        fn poll_read_closed(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            Pin::new(&mut **self).poll_read_closed(cx)
        }
    };
}

impl<T: ?Sized + AsyncRead + Unpin> AsyncRead for &mut T {
    forward_to_the_target!();
}

impl<T: ?Sized + AsyncRead + Unpin> AsyncRead for Box<T> {
    forward_to_the_target!();
}

impl<P> AsyncRead for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncRead,
{
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.as_deref_mut().poll_read(cx, buf)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.as_deref_mut().poll_read_vectored(cx, bufs)
    }

    fn is_read_vectored(&self) -> bool {
        (**self).is_read_vectored()
    }

    fn poll_read_closed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.as_deref_mut().poll_read_closed(cx)
    }
}

impl AsyncRead for &[u8] {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (head, tail) = self.split_at(self.len().min(buf.remaining()));
        buf.put_slice(head);
        *self = tail;
        Poll::Ready(Ok(()))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(io::Read::read_vectored(&mut *self, bufs))
    }

    fn is_read_vectored(&self) -> bool {
        true
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncRead for Cursor<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = (*self).get_ref().as_ref();
        // A cursor may stand behind the end; there is nothing to read there.
        let start = usize::try_from(self.position()).map_or(bytes.len(), |start| start.min(bytes.len()));
        let length = buf.remaining().min(bytes.len() - start);
        buf.put_slice(&bytes[start..start + length]);
        let position = self.position() + length as u64;
        self.set_position(position);
        Poll::Ready(Ok(()))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(io::Read::read_vectored(&mut *self, bufs))
    }

    fn is_read_vectored(&self) -> bool {
        true
    }
}

impl AsyncRead for io::Empty {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::task::Waker;

    fn cx() -> Context<'static> {
        Context::from_waker(Waker::noop())
    }

    #[test]
    fn a_cursor_behind_the_end_reads_nothing() {
        let mut cursor = Cursor::new(b"abc");
        cursor.set_position(u64::MAX);
        let mut memory = [0; 4];
        let mut buf = ReadBuf::new(&mut memory);
        assert!(Pin::new(&mut cursor).poll_read(&mut cx(), &mut buf).is_ready());
        assert!(buf.filled().is_empty());
        assert_eq!(cursor.position(), u64::MAX);
    }

    #[test]
    fn the_provided_vectored_read_skips_empty_buffers() {
        struct Plain(&'static [u8]);
        impl AsyncRead for Plain {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.0).poll_read(cx, buf)
            }
        }
        let (mut first, mut second, mut third) = ([0; 0], [0; 2], [0; 2]);
        let mut bufs = [&mut first[..], &mut second, &mut third].map(IoSliceMut::new);
        let mut plain = Plain(b"abcd");
        let read = Pin::new(&mut plain).poll_read_vectored(&mut cx(), &mut bufs);
        assert!(matches!(read, Poll::Ready(Ok(2))));
        assert_eq!((&second, &third), (b"ab", &[0; 2]));
        let nowhere = Pin::new(&mut plain).poll_read_vectored(&mut cx(), &mut []);
        assert!(matches!(nowhere, Poll::Ready(Ok(0))));
    }

    #[test]
    fn a_slice_fills_several_buffers() {
        let mut source = &b"abcde"[..];
        let (mut first, mut second) = ([0; 2], [0; 2]);
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        let read = Pin::new(&mut source).poll_read_vectored(&mut cx(), &mut bufs);
        assert!(matches!(read, Poll::Ready(Ok(4))));
        assert_eq!((&first, &second, source), (b"ab", b"cd", &b"e"[..]));
    }
}
