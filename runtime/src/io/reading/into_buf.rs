//! Reading into a growing buffer.
//!
//! # Safety
//!
//! 1. The bytes lent to the reader are the spare room of the buffer; a [`ReadBuf`] never de-initialises them.
//! 2. The buffer is advanced by what the *lent* `ReadBuf` says is filled: a reader that put another in its place is
//!    caught by comparing addresses.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BufMut;

use crate::io::{AsyncRead, ReadBuf};

/// Attempts to read into the spare room of `buf`, advances it, and answers how many bytes were read.
///
/// Answers 0 at the end of the source, and also if `buf` has no room.
///
/// # Errors
///
/// Those of the reader.
///
/// # Panics
///
/// If the reader replaced the buffer it was lent.
#[inline]
pub fn poll_read_buf<R: AsyncRead + ?Sized, B: BufMut + ?Sized>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    buf: &mut B,
) -> Poll<io::Result<usize>> {
    poll_read_buf_limited(reader, cx, buf, usize::MAX)
}

/// As [`poll_read_buf`], reading at most `limit` bytes.
#[inline]
pub(crate) fn poll_read_buf_limited<R: AsyncRead + ?Sized, B: BufMut + ?Sized>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    buf: &mut B,
    limit: usize,
) -> Poll<io::Result<usize>> {
    if !buf.has_remaining_mut() {
        return Poll::Ready(Ok(0));
    }
    let chunk = buf.chunk_mut();
    let length = chunk.len().min(limit);
    // SAFETY: invariant 1.
    let room = unsafe { &mut chunk[..length].as_uninit_slice_mut()[..] };
    let start = room.as_ptr().cast::<u8>();
    let mut lent = ReadBuf::uninit(room);
    ready!(reader.poll_read(cx, &mut lent))?;
    assert_eq!(lent.filled().as_ptr(), start, "the reader replaced the buffer it was lent");
    let read = lent.filled().len();
    // SAFETY: the first `read` bytes of the chunk are initialised (invariant 2).
    unsafe { buf.advance_mut(read) };
    Poll::Ready(Ok(read))
}
