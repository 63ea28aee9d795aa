//! Writing bytes.

use std::io::{self, Cursor, IoSlice};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Writes bytes to a sink.
///
/// This is the asynchronous form of [`std::io::Write`]. Use it through the methods of
/// [`AsyncWriteExt`](super::AsyncWriteExt); implement it for a new kind of sink.
pub trait AsyncWrite {
    /// Attempts to write bytes of `buf` and answers how many were taken.
    ///
    /// `Pending` means that none were taken and the task will be woken when it may be worth trying again.
    ///
    /// # Errors
    ///
    /// Any error of the sink except `WouldBlock`, which is `Pending`, and `Interrupted`, which is tried again.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>>;

    /// Attempts to hand everything written so far to its destination.
    ///
    /// # Errors
    ///
    /// As [`poll_write`](Self::poll_write).
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Attempts to flush and then to end the stream: the other side sees its end, reading from it stays possible.
    ///
    /// # Errors
    ///
    /// As [`poll_write`](Self::poll_write).
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Attempts to write several buffers, in order, and answers how many bytes were taken.
    ///
    /// The provided method writes the first buffer that is not empty. Override it, together with
    /// [`is_write_vectored`](Self::is_write_vectored), where the sink takes several at once.
    ///
    /// # Errors
    ///
    /// As [`poll_write`](Self::poll_write).
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let buf = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| &**buf);
        self.poll_write(cx, buf)
    }

    /// Whether [`poll_write_vectored`](Self::poll_write_vectored) takes more than one buffer in one go.
    ///
    /// Writers that gather (HTTP, for one) ask this to choose between a copy and a list of slices.
    fn is_write_vectored(&self) -> bool {
        false
    }
}

macro_rules! forward_to_the_target {
    () => {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            Pin::new(&mut **self).poll_write(cx, buf)
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut **self).poll_write_vectored(cx, bufs)
        }

        fn is_write_vectored(&self) -> bool {
            (**self).is_write_vectored()
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut **self).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut **self).poll_shutdown(cx)
        }
    };
}

impl<T: ?Sized + AsyncWrite + Unpin> AsyncWrite for &mut T {
    forward_to_the_target!();
}

impl<T: ?Sized + AsyncWrite + Unpin> AsyncWrite for Box<T> {
    forward_to_the_target!();
}

impl<P> AsyncWrite for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncWrite,
{
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.as_deref_mut().poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.as_deref_mut().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        (**self).is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.as_deref_mut().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.as_deref_mut().poll_shutdown(cx)
    }
}

/// Memory never makes a writer wait, so `std`'s blocking writer is the implementation.
macro_rules! write_at_once {
    () => {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(io::Write::write(&mut *self, buf))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(io::Write::write_vectored(&mut *self, bufs))
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    };
}

#[cfg(feature = "codec")]
pub(super) use write_at_once;

impl AsyncWrite for Vec<u8> {
    write_at_once!();
}

impl AsyncWrite for Cursor<&mut [u8]> {
    write_at_once!();
}

impl AsyncWrite for Cursor<&mut Vec<u8>> {
    write_at_once!();
}

impl AsyncWrite for Cursor<Vec<u8>> {
    write_at_once!();
}

impl AsyncWrite for Cursor<Box<[u8]>> {
    write_at_once!();
}

impl AsyncWrite for io::Sink {
    write_at_once!();
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::task::Waker;

    #[test]
    fn the_provided_vectored_write_skips_empty_buffers() {
        struct Plain(Vec<u8>);
        impl AsyncWrite for Plain {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.0).poll_write(cx, buf)
            }
            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
            fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }
        let cx = &mut Context::from_waker(Waker::noop());
        let bufs = [&b""[..], b"ab", b"cd"].map(IoSlice::new);
        let mut plain = Plain(Vec::new());
        assert!(matches!(Pin::new(&mut plain).poll_write_vectored(cx, &bufs), Poll::Ready(Ok(2))));
        assert_eq!(plain.0, b"ab");
        assert!(!plain.is_write_vectored());

        let mut several = Vec::new();
        assert!(matches!(Pin::new(&mut several).poll_write_vectored(cx, &bufs), Poll::Ready(Ok(4))));
        assert_eq!(several, b"abcd");
        assert!(several.is_write_vectored());
    }
}
