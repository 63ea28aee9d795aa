//! What the engine knows of one stream.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;

use super::flow::{RecvWindow, SendWindow};
use super::state::State;
use crate::h2::hpack::ResponseHead;
use crate::input::Input;

/// Data shorter than this are copied behind one another, and a longer piece stays in the buffer it arrived in.
const GATHER_BYTES: usize = 4 * 1024;

pub(crate) struct Stream {
    pub(super) id: u32,
    pub(super) state: State,
    /// Halves and requests that know the stream. It is forgotten when it is closed and there is none.
    pub(super) handles: u32,
    /// Whether anybody may still ask for what arrives.
    pub(super) has_reader: bool,
    /// It waits in the queue for the window of the connection, or for room in the output.
    pub(super) is_queued: bool,
    /// A response has no content whatever its length says, since it answers a HEAD.
    pub(super) is_head: bool,
    /// Once it is answered with success, it is a tunnel, and its length means nothing (RFC 9110 §9.3.6).
    pub(super) is_connect: bool,
    /// Responses before the final one.
    pub(super) informational: u8,
    pub(super) send_window: SendWindow,
    pub(super) recv_window: RecvWindow,
    /// Bytes still to come, where the length was announced.
    pub(super) content_left: Option<u64>,
    pub(super) received: Received,
    /// LIMIT: those are as many as are counted, and kept only where somebody wants them.
    pub(super) early: Option<VecDeque<ResponseHead>>,
    pub(super) head: Option<Box<ResponseHead>>,
    pub(super) trailers: Option<Box<HeaderMap>>,
    /// Whoever waits for something to arrive.
    pub(super) recv_waker: Option<Waker>,
    /// Whoever waits for window, or for the end.
    pub(super) send_waker: Option<Waker>,
}

impl Stream {
    pub(super) fn new(id: u32, state: State, send_window: SendWindow, recv_window: RecvWindow) -> Self {
        Self {
            id,
            state,
            handles: 0,
            has_reader: true,
            is_queued: false,
            is_head: false,
            is_connect: false,
            informational: 0,
            send_window,
            recv_window,
            content_left: None,
            received: Received::default(),
            early: None,
            head: None,
            trailers: None,
            recv_waker: None,
            send_waker: None,
        }
    }

    #[cfg(test)]
    pub(super) fn for_test(id: u32) -> Self {
        use super::state::Phase;
        let state = State::Open { send: Phase::Head, recv: Phase::Head };
        Self::new(id, state, SendWindow::new(0), RecvWindow::new(0))
    }
}

/// Data that have arrived and were not asked for yet.
///
/// LIMIT: flow control bounds the bytes; that short pieces are joined bounds what is kept beside them, so that a
/// megabyte in frames of one byte takes a megabyte.
#[derive(Default)]
pub(crate) struct Received {
    pieces: VecDeque<Bytes>,
    /// Behind the pieces.
    gathered: BytesMut,
    /// Short frames among them.
    pub(super) short: usize,
}

impl Received {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.gathered.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum::<usize>() + self.gathered.len()
    }

    /// Takes the next `len` bytes of the input.
    pub(super) fn push(&mut self, input: &mut Input, len: usize) {
        if len < GATHER_BYTES {
            if self.gathered.len() >= GATHER_BYTES {
                self.seal();
            }
            self.gathered.extend_from_slice(&input.bytes()[..len]);
            input.consume(len);
        } else {
            self.seal();
            self.pieces.push_back(input.take(len));
        }
    }

    fn seal(&mut self) {
        if !self.gathered.is_empty() {
            self.pieces.push_back(std::mem::take(&mut self.gathered).freeze());
        }
    }

    pub(super) fn pop(&mut self) -> Option<Bytes> {
        if let Some(piece) = self.pieces.pop_front() {
            return Some(piece);
        }
        let gathered = std::mem::take(&mut self.gathered);
        (!gathered.is_empty()).then(|| gathered.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_come_out_as_they_went_in_and_tiny_pieces_are_joined() {
        let (mut input, mut received, mut expected) = (Input::default(), Received::default(), Vec::new());
        for (i, len) in [1, 1, 1, 5000, 1, 4000, 4000, 1, 9000, 9000].into_iter().enumerate() {
            input.extend(&vec![i as u8; len]);
            expected.extend(vec![i as u8; len]);
            received.push(&mut input, len);
        }
        assert_eq!(received.len(), expected.len());
        assert!(received.pieces.len() <= 6);
        let mut got = Vec::new();
        while let Some(piece) = received.pop() {
            got.extend_from_slice(&piece);
        }
        assert!(got == expected && received.is_empty());
    }
}
