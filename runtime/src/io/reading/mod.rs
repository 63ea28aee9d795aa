//! The methods of [`AsyncReadExt`] and the futures they return.
//!
//! - `into_buf`: reading into a growing buffer, the one place here that hands out uninitialised memory;
//! - `read`, `read_exact`, `read_to_end`, `read_int`: the futures;
//! - `take`, `chain`: readers made of readers.

mod chain;
mod into_buf;
mod read;
mod read_exact;
mod read_exact_arc;
mod read_int;
mod read_to_end;
mod read_vectored;
mod take;

pub use chain::Chain;
pub use into_buf::poll_read_buf;
#[cfg(feature = "stream")]
pub(super) use into_buf::poll_read_buf_limited;
pub use read::{Read, ReadInto};
pub use read_exact::ReadExact;
pub use read_exact_arc::read_exact_arc;
pub use read_int::ReadNumber;
pub use read_to_end::{ReadToEnd, ReadToString};
pub use read_vectored::ReadVectored;
pub use take::Take;

use std::io::IoSliceMut;

use bytes::BufMut;

use super::resumable::ReadResumable;
use super::{AsyncRead, Resumable};

/// The everyday methods of [`AsyncRead`].
///
/// # Examples
///
/// ```
/// use minato_runtime::io::{self, AsyncReadExt};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut source = &b"\x00\x05hello, world"[..];
/// let length = source.read_u16().await?;
/// let mut word = vec![0; length.into()];
/// source.read_exact(&mut word).await?;
/// assert_eq!(word, b"hello");
/// # Ok::<(), io::Error>(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
pub trait AsyncReadExt: AsyncRead {
    /// Reads into `buf` and answers how many bytes were read; 0 is the end, if `buf` is not empty.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    ///
    /// # Cancel safety
    ///
    /// A read that was dropped before it was ready took nothing.
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Read<'a, Self>
    where
        Self: Unpin,
    {
        Read::new(self, buf)
    }

    /// Reads into several buffers, in order, and answers how many bytes were read.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    ///
    /// # Cancel safety
    ///
    /// A read that was dropped before it was ready took nothing.
    fn read_vectored<'a, 'b>(&'a mut self, bufs: &'a mut [IoSliceMut<'b>]) -> ReadVectored<'a, 'b, Self>
    where
        Self: Unpin,
    {
        ReadVectored::new(self, bufs)
    }

    /// Reads into the spare room of a growing buffer, advances it, and answers how many bytes were read; 0 is the
    /// end, if there was room.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    ///
    /// # Cancel safety
    ///
    /// A read that was dropped before it was ready took nothing.
    fn read_buf<'a, B: BufMut + ?Sized>(&'a mut self, buf: &'a mut B) -> ReadInto<'a, Self, B>
    where
        Self: Unpin,
    {
        ReadInto::new(self, buf)
    }

    /// Fills `buf` and answers its length.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the source ends first, and those of the reader. How much was read is then unknown.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: bytes already read into `buf` are gone from the source. Use
    /// [`read_exact_resumable`](Self::read_exact_resumable) where it matters.
    fn read_exact<'a>(&'a mut self, buf: &'a mut [u8]) -> ReadExact<'a, Self>
    where
        Self: Unpin,
    {
        ReadExact::new(self, buf)
    }

    /// Fills what is left of a buffer whose progress the caller holds.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the source ends first, and those of the reader; `into` knows how much was read.
    ///
    /// # Cancel safety
    ///
    /// `into` always knows what was read: calling again goes on where the dropped future stopped.
    fn read_exact_resumable<'a, B: AsMut<[u8]>>(
        &'a mut self,
        into: &'a mut Resumable<B>,
    ) -> ReadResumable<'a, Self, B>
    where
        Self: Unpin,
    {
        ReadResumable::new(self, into)
    }

    /// Reads until the end, appends to `buf`, and answers how many bytes were read.
    ///
    /// # Errors
    ///
    /// Those of the reader; what was read before the error is in `buf`.
    ///
    /// # Cancel safety
    ///
    /// What was read before the future was dropped is in `buf`; nothing is lost.
    fn read_to_end<'a>(&'a mut self, buf: &'a mut Vec<u8>) -> ReadToEnd<'a, Self>
    where
        Self: Unpin,
    {
        ReadToEnd::new(self, buf)
    }

    /// Reads until the end, appends to `buf` as text, and answers how many bytes were read.
    ///
    /// # Errors
    ///
    /// `InvalidData` if the bytes are not UTF-8, and those of the reader; `buf` is then as before.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: bytes already read are lost. `buf` is as before.
    fn read_to_string<'a>(&'a mut self, buf: &'a mut String) -> ReadToString<'a, Self>
    where
        Self: Unpin,
    {
        ReadToString::new(self, buf)
    }

    /// A reader that ends after `limit` bytes.
    fn take(self, limit: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, limit)
    }

    /// A reader that goes on with `next` after the end of this one.
    fn chain<R: AsyncRead>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
    {
        Chain::new(self, next)
    }

    read_int::number_methods! {
        u8 read_u8 read_u8_le;
        i8 read_i8 read_i8_le;
        u16 read_u16 read_u16_le;
        i16 read_i16 read_i16_le;
        u32 read_u32 read_u32_le;
        i32 read_i32 read_i32_le;
        u64 read_u64 read_u64_le;
        i64 read_i64 read_i64_le;
        u128 read_u128 read_u128_le;
        i128 read_i128 read_i128_le;
        f32 read_f32 read_f32_le;
        f64 read_f64 read_f64_le;
    }
}

impl<R: AsyncRead + ?Sized> AsyncReadExt for R {}

#[cfg(all(test, not(loom)))]
mod tests;
