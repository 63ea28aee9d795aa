//! What passes an adapter is unchanged, and is seen.

use std::io::{Read, Write};

use bytes::{Buf, Bytes};
use minato_bytes_util::BufList;
use minato_bytes_util::adapters::{Checked, Counted, Crc32, Limited, Tee};

fn in_pieces() -> BufList {
    [vec![1; 2000], vec![2; 3000], vec![3; 10]].into_iter().map(Bytes::from).collect()
}

#[test]
fn a_buffer_is_counted_checked_and_copied_as_it_is_consumed() {
    let whole = in_pieces().into_bytes();
    let mut crc = Crc32::new();
    crc.update(&whole[..2500]);
    let mut buf = Checked::new(Counted::new(Tee::new(in_pieces(), Vec::new())));
    buf.advance(1);
    assert_eq!(buf.copy_to_bytes(2499), whole[1..2500]);
    assert_eq!(buf.checksum(), crc.value());
    assert_eq!(buf.get_ref().count(), 2500);
    let (rest, copy) = buf.into_inner().into_inner().into_inner();
    assert_eq!(copy, whole[..2500]);
    assert_eq!(rest.remaining(), whole.len() - 2500);
}

#[test]
fn readers_and_writers_are_seen_too() {
    let mut input = Tee::new(Checked::new(Counted::new(&b"ship ahoy"[..])), Vec::new());
    let mut output = Tee::new(Checked::new(Counted::new(Vec::new())), Vec::new());
    assert_eq!(std::io::copy(&mut input, &mut output).unwrap(), 9);
    let (input, seen) = input.into_inner();
    let (output, written) = output.into_inner();
    assert_eq!((seen, written), (b"ship ahoy".to_vec(), b"ship ahoy".to_vec()));
    assert_eq!(input.checksum(), output.checksum());
    assert_eq!((input.get_ref().count(), output.get_ref().count()), (9, 9));
    assert_eq!(output.into_inner().into_inner(), b"ship ahoy");
}

#[test]
fn a_writer_takes_what_is_allowed_and_then_fails() {
    let mut writer = Limited::new(Vec::new(), 5);
    assert_eq!(writer.write(b"abc").unwrap(), 3);
    assert_eq!(writer.write(b"defg").unwrap(), 2);
    let error = writer.write(b"fg").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
    assert_eq!(writer.left(), 0);
    assert_eq!(writer.into_inner(), b"abcde");
}

#[test]
fn a_reader_that_ends_at_the_limit_ends() {
    let mut text = Vec::new();
    assert_eq!(Limited::new(&b"12345"[..], 5).read_to_end(&mut text).unwrap(), 5);
    assert!(Limited::new(&b"123456"[..], 5).read_to_end(&mut text).is_err());
}
