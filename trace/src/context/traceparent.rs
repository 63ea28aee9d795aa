//! The `traceparent` field, read and written as W3C Trace Context §3.2 says.

use super::{Sampling, SpanId, TraceId};
use crate::limits::TRACEPARENT_CHARS;

/// What a `traceparent` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) sampling: Sampling,
}

/// The characters of a version 00 field: `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits.
pub(super) const VERSION_00_CHARS: usize = 55;

const SAMPLED: u8 = 0x01;

/// Reads a field; none where it is malformed.
pub(super) fn parse(field: &[u8]) -> Option<Parent> {
    if field.len() < VERSION_00_CHARS || field.len() > TRACEPARENT_CHARS {
        return None;
    }
    let (known, rest) = field.split_at(VERSION_00_CHARS);
    if [known[2], known[35], known[52]] != [b'-'; 3] {
        return None;
    }
    match digits(&known[..2])? {
        0xff => return None,
        0x00 if !rest.is_empty() => return None,
        // W3C Trace Context §4.3: a higher version is read as version 00, and may go on after a dash.
        _ if !rest.is_empty() && rest[0] != b'-' => return None,
        _ => {}
    }
    let trace_id = TraceId::from_u128(digits(&known[3..35])?)?;
    let span_id = SpanId::from_u64(u64::try_from(digits(&known[36..52])?).ok()?)?;
    let flags = u8::try_from(digits(&known[53..])?).ok()?;
    let sampling = if flags & SAMPLED == 0 { Sampling::NotSampled } else { Sampling::Sampled };
    Some(Parent { trace_id, span_id, sampling })
}

/// The characters of a version 00 field.
pub(super) fn format(parent: &Parent) -> [u8; VERSION_00_CHARS] {
    let mut field = *b"00-00000000000000000000000000000000-0000000000000000-00";
    write_digits(&mut field[3..35], parent.trace_id.to_u128());
    write_digits(&mut field[36..52], u128::from(parent.span_id.to_u64()));
    // W3C Trace Context §3.2.2.5: flags whose meaning is not known are sent as zero.
    if parent.sampling == Sampling::Sampled {
        field[54] = b'1';
    }
    field
}

/// The number of up to 32 digits. Upper case is malformed.
fn digits(text: &[u8]) -> Option<u128> {
    text.iter().try_fold(0, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}

fn write_digits(field: &mut [u8], mut number: u128) {
    for digit in field.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 0xf) as usize];
        number >>= 4;
    }
}
