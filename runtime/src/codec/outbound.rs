//! The state of writing: frames that are bytes and not yet written.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::{BufList, Encoder, spare};
use crate::io::{AsyncWrite, poll_write_buf};
use crate::limits::{CODEC_HIGH_WATER, CODEC_LOW_WATER};

#[derive(Debug)]
pub(super) struct Outbound {
    queue: BufList,
    /// From so many bytes on, items are not taken.
    high: usize,
    /// Down to so many bytes, until they are taken again.
    low: usize,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// The high mark was reached, and the low one not yet.
    Draining,
}

impl Outbound {
    /// Begins with bytes that are to be written first.
    pub(super) fn new(queue: BufList) -> Self {
        Self { queue, high: CODEC_HIGH_WATER, low: CODEC_LOW_WATER, phase: Phase::Open }
    }

    /// Waits for room.
    pub(super) fn poll_ready<W: AsyncWrite>(
        &mut self,
        io: Pin<&mut W>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.queue.len() >= self.high {
            self.phase = Phase::Draining;
        }
        if self.phase == Phase::Draining {
            ready!(self.poll_write_down_to(self.low, io, cx))?;
            self.phase = Phase::Open;
        }
        Poll::Ready(Ok(()))
    }

    /// Makes an item bytes.
    pub(super) fn push<I, E: Encoder<I>>(&mut self, item: I, encoder: &mut E) -> Result<(), E::Error> {
        encoder.encode_rope(item, self.queue_mut())
    }

    /// Writes everything, and has the transport do the same.
    pub(super) fn poll_flush<W: AsyncWrite>(
        &mut self,
        mut io: Pin<&mut W>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_write_down_to(0, io.as_mut(), cx))?;
        self.phase = Phase::Open;
        io.poll_flush(cx)
    }

    /// Writes everything, and ends the transport.
    pub(super) fn poll_close<W: AsyncWrite>(
        &mut self,
        mut io: Pin<&mut W>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_write_down_to(0, io.as_mut(), cx))?;
        io.poll_shutdown(cx)
    }

    pub(super) fn queue(&self) -> &BufList {
        &self.queue
    }

    /// The queue, to be added to: so with memory for small things.
    pub(super) fn queue_mut(&mut self) -> &mut BufList {
        if self.queue.is_empty() && !self.queue.has_spare() {
            self.queue.set_spare(spare::take());
        }
        &mut self.queue
    }

    pub(super) fn into_queue(self) -> BufList {
        self.queue
    }

    pub(super) fn high(&self) -> usize {
        self.high
    }

    pub(super) fn set_marks(&mut self, low: usize, high: usize) {
        assert!(low < high, "the low mark, {low}, has to be below the high one, {high}");
        (self.low, self.high) = (low, high);
    }

    fn poll_write_down_to<W: AsyncWrite>(
        &mut self,
        len: usize,
        mut io: Pin<&mut W>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.queue.len() > len {
            if ready!(poll_write_buf(io.as_mut(), cx, &mut self.queue))? == 0 {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::WriteZero,
                    "failed to write frame to transport",
                )));
            }
        }
        if let Some(spare) = self.queue.take_spare() {
            spare::give(spare);
        }
        Poll::Ready(Ok(()))
    }
}
