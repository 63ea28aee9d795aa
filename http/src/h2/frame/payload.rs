//! The payload of every frame but DATA, typed (RFC 9113 §6).

use super::head::{PRIORITY_LEN, STREAM_MASK};
use super::{Fault, Head, Kind, Settings};
use crate::reason::Reason;

/// A frame, as far as its head has not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    Headers {
        /// The field block, or its first part.
        block: &'a [u8],
        /// The stream that the priority names, if there is one. It means nothing any more, but must be another one.
        depends_on: Option<u32>,
    },
    Continuation {
        block: &'a [u8],
    },
    Priority {
        depends_on: u32,
    },
    Reset {
        reason: Reason,
    },
    Settings(Settings),
    SettingsAck,
    PushPromise,
    Ping {
        payload: [u8; 8],
    },
    GoAway {
        last_stream: u32,
        reason: Reason,
    },
    WindowUpdate {
        /// Zero is an error of the stream, or of the connection if it has none.
        increment: u32,
    },
}

/// The frame with this head, which [`Head::check`] found good, and this payload, which is whole.
///
/// # Panics
///
/// For DATA and unknown types, which have no typed payload.
pub(crate) fn parse<'a>(head: &Head, payload: &'a [u8]) -> Result<Frame<'a>, Fault> {
    let too_short = Fault::Connection(Reason::FRAME_SIZE_ERROR);
    Ok(match head.kind {
        Kind::Headers => {
            let mut block = without_padding(head, payload)?;
            let mut depends_on = None;
            if head.has_priority() {
                // RFC 9113 §6.2: padding that leaves no room for what must be there is too long.
                let (priority, rest) = block
                    .split_at_checked(PRIORITY_LEN as usize)
                    .ok_or(Fault::Connection(Reason::PROTOCOL_ERROR))?;
                depends_on = stream_at(priority);
                block = rest;
            }
            Frame::Headers { block, depends_on }
        }
        Kind::Continuation => Frame::Continuation { block: payload },
        Kind::Priority => Frame::Priority { depends_on: stream_at(payload).ok_or(too_short)? },
        Kind::Reset => Frame::Reset { reason: reason_at(payload).ok_or(too_short)? },
        Kind::Settings if head.is_ack() => Frame::SettingsAck,
        Kind::Settings => Frame::Settings(Settings::parse(payload)?),
        Kind::PushPromise => Frame::PushPromise,
        Kind::Ping => Frame::Ping { payload: *payload.first_chunk().ok_or(too_short)? },
        Kind::GoAway => Frame::GoAway {
            last_stream: stream_at(payload).ok_or(too_short)?,
            reason: payload.get(4..).and_then(reason_at).ok_or(too_short)?,
        },
        Kind::WindowUpdate => Frame::WindowUpdate { increment: stream_at(payload).ok_or(too_short)? },
        Kind::Data | Kind::Unknown => unreachable!("a frame without a typed payload"),
    })
}

/// RFC 9113 §6.1, §6.2: padding that is as long as the payload or longer is a connection error.
fn without_padding<'a>(head: &Head, payload: &'a [u8]) -> Result<&'a [u8], Fault> {
    if !head.is_padded() {
        return Ok(payload);
    }
    let Some((&padding, rest)) = payload.split_first() else {
        return Err(Fault::Connection(Reason::FRAME_SIZE_ERROR));
    };
    let len = rest.len().checked_sub(usize::from(padding));
    len.map(|len| &rest[..len]).ok_or(Fault::Connection(Reason::PROTOCOL_ERROR))
}

/// Thirty-one bits: a stream, or a window.
fn stream_at(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.first_chunk()?) & STREAM_MASK)
}

fn reason_at(bytes: &[u8]) -> Option<Reason> {
    Some(Reason::from_code(u32::from_be_bytes(*bytes.first_chunk()?)))
}
