//! Frames in bytes, for clients.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use minato_runtime::codec::{BufList, Decoder, Encoder};

use super::replies::double_text;
use super::{Frame, ProtocolError, integer, line};
use crate::mini_redis::limits::{
    BULK_BYTES_MAX, FRAME_DEPTH_MAX, FRAME_VALUES_MAX, NUMBER_LINE_MAX, REQUEST_BYTES_MAX, TEXT_LINE_MAX,
};

/// Makes [`Frame`]s of bytes, and bytes of frames.
///
/// A frame that comes in pieces is looked through from where it stood. Nothing is allocated for lengths and counts
/// that are only announced, and arrays are nested 32 deep at most.
///
/// ```
/// use bytes::BytesMut;
/// use minato_examples::mini_redis::resp::{Frame, RespCodec};
/// use minato_runtime::codec::{Decoder, Encoder};
///
/// let (mut codec, mut buf) = (RespCodec::new(), BytesMut::new());
/// codec.encode(Frame::request(["GET", "key"]), &mut buf)?;
/// assert_eq!(buf, "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
/// assert_eq!(codec.decode(&mut buf)?, Some(Frame::request(["GET", "key"])));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct RespCodec {
    scan: Scan,
}

/// How far a frame was looked through.
#[derive(Debug, Default)]
struct Scan {
    at: usize,
    values: usize,
    /// Values missing in the arrays that are open, outermost first.
    open: Vec<usize>,
}

/// The head of a value.
enum Head<'a> {
    Line(u8, &'a [u8]),
    Bulk(Option<usize>),
    Many(u8, Option<usize>),
}

impl RespCodec {
    /// A codec at the start of a frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// The head of the value at `at`, and where it ends.
fn head(src: &[u8], at: usize) -> Result<Option<(Head<'_>, usize)>, ProtocolError> {
    let Some(&kind) = src.get(at) else { return Ok(None) };
    let (len_max, error) = match kind {
        b'+' | b'-' => (TEXT_LINE_MAX, ProtocolError::TooBigInline),
        b'$' | b'=' => (NUMBER_LINE_MAX, ProtocolError::InvalidBulkLength),
        b'*' | b'%' | b'~' | b'>' => (NUMBER_LINE_MAX, ProtocolError::InvalidMultibulkLength),
        b':' | b',' | b'#' | b'_' => (NUMBER_LINE_MAX, ProtocolError::InvalidValue),
        kind => return Err(ProtocolError::UnknownType(kind)),
    };
    let Some((text, end)) = line(src, at + 1, len_max, error)? else { return Ok(None) };
    let number = |max: usize| match integer(text) {
        Some(-1) if matches!(kind, b'$' | b'*') => Ok(None),
        number => match number.and_then(|number| usize::try_from(number).ok()) {
            Some(number) if number <= max => Ok(Some(number)),
            _ => Err(error),
        },
    };
    let head = match kind {
        b'$' | b'=' => Head::Bulk(number(BULK_BYTES_MAX)?),
        b'*' | b'%' | b'~' | b'>' => Head::Many(kind, number(FRAME_VALUES_MAX)?),
        kind => Head::Line(kind, text),
    };
    Ok(Some((head, end)))
}

impl Scan {
    /// Whether the frame at the start of `src` is all there; then `at` is its length.
    fn is_complete(&mut self, src: &[u8]) -> Result<bool, ProtocolError> {
        loop {
            let Some((head, mut end)) = head(src, self.at)? else { return Ok(false) };
            let mut inner = 0;
            match head {
                Head::Line(..) | Head::Bulk(None) | Head::Many(_, None) => {}
                Head::Bulk(Some(len)) => {
                    end += len;
                    match src.get(end..end + 2) {
                        Some(b"\r\n") => end += 2,
                        Some(_) => return Err(ProtocolError::MissingEnd),
                        None if end > REQUEST_BYTES_MAX => return Err(ProtocolError::TooBigRequest),
                        None => return Ok(false),
                    }
                }
                Head::Many(kind, Some(count)) => inner = if kind == b'%' { 2 * count } else { count },
            }
            (self.at, self.values) = (end, self.values + 1);
            if self.values > FRAME_VALUES_MAX {
                return Err(ProtocolError::TooManyValues);
            }
            if self.at > REQUEST_BYTES_MAX {
                return Err(ProtocolError::TooBigRequest);
            }
            if inner > 0 {
                if self.open.len() == FRAME_DEPTH_MAX {
                    return Err(ProtocolError::TooDeep);
                }
                self.open.push(inner);
                continue;
            }
            // This value may be the last of its array, and that the last of its own.
            while let Some(missing) = self.open.last_mut() {
                *missing -= 1;
                if *missing > 0 {
                    break;
                }
                self.open.pop();
            }
            if self.open.is_empty() {
                return Ok(true);
            }
        }
    }
}

/// The value at the front of a frame that is all there, and no deeper than allowed.
fn build(frame: &mut Bytes) -> Result<Frame, ProtocolError> {
    let Some((head, end)) = head(frame, 0)? else { return Err(ProtocolError::MissingEnd) };
    let value = match head {
        Head::Line(kind, text) => line_value(kind, text)?,
        Head::Bulk(None) | Head::Many(_, None) => Frame::Null,
        Head::Bulk(Some(len)) => {
            frame.advance(end);
            let bytes = frame.split_to(len);
            frame.advance(2);
            return Ok(Frame::Bulk(bytes));
        }
        Head::Many(kind, Some(count)) => {
            frame.advance(end);
            if kind == b'%' {
                let pairs = (0..count).map(|_| Ok((build(frame)?, build(frame)?)));
                return pairs.collect::<Result<_, _>>().map(Frame::Map);
            }
            let values = (0..count).map(|_| build(frame)).collect::<Result<_, _>>()?;
            return Ok(match kind {
                b'~' => Frame::Set(values),
                b'>' => Frame::Push(values),
                _ => Frame::Array(values),
            });
        }
    };
    frame.advance(end);
    Ok(value)
}

fn line_value(kind: u8, line: &[u8]) -> Result<Frame, ProtocolError> {
    let text = || String::from_utf8_lossy(line).into_owned();
    Ok(match (kind, line) {
        (b'+', _) => Frame::Simple(text()),
        (b'-', _) => Frame::Error(text()),
        (b':', _) => Frame::Integer(integer(line).ok_or(ProtocolError::InvalidValue)?),
        (b',', _) => Frame::Double(text().parse().map_err(|_| ProtocolError::InvalidValue)?),
        (b'#', b"t") => Frame::Boolean(true),
        (b'#', b"f") => Frame::Boolean(false),
        (b'_', b"") => Frame::Null,
        _ => return Err(ProtocolError::InvalidValue),
    })
}

impl Decoder for RespCodec {
    type Item = Frame;
    type Error = io::Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Frame>, io::Error> {
        if !self.scan.is_complete(src)? {
            return Ok(None);
        }
        let len = std::mem::take(&mut self.scan).at;
        Ok(Some(build(&mut src.split_to(len).freeze())?))
    }
}

impl Encoder<Frame> for RespCodec {
    type Error = io::Error;

    fn encode(&mut self, frame: Frame, dst: &mut BytesMut) -> Result<(), io::Error> {
        let mut rope = BufList::new();
        self.encode_rope(frame, &mut rope)?;
        dst.put(rope);
        Ok(())
    }

    fn encode_rope(&mut self, frame: Frame, dst: &mut BufList) -> Result<(), io::Error> {
        let mut line = |kind: char, text: &dyn std::fmt::Display| {
            dst.push_slice(format!("{kind}{text}\r\n").as_bytes());
        };
        match frame {
            Frame::Simple(text) => line('+', &text),
            Frame::Error(text) => line('-', &text),
            Frame::Integer(value) => line(':', &value),
            Frame::Double(value) => line(',', &double_text(value)),
            Frame::Boolean(value) => line('#', &if value { 't' } else { 'f' }),
            Frame::Null => line('_', &""),
            Frame::Bulk(bytes) => {
                line('$', &bytes.len());
                dst.push(bytes);
                dst.push_slice(b"\r\n");
            }
            Frame::Map(pairs) => {
                line('%', &pairs.len());
                for (key, value) in pairs {
                    self.encode_rope(key, dst)?;
                    self.encode_rope(value, dst)?;
                }
            }
            Frame::Array(values) => return self.encode_many('*', values, dst),
            Frame::Set(values) => return self.encode_many('~', values, dst),
            Frame::Push(values) => return self.encode_many('>', values, dst),
        }
        Ok(())
    }
}

impl RespCodec {
    fn encode_many(&mut self, kind: char, values: Vec<Frame>, dst: &mut BufList) -> Result<(), io::Error> {
        dst.push_slice(format!("{kind}{}\r\n", values.len()).as_bytes());
        values.into_iter().try_for_each(|value| self.encode_rope(value, dst))
    }
}
