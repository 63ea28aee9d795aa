//! Copying both ways between two streams.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::copy::{COPY_BUFFER, CopyBuffer};
use super::{AsyncRead, AsyncWrite};

/// Where one direction stands.
#[derive(Debug)]
enum Direction {
    Copying(CopyBuffer),
    ShuttingDown(u64),
    Done(u64),
}

impl Direction {
    fn poll<A, B>(&mut self, cx: &mut Context<'_>, from: &mut A, to: &mut B) -> Poll<io::Result<u64>>
    where
        A: AsyncRead + Unpin + ?Sized,
        B: AsyncWrite + Unpin + ?Sized,
    {
        loop {
            *self = match self {
                Self::Copying(buffer) => Self::ShuttingDown(ready!(buffer.poll_copy(
                    cx,
                    Pin::new(&mut *from),
                    Pin::new(&mut *to)
                ))?),
                Self::ShuttingDown(copied) => {
                    let copied = *copied;
                    ready!(Pin::new(&mut *to).poll_shutdown(cx))?;
                    Self::Done(copied)
                }
                Self::Done(copied) => return Poll::Ready(Ok(*copied)),
            };
        }
    }
}

/// Copies from `a` to `b` and from `b` to `a` at the same time, until both have ended.
///
/// When one side ends, the other is shut down for writing, and its answers still flow. Answers the bytes copied from
/// `a` to `b` and from `b` to `a`.
///
/// # Errors
///
/// The first error of any side; the copy then stops both ways.
///
/// # Cancel safety
///
/// Not cancel safe: bytes read but not yet written are lost.
pub async fn copy_bidirectional<A, B>(a: &mut A, b: &mut B) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    copy_bidirectional_with_sizes(a, b, COPY_BUFFER, COPY_BUFFER).await
}

/// As [`copy_bidirectional`], with buffers of the given sizes in bytes.
///
/// # Errors
///
/// As [`copy_bidirectional`].
///
/// # Cancel safety
///
/// As [`copy_bidirectional`].
pub async fn copy_bidirectional_with_sizes<A, B>(
    a: &mut A,
    b: &mut B,
    a_to_b_size: usize,
    b_to_a_size: usize,
) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    let mut there = Direction::Copying(CopyBuffer::new(a_to_b_size));
    let mut back = Direction::Copying(CopyBuffer::new(b_to_a_size));
    poll_fn(|cx| {
        // Both are polled before either may make us wait.
        let there = there.poll(cx, a, b)?;
        let back = back.poll(cx, b, a)?;
        Poll::Ready(Ok((ready!(there), ready!(back))))
    })
    .await
}
