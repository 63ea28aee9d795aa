//! Reading up to a delimiter.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::AsyncBufRead;

/// Reads until `delimiter` or the end, appending to `buf` and counting in `read`, which both survive `Pending`.
pub(super) fn poll_read_until<R: AsyncBufRead + ?Sized>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    delimiter: u8,
    buf: &mut Vec<u8>,
    read: &mut usize,
) -> Poll<io::Result<()>> {
    loop {
        let available = ready!(reader.as_mut().poll_fill_buf(cx))?;
        let found = memchr::memchr(delimiter, available);
        let used = found.map_or(available.len(), |index| index + 1);
        buf.extend_from_slice(&available[..used]);
        reader.as_mut().consume(used);
        *read += used;
        if found.is_some() || used == 0 {
            return Poll::Ready(Ok(()));
        }
    }
}

pub(super) fn not_text() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the line is not valid UTF-8")
}

/// Reads up to a delimiter; made by [`AsyncBufReadExt::read_until`](super::AsyncBufReadExt::read_until).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadUntil<'a, R: ?Sized> {
    reader: &'a mut R,
    delimiter: u8,
    buf: &'a mut Vec<u8>,
    read: usize,
}

impl<'a, R: ?Sized> ReadUntil<'a, R> {
    pub(super) fn new(reader: &'a mut R, delimiter: u8, buf: &'a mut Vec<u8>) -> Self {
        Self { reader, delimiter, buf, read: 0 }
    }
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadUntil<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        ready!(poll_read_until(Pin::new(&mut *me.reader), cx, me.delimiter, me.buf, &mut me.read))?;
        Poll::Ready(Ok(me.read))
    }
}

/// Reads one line; made by [`AsyncBufReadExt::read_line`](super::AsyncBufReadExt::read_line).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadLine<'a, R: ?Sized> {
    reader: &'a mut R,
    string: &'a mut String,
    line: Vec<u8>,
    read: usize,
}

impl<'a, R: ?Sized> ReadLine<'a, R> {
    pub(super) fn new(reader: &'a mut R, string: &'a mut String) -> Self {
        Self { reader, string, line: Vec::new(), read: 0 }
    }
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadLine<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.get_mut();
        ready!(poll_read_until(Pin::new(&mut *me.reader), cx, b'\n', &mut me.line, &mut me.read))?;
        let line = std::str::from_utf8(&me.line).map_err(|_| not_text())?;
        me.string.push_str(line);
        Poll::Ready(Ok(me.read))
    }
}

/// Lends the buffered bytes; made by [`AsyncBufReadExt::fill_buf`](super::AsyncBufReadExt::fill_buf).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct FillBuf<'a, R: ?Sized> {
    reader: Option<&'a mut R>,
}

impl<'a, R: ?Sized> FillBuf<'a, R> {
    pub(super) fn new(reader: &'a mut R) -> Self {
        Self { reader: Some(reader) }
    }
}

impl<'a, R: AsyncBufRead + Unpin + ?Sized> Future for FillBuf<'a, R> {
    type Output = io::Result<&'a [u8]>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // The slice lives as long as the borrow of the reader, which this future holds: it must first be known that
        // the answer is not `Pending`, and then be asked for with the borrow moved out.
        let reader = self.reader.as_mut().expect("polled after completion");
        ready!(Pin::new(&mut **reader).poll_fill_buf(cx))?;
        let reader = self.reader.take().expect("checked above");
        Pin::new(reader).poll_fill_buf(cx)
    }
}
