//! Bytes that have arrived on an HTTP/1 connection and are not yet used.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use minato_bytes_util::PooledBuf;
use minato_runtime::io::{AsyncRead, poll_read_buf};

use crate::buffers::{self, BUFFER_BYTES};

/// Body data at least this long leave with the buffer they arrived in; shorter ones are copied out of it.
const HAND_OVER_BYTES: usize = 4 * 1024;

/// A body read while this much is still to come goes into a large buffer.
const LARGE_BODY_BYTES: u64 = 64 * 1024;

/// The input of a connection: a buffer while there is something in it.
#[derive(Debug, Default)]
pub(crate) struct Input {
    buffer: Option<PooledBuf>,
    start: usize,
    /// Bytes that were read in all.
    received: u64,
}

impl Input {
    /// What has arrived and is not consumed.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.as_ref().map_or(&[], |buffer| &buffer[self.start..])
    }

    /// Bytes that were read in all.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// Puts bytes that were read elsewhere behind those that are here.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.buffer.get_or_insert_with(buffers::take).extend_from_slice(bytes);
    }

    #[inline]
    pub(crate) fn consume(&mut self, len: usize) {
        self.start += len;
        if let Some(buffer) = &mut self.buffer
            && self.start == buffer.len()
        {
            buffer.clear();
            self.start = 0;
        }
    }

    /// Reads once. The caller bounds how much it lets gather here.
    ///
    /// Answers zero at the end of the connection. While there is nothing to read, no buffer is held.
    pub(crate) fn poll_fill<Io: AsyncRead + Unpin>(
        &mut self,
        io: &mut Io,
        cx: &mut Context<'_>,
        body_left: Option<u64>,
    ) -> Poll<io::Result<usize>> {
        let buffer = match &mut self.buffer {
            Some(buffer) => buffer,
            empty => empty.insert(match body_left {
                Some(left) if left >= LARGE_BODY_BYTES => buffers::take_larger(LARGE_BODY_BYTES as usize),
                _ => buffers::take(),
            }),
        };
        if buffer.len() == buffer.capacity() {
            // What is left moves to the front; a buffer that is full of one head grows.
            let used = std::mem::take(&mut self.start);
            buffer.drain(..used);
            if buffer.len() == buffer.capacity() {
                buffer.reserve(BUFFER_BYTES);
            }
        }
        let read = poll_read_buf(Pin::new(io), cx, &mut **buffer);
        match &read {
            Poll::Ready(Ok(len)) => self.received += *len as u64,
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.release(),
        }
        read
    }

    /// Takes the next `len` bytes, which are body data.
    pub(crate) fn take(&mut self, len: usize) -> Bytes {
        match self.buffer.take_if(|_| len >= HAND_OVER_BYTES) {
            Some(buffer) => {
                let mut data = buffer.freeze();
                data.advance(std::mem::take(&mut self.start));
                let rest = data.split_off(len);
                if !rest.is_empty() {
                    self.extend(&rest);
                }
                data
            }
            None => {
                let data = Bytes::copy_from_slice(&self.bytes()[..len]);
                self.consume(len);
                data
            }
        }
    }

    /// Takes the next `len` bytes, which are a head.
    pub(crate) fn take_head(&mut self, len: usize) -> Bytes {
        let head = buffers::copy_head(&self.bytes()[..len]);
        self.consume(len);
        head
    }

    /// The buffer, of which all has been used.
    pub(crate) fn take_buffer(&mut self) -> Option<PooledBuf> {
        self.buffer.take_if(|buffer| buffer.is_empty())
    }

    /// Takes an empty buffer to read into, or gives it back to where it came from.
    pub(crate) fn give_buffer(&mut self, buffer: PooledBuf) {
        match &self.buffer {
            Some(_) => buffers::give(buffer),
            None => self.buffer = Some(buffer),
        }
    }

    /// Gives the buffer back if nothing is in it.
    pub(crate) fn release(&mut self) {
        if self.is_empty()
            && let Some(buffer) = self.buffer.take()
        {
            self.start = 0;
            buffers::give(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_data_are_copied_and_long_ones_leave_with_their_buffer() {
        let mut input = Input::default();
        input.extend(b"head");
        input.extend(&[b'x'; HAND_OVER_BYTES]);
        input.extend(b"rest");
        assert_eq!(input.take(4), "head");
        let before = input.bytes().as_ptr();
        let data = input.take(HAND_OVER_BYTES);
        assert_eq!((data.as_ptr(), data.len()), (before, HAND_OVER_BYTES));
        assert_eq!(input.bytes(), b"rest");
        let before = input.bytes().as_ptr();
        assert_ne!(input.take(4).as_ptr(), before);
        assert!(input.is_empty());
    }

    #[test]
    fn an_input_that_waits_holds_no_buffer() {
        let (mut io, _peer) = minato_runtime::io::duplex(64);
        let mut input = Input::default();
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        assert!(input.poll_fill(&mut io, cx, None).is_pending());
        assert!(input.buffer.is_none());
    }

    #[test]
    fn a_head_longer_than_a_buffer_makes_it_grow() {
        let (mut io, mut peer) = minato_runtime::io::duplex(8 * BUFFER_BYTES);
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        let bytes: Vec<u8> = (0..3 * BUFFER_BYTES).map(|i| i as u8).collect();
        let written = minato_runtime::io::AsyncWrite::poll_write(Pin::new(&mut peer), cx, &bytes);
        assert!(matches!(written, Poll::Ready(Ok(len)) if len == bytes.len()));
        let mut input = Input::default();
        while input.poll_fill(&mut io, cx, None).is_ready() {}
        assert!(input.bytes() == bytes);
    }
}
