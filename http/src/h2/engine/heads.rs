//! Requests, responses and trailers that arrive.

use http::StatusCode;

use super::flow::{RecvWindow, SendWindow};
use super::state::{Event, Illegal, Phase, State};
use super::stream::Stream;
use super::{Engine, Key};
use crate::h2::Role;
use crate::h2::frame::{self, Fault};
use crate::h2::hpack::{FieldLimits, RequestHead, Section};
use crate::limits::INFORMATIONAL_RESPONSES;
use crate::reason::Reason;

/// A request for the driver. Its stream counts it as one that holds it.
pub(crate) struct Incoming {
    pub(crate) key: Key,
    pub(crate) id: u32,
    pub(crate) head: RequestHead,
    /// The head is all of it.
    pub(crate) is_end: bool,
}

impl Engine {
    /// A field block is here as a whole.
    pub(super) fn handle_block(
        &mut self,
        id: u32,
        is_end: bool,
        depends_on: Option<u32>,
        block: &[u8],
    ) -> Result<(), Fault> {
        let limits = FieldLimits {
            list_bytes: self.config.max_header_list_size as usize,
            fields: self.config.header_fields,
        };
        // RFC 9113 §4.3: a block is decoded whatever becomes of its stream, since those behind it build on it.
        let section =
            self.decoder.decode(block, &limits).map_err(|_| Fault::Connection(Reason::COMPRESSION_ERROR))?;
        if depends_on == Some(id) {
            self.note_remote(id);
            return Err(Fault::Stream(id, Reason::PROTOCOL_ERROR));
        }
        if let Some(key) = self.store.find(id) {
            return self.handle_known(key, id, section, is_end);
        }
        if !self.is_idle(id) {
            if self.is_passed_over(id) {
                return Ok(());
            }
            return Err(Fault::Connection(Reason::STREAM_CLOSED));
        }
        match self.role {
            // RFC 9113 §5.1.1: only streams of clients are opened by HEADERS, and they have odd identifiers.
            Role::Server if id % 2 == 1 => self.handle_request(id, section, is_end),
            Role::Server | Role::Client => Err(Fault::Connection(Reason::PROTOCOL_ERROR)),
        }
    }

    /// Takes note of a stream that is refused before it is one.
    fn note_remote(&mut self, id: u32) {
        if self.role == Role::Server && id % 2 == 1 {
            self.last_remote = self.last_remote.max(id);
        }
    }

    fn handle_request(&mut self, id: u32, section: Section, is_end: bool) -> Result<(), Fault> {
        self.last_remote = id;
        if self.open >= self.config.max_concurrent_streams as usize {
            return Err(Fault::Stream(id, Reason::REFUSED_STREAM));
        }
        if section.is_too_large {
            self.answer_at_once(id, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, is_end);
            return Ok(());
        }
        let malformed = Fault::Stream(id, Reason::PROTOCOL_ERROR);
        let head = section.into_request().ok_or(malformed)?;
        if head.protocol.is_some() && !self.config.extended_connect {
            return Err(malformed);
        }
        // RFC 9113 §8.1.1: a message that is shorter than it says is malformed.
        if is_end && head.content_length.is_some_and(|length| length > 0) {
            return Err(malformed);
        }
        let state = match is_end {
            true => State::HalfClosedRemote { send: Phase::Head },
            false => State::Open { send: Phase::Head, recv: Phase::Body },
        };
        let mut stream = self.make_stream(id, state);
        stream.handles = 1;
        // What follows the head of a CONNECT is a tunnel, and no content (RFC 9110 §9.3.6).
        stream.content_left = head.content_length.filter(|_| head.method != http::Method::CONNECT);
        let key = self.store.insert(stream);
        self.open += 1;
        self.incoming.push_back(Incoming { key, id, head, is_end });
        Ok(())
    }

    pub(super) fn make_stream(&self, id: u32, state: State) -> Stream {
        let send_window = SendWindow::new(self.peer.initial_window);
        Stream::new(id, state, send_window, RecvWindow::new(self.local.initial_window))
    }

    /// Answers a request that nobody is to see.
    fn answer_at_once(&mut self, id: u32, status: StatusCode, is_end: bool) {
        let (encoder, max) = (&mut self.encoder, self.peer.max_frame_size);
        let out = self.output.tail();
        frame::put_headers(out, id, true, max, |out| {
            encoder.encode_response(out, status, &http::HeaderMap::new());
        });
        if !is_end {
            // RFC 9113 §8.1: no more of the request is wanted.
            frame::put_reset(out, id, Reason::NO_ERROR);
        }
        self.gone.push(id);
    }

    /// Takes the next request.
    pub(crate) fn pop_incoming(&mut self) -> Option<Incoming> {
        self.unseen_resets = 0;
        if self.incoming.is_empty() || !self.may_take() {
            return None;
        }
        self.incoming.pop_front()
    }

    /// Drops a request that nobody has seen, whose stream is over.
    pub(super) fn drop_incoming(&mut self, key: Key) -> bool {
        match self.incoming.iter().position(|incoming| incoming.key == key) {
            Some(at) => {
                self.incoming.remove(at);
                self.release(key);
                true
            }
            None => false,
        }
    }

    /// A block for a stream that is known: a response, or trailers.
    fn handle_known(&mut self, key: Key, id: u32, section: Section, is_end: bool) -> Result<(), Fault> {
        let Some(stream) = self.store.get(key) else { return Ok(()) };
        if stream.state.is_closed() && self.gone.contains(id) {
            return Ok(());
        }
        if stream.state.awaits_head() {
            return self.handle_response(key, id, section, is_end);
        }
        let malformed = Fault::Stream(id, Reason::PROTOCOL_ERROR);
        match stream.state.after(Event::RecvEnd) {
            Ok(_) => {}
            Err(Illegal::Ended) => return Err(Fault::Stream(id, Reason::STREAM_CLOSED)),
            Err(Illegal::Order) => return Err(malformed),
        }
        // RFC 9113 §8.1: trailers end the stream.
        if !is_end || section.is_too_large {
            return Err(malformed);
        }
        let trailers = section.into_trailers().ok_or(malformed)?;
        if stream.has_reader {
            stream.trailers = Some(Box::new(trailers));
        }
        self.end_of_message(key)
    }

    fn handle_response(&mut self, key: Key, id: u32, section: Section, is_end: bool) -> Result<(), Fault> {
        let malformed = Fault::Stream(id, Reason::PROTOCOL_ERROR);
        if section.is_too_large {
            return Err(malformed);
        }
        let head = section.into_response().ok_or(malformed)?;
        let status = head.status;
        let Some(stream) = self.store.get(key) else { return Ok(()) };
        if status.is_informational() {
            // RFC 9113 §8.1: one that ends the stream, or changes the protocol, is malformed.
            if is_end || status == StatusCode::SWITCHING_PROTOCOLS {
                return Err(malformed);
            }
            stream.informational += 1;
            if usize::from(stream.informational) > INFORMATIONAL_RESPONSES {
                return Err(Fault::Stream(id, Reason::ENHANCE_YOUR_CALM));
            }
            if let Some(early) = &mut stream.early {
                early.push_back(head);
                self.wake_reader(key);
            }
            return Ok(());
        }
        let is_bodiless =
            stream.is_head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
        stream.content_left = match is_bodiless {
            true => Some(0),
            false if stream.is_connect && status.is_success() => None,
            false => head.content_length,
        };
        if is_end && stream.content_left.is_some_and(|length| length > 0) {
            return Err(malformed);
        }
        stream.head = Some(Box::new(head));
        let _ = self.apply(key, Event::RecvHead { is_end });
        self.wake_reader(key);
        Ok(())
    }

    /// The peer has said all it had to say on a stream.
    pub(super) fn end_of_message(&mut self, key: Key) -> Result<(), Fault> {
        let Some(stream) = self.store.get(key) else { return Ok(()) };
        // RFC 9113 §8.1.1: a message that is shorter than it says is malformed.
        if !stream.state.is_closed() && stream.content_left.is_some_and(|left| left > 0) {
            return Err(Fault::Stream(stream.id, Reason::PROTOCOL_ERROR));
        }
        let _ = self.apply(key, Event::RecvEnd);
        self.wake_reader(key);
        Ok(())
    }
}
