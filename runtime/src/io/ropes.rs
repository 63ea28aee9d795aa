//! Ropes and rings of `minato-bytes-util` as readers and writers in memory.
//!
//! Whoever takes a reader can be given what was received and is not in one piece, without a copy; whoever takes a writer can
//! be given what gathers or bounds it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use minato_bytes_util::{BufList, BufListCursor, ByteRing};

use super::async_write::write_at_once;
use super::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

macro_rules! read_in_memory {
    ($([$($generics:tt)*] $type:ty),*) => {$(
        impl<$($generics)*> AsyncRead for $type {
            fn poll_read(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                while self.has_remaining() && buf.remaining() > 0 {
                    let len = self.chunk().len().min(buf.remaining());
                    buf.put_slice(&self.chunk()[..len]);
                    self.advance(len);
                }
                Poll::Ready(Ok(()))
            }
        }

        impl<$($generics)*> AsyncBufRead for $type {
            fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
                Poll::Ready(Ok(Self::chunk(self.get_mut())))
            }

            fn consume(mut self: Pin<&mut Self>, amount: usize) {
                self.advance(amount);
            }
        }
    )*};
}

read_in_memory!([] BufList, ['a] BufListCursor<'a>, [] ByteRing);

impl AsyncWrite for BufList {
    write_at_once!();
}

/// Takes nothing once it is full: nobody waits here for it to be read.
impl AsyncWrite for ByteRing {
    write_at_once!();
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
    use super::*;
    use crate::runtime::Builder;
    use bytes::Bytes;

    #[test]
    fn ropes_and_rings_are_read_and_written_like_files() {
        Builder::new_current_thread().build().unwrap().block_on(async {
            let mut list = BufList::new();
            list.push(Bytes::from_static(&[b'a'; 2000]));
            list.push(Bytes::from_static(b"b\nsecond "));
            list.write_all(b"line\nrest").await.unwrap();
            let slices = [IoSlice::new(b" of"), IoSlice::new(b" it")];
            assert_eq!(list.write_vectored(&slices).await.unwrap(), 6);
            let mut lines = list.cursor().lines();
            assert_eq!(lines.next_line().await.unwrap().unwrap().len(), 2001);
            assert_eq!(lines.next_line().await.unwrap().unwrap(), "second line");
            let mut first = [0; 2002];
            list.read_exact(&mut first).await.unwrap();
            let mut text = String::new();
            list.read_line(&mut text).await.unwrap();
            list.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "second line\nrest of it");
            assert_eq!(list.read(&mut first).await.unwrap(), 0);

            let mut ring = ByteRing::bounded(8);
            ring.write_all(b"123456").await.unwrap();
            assert_eq!(ring.read_u32().await.unwrap(), u32::from_be_bytes(*b"1234"));
            ring.write_all(b"789ab\n").await.unwrap();
            assert_eq!(ring.write_all(b"c").await.unwrap_err().kind(), io::ErrorKind::WriteZero);
            text.clear();
            ring.read_line(&mut text).await.unwrap();
            assert_eq!(text, "56789ab\n");
        });
    }
}
