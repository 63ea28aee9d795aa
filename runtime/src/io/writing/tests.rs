use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};

use super::*;
use crate::test_support::{block_on, poll_once, ready};

/// Takes at most `step` bytes per write, and waits once before each.
struct Slow {
    taken: Vec<u8>,
    step: usize,
    waited: bool,
}

impl Slow {
    fn new(step: usize) -> Self {
        Self { taken: Vec::new(), step, waited: false }
    }
}

impl AsyncWrite for Slow {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.waited = !self.waited;
        if self.waited {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let length = buf.len().min(self.step);
        self.taken.extend_from_slice(&buf[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn write_all_goes_on_after_short_writes() {
    let mut sink = Slow::new(3);
    block_on(sink.write_all(b"abcdefgh")).unwrap();
    block_on(sink.write_u32_le(0x0403_0201)).unwrap();
    assert_eq!(sink.taken, b"abcdefgh\x01\x02\x03\x04");
}

#[test]
fn a_writer_that_takes_nothing_is_an_error() {
    let mut full = io::Cursor::new(Box::<[u8]>::from([0; 2]));
    assert_eq!(ready(full.write_all(b"abc")).unwrap_err().kind(), io::ErrorKind::WriteZero);
    assert_eq!(ready(full.write_u8(1)).unwrap_err().kind(), io::ErrorKind::WriteZero);
    assert_eq!(ready(full.write_all_buf(&mut &b"x"[..])).unwrap_err().kind(), io::ErrorKind::WriteZero);
    assert_eq!(&full.get_ref()[..], b"ab");
}

#[test]
fn write_all_buf_dropped_midway_goes_on_where_it_stopped() {
    let mut sink = Slow::new(2);
    let mut buf = Bytes::from_static(b"abcdef");
    {
        let mut future = pin!(sink.write_all_buf(&mut buf));
        assert!(poll_once(future.as_mut()).is_pending());
        assert!(poll_once(future.as_mut()).is_pending());
    }
    assert_eq!(&buf[..], b"cdef");
    block_on(sink.write_all_buf(&mut buf)).unwrap();
    assert_eq!(sink.taken, b"abcdef");
}

#[test]
fn write_buf_gathers_chunks_where_the_writer_can() {
    let mut sink = Vec::new();
    let mut buf = (&b"ab"[..]).chain(&b"cd"[..]);
    assert_eq!(ready(sink.write_buf(&mut buf)).unwrap(), 4);
    assert!(!buf.has_remaining());

    let mut plain = Slow::new(9);
    let mut buf = (&b"ab"[..]).chain(&b"cd"[..]);
    assert_eq!(block_on(plain.write_buf(&mut buf)).unwrap(), 2);
    assert_eq!(buf.remaining(), 2);
}

#[test]
fn numbers_agree_with_std() {
    let mut sink = Vec::new();
    ready(sink.write_i16(-2)).unwrap();
    ready(sink.write_u64(7)).unwrap();
    ready(sink.write_f32_le(1.5)).unwrap();
    ready(sink.write_u128_le(9)).unwrap();
    let mut expected = (-2_i16).to_be_bytes().to_vec();
    expected.extend(7_u64.to_be_bytes());
    expected.extend(1.5_f32.to_le_bytes());
    expected.extend(9_u128.to_le_bytes());
    assert_eq!(sink, expected);
}
