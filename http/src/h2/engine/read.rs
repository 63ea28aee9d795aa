//! What a stream's reader takes.

use std::task::Poll;

use bytes::Bytes;
use http::HeaderMap;

use super::{Ended, Engine, Key, ResponseHead};
use crate::h2::frame;

/// What comes next of a message.
pub(crate) enum Part {
    Data(Bytes),
    Trailers(HeaderMap),
    End,
}

impl Engine {
    /// The head of the response.
    pub(crate) fn take_response(&mut self, key: Key) -> Poll<Result<ResponseHead, Ended>> {
        let Some(stream) = self.store.get(key) else { return Poll::Ready(Err(self.lost())) };
        match (stream.head.take(), stream.state.cause()) {
            (Some(head), _) => Poll::Ready(Ok(*head)),
            (None, Some(cause)) => Poll::Ready(Err(cause)),
            (None, None) => Poll::Pending,
        }
    }

    /// The head of a response before the final one.
    pub(crate) fn take_informational(&mut self, key: Key) -> Option<ResponseHead> {
        self.store.get(key)?.early.as_mut()?.pop_front()
    }

    /// The next part of the body. What is taken is given back to the windows.
    pub(crate) fn take_part(&mut self, key: Key) -> Poll<Result<Part, Ended>> {
        let Some(stream) = self.store.get(key) else { return Poll::Ready(Err(self.lost())) };
        if let Some(data) = stream.received.pop() {
            if stream.received.is_empty() {
                self.short_data -= std::mem::take(&mut stream.received.short);
            }
            self.credit(data.len());
            self.credit_stream(key, data.len());
            return Poll::Ready(Ok(Part::Data(data)));
        }
        if stream.state.is_received() {
            return Poll::Ready(Ok(match stream.trailers.take() {
                Some(trailers) => Part::Trailers(*trailers),
                None => Part::End,
            }));
        }
        match stream.state.cause() {
            Some(cause) => Poll::Ready(Err(cause)),
            None => Poll::Pending,
        }
    }

    /// Whether nothing further comes: no data, no trailers.
    pub(crate) fn is_read(&mut self, key: Key) -> bool {
        self.store.get(key).is_none_or(|stream| {
            stream.state.is_received() && stream.received.is_empty() && stream.trailers.is_none()
        })
    }

    /// Nobody reads any more.
    pub(crate) fn release_reader(&mut self, key: Key) {
        self.discard(key);
        if let Some(stream) = self.store.get(key) {
            stream.has_reader = false;
            stream.trailers = None;
        }
        self.release(key);
    }

    pub(super) fn credit_stream(&mut self, key: Key, len: usize) {
        let Some(stream) = self.store.get(key) else { return };
        if stream.state.is_received() || stream.state.is_closed() {
            return;
        }
        if let Some(increment) = stream.recv_window.release(len) {
            let id = stream.id;
            frame::put_window_update(self.output.tail(), id, increment);
        }
    }

    fn lost(&self) -> Ended {
        self.ended.unwrap_or(Ended::Lost(std::io::ErrorKind::BrokenPipe))
    }
}
