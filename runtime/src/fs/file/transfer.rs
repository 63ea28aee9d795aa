//! Reading, writing and seeking at the cursor.

use std::io::{self, IoSlice, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::File;
use super::state::{Phase, State, start_read, start_seek, start_write};
use crate::fs::cached::{self, Miss};
use crate::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use crate::task::coop::poll_proceed;

/// Whether reads of a file may be answered from memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cached {
    Perhaps,
    /// Its file system does not tell.
    Never,
}

impl AsyncRead for File {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let unit = ready!(poll_proceed(cx));
        let me = self.get_mut();
        let mut state = ready!(me.shared.poll_when(cx, |state| !state.is_busy()));
        unit.made_progress();
        let held = state.held();
        if !held.is_empty() {
            let length = held.len().min(buf.remaining());
            buf.put_slice(&held[..length]);
            state.taken += length;
            if state.held().is_empty() {
                state.incoming = Vec::new();
                state.taken = 0;
                state.phase = Phase::Idle;
            }
            return Poll::Ready(Ok(()));
        }
        if let Phase::HasRead(result) = std::mem::replace(&mut state.phase, Phase::Idle) {
            // The end of the file, or an error.
            return Poll::Ready(result);
        }
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if me.cached == Cached::Perhaps {
            let length = buf.remaining().min(me.buffer_max);
            match cached::read(&me.file, buf.initialize_unfilled_to(length)) {
                Ok(read) => {
                    buf.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(Miss::NotNow) => {}
                Err(Miss::Never) => me.cached = Cached::Never,
            }
        }
        state.phase = Phase::Reading;
        drop(state);
        me.shared.waker.register(cx.waker());
        start_read(&me.shared, &me.file, buf.remaining().min(me.buffer_max));
        Poll::Pending
    }
}

impl File {
    fn poll_gather(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let unit = ready!(poll_proceed(cx));
        let max = self.buffer_max;
        let mut state = ready!(self.shared.poll_when(cx, |state| match state.phase {
            _ if state.fault.is_some() => true,
            Phase::Reading | Phase::Seeking => false,
            Phase::Writing => state.outgoing.len() < max,
            Phase::Idle | Phase::HasRead(_) | Phase::HasSought(_) => true,
        }));
        unit.made_progress();
        if let Some(fault) = state.fault.take() {
            return Poll::Ready(Err(fault));
        }
        if !matches!(state.phase, Phase::Writing) {
            state.give_back(&self.file)?;
        }
        let room = max - state.outgoing.len();
        let mut taken = 0;
        for buf in bufs {
            let length = buf.len().min(room - taken);
            state.outgoing.extend_from_slice(&buf[..length]);
            taken += length;
        }
        if taken > 0 && !matches!(state.phase, Phase::Writing) {
            state.phase = Phase::Writing;
            drop(state);
            start_write(&self.shared, &self.file);
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_written = |state: &State| state.fault.is_some() || !matches!(state.phase, Phase::Writing);
        let mut state = ready!(self.shared.poll_when(cx, is_written));
        Poll::Ready(state.fault.take().map_or(Ok(()), Err))
    }
}

impl AsyncWrite for File {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().poll_gather(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_gather(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_written(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_written(cx)
    }
}

impl AsyncSeek for File {
    /// Notes the seek; it happens in [`poll_complete`](AsyncSeek::poll_complete), after what is under way. One that was
    /// noted before and has not begun is forgotten: its future was dropped.
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.get_mut().seek = Some(position);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let me = self.get_mut();
        let mut state = ready!(me.shared.poll_when(cx, |state| !state.is_busy()));
        if me.seek.is_none()
            && let Phase::HasSought(result) = std::mem::replace(&mut state.phase, Phase::Idle)
        {
            return Poll::Ready(result);
        }
        if let Some(fault) = state.fault.take() {
            me.seek = None;
            return Poll::Ready(Err(fault));
        }
        state.give_back(&me.file)?;
        match me.seek.take() {
            // The end of a file is for its file system to know, and that may have to ask.
            Some(position @ SeekFrom::End(_)) => {
                state.phase = Phase::Seeking;
                drop(state);
                me.shared.waker.register(cx.waker());
                start_seek(&me.shared, &me.file, position);
                Poll::Pending
            }
            here_or_there => {
                let mut file: &std::fs::File = &Arc::clone(&me.file);
                Poll::Ready(file.seek(here_or_there.unwrap_or(SeekFrom::Current(0))))
            }
        }
    }
}
