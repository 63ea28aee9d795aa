//! The protocol core, tested without sockets.

mod chunked;
mod encoding;
mod heads;
mod responses;
mod segmentation;
mod smuggling;
mod usual;

use bytes::Bytes;
use http::HeaderMap;

use super::lenient::Lenient;
use super::request::{self, RequestHead};
use super::{Fault, HeadLimits, Scan, Section};
use crate::limits::{HEAD_BYTES, HEAD_FIELDS, TARGET_BYTES};

const LIMITS: HeadLimits =
    HeadLimits { bytes_max: HEAD_BYTES, fields_max: HEAD_FIELDS, target_bytes_max: TARGET_BYTES };

/// Reads one request head that is here as a whole.
fn read(bytes: &[u8]) -> Result<RequestHead, Fault> {
    read_in_steps(bytes, bytes.len().max(1))?.ok_or(Fault::Truncated)
}

/// Reads one request head that arrives in steps; `None` while it is not complete.
fn read_in_steps(bytes: &[u8], step: usize) -> Result<Option<RequestHead>, Fault> {
    let mut scan = Scan::new(Section::Head);
    let mut arrived = 0;
    while arrived < bytes.len() {
        arrived = (arrived + step).min(bytes.len());
        if let Some(span) = scan.advance(&bytes[..arrived], &LIMITS)? {
            let head = Bytes::copy_from_slice(&bytes[span.skip..span.skip + span.len]);
            return request::parse(head, span.fields, HeaderMap::new(), TARGET_BYTES, &Lenient::default())
                .map(Some);
        }
    }
    Ok(None)
}

/// How many rounds of noise: so many as a rule, and as many as `MINATO_FUZZ_ROUNDS` says.
fn rounds(usual: u64) -> std::ops::Range<u64> {
    let wanted = std::env::var("MINATO_FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    0..wanted.unwrap_or(usual).max(usual)
}

/// A small generator of repeatable noise.
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }
}
