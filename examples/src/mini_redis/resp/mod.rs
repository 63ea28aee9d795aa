//! The protocol of Redis, versions 2 and 3, without sockets.
//!
//! For a server: [`RequestDecoder`] finds requests in bytes and lends their parts; [`Replies`] writes answers piece by
//! piece into a rope. For a client, and for everything else: [`RespCodec`] makes [`Frame`]s of bytes and bytes of frames.
//!
//! Source: the protocol specification at redis.io, "Redis serialization protocol specification".

mod args;
mod codec;
mod error;
mod frame;
mod replies;
mod request;

pub use args::Args;
pub use codec::RespCodec;
pub use error::ProtocolError;
pub use frame::Frame;
pub use replies::{Protocol, Replies};
pub use request::RequestDecoder;

/// A line at `from`, without its `\r\n`, and where the next one begins; `None` if its end is not there.
fn line(
    src: &[u8],
    from: usize,
    len_max: usize,
    too_long: ProtocolError,
) -> Result<Option<(&[u8], usize)>, ProtocolError> {
    let rest = &src[from..];
    let within = &rest[..rest.len().min(len_max + 2)];
    match memchr::memchr(b'\n', within) {
        Some(end) => {
            let line = within[..end].strip_suffix(b"\r").unwrap_or(&within[..end]);
            Ok(Some((line, from + end + 1)))
        }
        None if rest.len() >= len_max + 2 => Err(too_long),
        None => Ok(None),
    }
}

/// A decimal number, with a sign where it is negative, as Redis takes it: no spaces, no leading zeros.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [] => return None,
        [b'0'] => return (!is_negative).then_some(0),
        [b'0', ..] => return None,
        _ => {}
    }
    // Negative, because there is one more of these.
    let value = digits.iter().try_fold(0_i64, |value, &digit| {
        let digit = digit.is_ascii_digit().then(|| i64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_sub(digit)
    })?;
    if is_negative { Some(value) } else { value.checked_neg() }
}
