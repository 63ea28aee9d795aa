//! Frames, written behind what is in a buffer already.

use super::head::flag;
use super::settings::SETTING_LEN;
use super::{HEAD_LEN, Head, Kind, Settings};
use crate::reason::Reason;

fn put_head(out: &mut Vec<u8>, len: usize, kind: Kind, flags: u8, stream: u32) {
    out.extend_from_slice(&Head { len: len as u32, kind, flags, stream }.bytes());
}

/// SETTINGS with the values that are there.
pub(crate) fn put_settings(out: &mut Vec<u8>, settings: &Settings) {
    put_head(out, settings.each().count() * SETTING_LEN, Kind::Settings, 0, 0);
    for (id, value) in settings.each() {
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// The answer to SETTINGS.
pub(crate) fn put_settings_ack(out: &mut Vec<u8>) {
    put_head(out, 0, Kind::Settings, flag::ACK, 0);
}

/// PING, or the answer to one.
pub(crate) fn put_ping(out: &mut Vec<u8>, payload: [u8; 8], is_ack: bool) {
    put_head(out, payload.len(), Kind::Ping, if is_ack { flag::ACK } else { 0 }, 0);
    out.extend_from_slice(&payload);
}

/// GOAWAY: no stream above `last_stream` was or will be looked at.
pub(crate) fn put_goaway(out: &mut Vec<u8>, last_stream: u32, reason: Reason, debug: &[u8]) {
    put_head(out, 8 + debug.len(), Kind::GoAway, 0, 0);
    out.extend_from_slice(&last_stream.to_be_bytes());
    out.extend_from_slice(&reason.code().to_be_bytes());
    out.extend_from_slice(debug);
}

/// RST_STREAM.
pub(crate) fn put_reset(out: &mut Vec<u8>, stream: u32, reason: Reason) {
    put_head(out, 4, Kind::Reset, 0, stream);
    out.extend_from_slice(&reason.code().to_be_bytes());
}

/// WINDOW_UPDATE, of a stream or with stream zero of the connection.
pub(crate) fn put_window_update(out: &mut Vec<u8>, stream: u32, increment: u32) {
    put_head(out, 4, Kind::WindowUpdate, 0, stream);
    out.extend_from_slice(&increment.to_be_bytes());
}

/// The head of DATA, of which the caller puts the `len` bytes behind it.
#[inline]
pub(crate) fn put_data_head(out: &mut Vec<u8>, stream: u32, len: u32, is_end: bool) {
    put_head(out, len as usize, Kind::Data, if is_end { flag::END_STREAM } else { 0 }, stream);
}

/// HEADERS with the block that `encode` appends, and as many CONTINUATION as it needs.
#[inline]
pub(crate) fn put_headers(
    out: &mut Vec<u8>,
    stream: u32,
    is_end: bool,
    max_frame_size: u32,
    encode: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    let end_stream = if is_end { flag::END_STREAM } else { 0 };
    put_head(out, 0, Kind::Headers, flag::END_HEADERS | end_stream, stream);
    encode(out);
    let len = out.len() - start - HEAD_LEN;
    if len > max_frame_size as usize {
        return split_headers(out, start, end_stream, stream, max_frame_size as usize);
    }
    let [_, len @ ..] = (len as u32).to_be_bytes();
    out[start..start + len.len()].copy_from_slice(&len);
}

/// Takes apart the frame at `start`, which is longer than the peer allows.
#[cold]
fn split_headers(out: &mut Vec<u8>, start: usize, end_stream: u8, stream: u32, max_frame_size: usize) {
    let block = out.split_off(start + HEAD_LEN);
    out.truncate(start);
    let frames = block.len().div_ceil(max_frame_size);
    for (i, part) in block.chunks(max_frame_size).enumerate() {
        let end_headers = if i + 1 == frames { flag::END_HEADERS } else { 0 };
        match i {
            0 => put_head(out, part.len(), Kind::Headers, end_stream | end_headers, stream),
            _ => put_head(out, part.len(), Kind::Continuation, end_headers, stream),
        }
        out.extend_from_slice(part);
    }
}
