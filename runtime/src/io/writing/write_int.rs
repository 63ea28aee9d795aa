//! Numbers of a fixed width.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::write_all::poll_drain;
use crate::io::AsyncWrite;

/// Writes a number of `N` bytes; made by `write_u16` and its like of [`AsyncWriteExt`](super::AsyncWriteExt).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteNumber<'a, W: ?Sized, const N: usize> {
    writer: &'a mut W,
    bytes: [u8; N],
    written: usize,
}

impl<'a, W: ?Sized, const N: usize> WriteNumber<'a, W, N> {
    #[inline]
    pub(super) fn new(writer: &'a mut W, bytes: [u8; N]) -> Self {
        Self { writer, bytes, written: 0 }
    }
}

impl<W: AsyncWrite + Unpin + ?Sized, const N: usize> Future for WriteNumber<'_, W, N> {
    type Output = io::Result<()>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        let mut left = &me.bytes[me.written..];
        let drained = poll_drain(&mut *me.writer, cx, &mut left);
        me.written = N - left.len();
        drained
    }
}

/// The two methods, big and little endian, of each number type.
macro_rules! number_methods {
    ($($number:ident $big:ident $little:ident;)*) => {
        $(
            #[doc = concat!("Writes a big-endian `", stringify!($number), "`.")]
            ///
            /// # Errors
            ///
            /// `WriteZero` if the writer takes no more, and those of the writer.
            ///
            /// # Cancel safety
            ///
            /// Not cancel safe where the number has several bytes: some may have been written.
            fn $big(&mut self, number: $number) -> WriteNumber<'_, Self, { size_of::<$number>() }>
            where
                Self: Unpin,
            {
                WriteNumber::new(self, number.to_be_bytes())
            }

            #[doc = concat!("Writes a little-endian `", stringify!($number), "`.")]
            ///
            /// # Errors
            ///
            /// `WriteZero` if the writer takes no more, and those of the writer.
            ///
            /// # Cancel safety
            ///
            /// Not cancel safe where the number has several bytes: some may have been written.
            fn $little(&mut self, number: $number) -> WriteNumber<'_, Self, { size_of::<$number>() }>
            where
                Self: Unpin,
            {
                WriteNumber::new(self, number.to_le_bytes())
            }
        )*
    };
}

pub(super) use number_methods;
