use std::io::{Cursor, IoSlice, SeekFrom};

use super::*;
use crate::io::{AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt, duplex};
use crate::test_support::{poll_once, ready};

/// A small deterministic generator for oracle tests.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[test]
fn a_buffered_reader_reads_what_the_slice_holds() {
    for seed in 0..50 {
        let mut numbers = Numbers(seed);
        let bytes: Vec<u8> = (0..numbers.below(300)).map(|_| numbers.below(256) as u8).collect();
        let mut reader = BufReader::with_capacity(1 + numbers.below(20), &bytes[..]);
        let mut read = Vec::new();
        loop {
            let mut piece = vec![0; 1 + numbers.below(30)];
            match ready(reader.read(&mut piece)).unwrap() {
                0 => break,
                length => read.extend_from_slice(&piece[..length]),
            }
        }
        assert_eq!(read, bytes, "seed {seed}");
    }
}

#[test]
fn a_buffered_writer_writes_what_it_was_given() {
    for seed in 0..50 {
        let mut numbers = Numbers(seed);
        let mut writer = BufWriter::with_capacity(numbers.below(20), Vec::new());
        let mut expected = Vec::new();
        for _ in 0..numbers.below(40) {
            let piece: Vec<u8> = (0..numbers.below(30)).map(|_| numbers.below(256) as u8).collect();
            if numbers.below(2) == 0 {
                ready(writer.write_all(&piece)).unwrap();
                expected.extend_from_slice(&piece);
            } else {
                let (head, tail) = piece.split_at(piece.len() / 2);
                let bufs = [IoSlice::new(head), IoSlice::new(tail)];
                let taken = ready(writer.write_vectored(&bufs)).unwrap();
                assert!(taken > 0 || piece.is_empty(), "seed {seed}");
                expected.extend_from_slice(&piece[..taken]);
            }
        }
        ready(writer.flush()).unwrap();
        assert_eq!(writer.get_ref(), &expected, "seed {seed}");
    }
}

#[test]
fn small_writes_wait_for_the_flush() {
    let mut writer = BufWriter::with_capacity(4, Vec::new());
    ready(writer.write_all(b"abc")).unwrap();
    assert_eq!((writer.buffer(), writer.get_ref().len()), (&b"abc"[..], 0));
    ready(writer.write_all(b"de")).unwrap();
    assert_eq!(writer.get_ref(), b"abc");
    ready(writer.shutdown()).unwrap();
    assert_eq!(writer.into_inner(), b"abcde");
}

#[test]
fn a_relative_seek_counts_from_what_was_read() {
    let mut reader = BufReader::with_capacity(4, Cursor::new(b"abcdefgh"));
    assert_eq!(ready(reader.read_u8()).unwrap(), b'a');
    assert_eq!(ready(reader.stream_position()).unwrap(), 1);
    assert_eq!(ready(reader.seek(SeekFrom::Current(1))).unwrap(), 2);
    assert_eq!(ready(reader.read_u8()).unwrap(), b'c');
    ready(reader.rewind()).unwrap();
    assert_eq!(ready(reader.read_u8()).unwrap(), b'a');
    assert!(ready(reader.seek(SeekFrom::Current(i64::MIN))).is_err());
}

#[test]
fn a_seek_writes_the_buffer_first() {
    let mut writer = BufWriter::new(Cursor::new(Vec::new()));
    ready(writer.write_all(b"abc")).unwrap();
    ready(writer.seek(SeekFrom::Start(1))).unwrap();
    ready(writer.write_all(b"X")).unwrap();
    ready(writer.flush()).unwrap();
    assert_eq!(writer.get_ref().get_ref(), b"aXc");
}

#[test]
fn lines_lose_their_ends_only() {
    let mut lines = (&b"one\r\n\ntwo\rmore\nlast"[..]).lines();
    let mut read = Vec::new();
    while let Some(line) = ready(lines.next_line()).unwrap() {
        read.push(line);
    }
    assert_eq!(read, ["one", "", "two\rmore", "last"]);
}

#[test]
fn a_line_that_is_not_text_is_an_error_and_the_next_is_read() {
    let mut lines = (&b"\xff\nok\n"[..]).lines();
    assert!(ready(lines.next_line()).is_err());
    assert_eq!(ready(lines.next_line()).unwrap().unwrap(), "ok");
    let mut text = String::from("kept");
    assert!(ready((&b"\xff\n"[..]).read_line(&mut text)).is_err());
    assert_eq!(text, "kept");
}

#[test]
fn split_keeps_empty_pieces_between_delimiters() {
    let mut pieces = BufReader::new(&b"a,,b,"[..]).split(b',');
    let mut read = Vec::new();
    while let Some(piece) = ready(pieces.next_segment()).unwrap() {
        read.push(piece);
    }
    assert_eq!(read, [&b"a"[..], b"", b"b"]);
}

#[test]
fn next_line_dropped_midway_loses_nothing() {
    let (mut near, far) = duplex(64);
    let mut lines = BufReader::new(far).lines();
    ready(near.write_all(b"he")).unwrap();
    assert!(poll_once(std::pin::pin!(lines.next_line())).is_pending());
    ready(near.write_all(b"llo\n")).unwrap();
    assert_eq!(ready(lines.next_line()).unwrap().unwrap(), "hello");
}

#[test]
fn a_buffered_stream_reads_and_writes() {
    let (near, mut far) = duplex(64);
    let mut stream = BufStream::new(near);
    assert!(stream.is_write_vectored());
    ready(stream.write_all(b"question\n")).unwrap();
    ready(stream.flush()).unwrap();
    let mut question = [0; 9];
    ready(far.read_exact(&mut question)).unwrap();
    ready(far.write_all(b"answer\n")).unwrap();
    let mut answer = String::new();
    ready(stream.read_line(&mut answer)).unwrap();
    assert_eq!((&question, &answer[..]), (b"question\n", "answer\n"));
}
