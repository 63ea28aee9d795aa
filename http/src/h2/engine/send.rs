//! Heads, data and trailers that leave, and who may send next.
//!
//! Nothing is queued here: what the windows and the output do not take stays with its sender, who is woken when there
//! is room. Those who wait for what all streams share, the window of the connection and room in the output, wait in line.

use std::task::Poll;

use bytes::{Buf, Bytes};
use http::{HeaderMap, StatusCode};

use super::state::Event;
use super::{Ended, Engine, Key};
use crate::h2::frame;
use crate::h2::hpack::RequestPseudo;
use crate::output::COPY_BYTES;

/// What became of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// All of them are on their way.
    All,
    /// Some wait for window or room.
    Blocked,
    /// The stream is over.
    Over,
}

impl Engine {
    /// Sends a response; false if the stream is over.
    pub(crate) fn send_response(
        &mut self,
        key: Key,
        status: StatusCode,
        headers: &HeaderMap,
        is_end: bool,
    ) -> bool {
        let Some(stream) = self.store.get(key) else { return false };
        let id = stream.id;
        let event = Event::SendHead { is_end };
        let sent = match status.is_informational() {
            // What comes before the final response changes nothing.
            true => stream.state.after(event).map(drop),
            false => self.apply(key, event),
        };
        if sent.is_err() {
            return false;
        }
        let (encoder, max) = (&mut self.encoder, self.peer.max_frame_size);
        let encode = |out: &mut Vec<u8>| encoder.encode_response(out, status, headers);
        frame::put_headers(self.output.tail(), id, is_end, max, encode);
        true
    }

    pub(super) fn send_request_head(
        &mut self,
        id: u32,
        pseudo: &RequestPseudo<'_>,
        headers: &HeaderMap,
        is_end: bool,
    ) {
        let (encoder, max) = (&mut self.encoder, self.peer.max_frame_size);
        let encode = |out: &mut Vec<u8>| encoder.encode_request(out, pseudo, headers);
        frame::put_headers(self.output.tail(), id, is_end, max, encode);
    }

    /// Sends data from the front of `data`, and with the last of them the end.
    pub(crate) fn send_data(&mut self, key: Key, data: &mut Bytes, is_end: bool) -> Sent {
        let Some(stream) = self.store.get(key) else { return Sent::Over };
        if stream.state.after(Event::SendData).is_err() {
            return Sent::Over;
        }
        let id = stream.id;
        loop {
            if data.is_empty() {
                if is_end {
                    // RFC 9113 §8.1: an empty DATA frame carries the end that nothing before it could.
                    frame::put_data_head(self.output.tail(), id, 0, true);
                    let _ = self.apply(key, Event::SendEnd);
                }
                return Sent::All;
            }
            let has_room = self.has_room();
            let shared = self.send_window.available();
            let Some(stream) = self.store.get(key) else { return Sent::Over };
            let own = stream.send_window.available();
            if own == 0 {
                return Sent::Blocked;
            }
            if shared == 0 || !has_room {
                if !stream.is_queued {
                    stream.is_queued = true;
                    self.writers.push_back(key);
                }
                return Sent::Blocked;
            }
            // A peer that takes frames of any size would have one stream hold up the others for all of its data.
            let frame_max = self.config.send_bytes_max.min(self.peer.max_frame_size as usize);
            let len = data.len().min(own).min(shared).min(frame_max);
            let is_last = is_end && len == data.len();
            stream.send_window.take(len);
            self.send_window.take(len);
            frame::put_data_head(self.output.tail(), id, len as u32, is_last);
            if len < COPY_BYTES {
                // The data are dropped by their owner, when the lock is free.
                self.output.tail().extend_from_slice(&data[..len]);
                data.advance(len);
            } else {
                self.output.push_whole(data.split_to(len));
            }
            if is_last {
                let _ = self.apply(key, Event::SendEnd);
                return Sent::All;
            }
        }
    }

    /// Ready when some data of a stream could be sent; whoever waits for that has its place in the line.
    pub(crate) fn poll_room(&mut self, key: Key) -> Poll<Result<(), Ended>> {
        let lost = self.ended().unwrap_or(Ended::Lost(std::io::ErrorKind::BrokenPipe));
        let is_shared = self.send_window.available() > 0 && self.has_room();
        let Some(stream) = self.store.get(key) else { return Poll::Ready(Err(lost)) };
        if let Some(cause) = stream.state.cause() {
            return Poll::Ready(Err(cause));
        }
        if stream.state.after(Event::SendData).is_err() {
            return Poll::Ready(Err(lost));
        }
        match (stream.send_window.available() > 0, is_shared) {
            (true, true) => return Poll::Ready(Ok(())),
            (true, false) if !stream.is_queued => {
                stream.is_queued = true;
                self.writers.push_back(key);
            }
            _ => {}
        }
        Poll::Pending
    }

    /// Ends a stream with trailers.
    pub(crate) fn send_trailers(&mut self, key: Key, trailers: &HeaderMap) {
        let Some(stream) = self.store.get(key) else { return };
        let id = stream.id;
        if self.apply(key, Event::SendEnd).is_err() {
            return;
        }
        let (encoder, max) = (&mut self.encoder, self.peer.max_frame_size);
        let encode = |out: &mut Vec<u8>| encoder.encode_trailers(out, trailers);
        frame::put_headers(self.output.tail(), id, true, max, encode);
    }

    /// Whether a stream was closed before its time, and why.
    pub(crate) fn cause(&mut self, key: Key) -> Option<Ended> {
        match self.store.get(key) {
            Some(stream) => stream.state.cause(),
            None => self.ended,
        }
    }

    /// Whether a sender may add to the output.
    pub(crate) fn has_room(&self) -> bool {
        self.output.len() + self.backlog < self.config.send_bytes_max
    }

    /// Wakes the first of those who wait in line, if there is something for them; false if not.
    ///
    /// One at a time: whoever is woken may take all there is, and those behind would be woken for nothing.
    pub(crate) fn grant(&mut self) -> bool {
        while self.send_window.available() > 0 && self.has_room() {
            let Some(key) = self.writers.pop_front() else { return false };
            let Some(stream) = self.store.get(key) else { continue };
            stream.is_queued = false;
            if !stream.state.is_closed() && stream.send_waker.is_some() {
                self.wake_writer(key);
                return true;
            }
        }
        false
    }

    /// Takes what would be written.
    #[cfg(test)]
    pub(super) fn output_bytes(&mut self) -> Vec<u8> {
        let out = self.output.tail();
        let bytes = out.to_vec();
        out.clear();
        bytes
    }
}
