//! Streams against each other.

use std::io;
use std::pin::pin;
use std::task::Context;
use std::thread;

use super::*;
use crate::task::coop;
use crate::test_support::{CountingWaker, block_on, poll_once, ready};

#[test]
fn a_full_duplex_makes_the_writer_wait_until_a_byte_is_read() {
    let (mut near, mut far) = duplex(4);
    assert_eq!(ready(near.write(b"abcdef")).unwrap(), 4);
    let (count, waker) = CountingWaker::new();
    let mut cx = Context::from_waker(&waker);
    let mut write = pin!(near.write(b"ef"));
    assert!(write.as_mut().poll(&mut cx).is_pending());
    assert_eq!(ready(far.read_u8()).unwrap(), b'a');
    assert_eq!(count.count(), 1);
    assert_eq!(ready(write).unwrap(), 1);
}

#[test]
fn a_dropped_end_is_the_end_for_the_reader_and_a_broken_pipe_for_the_writer() {
    let (mut near, mut far) = duplex(8);
    ready(far.write_all(b"bye")).unwrap();
    drop(far);
    let mut text = String::new();
    ready(near.read_to_string(&mut text)).unwrap();
    assert_eq!(text, "bye");
    assert_eq!(ready(near.write(b"x")).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_dropped_reader_wakes_the_writer_that_waits_for_room() {
    let (mut near, far) = duplex(1);
    ready(near.write_all(b"a")).unwrap();
    let (count, waker) = CountingWaker::new();
    let mut write = pin!(near.write(b"b"));
    assert!(write.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(far);
    assert_eq!(count.count(), 1);
    assert_eq!(ready(write).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn copy_moves_everything_through_a_narrow_pipe() {
    let bytes: Vec<u8> = (0..100_000_u32).map(|i| (i * 7) as u8).collect();
    let expected = bytes.clone();
    let (mut near, mut far) = duplex(100);
    let sender = thread::spawn(move || {
        let copied = block_on(copy(&mut &bytes[..], &mut near)).unwrap();
        block_on(near.shutdown()).unwrap();
        copied
    });
    let mut received = Vec::new();
    let mut buffered = BufReader::new(&mut far);
    assert_eq!(block_on(copy_buf(&mut buffered, &mut received)).unwrap(), 100_000);
    assert_eq!(sender.join().unwrap(), 100_000);
    assert_eq!(received, expected);
}

#[test]
fn copy_flushes_while_the_source_pauses() {
    let (mut source, mut reader) = duplex(64);
    let mut writer = BufWriter::new(Vec::new());
    ready(source.write_all(b"part")).unwrap();
    assert!(poll_once(pin!(copy(&mut reader, &mut writer))).is_pending());
    assert_eq!(writer.get_ref(), b"part");
}

#[test]
fn copy_bidirectional_lets_the_answer_flow_after_the_question_has_ended() {
    let (mut client, mut proxy_client) = duplex(16);
    let (mut proxy_server, mut server) = duplex(16);
    let mut proxy = pin!(copy_bidirectional(&mut proxy_client, &mut proxy_server));
    ready(client.write_all(b"question")).unwrap();
    ready(client.shutdown()).unwrap();
    assert!(poll_once(proxy.as_mut()).is_pending());
    let mut question = String::new();
    ready(server.read_to_string(&mut question)).unwrap();
    ready(server.write_all(b"answer")).unwrap();
    drop(server);
    assert_eq!(ready(proxy).unwrap(), (8, 6));
    let mut answer = String::new();
    ready(client.read_to_string(&mut answer)).unwrap();
    assert_eq!((&question[..], &answer[..]), ("question", "answer"));
}

#[test]
fn an_endless_copy_gives_way() {
    let mut polls = 0;
    let (count, waker) = CountingWaker::new();
    let mut cx = Context::from_waker(&waker);
    let (mut from, mut to) = (repeat(7), sink());
    let mut endless = pin!(copy(&mut from, &mut to));
    while polls < 3 {
        assert!(coop::with_budget(|| endless.as_mut().poll(&mut cx)).is_pending());
        polls += 1;
        assert_eq!(count.count(), polls);
    }
}

#[test]
fn empty_reads_nothing_and_sink_takes_all() {
    let mut nothing = Vec::new();
    assert_eq!(ready(empty().read_to_end(&mut nothing)).unwrap(), 0);
    ready(empty().write_all(b"gone")).unwrap();
    assert_eq!(ready(copy(&mut repeat(1).take(10_000), &mut sink())).unwrap(), 10_000);
}

#[test]
fn halves_work_apart_and_join_again() {
    let (near, mut far) = duplex(8);
    let (mut reader, mut writer) = split(near);
    let (other_reader, other_writer) = split(duplex(1).0);
    assert!(reader.is_pair_of(&writer) && writer.is_pair_of(&reader));
    assert!(!reader.is_pair_of(&other_writer) && !other_reader.is_pair_of(&writer));
    assert!(writer.is_write_vectored());
    ready(writer.write_all(b"out")).unwrap();
    ready(far.write_all(b"in")).unwrap();
    let mut buf = [0; 2];
    ready(reader.read_exact(&mut buf)).unwrap();
    assert_eq!(&buf, b"in");
    let mut near = reader.unsplit(writer);
    ready(near.write_all(b"!")).unwrap();
    drop(near);
    let mut text = String::new();
    ready(far.read_to_string(&mut text)).unwrap();
    assert_eq!(text, "out!");
}

#[test]
fn a_simplex_ends_with_its_writer_and_breaks_with_its_reader() {
    let (mut reader, mut writer) = simplex(8);
    ready(writer.write_all(b"bye")).unwrap();
    let (count, waker) = CountingWaker::new();
    let mut text = Vec::new();
    let mut read = pin!(reader.read_to_end(&mut text));
    assert!(read.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(writer);
    assert_eq!(count.count(), 1);
    assert_eq!(ready(read).unwrap(), 3);
    assert_eq!(text, b"bye");

    let (reader, mut writer) = simplex(1);
    drop(reader);
    assert_eq!(ready(writer.write(b"x")).unwrap_err().kind(), io::ErrorKind::BrokenPipe);

    let mut both = SimplexStream::new_unsplit(4);
    assert_eq!(ready(both.write(b"abcdef")).unwrap(), 4);
    ready(both.shutdown()).unwrap();
    let mut text = String::new();
    ready(both.read_to_string(&mut text)).unwrap();
    assert_eq!(text, "abcd");
}

#[test]
fn a_joined_stream_reads_here_and_writes_there() {
    let mut both = join(&b"line\nrest"[..], BufWriter::new(Vec::new()));
    let mut line = String::new();
    ready(both.read_line(&mut line)).unwrap();
    ready(both.write_all(line.as_bytes())).unwrap();
    ready(both.flush()).unwrap();
    assert_eq!((*both.reader(), both.writer().get_ref().as_slice()), (&b"rest"[..], &b"line\n"[..]));
    assert!(both.is_read_vectored() && both.is_write_vectored());
    assert_eq!(both.into_inner().0, b"rest");
}

#[test]
fn several_buffers_are_read_and_written_whole() {
    let (mut near, mut far) = duplex(4);
    let mut bufs = [&b""[..], b"abc", b"", b"defg", b"h"].map(IoSlice::new);
    let mut write = pin!(near.write_all_vectored(&mut bufs));
    let mut received = Vec::new();
    while poll_once(write.as_mut()).is_pending() {
        let (mut first, mut second) = ([0; 1], [0; 2]);
        let read = ready(far.read_vectored(&mut [&mut first[..], &mut second[..]].map(IoSliceMut::new)));
        received.extend_from_slice(&[first[0], second[0], second[1]][..read.unwrap()]);
    }
    // The provided vectored read fills one buffer; that of a slice fills all.
    let (mut first, mut second) = ([0; 1], [0; 2]);
    let mut source = &b"xyz"[..];
    assert_eq!(
        ready(source.read_vectored(&mut [&mut first[..], &mut second[..]].map(IoSliceMut::new))).unwrap(),
        3
    );
    let mut rest = [0; 8];
    let length = ready(far.read(&mut rest)).unwrap();
    received.extend_from_slice(&rest[..length]);
    assert_eq!(received, b"abcdefgh");
    ready(near.write_all_vectored(&mut [])).unwrap();
}

#[test]
fn what_passes_is_seen_once() {
    let mut read = Vec::new();
    let mut reader = InspectReader::new(&b"abcdef"[..], |bytes| read.push(bytes.to_vec()));
    let mut buf = [0; 4];
    ready(reader.read(&mut buf)).unwrap();
    ready(reader.read_to_end(&mut Vec::new())).unwrap();
    assert_eq!(read.concat(), b"abcdef");

    let mut written = Vec::new();
    let (near, _far) = duplex(3);
    let mut writer = InspectWriter::new(near, |bytes| written.extend_from_slice(bytes));
    let bufs = [&b"ab"[..], b"cd"].map(IoSlice::new);
    assert_eq!(ready(writer.write_vectored(&bufs)).unwrap(), 3);
    assert!(poll_once(pin!(writer.write(b"e"))).is_pending());
    drop(writer);
    assert_eq!(written, b"abc");
}

#[test]
fn an_announced_length_allocates_nothing_by_itself() {
    let error = ready(read_exact_arc(&b"short"[..], usize::MAX / 2)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
    assert_eq!(*ready(read_exact_arc(&bytes[..], 200_000)).unwrap(), bytes[..]);
}

#[test]
fn a_buffered_stream_seeks_from_where_the_caller_stands() {
    let mut stream = BufStream::new(io::Cursor::new(b"abcdefgh".to_vec()));
    let mut two = [0; 2];
    ready(stream.read_exact(&mut two)).unwrap();
    assert_eq!(ready(stream.stream_position()).unwrap(), 2);
    assert_eq!(ready(stream.seek(SeekFrom::Current(2))).unwrap(), 4);
    ready(stream.write_all(b"XY")).unwrap();
    assert_eq!(ready(stream.rewind()).unwrap(), 0);
    let mut text = String::new();
    ready(stream.read_to_string(&mut text)).unwrap();
    assert_eq!(text, "abcdXYgh");
    assert_eq!(ready(empty().seek(SeekFrom::End(5))).unwrap(), 0);
}
