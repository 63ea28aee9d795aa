//! Requests in bytes.

use std::ops::Range;

use minato_runtime::codec::SliceDecoder;

use super::{Args, ProtocolError, integer, line};
use crate::mini_redis::limits::{
    BULK_BYTES_MAX, INLINE_BYTES_MAX, NUMBER_LINE_MAX, REQUEST_BYTES_MAX, REQUEST_PARTS_MAX,
};

/// Finds requests: arrays of strings, or plain lines of words.
///
/// A request that comes in pieces is not read again from its start: where it stands is remembered.
///
/// ```
/// use minato_examples::mini_redis::resp::RequestDecoder;
/// use minato_runtime::codec::SliceDecoder;
///
/// let mut decoder = RequestDecoder::new();
/// let mut input = &b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\nPING\r\n*1\r\n$4"[..];
/// assert_eq!(decoder.decode_slice(&mut input)?.unwrap()[..], [&b"GET"[..], b"key"]);
/// assert_eq!(decoder.decode_slice(&mut input)?.unwrap()[..], [&b"PING"[..]]);
/// assert!(decoder.decode_slice(&mut input)?.is_none());
/// # Ok::<(), minato_examples::mini_redis::resp::ProtocolError>(())
/// ```
#[derive(Debug, Default)]
pub struct RequestDecoder {
    phase: Phase,
    /// Bytes of the request that were understood.
    at: usize,
    /// Where its parts are.
    parts: Vec<Range<usize>>,
}

#[derive(Debug, Default)]
enum Phase {
    /// At the start of a request.
    #[default]
    Start,
    /// At the length of a part; so many parts are missing.
    Length { missing: usize },
    /// Within a part, the first of so many missing ones.
    Part { missing: usize, len: usize },
}

impl RequestDecoder {
    /// A decoder at the start of a request.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a request has begun and is not complete.
    #[must_use]
    pub fn is_within_request(&self) -> bool {
        !matches!(self.phase, Phase::Start)
    }

    /// Begins a request; answers one that is a plain line.
    fn start<'a>(&mut self, src: &mut &'a [u8]) -> Result<Option<Args<'a>>, ProtocolError> {
        while let Some(&first) = src.first() {
            if first != b'*' {
                let Some((words, end)) = line(src, 0, INLINE_BYTES_MAX, ProtocolError::TooBigInline)? else {
                    return Ok(None);
                };
                *src = &src[end..];
                let mut words =
                    words.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).peekable();
                if words.peek().is_some() {
                    return Ok(Some(words.collect()));
                }
                continue;
            }
            let Some((count, end)) = line(src, 1, NUMBER_LINE_MAX, ProtocolError::InvalidMultibulkLength)?
            else {
                return Ok(None);
            };
            match integer(count).ok_or(ProtocolError::InvalidMultibulkLength)? {
                ..=0 => *src = &src[end..],
                count => {
                    let missing = usize::try_from(count).unwrap_or(usize::MAX);
                    if missing > REQUEST_PARTS_MAX {
                        return Err(ProtocolError::InvalidMultibulkLength);
                    }
                    (self.phase, self.at) = (Phase::Length { missing }, end);
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    /// The length of the part whose announcement is next.
    fn length(&mut self, src: &[u8]) -> Result<Option<usize>, ProtocolError> {
        match src.get(self.at) {
            None => return Ok(None),
            Some(b'$') => {}
            Some(&byte) => return Err(ProtocolError::ExpectedBulk(byte)),
        }
        let Some((len, end)) = line(src, self.at + 1, NUMBER_LINE_MAX, ProtocolError::InvalidBulkLength)?
        else {
            return Ok(None);
        };
        let len = integer(len).and_then(|len| usize::try_from(len).ok()).filter(|&len| len <= BULK_BYTES_MAX);
        let len = len.ok_or(ProtocolError::InvalidBulkLength)?;
        if end + len > REQUEST_BYTES_MAX {
            return Err(ProtocolError::TooBigRequest);
        }
        self.at = end;
        Ok(Some(len))
    }

    /// The request whose parts are all there.
    fn finish<'a>(&mut self, src: &mut &'a [u8]) -> Args<'a> {
        let (request, rest) = src.split_at(self.at);
        *src = rest;
        let args = self.parts.iter().map(|part| &request[part.clone()]).collect();
        self.parts.clear();
        // One large request does not leave its list behind.
        self.parts.shrink_to(64);
        (self.phase, self.at) = (Phase::Start, 0);
        args
    }
}

impl SliceDecoder for RequestDecoder {
    type Item<'a> = Args<'a>;
    type Error = ProtocolError;

    fn decode_slice<'a>(&mut self, src: &mut &'a [u8]) -> Result<Option<Args<'a>>, ProtocolError> {
        loop {
            match self.phase {
                Phase::Start => {
                    let line = self.start(src)?;
                    if line.is_some() || matches!(self.phase, Phase::Start) {
                        return Ok(line);
                    }
                }
                Phase::Length { missing: 0 } => return Ok(Some(self.finish(src))),
                Phase::Length { missing } => match self.length(src)? {
                    Some(len) => self.phase = Phase::Part { missing, len },
                    None => return Ok(None),
                },
                Phase::Part { missing, len } => {
                    let end = self.at + len;
                    match src.get(end..end + 2) {
                        None => return Ok(None),
                        Some(b"\r\n") => {}
                        Some(_) => return Err(ProtocolError::MissingEnd),
                    }
                    self.parts.push(self.at..end);
                    self.at = end + 2;
                    self.phase = Phase::Length { missing: missing - 1 };
                }
            }
        }
    }
}
