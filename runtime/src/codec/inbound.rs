//! The state of reading: bytes that have come and are not yet frames.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};

use super::{Decoder, Frames, SliceDecoder, spare};
use crate::io::{AsyncRead, poll_read_buf};
use crate::limits::{CODEC_READ_LEN, CODEC_READ_ROOM_MIN};

/// What is known of the bytes in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// There may be a frame in them.
    Decoding,
    /// They are no frame; more are needed.
    Reading,
    /// They are the last, and there may be a frame in them.
    Ending,
    /// They are the last, and no frame.
    Ended,
    /// An error was told, and `None` comes next.
    Failed,
}

#[derive(Debug)]
pub(super) struct Inbound {
    buf: BytesMut,
    /// Bytes at the front of the buffer that were lent as frames and are used up.
    used: usize,
    phase: Phase,
}

impl Inbound {
    /// Begins with bytes that have come already.
    pub(super) fn new(buf: BytesMut) -> Self {
        Self { buf, used: 0, phase: Phase::Decoding }
    }

    /// The next frame: decoded of what is here, or of what is read from `io`.
    pub(super) fn poll_next<R: AsyncRead, D: Decoder>(
        &mut self,
        mut io: Pin<&mut R>,
        decoder: &mut D,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<D::Item, D::Error>>> {
        self.drop_used();
        loop {
            match self.phase {
                Phase::Decoding => match decoder.decode(&mut self.buf) {
                    Ok(Some(item)) => return Poll::Ready(Some(Ok(item))),
                    Ok(None) => self.phase = Phase::Reading,
                    Err(error) => return self.fail(error),
                },
                Phase::Reading => match ready!(self.poll_read(io.as_mut(), cx)) {
                    Ok(0) => self.phase = Phase::Ending,
                    Ok(_) => self.phase = Phase::Decoding,
                    Err(error) => return self.fail(error.into()),
                },
                Phase::Ending | Phase::Ended => match decoder.decode_eof(&mut self.buf) {
                    Ok(Some(item)) => return Poll::Ready(Some(Ok(item))),
                    Ok(None) => {
                        // Whoever polls again hopes for more than the end.
                        self.phase = Phase::Reading;
                        self.release();
                        return Poll::Ready(None);
                    }
                    Err(error) => return self.fail(error),
                },
                Phase::Failed => {
                    self.phase = Phase::Decoding;
                    return Poll::Ready(None);
                }
            }
        }
    }

    fn fail<T, E>(&mut self, error: E) -> Poll<Option<Result<T, E>>> {
        self.phase = Phase::Failed;
        Poll::Ready(Some(Err(error)))
    }

    /// Waits until [`frames`](Self::frames) has something to look at; false at the end, and once after an error.
    pub(super) fn poll_fill<R: AsyncRead>(
        &mut self,
        io: Pin<&mut R>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        self.drop_used();
        match self.phase {
            Phase::Decoding | Phase::Ending if !self.buf.is_empty() => return Poll::Ready(Ok(true)),
            Phase::Failed => {
                self.phase = Phase::Decoding;
                return Poll::Ready(Ok(false));
            }
            Phase::Ended => {
                // Whoever asks again hopes for more than the end.
                self.phase = Phase::Reading;
                return Poll::Ready(match self.buf.is_empty() {
                    true => Ok(false),
                    false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "bytes remaining on stream")),
                });
            }
            Phase::Decoding | Phase::Reading | Phase::Ending => {}
        }
        let read = ready!(self.poll_read(io, cx))?;
        self.phase = if read > 0 { Phase::Decoding } else { Phase::Ending };
        if read == 0 {
            self.release();
        }
        Poll::Ready(Ok(!self.buf.is_empty()))
    }

    /// The frames in what has come.
    pub(super) fn frames<'a, D: SliceDecoder>(&'a mut self, decoder: &'a mut D) -> Frames<'a, D> {
        Frames::new(&self.buf, &mut self.used, &mut self.phase, decoder)
    }

    /// Bytes that are not yet frames.
    pub(super) fn buffer(&self) -> &[u8] {
        &self.buf[self.used..]
    }

    /// As [`buffer`](Self::buffer), to be changed: what is there afterwards is looked at anew.
    pub(super) fn buffer_mut(&mut self) -> &mut BytesMut {
        self.drop_used();
        if self.phase == Phase::Reading {
            self.phase = Phase::Decoding;
        }
        &mut self.buf
    }

    pub(super) fn into_buffer(mut self) -> BytesMut {
        self.drop_used();
        self.buf
    }

    /// Memory that is held at the moment, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    fn poll_read<R: AsyncRead>(&mut self, io: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.make_room();
        let read = poll_read_buf(io, cx, &mut self.buf);
        if read.is_pending() {
            self.release();
        }
        read
    }

    /// Makes room for a read: as much again as is here, so that a long frame costs few copies, and a length that was
    /// only announced costs nothing.
    fn make_room(&mut self) {
        if self.buf.capacity() == 0 {
            self.buf = spare::take();
        } else if self.buf.capacity() - self.buf.len() < CODEC_READ_ROOM_MIN {
            self.buf.reserve(self.buf.len().max(CODEC_READ_LEN));
        }
    }

    /// Leaves an empty buffer to others.
    fn release(&mut self) {
        if self.buf.is_empty() {
            spare::give(std::mem::take(&mut self.buf));
        }
    }

    fn drop_used(&mut self) {
        self.buf.advance(std::mem::take(&mut self.used));
    }
}
