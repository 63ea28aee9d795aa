//! The chunked coding, against an oracle that reads it the slow way.

use http::HeaderMap;

use super::super::{Decoder, Fault, Framing, Step};
use super::Noise;
use crate::limits::{CHUNK_EXTENSION_BYTES, CHUNK_SIZE_DIGITS, HEAD_FIELDS, TRAILER_BYTES};

#[derive(Debug, PartialEq)]
struct Body {
    payload: Vec<u8>,
    trailers: Option<HeaderMap>,
    used: usize,
}

/// Decodes bytes that arrive in steps; `None` while the body is not complete.
fn decode(bytes: &[u8], step: usize) -> Result<Option<Body>, Fault> {
    let mut decoder = Decoder::new(Framing::Chunked);
    let (mut used, mut arrived, mut payload) = (0, 0, Vec::new());
    loop {
        match decoder.decode(&bytes[used..arrived])? {
            Step::Skip(len) => used += len,
            Step::Data(len) => {
                payload.extend_from_slice(&bytes[used..used + len]);
                used += len;
            }
            Step::End => return Ok(Some(Body { payload, trailers: decoder.take_trailers(), used })),
            Step::More if arrived == bytes.len() => return Ok(None),
            Step::More => arrived = (arrived + step).min(bytes.len()),
        }
    }
}

/// The oracle: well-formed bodies without extensions or trailers only, one line and one chunk at a time.
fn naive(mut bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let total = bytes.len();
    let mut payload = Vec::new();
    loop {
        let line = bytes.windows(2).position(|pair| pair == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).ok()?, 16).ok()?;
        bytes = &bytes[line + 2..];
        payload.extend_from_slice(bytes.get(..size)?);
        bytes = bytes.get(size..)?.strip_prefix(b"\r\n")?;
        if size == 0 {
            return Some((payload, total - bytes.len()));
        }
    }
}

#[test]
fn random_bodies_decode_as_the_oracle_does_in_any_steps() {
    let mut noise = Noise(0x5eed_0002);
    for _ in super::rounds(500) {
        let mut bytes = Vec::new();
        for _ in 0..noise.below(8) {
            let scale = [1, 10, 300][noise.below(3)];
            let len = 1 + noise.below(scale);
            bytes.extend(format!("{len:x}\r\n").bytes());
            bytes.extend((0..len).map(|_| noise.below(256) as u8));
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\nGET / HTTP/1.1\r\n");
        let (payload, used) = naive(&bytes).unwrap();
        for step in [1, 2, 3, 7, 100, bytes.len()] {
            let body = decode(&bytes, step).unwrap().unwrap();
            assert_eq!((&body.payload, body.used), (&payload, used), "in steps of {step}");
        }
    }
}

#[test]
fn damaged_bodies_never_panic_and_read_the_same_in_any_steps() {
    let good = b"5;a=b;c=\"d\\\"e\"\r\nhello\r\n1F\r\n0123456789012345678901234567890\r\n0\r\nx: y\r\n\r\n";
    let mut noise = Noise(0x5eed_0003);
    for round in super::rounds(20_000) {
        let mut bytes = good.to_vec();
        for _ in 0..=noise.below(2) {
            let at = noise.below(bytes.len());
            match noise.below(3) {
                0 => bytes[at] = noise.below(256) as u8,
                1 => bytes.insert(at, b"\r\n;0\" "[noise.below(6)]),
                _ => drop(bytes.remove(at)),
            }
        }
        let whole = decode(&bytes, bytes.len());
        let step = 1 + noise.below(9);
        assert_eq!(decode(&bytes, step), whole, "round {round}: {:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn chunk_lines_are_strict() {
    for (bytes, fault) in [
        ("\r\n", Fault::ChunkSize),
        ("+5\r\nhello\r\n", Fault::ChunkSize),
        ("-1\r\n", Fault::ChunkSize),
        ("0x5\r\nhello\r\n", Fault::ChunkSize),
        (" 5\r\nhello\r\n", Fault::ChunkSize),
        ("5 \r\nhello\r\n", Fault::ChunkSize),
        ("5\t;a\r\nhello\r\n", Fault::ChunkSize),
        ("5\nhello\r\n", Fault::ChunkSize),
        ("5\rhello\r\n", Fault::ChunkSize),
        ("g\r\n", Fault::ChunkSize),
        ("5;a\nhello\r\n", Fault::ChunkExtension),
        ("5;\ra\r\nhello\r\n", Fault::ChunkExtension),
        ("5;a=\"b\r\nhello\r\n", Fault::ChunkExtension),
        ("5;a\0\r\nhello\r\n", Fault::ChunkExtension),
        ("5\r\nhello0\r\n\r\n", Fault::ChunkEnd),
        ("5\r\nhello\n0\r\n\r\n", Fault::ChunkEnd),
        ("5\r\nhello\r0\r\n\r\n", Fault::ChunkEnd),
        ("0\r\n\n", Fault::LineEnd),
        ("0\r\nno colon\r\n\r\n", Fault::FieldName),
        ("0\r\n x: y\r\n\r\n", Fault::FieldName),
        ("0\r\nx: y\r\n z\r\n\r\n", Fault::FieldName),
        ("0\r\nx: \0\r\n\r\n", Fault::FieldValue),
    ] {
        for step in [1, bytes.len()] {
            assert_eq!(decode(bytes.as_bytes(), step), Err(fault), "{bytes:?} in steps of {step}");
        }
    }
}

#[test]
fn a_chunk_size_has_just_so_many_digits() {
    let with = |zeros: usize| format!("{}5\r\nhello\r\n0\r\n\r\n", "0".repeat(zeros));
    assert!(decode(with(CHUNK_SIZE_DIGITS - 1).as_bytes(), 1).unwrap().is_some());
    assert_eq!(decode(with(CHUNK_SIZE_DIGITS).as_bytes(), 1), Err(Fault::ChunkSize));
    // The largest size is taken at its word, and nothing is allocated for it.
    assert_eq!(decode(b"ffffffffffffffff\r\nx", 1), Ok(None));
}

#[test]
fn all_extensions_of_a_body_share_one_budget() {
    let chunk = format!("1;{}\r\nx\r\n", "e".repeat(511));
    let chunks = CHUNK_EXTENSION_BYTES / 512;
    let body = format!("{}0\r\n\r\n", chunk.repeat(chunks));
    assert_eq!(decode(body.as_bytes(), 7).unwrap().unwrap().payload.len(), chunks);
    let body = format!("{}1;\r\nx\r\n0\r\n\r\n", chunk.repeat(chunks));
    assert_eq!(decode(body.as_bytes(), 7), Err(Fault::ChunkExtensionTooLong));
    let endless = format!("1;{}", "e".repeat(CHUNK_EXTENSION_BYTES + 1));
    assert_eq!(decode(endless.as_bytes(), 7), Err(Fault::ChunkExtensionTooLong));
}

#[test]
fn trailers_are_read_without_those_that_frame() {
    let body = b"0\r\nX-Sum: 1\r\nContent-Length: 5\r\nHost: b\r\nx-sum: 2\r\nAuthorization: c\r\n\r\n";
    let trailers = decode(body, 1).unwrap().unwrap().trailers.unwrap();
    let sums: Vec<_> = trailers.get_all("x-sum").iter().collect();
    assert_eq!(sums, ["1", "2"]);
    assert_eq!(trailers.len(), 2);
    assert_eq!(decode(b"0\r\nHost: b\r\n\r\n", 1).unwrap().unwrap().trailers, None);
}

#[test]
fn a_trailer_section_has_just_so_many_bytes_and_fields() {
    let with = |len: usize| format!("0\r\nx: {}\r\n\r\n", "y".repeat(len - 7));
    assert!(decode(with(TRAILER_BYTES).as_bytes(), 1000).unwrap().is_some());
    assert_eq!(decode(with(TRAILER_BYTES + 1).as_bytes(), 1000), Err(Fault::TrailerTooLong));
    let fields = |count: usize| format!("0\r\n{}\r\n", "x: y\r\n".repeat(count));
    assert!(decode(fields(HEAD_FIELDS).as_bytes(), 1000).unwrap().is_some());
    assert_eq!(decode(fields(HEAD_FIELDS + 1).as_bytes(), 1000), Err(Fault::TooManyFields));
}

#[test]
fn a_body_of_known_length_ends_where_it_said() {
    let mut decoder = Decoder::new(Framing::Length(5));
    assert_eq!(decoder.decode(b""), Ok(Step::More));
    assert_eq!(decoder.decode(b"hel"), Ok(Step::Data(3)));
    assert_eq!(decoder.remaining(), Some(2));
    assert_eq!(decoder.handle_eof(), Err(Fault::Truncated));
    assert_eq!(decoder.decode(b"loGET"), Ok(Step::Data(2)));
    assert_eq!(decoder.decode(b"GET"), Ok(Step::End));
    assert_eq!(decoder.handle_eof(), Ok(()));
}

#[test]
fn a_body_that_ends_with_its_connection_takes_everything() {
    let mut decoder = Decoder::new(Framing::UntilClose);
    assert_eq!(decoder.decode(b"abc"), Ok(Step::Data(3)));
    assert_eq!(decoder.decode(b""), Ok(Step::More));
    assert_eq!(decoder.handle_eof(), Ok(()));
    assert_eq!(decoder.decode(b""), Ok(Step::End));
}
