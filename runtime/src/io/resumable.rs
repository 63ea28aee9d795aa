//! Exact transfers that survive a dropped future.
//!
//! `read_exact` and `write_all` keep their progress in the future: drop it, in a `select!` say, and nobody knows how
//! many bytes are gone. Here the caller holds the progress, and the next call goes on from it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::{AsyncRead, AsyncWrite, ReadBuf};

/// A buffer and how far a transfer into or out of it has come.
///
/// # Examples
///
/// ```
/// use minato_runtime::io::{self, AsyncReadExt, AsyncWriteExt, Resumable};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let (mut near, mut far) = io::duplex(64);
/// let mut head = Resumable::new([0; 4]);
/// far.write_all(b"ab").await?;
/// minato_runtime::select! {
///     biased;
///     _ = near.read_exact_resumable(&mut head) => unreachable!(),
///     () = std::future::ready(()) => {}
/// }
/// assert_eq!(head.done(), b"ab");
/// far.write_all(b"cd").await?;
/// near.read_exact_resumable(&mut head).await?;
/// assert_eq!(&head.into_inner(), b"abcd");
/// # Ok::<(), io::Error>(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Resumable<B> {
    buf: B,
    done: usize,
}

impl<B> Resumable<B> {
    /// A transfer of all of `buf` that has not begun.
    pub const fn new(buf: B) -> Self {
        Self { buf, done: 0 }
    }

    /// How many bytes have been transferred.
    pub const fn position(&self) -> usize {
        self.done
    }

    /// Begins again with the same buffer.
    pub const fn restart(&mut self) {
        self.done = 0;
    }

    /// The whole buffer, however far it has come.
    pub fn into_inner(self) -> B {
        self.buf
    }
}

impl<B: AsRef<[u8]>> Resumable<B> {
    /// The bytes that have been transferred.
    pub fn done(&self) -> &[u8] {
        let all = self.buf.as_ref();
        &all[..self.done.min(all.len())]
    }

    /// The bytes that have not.
    pub fn left(&self) -> &[u8] {
        let all = self.buf.as_ref();
        &all[self.done.min(all.len())..]
    }

    /// Whether nothing is left.
    pub fn is_complete(&self) -> bool {
        self.left().is_empty()
    }
}

/// Goes on filling a buffer; made by [`read_exact_resumable`](super::AsyncReadExt::read_exact_resumable).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadResumable<'a, R: ?Sized, B> {
    reader: &'a mut R,
    into: &'a mut Resumable<B>,
}

impl<'a, R: ?Sized, B> ReadResumable<'a, R, B> {
    pub(super) fn new(reader: &'a mut R, into: &'a mut Resumable<B>) -> Self {
        Self { reader, into }
    }
}

impl<R: AsyncRead + Unpin + ?Sized, B: AsMut<[u8]>> Future for ReadResumable<'_, R, B> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        let Resumable { buf, done } = &mut *me.into;
        let all = buf.as_mut();
        while *done < all.len() {
            let mut room = ReadBuf::new(&mut all[*done..]);
            ready!(Pin::new(&mut *me.reader).poll_read(cx, &mut room))?;
            match room.filled().len() {
                0 => {
                    let early = io::Error::new(io::ErrorKind::UnexpectedEof, "early end of the source");
                    return Poll::Ready(Err(early));
                }
                read => *done += read,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Goes on writing a buffer; made by [`write_all_resumable`](super::AsyncWriteExt::write_all_resumable).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteResumable<'a, W: ?Sized, B> {
    writer: &'a mut W,
    from: &'a mut Resumable<B>,
}

impl<'a, W: ?Sized, B> WriteResumable<'a, W, B> {
    pub(super) fn new(writer: &'a mut W, from: &'a mut Resumable<B>) -> Self {
        Self { writer, from }
    }
}

impl<W: AsyncWrite + Unpin + ?Sized, B: AsRef<[u8]>> Future for WriteResumable<'_, W, B> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        while !me.from.is_complete() {
            match ready!(Pin::new(&mut *me.writer).poll_write(cx, me.from.left()))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => me.from.done += written,
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::pin::pin;

    use super::*;
    use crate::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use crate::test_support::{poll_once, ready};

    #[test]
    fn a_read_goes_on_where_the_dropped_future_stopped() {
        let (mut near, mut far) = duplex(16);
        let mut head = Resumable::new([0; 6]);
        for piece in ["ab", "c"] {
            ready(far.write_all(piece.as_bytes())).unwrap();
            assert!(poll_once(pin!(near.read_exact_resumable(&mut head))).is_pending());
        }
        assert_eq!((head.done(), head.position()), (&b"abc"[..], 3));
        ready(far.write_all(b"defg")).unwrap();
        ready(near.read_exact_resumable(&mut head)).unwrap();
        assert!(head.is_complete());
        assert_eq!(head.done(), b"abcdef");
        // What came behind is still there.
        head.restart();
        drop(far);
        let early = ready(near.read_exact_resumable(&mut head)).unwrap_err();
        assert_eq!(early.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(head.done(), b"g");
    }

    #[test]
    fn a_write_goes_on_where_the_dropped_future_stopped() {
        let (mut near, mut far) = duplex(4);
        let mut message = Resumable::new(b"abcdefghij".to_vec());
        let mut received = Vec::new();
        while poll_once(pin!(near.write_all_resumable(&mut message))).is_pending() {
            let mut buf = [0; 3];
            let n = ready(far.read(&mut buf)).unwrap();
            received.extend_from_slice(&buf[..n]);
        }
        drop(near);
        ready(far.read_to_end(&mut received)).unwrap();
        assert_eq!(received, b"abcdefghij");
        assert!(message.left().is_empty());
    }

    #[test]
    fn a_writer_that_takes_nothing_is_an_error_and_loses_nothing() {
        let mut full = io::Cursor::new([0_u8; 2]);
        let mut writer = io::Cursor::new(&mut full.get_mut()[..]);
        let mut message = Resumable::new(b"abc");
        let error = ready(writer.write_all_resumable(&mut message)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
        assert_eq!(message.left(), b"c");
    }
}
