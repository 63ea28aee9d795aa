//! The chunked coding, read (RFC 9112 §7.1).
//!
//! The decoder works on slices of whatever has arrived: it answers how many bytes are framing and how many are payload,
//! and its caller hands the payload on without looking at it. It never buffers and never trusts an announced size.

use bytes::Bytes;
use http::HeaderMap;

use super::decode::Step;
use super::scan::{HeadLimits, Scan, Section, is_token_byte};
use super::{Fault, fields};
use crate::limits::{CHUNK_EXTENSION_BYTES, CHUNK_SIZE_DIGITS, HEAD_FIELDS, TRAILER_BYTES};

const TRAILER_LIMITS: HeadLimits =
    HeadLimits { bytes_max: TRAILER_BYTES, fields_max: HEAD_FIELDS, target_bytes_max: TRAILER_BYTES };

/// Reads one chunked body.
#[derive(Debug)]
pub(crate) struct ChunkDecoder {
    state: State,
    /// What is left of the extension bytes this body may carry.
    extension_budget: usize,
    /// Whitespace may stand behind a size.
    takes_whitespace: bool,
    trailers: Option<HeaderMap>,
}

#[derive(Debug)]
enum State {
    /// At the start of a chunk-size line.
    Size,
    /// Inside a chunk, with this many bytes to come.
    Data(u64),
    /// Between the data of a chunk and the CR LF after them.
    DataEnd,
    Trailer(Scan),
    Done,
}

impl ChunkDecoder {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Size,
            extension_budget: CHUNK_EXTENSION_BYTES,
            takes_whitespace: false,
            trailers: None,
        }
    }

    /// The same, where whitespace may stand behind a size.
    pub(crate) fn taking_whitespace(mut self, takes: bool) -> Self {
        self.takes_whitespace = takes;
        self
    }

    /// Looks at `input`, which starts at the first byte not yet consumed.
    pub(crate) fn decode(&mut self, input: &[u8]) -> Result<Step, Fault> {
        match &mut self.state {
            State::Size => self.size_line(input),
            State::Data(left) => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                if len == 0 {
                    return Ok(Step::More);
                }
                *left -= len as u64;
                if *left == 0 {
                    self.state = State::DataEnd;
                }
                Ok(Step::Data(len))
            }
            State::DataEnd => match input {
                [b'\r', b'\n', ..] => {
                    self.state = State::Size;
                    Ok(Step::Skip(2))
                }
                [] | [b'\r'] => Ok(Step::More),
                _ => Err(Fault::ChunkEnd),
            },
            State::Trailer(scan) => {
                let Some(span) = scan.advance(input, &TRAILER_LIMITS)? else { return Ok(Step::More) };
                self.trailers = trailers(&input[..span.len], span.fields)?;
                self.state = State::Done;
                Ok(Step::Skip(span.len))
            }
            State::Done => Ok(Step::End),
        }
    }

    /// The trailers, once the end has been reached.
    pub(crate) fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take()
    }

    fn size_line(&mut self, input: &[u8]) -> Result<Step, Fault> {
        let digits = input.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(input.len());
        if digits > CHUNK_SIZE_DIGITS || (digits == 0 && !input.is_empty()) {
            return Err(Fault::ChunkSize);
        }
        let end = match &input[digits..] {
            [] | [b'\r'] => return Ok(Step::More),
            [b'\r', b'\n', ..] => digits,
            [b' ' | b'\t', ..] if !self.takes_whitespace => return Err(Fault::ChunkSize),
            [b';' | b' ' | b'\t', ..] => match self.extension_end(&input[digits..])? {
                Some(len) => digits + len,
                None => return Ok(Step::More),
            },
            _ => return Err(Fault::ChunkSize),
        };
        let size = input[..digits].iter().fold(0, |size: u64, byte| size << 4 | u64::from(hex(*byte)));
        self.state = match size {
            0 => State::Trailer(Scan::new(Section::Trailer)),
            size => State::Data(size),
        };
        Ok(Step::Skip(end + 2))
    }

    /// The length of the extensions at the start of `input`, once their line is complete.
    fn extension_end(&mut self, input: &[u8]) -> Result<Option<usize>, Fault> {
        let reach = &input[..input.len().min(self.extension_budget + 2)];
        let Some(end) = memchr::memchr(b'\n', reach) else {
            return match reach.len() < self.extension_budget + 2 {
                true => Ok(None),
                false => Err(Fault::ChunkExtensionTooLong),
            };
        };
        let Some((b'\r', extensions)) = reach[..end].split_last() else {
            return Err(Fault::ChunkExtension);
        };
        // Only a semicolon begins an extension, whatever whitespace stands before it.
        let begins = matches!(extensions.trim_ascii_start(), [] | [b';', ..]);
        if !begins || !is_extension(extensions) {
            return Err(Fault::ChunkExtension);
        }
        self.extension_budget -= extensions.len();
        Ok(Some(extensions.len()))
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// Whether these bytes can stand in chunk extensions: tokens, quoted strings, and what separates them.
fn is_extension(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => loop {
                match bytes.next() {
                    Some(b'"') => break,
                    Some(b'\\') if bytes.next().is_some_and(is_quoted) => {}
                    Some(b'\\') | None => return false,
                    Some(byte) if is_quoted(byte) => {}
                    Some(_) => return false,
                }
            },
            b';' | b'=' | b' ' | b'\t' => {}
            byte if is_token_byte(byte) => {}
            _ => return false,
        }
    }
    true
}

fn is_quoted(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7e | 0x80..=0xff)
}

fn trailers(section: &[u8], fields: usize) -> Result<Option<HeaderMap>, Fault> {
    if fields == 0 {
        return Ok(None);
    }
    let section = Bytes::copy_from_slice(section);
    let mut lines = vec![httparse::EMPTY_HEADER; fields];
    let parsed = match httparse::parse_headers(&section, &mut lines) {
        Ok(httparse::Status::Complete((len, parsed))) if len == section.len() => parsed,
        Err(httparse::Error::HeaderName) => return Err(Fault::FieldName),
        Ok(_) | Err(_) => return Err(Fault::FieldValue),
    };
    let mut all = HeaderMap::new();
    fields::fill(&mut all, &section, parsed, |_, _| Ok(()))?;
    // RFC 9110 §6.5.1: fields that frame or route are ignored here, and trailers never merge with the head.
    let allowed = all.iter().filter(|(name, _)| fields::is_trailer_allowed(name));
    let kept: HeaderMap = allowed.map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok((!kept.is_empty()).then_some(kept))
}
