//! Chunks to bytes and back.

use std::io;
use std::pin::pin;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, stream};

use super::*;
use crate::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, duplex};
use crate::test_support::{poll_once, ready};

type Chunks = Vec<Result<Bytes, io::Error>>;

fn chunks(texts: &[&'static str]) -> Chunks {
    texts.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))).collect()
}

#[test]
fn empty_chunks_are_not_the_end() {
    let mut reader = StreamReader::new(stream::iter(chunks(&["", "ab", "", "", "c"])));
    let mut text = String::new();
    assert_eq!(ready(reader.read_to_string(&mut text)).unwrap(), 3);
    assert_eq!(text, "abc");
}

#[test]
fn an_error_of_the_stream_comes_in_its_turn() {
    let mut all = chunks(&["ab"]);
    all.push(Err(io::ErrorKind::ConnectionReset.into()));
    let mut reader = StreamReader::new(stream::iter(all));
    assert_eq!(ready(reader.fill_buf()).unwrap(), b"ab");
    AsyncBufReadExt::consume(&mut reader, 1);
    let mut rest = Vec::new();
    let error = ready(reader.read_to_end(&mut rest)).unwrap_err();
    assert_eq!((rest, error.kind()), (b"b".to_vec(), io::ErrorKind::ConnectionReset));
}

#[test]
fn the_rest_of_a_chunk_can_be_taken_along() {
    let mut reader = StreamReader::new(stream::iter(chunks(&["abcd", "e"])));
    let mut buf = [0; 3];
    ready(reader.read_exact(&mut buf)).unwrap();
    let (mut stream, chunk) = reader.into_inner_with_chunk();
    assert_eq!(chunk.unwrap(), "d");
    assert_eq!(ready(stream.next()).unwrap().unwrap(), "e");
}

#[test]
fn a_reader_that_waits_keeps_the_stream_waiting_and_its_end_ends_it() {
    let (mut near, far) = duplex(64);
    let mut chunks = ReaderStream::new(far);
    assert!(poll_once(pin!(chunks.next())).is_pending());
    ready(near.write_all(b"abc")).unwrap();
    assert_eq!(ready(chunks.next()).unwrap().unwrap(), "abc");
    drop(near);
    assert!(ready(chunks.next()).is_none());
    assert!(ready(chunks.next()).is_none());
}

#[test]
fn a_stream_ends_after_an_error() {
    struct Broken;
    impl crate::io::AsyncRead for Broken {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut crate::io::ReadBuf<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }
    }
    let mut chunks = ReaderStream::new(Broken);
    assert!(ready(chunks.next()).unwrap().is_err());
    assert!(ready(chunks.next()).is_none());
}

#[test]
fn each_write_is_one_chunk_of_the_sink() {
    let chunks = Vec::<Bytes>::new().sink_map_err(|never| -> io::Error { match never {} });
    let mut writer = SinkWriter::new(CopyToBytes::new(chunks));
    ready(writer.write_all(b"one")).unwrap();
    ready(writer.write_all(b"two")).unwrap();
    ready(writer.shutdown()).unwrap();
    assert_eq!(writer.into_inner().into_inner().into_inner(), ["one", "two"]);
}
