//! Codecs on any input, in any pieces, by either trait, against naive parsers.

use bytes::{Bytes, BytesMut};
use minato_bytes_util::BufList;
use minato_bytes_util::codec::length_delimited::Builder;
use minato_bytes_util::codec::{
    AnyDelimiterCodec, BytesCodec, Decoder, Encoder, LengthDelimitedCodec, LinesCodec, SliceDecoder,
};

mod kit;
use kit::{Random, seeds};

/// Frames and errors in the order they come, as text. A fatal error is the last; others let decoding go on.
type Events = Vec<String>;

/// Errors after which the codecs here go on: too long a piece, or one that is no text.
fn goes_on(error: &str) -> bool {
    error.contains("exceeded") || error.contains("UTF-8")
}

fn owned<D>(mut codec: D, pieces: &[&[u8]]) -> Events
where
    D: Decoder,
    D::Item: AsRef<[u8]>,
    D::Error: std::fmt::Display,
{
    let (mut events, mut buf) = (Events::new(), BytesMut::new());
    for piece in pieces.iter().map(Some).chain([None]) {
        buf.extend_from_slice(piece.unwrap_or(&&[][..]));
        loop {
            let decoded = match piece {
                Some(_) => codec.decode(&mut buf),
                None => codec.decode_eof(&mut buf),
            };
            match decoded {
                Ok(Some(item)) => events.push(item.as_ref().escape_ascii().to_string()),
                Ok(None) => break,
                Err(error) => {
                    events.push(format!("error: {error}"));
                    if !goes_on(&error.to_string()) {
                        return events;
                    }
                }
            }
        }
    }
    events
}

fn borrowed<D>(mut codec: D, pieces: &[&[u8]]) -> Events
where
    D: SliceDecoder,
    D::Error: std::fmt::Display,
    for<'a> D::Item<'a>: AsRef<[u8]>,
{
    let (mut events, mut buf) = (Events::new(), Vec::new());
    for piece in pieces.iter().map(Some).chain([None]) {
        buf.extend_from_slice(piece.unwrap_or(&&[][..]));
        let mut rest = &buf[..];
        loop {
            let decoded = match piece {
                Some(_) => codec.decode_slice(&mut rest),
                None => codec.decode_slice_eof(&mut rest),
            };
            match decoded {
                Ok(Some(item)) => events.push(item.as_ref().escape_ascii().to_string()),
                Ok(None) => break,
                Err(error) => {
                    events.push(format!("error: {error}"));
                    if !goes_on(&error.to_string()) {
                        return events;
                    }
                }
            }
        }
        let used = buf.len() - rest.len();
        buf.drain(..used);
    }
    if !buf.is_empty() {
        events.push("error: bytes remaining on stream".to_owned());
    }
    events
}

/// Pieces between delimiters, of which those beyond `max` are one error each.
fn naive_pieces(input: &[u8], max: usize, is_delimiter: impl Fn(u8) -> bool) -> Vec<Option<Vec<u8>>> {
    let mut pieces: Vec<_> = input.split(|&byte| is_delimiter(byte)).map(<[u8]>::to_vec).collect();
    if pieces.last().is_some_and(Vec::is_empty) {
        pieces.pop();
    }
    pieces.into_iter().map(|piece| (piece.len() <= max).then_some(piece)).collect()
}

#[test]
fn lines_agree_with_a_naive_parser_in_any_pieces() {
    for seed in seeds(4_000) {
        let mut random = Random(seed);
        let max = [0, 3, 8, usize::MAX][random.up_to(3)];
        let len = random.up_to(60);
        let input = random.bytes(len, b"ab\r\n");
        let mut expected: Events = naive_pieces(&input, max, |byte| byte == b'\n')
            .into_iter()
            .map(|piece| match piece {
                None => "error: max line length exceeded".to_owned(),
                Some(line) => {
                    let line = line.strip_suffix(b"\r").unwrap_or(&line);
                    match std::str::from_utf8(line) {
                        Ok(line) => line.as_bytes().escape_ascii().to_string(),
                        Err(_) => "error: unable to decode input as UTF-8".to_owned(),
                    }
                }
            })
            .collect();
        // A `\r` alone at the end is no line.
        if (input == b"\r" || input.ends_with(b"\n\r")) && max > 0 {
            expected.pop();
        }
        let codec = || LinesCodec::new_with_max_length(max);
        let pieces = random.pieces(&input);
        assert_eq!(owned(codec(), &[&input]), expected, "seed {seed}");
        assert_eq!(owned(codec(), &pieces), expected, "seed {seed}");
        assert_eq!(borrowed(codec(), &pieces), expected, "seed {seed}");
    }
}

#[test]
fn chunks_agree_with_a_naive_parser_in_any_pieces() {
    for seed in seeds(4_000) {
        let mut random = Random(seed);
        let max = [0, 3, 8, usize::MAX][random.up_to(3)];
        let delimiters = &b",;\n\r#"[..random.up_to(5)];
        let len = random.up_to(60);
        let input = random.bytes(len, b"ab,;\n#");
        let expected: Events = naive_pieces(&input, max, |byte| delimiters.contains(&byte))
            .into_iter()
            .map(|piece| match piece {
                None => "error: max chunk length exceeded".to_owned(),
                Some(chunk) => chunk.escape_ascii().to_string(),
            })
            .collect();
        let codec = || AnyDelimiterCodec::new_with_max_length(delimiters.to_vec(), b",".to_vec(), max);
        let pieces = random.pieces(&input);
        assert_eq!(owned(codec(), &[&input]), expected, "seed {seed}");
        assert_eq!(owned(codec(), &pieces), expected, "seed {seed}");
        assert_eq!(borrowed(codec(), &pieces), expected, "seed {seed}");
    }
}

/// A shape of a head, and how many bytes its settings are.
#[derive(Debug)]
struct Shape {
    little: bool,
    offset: usize,
    width: usize,
    adjustment: isize,
    skip: Option<usize>,
    max: usize,
}

impl Shape {
    fn any(random: &mut Random) -> Self {
        Self {
            little: random.up_to(1) == 1,
            offset: random.up_to(5),
            width: 1 + random.up_to(7),
            adjustment: random.up_to(12).cast_signed() - 6,
            skip: (random.up_to(1) == 1).then(|| random.up_to(16)),
            max: [4, 30, 1 << 20, usize::MAX][random.up_to(3)],
        }
    }

    fn codec(&self) -> LengthDelimitedCodec {
        let mut builder = Builder::new();
        builder
            .length_field_offset(self.offset)
            .length_field_length(self.width)
            .length_adjustment(self.adjustment)
            .max_frame_length(self.max);
        match self.little {
            true => builder.little_endian(),
            false => builder.big_endian(),
        };
        if let Some(skip) = self.skip {
            builder.num_skip(skip);
        }
        builder.new_codec()
    }

    /// Frames by the definition, in numbers wide enough; errors without their words.
    fn naive(&self, mut input: &[u8]) -> Events {
        let mut events = Events::new();
        let skip = self.skip.unwrap_or(self.offset + self.width);
        while input.len() >= skip.max(self.offset + self.width) {
            let field = input[self.offset..][..self.width].iter();
            let push = |number: i128, &byte: &u8| number * 256 + i128::from(byte);
            let number = if self.little { field.rev().fold(0, push) } else { field.fold(0, push) };
            let len = number + self.adjustment as i128;
            if number > self.max as i128
                || len < 0
                || !(1..=isize::MAX as i128).contains(&(len + skip as i128))
            {
                events.push("error".to_owned());
                return events;
            }
            if (input.len() as i128) < skip as i128 + len {
                break;
            }
            let (frame, rest) = input.split_at(skip + len as usize);
            events.push(frame[skip..].escape_ascii().to_string());
            input = rest;
        }
        if !input.is_empty() {
            events.push("error".to_owned());
        }
        events
    }
}

fn without_words(events: Events) -> Events {
    events
        .into_iter()
        .map(|event| if event.starts_with("error") { "error".to_owned() } else { event })
        .collect()
}

#[test]
fn frames_of_any_shape_agree_with_a_naive_parser_in_any_pieces() {
    for seed in seeds(8_000) {
        let mut random = Random(seed);
        let shape = Shape::any(&mut random);
        let len = random.up_to(80);
        let input = random.bytes(len, &[0, 0, 0, 1, 2, 5]);
        let expected = shape.naive(&input);
        let pieces = random.pieces(&input);
        let context = || format!("seed {seed}: {shape:?}");
        assert_eq!(without_words(owned(shape.codec(), &[&input])), expected, "{}", context());
        assert_eq!(without_words(owned(shape.codec(), &pieces)), expected, "{}", context());
        assert_eq!(without_words(borrowed(shape.codec(), &pieces)), expected, "{}", context());
    }
}

#[test]
fn what_is_encoded_is_decoded_and_both_encodings_agree() {
    for seed in seeds(1_000) {
        let mut random = Random(seed);
        let mut shape = Shape { offset: 0, skip: None, max: usize::MAX, ..Shape::any(&mut random) };
        shape.adjustment = shape.adjustment.min(0);
        let mut codec = shape.codec();
        let (mut flat, mut rope, mut expected) = (BytesMut::new(), BufList::new(), Vec::new());
        for _ in 0..random.up_to(8) {
            let longest = [5, 300, 20_000][random.up_to(2)];
            let len = random.up_to(longest);
            let data = Bytes::from(vec![random.next() as u8; len]);
            let encoded = codec.encode(data.clone(), &mut flat);
            assert_eq!(codec.encode_rope(data.clone(), &mut rope).is_ok(), encoded.is_ok(), "seed {seed}");
            if encoded.is_ok() {
                expected.push(data);
            }
        }
        assert_eq!(rope.into_bytes(), flat, "seed {seed}");
        let mut decoded = Vec::new();
        while let Some(frame) = codec.decode_eof(&mut flat).unwrap() {
            decoded.push(frame.freeze());
        }
        assert_eq!(decoded, expected, "seed {seed}: {shape:?}");
    }
}

#[test]
fn an_announced_length_reserves_nothing() {
    let mut codec = LengthDelimitedCodec::new();
    let mut buf = BytesMut::with_capacity(64);
    let before = buf.capacity();
    buf.extend_from_slice(&(8_u32 << 20).to_be_bytes());
    assert_eq!(codec.decode(&mut buf).unwrap(), None);
    assert_eq!(buf.capacity(), before);
    assert_eq!(codec.announced_len(&buf).unwrap(), Some((8 << 20) + 4));
}

#[test]
fn a_frame_over_the_default_limit_is_refused_before_it_arrives() {
    let mut buf = BytesMut::from(&((8_u32 << 20) + 1).to_be_bytes()[..]);
    let error = LengthDelimitedCodec::new().decode(&mut buf).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    assert_eq!(error.to_string(), "frame size too big: 8388609 bytes announced, 8388608 allowed");
}

#[test]
fn a_frame_that_takes_no_bytes_is_refused_instead_of_coming_for_ever() {
    let mut codec = LengthDelimitedCodec::builder().num_skip(0).new_codec();
    assert!(codec.decode_slice(&mut &[0, 0, 0, 0, 7][..]).is_err());
}

#[test]
fn a_payload_that_the_field_cannot_count_is_refused() {
    let mut codec = LengthDelimitedCodec::builder().length_field_type::<u8>().new_codec();
    let mut buf = BytesMut::new();
    assert!(codec.encode(Bytes::from(vec![0; 255]), &mut buf).is_ok());
    let before = buf.len();
    let error = codec.encode(Bytes::from(vec![0; 256]), &mut buf).unwrap_err();
    assert_eq!((error.kind(), buf.len()), (std::io::ErrorKind::InvalidInput, before));
}

#[test]
fn a_line_without_end_is_one_error_and_keeps_nothing() {
    let (mut codec, mut buf) = (LinesCodec::new(), BytesMut::new());
    let (mut errors, mut kept) = (0, 0);
    for _ in 0..300 {
        buf.extend_from_slice(&[b'x'; 16 * 1024]);
        loop {
            match codec.decode(&mut buf) {
                Ok(None) => break,
                Ok(Some(line)) => panic!("a line of {} bytes", line.len()),
                Err(_) => errors += 1,
            }
        }
        kept = kept.max(buf.len());
    }
    assert_eq!(errors, 1);
    assert!(kept <= 1024 * 1024, "{kept}");
    buf.extend_from_slice(b"\nnext\n");
    assert_eq!(codec.decode(&mut buf).unwrap().as_deref(), Some("next"));
}

#[test]
fn a_chunk_without_end_is_one_error_and_keeps_nothing() {
    let (mut codec, mut buf) =
        (AnyDelimiterCodec::default(), BytesMut::from(&vec![b'x'; 1024 * 1024 + 1][..]));
    assert!(codec.decode(&mut buf).is_err());
    assert_eq!(codec.decode(&mut buf).unwrap(), None);
    assert!(buf.is_empty());
}

#[test]
fn lines_and_chunks_are_written_with_their_ends() {
    let mut rope = BufList::new();
    LinesCodec::new().encode_rope("one", &mut rope).unwrap();
    AnyDelimiterCodec::default().encode_rope("two", &mut rope).unwrap();
    BytesCodec::new().encode_rope(Bytes::from_static(b"three"), &mut rope).unwrap();
    assert_eq!(rope.into_bytes(), "one\ntwo,three");
}
