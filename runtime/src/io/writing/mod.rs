//! The methods of [`AsyncWriteExt`] and the futures they return.

mod flush;
mod write;
mod write_all;
mod write_all_vectored;
mod write_int;

pub use flush::{Flush, Shutdown};
pub use write::{Write, WriteFrom, WriteVectored, poll_write_buf};
pub use write_all::{WriteAll, WriteAllFrom};
pub use write_all_vectored::WriteAllVectored;
pub use write_int::WriteNumber;

use std::io::IoSlice;

use bytes::Buf;

use super::resumable::WriteResumable;
use super::{AsyncWrite, Resumable};

/// The everyday methods of [`AsyncWrite`].
///
/// # Examples
///
/// ```
/// use minato_runtime::io::{self, AsyncWriteExt};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut sink = Vec::new();
/// sink.write_u16(5).await?;
/// sink.write_all(b"hello").await?;
/// assert_eq!(sink, b"\x00\x05hello");
/// # Ok::<(), io::Error>(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
pub trait AsyncWriteExt: AsyncWrite {
    /// Writes bytes of `buf` and answers how many were taken.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    ///
    /// # Cancel safety
    ///
    /// A write that was dropped before it was ready wrote nothing.
    fn write<'a>(&'a mut self, buf: &'a [u8]) -> Write<'a, Self>
    where
        Self: Unpin,
    {
        Write::new(self, buf)
    }

    /// Writes bytes of several buffers, in order, and answers how many were taken.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    ///
    /// # Cancel safety
    ///
    /// A write that was dropped before it was ready wrote nothing.
    fn write_vectored<'a, 'b>(&'a mut self, bufs: &'a [IoSlice<'b>]) -> WriteVectored<'a, 'b, Self>
    where
        Self: Unpin,
    {
        WriteVectored::new(self, bufs)
    }

    /// Writes bytes of `buf`, several chunks at once where the writer can, advances it, and answers how many were
    /// taken.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    ///
    /// # Cancel safety
    ///
    /// A write that was dropped before it was ready wrote nothing and advanced nothing.
    fn write_buf<'a, B: Buf + ?Sized>(&'a mut self, buf: &'a mut B) -> WriteFrom<'a, Self, B>
    where
        Self: Unpin,
    {
        WriteFrom::new(self, buf)
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    ///
    /// `WriteZero` if the writer takes no more, and those of the writer. How much was written is then unknown.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: how much was written is unknown. Use [`write_all_buf`](Self::write_all_buf) or
    /// [`write_all_resumable`](Self::write_all_resumable) where it matters.
    fn write_all<'a>(&'a mut self, buf: &'a [u8]) -> WriteAll<'a, Self>
    where
        Self: Unpin,
    {
        WriteAll::new(self, buf)
    }

    /// Writes all of `buf`, advancing it over what was written.
    ///
    /// # Errors
    ///
    /// `WriteZero` if the writer takes no more, and those of the writer; `buf` then holds what was not written.
    ///
    /// # Cancel safety
    ///
    /// `buf` always holds exactly what was not written: calling again goes on where the dropped future stopped.
    fn write_all_buf<'a, B: Buf + ?Sized>(&'a mut self, buf: &'a mut B) -> WriteAllFrom<'a, Self, B>
    where
        Self: Unpin,
    {
        WriteAllFrom::new(self, buf)
    }

    /// Writes all of several buffers, in order; `bufs` is used up.
    ///
    /// # Errors
    ///
    /// `WriteZero` if the writer takes no more, and those of the writer. How much was written is then unknown.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: how much was written is unknown.
    fn write_all_vectored<'a, 'b>(&'a mut self, bufs: &'a mut [IoSlice<'b>]) -> WriteAllVectored<'a, 'b, Self>
    where
        Self: Unpin,
    {
        WriteAllVectored::new(self, bufs)
    }

    /// Writes what is left of a buffer whose progress the caller holds.
    ///
    /// # Errors
    ///
    /// `WriteZero` if the writer takes no more, and those of the writer; `from` knows how much was written.
    ///
    /// # Cancel safety
    ///
    /// `from` always knows what was written: calling again goes on where the dropped future stopped.
    fn write_all_resumable<'a, B: AsRef<[u8]>>(
        &'a mut self,
        from: &'a mut Resumable<B>,
    ) -> WriteResumable<'a, Self, B>
    where
        Self: Unpin,
    {
        WriteResumable::new(self, from)
    }

    /// Hands everything written so far to its destination.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    ///
    /// # Cancel safety
    ///
    /// Calling again goes on where the dropped future stopped.
    fn flush(&mut self) -> Flush<'_, Self>
    where
        Self: Unpin,
    {
        Flush::new(self)
    }

    /// Flushes, then ends the stream: the other side sees its end.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    ///
    /// # Cancel safety
    ///
    /// Calling again goes on where the dropped future stopped.
    fn shutdown(&mut self) -> Shutdown<'_, Self>
    where
        Self: Unpin,
    {
        Shutdown::new(self)
    }

    write_int::number_methods! {
        u8 write_u8 write_u8_le;
        i8 write_i8 write_i8_le;
        u16 write_u16 write_u16_le;
        i16 write_i16 write_i16_le;
        u32 write_u32 write_u32_le;
        i32 write_i32 write_i32_le;
        u64 write_u64 write_u64_le;
        i64 write_i64 write_i64_le;
        u128 write_u128 write_u128_le;
        i128 write_i128 write_i128_le;
        f32 write_f32 write_f32_le;
        f64 write_f64 write_f64_le;
    }
}

impl<W: AsyncWrite + ?Sized> AsyncWriteExt for W {}

#[cfg(all(test, not(loom)))]
mod tests;
