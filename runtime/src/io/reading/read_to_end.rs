//! Reading until the end.

use std::future::Future;
use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::into_buf::poll_read_buf_limited;
use crate::io::AsyncRead;
use crate::limits::READ_TO_END_STEP;

/// Room made in a full vector; a source that has ended costs no larger growth than this.
const PROBE: usize = 32;

/// Reads until the end into a vector; made by [`AsyncReadExt::read_to_end`](super::AsyncReadExt::read_to_end).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadToEnd<'a, R: ?Sized> {
    reader: &'a mut R,
    buf: &'a mut Vec<u8>,
    read: usize,
}

impl<'a, R: ?Sized> ReadToEnd<'a, R> {
    pub(super) fn new(reader: &'a mut R, buf: &'a mut Vec<u8>) -> Self {
        Self { reader, buf, read: 0 }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToEnd<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        poll_to_end(&mut *me.reader, cx, me.buf, &mut me.read)
    }
}

fn poll_to_end<R: AsyncRead + Unpin + ?Sized>(
    reader: &mut R,
    cx: &mut Context<'_>,
    buf: &mut Vec<u8>,
    total: &mut usize,
) -> Poll<io::Result<usize>> {
    loop {
        if buf.len() == buf.capacity() {
            buf.reserve(PROBE);
        }
        match ready!(poll_read_buf_limited(Pin::new(&mut *reader), cx, buf, READ_TO_END_STEP))? {
            0 => return Poll::Ready(Ok(*total)),
            read => *total += read,
        }
    }
}

/// Reads until the end into a string; made by
/// [`AsyncReadExt::read_to_string`](super::AsyncReadExt::read_to_string).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadToString<'a, R: ?Sized> {
    reader: &'a mut R,
    string: &'a mut String,
    /// The string's own bytes and what was read after them, until the end is known to be text; then, or when the
    /// future is dropped, they go back.
    bytes: Vec<u8>,
    read: usize,
}

impl<'a, R: ?Sized> ReadToString<'a, R> {
    pub(super) fn new(reader: &'a mut R, string: &'a mut String) -> Self {
        let bytes = mem::take(string).into_bytes();
        Self { reader, string, bytes, read: 0 }
    }
}

impl<R: ?Sized> ReadToString<'_, R> {
    /// Gives the string back as it was.
    fn restore(&mut self) {
        let mut bytes = mem::take(&mut self.bytes);
        bytes.truncate(bytes.len() - self.read);
        self.read = 0;
        if !bytes.is_empty() {
            *self.string = String::from_utf8(bytes).unwrap_or_default();
        }
    }
}

impl<R: ?Sized> Drop for ReadToString<'_, R> {
    fn drop(&mut self) {
        self.restore();
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToString<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        let read = ready!(poll_to_end(&mut *me.reader, cx, &mut me.bytes, &mut me.read))?;
        match String::from_utf8(mem::take(&mut me.bytes)) {
            Ok(string) => {
                *me.string = string;
                me.read = 0;
                Poll::Ready(Ok(read))
            }
            Err(error) => {
                me.bytes = error.into_bytes();
                me.restore();
                Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "the source is not valid UTF-8")))
            }
        }
    }
}
