//! Bytes that wait to be written.
//!
//! Small things, heads and short bodies, are copied behind one another into one buffer, so that a batch of responses
//! leaves in one call. A long body joins the queue as it is, and leaves with what stands before it in one vectored
//! write.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use minato_bytes_util::{BufList, PooledBuf};
use minato_runtime::io::AsyncWrite;

use crate::buffers;

/// Data up to this long are copied; above it a copy costs more than another slice of a vectored write.
pub(crate) const COPY_BYTES: usize = 16 * 1024;

/// What stands before a long piece of data, and is copied out of its buffer when it is no longer.
const SHORT_BYTES: usize = 256;

/// Slices of one vectored write.
const SLICES: usize = 32;

/// The output of a connection: buffers while there is something in them.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// What comes first: sealed, and not copied again. A connection that sends no such thing has no room for it.
    list: Option<Box<BufList>>,
    /// What comes behind it: open for more.
    tail: Option<PooledBuf>,
    /// Bytes of the tail that have been written.
    tail_start: usize,
    /// Bytes that were written in all.
    sent: u64,
}

impl Output {
    /// The buffer to encode small things into.
    pub(crate) fn tail(&mut self) -> &mut Vec<u8> {
        self.tail.get_or_insert_with(buffers::take)
    }

    /// Queues data.
    pub(crate) fn push(&mut self, mut data: impl Buf) {
        let len = data.remaining();
        if len <= COPY_BYTES {
            let tail = self.tail();
            loop {
                let chunk = data.chunk();
                tail.extend_from_slice(chunk);
                if chunk.len() == data.remaining() {
                    return;
                }
                let len = chunk.len();
                data.advance(len);
            }
        }
        self.seal();
        // For `Bytes` this takes the data as they are.
        self.list.get_or_insert_default().push(data.copy_to_bytes(len));
    }

    /// Queues data as they are, however short.
    pub(crate) fn push_whole(&mut self, data: Bytes) {
        let tail = self.tail_bytes();
        if !tail.is_empty() && tail.len() <= SHORT_BYTES {
            // The head of a frame does not take its buffer along.
            let short = Bytes::copy_from_slice(tail);
            self.empty_tail();
            self.list.get_or_insert_default().push(short);
        }
        self.seal();
        self.list.get_or_insert_default().push(data);
    }

    /// Bytes that wait.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.listed() + self.tail_bytes().len()
    }

    /// Bytes that were written in all.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn listed(&self) -> usize {
        self.list.as_ref().map_or(0, |list| list.remaining())
    }

    /// Writes until nothing waits. `progress` is set when any byte was taken.
    pub(crate) fn poll_write<Io: AsyncWrite + Unpin>(
        &mut self,
        io: &mut Io,
        cx: &mut Context<'_>,
        progress: &mut bool,
    ) -> Poll<io::Result<()>> {
        let written = self.poll_write_keeping(io, cx, progress);
        if written.is_ready() {
            self.release();
        }
        written
    }

    /// The same, but an empty buffer may be left.
    pub(crate) fn poll_write_keeping<Io: AsyncWrite + Unpin>(
        &mut self,
        io: &mut Io,
        cx: &mut Context<'_>,
        progress: &mut bool,
    ) -> Poll<io::Result<()>> {
        if self.listed() == 0 {
            // Nearly always there is one buffer, and the socket takes it whole.
            let tail = self.tail_bytes();
            let len = tail.len();
            let written = match len {
                0 => return Poll::Ready(Ok(())),
                _ => ready!(Pin::new(&mut *io).poll_write(cx, tail))?,
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *progress = true;
            self.tail_start += written;
            self.sent += written as u64;
            if written == len {
                self.empty_tail();
                return Poll::Ready(Ok(()));
            }
        }
        while !self.is_empty() {
            let written = ready!(self.poll_write_once(io, cx, &[]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *progress = true;
            self.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what waits and `after` behind it, in one call; answers how many bytes were taken.
    ///
    /// What was taken of the queue is still to be removed, by [`advance`](Self::advance).
    pub(crate) fn poll_write_once<Io: AsyncWrite + Unpin>(
        &mut self,
        io: &mut Io,
        cx: &mut Context<'_>,
        after: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let io = Pin::new(io);
        if after.is_empty() && self.listed() == 0 {
            return io.poll_write(cx, self.tail_bytes());
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut filled = match &self.list {
            Some(list) => list.chunks_vectored(&mut slices[..SLICES - 1]),
            None => 0,
        };
        let tail = self.tail_bytes();
        // The tail may only follow a list that is in the slices whole.
        let listed: usize = slices[..filled].iter().map(|slice| slice.len()).sum();
        if listed == self.listed() {
            let rest = [IoSlice::new(tail)].into_iter().chain(after.iter().copied());
            for slice in rest.filter(|slice| !slice.is_empty()).take(SLICES - filled) {
                slices[filled] = slice;
                filled += 1;
            }
        }
        io.poll_write_vectored(cx, &slices[..filled])
    }

    /// Removes the first `len` bytes, or all that is here; answers how many of `len` are left over: those were
    /// written from behind it.
    pub(crate) fn advance(&mut self, len: usize) -> usize {
        let listed = len.min(self.listed());
        if let Some(list) = &mut self.list {
            list.advance(listed);
        }
        let tailed = (len - listed).min(self.tail_bytes().len());
        self.tail_start += tailed;
        if self.tail_bytes().is_empty() {
            self.empty_tail();
        }
        self.sent += len as u64;
        len - listed - tailed
    }

    fn empty_tail(&mut self) {
        self.tail_start = 0;
        if let Some(tail) = &mut self.tail {
            tail.clear();
        }
    }

    /// Whether there is no buffer to write into.
    #[inline]
    pub(crate) fn wants_buffer(&self) -> bool {
        self.tail.is_none()
    }

    /// Takes an empty buffer to write into.
    #[inline]
    pub(crate) fn give_buffer(&mut self, buffer: Option<PooledBuf>) {
        self.tail = buffer;
    }

    /// The buffer, of which all has been written.
    #[inline]
    pub(crate) fn take_buffer(&mut self) -> Option<PooledBuf> {
        self.tail.take_if(|tail| tail.is_empty())
    }

    /// Gives the buffer back if nothing is in it.
    pub(crate) fn release(&mut self) {
        if self.is_empty()
            && let Some(tail) = self.tail.take()
        {
            self.tail_start = 0;
            buffers::give(tail);
        }
    }

    fn tail_bytes(&self) -> &[u8] {
        self.tail.as_ref().map_or(&[], |tail| &tail[self.tail_start..])
    }

    fn seal(&mut self) {
        if let Some(tail) = self.tail.take_if(|tail| !tail.is_empty()) {
            let start = std::mem::take(&mut self.tail_start);
            let mut sealed: Bytes = tail.freeze();
            sealed.advance(start);
            self.list.get_or_insert_default().push(sealed);
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(tail) = self.tail.take() {
            buffers::give(tail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes per call, and counts the calls.
    struct Narrow {
        width: usize,
        calls: usize,
        taken: Vec<u8>,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            self.calls += 1;
            let len = buf.len().min(self.width);
            self.taken.extend_from_slice(&buf[..len]);
            Poll::Ready(Ok(len))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.calls += 1;
            let before = self.taken.len();
            let bytes = bufs.iter().flat_map(|buf| buf.iter().copied()).take(self.width);
            self.taken.extend(bytes);
            Poll::Ready(Ok(self.taken.len() - before))
        }
    }

    fn write(output: &mut Output, io: &mut Narrow) {
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        assert!(matches!(output.poll_write(io, cx, &mut false), Poll::Ready(Ok(()))));
    }

    #[test]
    fn what_is_queued_leaves_in_order_however_narrow_the_way() {
        for width in [1, 7, 1000, 16_384, 1 << 20] {
            let mut io = Narrow { width, calls: 0, taken: Vec::new() };
            let mut output = Output::default();
            let mut expected = Vec::new();
            for (i, len) in [10, COPY_BYTES, COPY_BYTES + 1, 3, 40_000, 50_000, 1].into_iter().enumerate() {
                let data = vec![i as u8; len];
                expected.extend_from_slice(&data);
                output.push(Bytes::from(data));
            }
            assert_eq!(output.len(), expected.len());
            write(&mut output, &mut io);
            assert!(io.taken == expected, "with width {width}");
            assert!(output.is_empty() && output.tail.is_none());
        }
    }

    #[test]
    fn a_batch_of_small_things_is_one_write_and_a_long_one_joins_it() {
        let mut io = Narrow { width: usize::MAX, calls: 0, taken: Vec::new() };
        let mut output = Output::default();
        (0..100).for_each(|_| output.push(Bytes::from_static(b"small")));
        write(&mut output, &mut io);
        assert_eq!(io.calls, 1);
        output.push(Bytes::from_static(b"head"));
        output.push(Bytes::from(vec![0; 100_000]));
        output.push(Bytes::from_static(b"end"));
        write(&mut output, &mut io);
        assert_eq!(io.calls, 2);
    }
}
