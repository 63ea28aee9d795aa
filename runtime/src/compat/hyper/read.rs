//! hyper's reads.
//!
//! # Safety
//!
//! 1. Our buffer covers exactly the unfilled part of hyper's, all of it taken as uninitialised, and never
//!    de-initialises a byte.
//! 2. What is reported back as filled is what our buffer says, after its address and its length were compared: a reader
//!    that put another in its place is caught.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::hyper::rt::ReadBufCursor;

use crate::io::{AsyncRead, ReadBuf};

/// Reads from one of our readers into hyper's buffer, without zeroing or copying.
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
    mut buf: ReadBufCursor<'_>,
) -> Poll<io::Result<()>> {
    // SAFETY: invariant 1.
    let unfilled = unsafe { buf.as_mut() };
    let room = unfilled.len();
    let start = unfilled.as_ptr().cast::<u8>();
    let mut lent = ReadBuf::uninit(unfilled);
    ready!(reader.poll_read(cx, &mut lent))?;
    assert_eq!(lent.filled().as_ptr(), start, "the reader replaced the buffer it was lent");
    let filled = lent.filled().len();
    // A shorter buffer may be replaced by a longer one that begins at the same place.
    assert!(filled <= room, "the reader replaced the buffer it was lent");
    // SAFETY: invariant 2: these bytes are initialised.
    unsafe { buf.advance(filled) };
    Poll::Ready(Ok(()))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::mem::MaybeUninit;
    use std::task::Waker;

    #[test]
    fn bytes_reach_memory_that_was_never_initialised() {
        let mut memory = [MaybeUninit::uninit(); 8];
        let mut buf = ::hyper::rt::ReadBuf::uninit(&mut memory);
        let cx = &mut Context::from_waker(Waker::noop());
        let mut source = &b"abc"[..];
        assert!(poll_read(Pin::new(&mut source), cx, buf.unfilled()).is_ready());
        source = &b"de"[..];
        assert!(poll_read(Pin::new(&mut source), cx, buf.unfilled()).is_ready());
        assert_eq!(buf.filled(), b"abcde");
    }
}
