//! Numbers of a fixed width.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::read_exact::poll_fill;
use crate::io::{AsyncRead, ReadBuf};

/// Reads a number of `N` bytes; made by `read_u16` and its like of [`AsyncReadExt`](super::AsyncReadExt).
#[must_use = "futures do nothing unless polled"]
pub struct ReadNumber<'a, R: ?Sized, T, const N: usize> {
    reader: &'a mut R,
    bytes: [u8; N],
    filled: usize,
    decode: fn([u8; N]) -> T,
}

impl<'a, R: ?Sized, T, const N: usize> ReadNumber<'a, R, T, N> {
    #[inline]
    pub(super) fn new(reader: &'a mut R, decode: fn([u8; N]) -> T) -> Self {
        Self { reader, bytes: [0; N], filled: 0, decode }
    }
}

impl<R: AsyncRead + Unpin + ?Sized, T, const N: usize> Future for ReadNumber<'_, R, T, N> {
    type Output = io::Result<T>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        let mut buf = ReadBuf::new(&mut me.bytes);
        buf.set_filled(me.filled);
        let filled = poll_fill(&mut *me.reader, cx, &mut buf);
        me.filled = buf.filled().len();
        ready!(filled)?;
        Poll::Ready(Ok((me.decode)(me.bytes)))
    }
}

impl<R: ?Sized, T, const N: usize> fmt::Debug for ReadNumber<'_, R, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadNumber").field("filled", &&self.bytes[..self.filled]).finish_non_exhaustive()
    }
}

/// The two methods, big and little endian, of each number type.
macro_rules! number_methods {
    ($($number:ident $big:ident $little:ident;)*) => {
        $(
            #[doc = concat!("Reads a big-endian `", stringify!($number), "`.")]
            ///
            /// # Errors
            ///
            /// `UnexpectedEof` if the source ends first, and those of the reader.
            ///
            /// # Cancel safety
            ///
            /// Not cancel safe where the number has several bytes: those already read are lost.
            fn $big(&mut self) -> ReadNumber<'_, Self, $number, { size_of::<$number>() }>
            where
                Self: Unpin,
            {
                ReadNumber::new(self, $number::from_be_bytes)
            }

            #[doc = concat!("Reads a little-endian `", stringify!($number), "`.")]
            ///
            /// # Errors
            ///
            /// `UnexpectedEof` if the source ends first, and those of the reader.
            ///
            /// # Cancel safety
            ///
            /// Not cancel safe where the number has several bytes: those already read are lost.
            fn $little(&mut self) -> ReadNumber<'_, Self, $number, { size_of::<$number>() }>
            where
                Self: Unpin,
            {
                ReadNumber::new(self, $number::from_le_bytes)
            }
        )*
    };
}

pub(super) use number_methods;
