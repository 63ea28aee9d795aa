use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use super::*;
use crate::io::{AsyncBufReadExt, ReadBuf};
use crate::test_support::{block_on, poll_once, ready};

/// Hands out the given pieces one per read, and waits once before each.
struct Pieces {
    left: VecDeque<&'static [u8]>,
    waited: bool,
}

impl Pieces {
    fn new(pieces: &[&'static [u8]]) -> Self {
        Self { left: pieces.iter().copied().collect(), waited: false }
    }
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.waited = !self.waited;
        if self.waited {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(piece) = self.left.pop_front() {
            let (head, tail) = piece.split_at(piece.len().min(buf.remaining()));
            buf.put_slice(head);
            if !tail.is_empty() {
                self.left.push_front(tail);
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[test]
fn read_exact_joins_pieces_and_reports_an_early_end() {
    let mut source = Pieces::new(&[b"ab", b"cde", b"f"]);
    let mut buf = [0; 4];
    assert_eq!(block_on(source.read_exact(&mut buf)).unwrap(), 4);
    assert_eq!(&buf, b"abcd");
    let error = block_on(source.read_exact(&mut buf)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn numbers_agree_with_std() {
    let bytes: Vec<u8> = (1..=16).collect();
    let all: [u8; 16] = bytes.clone().try_into().unwrap();
    assert_eq!(ready((&bytes[..]).read_u8()).unwrap(), 1);
    assert_eq!(ready((&bytes[..]).read_i16()).unwrap(), 0x0102);
    assert_eq!(ready((&bytes[..]).read_u32_le()).unwrap(), 0x0403_0201);
    assert_eq!(ready((&bytes[..]).read_u64()).unwrap(), u64::from_be_bytes(all[..8].try_into().unwrap()));
    assert_eq!(ready((&bytes[..]).read_i128_le()).unwrap(), i128::from_le_bytes(all));
    assert_eq!(ready((&bytes[..]).read_f64()).unwrap(), f64::from_be_bytes(all[..8].try_into().unwrap()));
    assert_eq!(block_on(Pieces::new(&[b"\x01", b"\x02\x03", b"\x04"]).read_u32()).unwrap(), 0x0102_0304);
    assert!(ready((&bytes[..3]).read_u32()).is_err());
}

#[test]
fn read_to_end_appends_and_grows() {
    let long: Vec<u8> = (0..200_000_u32).map(|i| i as u8).collect();
    let mut buf = b"head".to_vec();
    assert_eq!(ready((&long[..]).read_to_end(&mut buf)).unwrap(), long.len());
    assert_eq!(&buf[..4], b"head");
    assert_eq!(&buf[4..], long);
}

#[test]
fn read_to_end_dropped_midway_keeps_what_was_read() {
    let mut source = Pieces::new(&[b"ab", b"cd"]);
    let mut buf = Vec::new();
    {
        let mut future = pin!(source.read_to_end(&mut buf));
        assert!(poll_once(future.as_mut()).is_pending());
        assert!(poll_once(future.as_mut()).is_pending());
    }
    assert_eq!(buf, b"ab");
    block_on(source.read_to_end(&mut buf)).unwrap();
    assert_eq!(buf, b"abcd");
}

#[test]
fn read_to_string_leaves_the_string_alone_unless_it_succeeds() {
    let mut string = String::from("old ");
    assert_eq!(ready((&"wörd".as_bytes()[..]).read_to_string(&mut string)).unwrap(), 5);
    assert_eq!(string, "old wörd");

    let error = ready((&b"\xff"[..]).read_to_string(&mut string)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert_eq!(string, "old wörd");

    {
        let mut source = Pieces::new(&[b"ab", b"cd"]);
        let mut future = pin!(source.read_to_string(&mut string));
        assert!(poll_once(future.as_mut()).is_pending());
        assert!(poll_once(future.as_mut()).is_pending());
    }
    assert_eq!(string, "old wörd");
}

#[test]
fn read_buf_fills_spare_room_and_stops_at_a_full_buffer() {
    let mut source = &b"abcdef"[..];
    let mut fixed = [0; 4];
    let mut room = &mut fixed[..];
    assert_eq!(ready(source.read_buf(&mut room)).unwrap(), 4);
    assert_eq!(ready(source.read_buf(&mut room)).unwrap(), 0);
    let mut grows = bytes::BytesMut::new();
    assert_eq!(ready(source.read_buf(&mut grows)).unwrap(), 2);
    assert_eq!((&fixed, &grows[..]), (b"abcd", &b"ef"[..]));
}

#[test]
fn take_stops_at_the_limit_and_leaves_the_rest() {
    let mut source = &b"abcdef"[..];
    let mut buf = Vec::new();
    let mut taken = (&mut source).take(4);
    ready(taken.read_to_end(&mut buf)).unwrap();
    assert_eq!((&buf[..], taken.limit()), (&b"abcd"[..], 0));
    taken.set_limit(1);
    assert_eq!(ready(taken.fill_buf()).unwrap(), b"e");
    taken.consume(1);
    assert_eq!(source, b"f");
}

#[test]
fn chain_goes_on_with_the_second_reader() {
    let mut chain = (&b"ab"[..]).chain(&b"cd"[..]);
    assert_eq!(ready(chain.read(&mut [])).unwrap(), 0);
    let mut text = String::new();
    ready(chain.read_to_string(&mut text)).unwrap();
    assert_eq!(text, "abcd");
    let mut lines = Vec::new();
    ready((&b"ab"[..]).chain(&b"c\n"[..]).read_until(b'\n', &mut lines)).unwrap();
    assert_eq!(lines, b"abc\n");
}
