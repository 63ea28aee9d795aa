//! The bounded queue between a producer of a body and the body.
//!
//! Both a user's [`BodySender`](super::BodySender) and the driver of an HTTP/1 connection feed bodies through it. The
//! driver polls the handler that reads the body in its own task; the two then carry the same waker, and neither
//! side wakes a task that is already running.
//!
//! Invariants
//! 1. `end` is set once. After it, nothing is queued.
//! 2. Frames queued before an error are delivered before it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};

use super::BodyLimits;
use crate::error::{Error, Kind};
use crate::limits::PIPE_BYTES;

pub(crate) fn pipe(length: Option<u64>) -> (PipeWriter, PipeReader) {
    let state = State { length, ..State::default() };
    let shared = Arc::new(Mutex::new(state));
    (PipeWriter { shared: Arc::clone(&shared) }, PipeReader { shared })
}

#[derive(Default)]
struct State {
    queue: VecDeque<Bytes>,
    queued_bytes: usize,
    /// Bytes the reader is still to see, where the length was announced.
    length: Option<u64>,
    trailers: Option<HeaderMap>,
    end: Option<End>,
    /// The reader asked for a frame and got none since the last push.
    demand: bool,
    reader_gone: bool,
    /// Other limits than the producer was made with.
    limits: Option<BodyLimits>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

enum End {
    Finished,
    Failed(Option<Error>),
}

/// Takes wakers under the lock, to be woken after it.
struct Wake(Option<Waker>);

impl Wake {
    fn now(self) {
        if let Some(waker) = self.0 {
            waker.wake();
        }
    }
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn store(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}

pub(crate) struct PipeReader {
    shared: Arc<Mutex<State>>,
}

impl PipeReader {
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut state = lock(&self.shared);
        if let Some(data) = state.queue.pop_front() {
            state.queued_bytes -= data.len();
            state.length = state.length.map(|length| length.saturating_sub(data.len() as u64));
            let wake = if state.queued_bytes < PIPE_BYTES { Wake(state.writer.take()) } else { Wake(None) };
            drop(state);
            wake.now();
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if let Some(trailers) = state.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        match &mut state.end {
            Some(End::Finished) => return Poll::Ready(None),
            Some(End::Failed(error)) => return Poll::Ready(error.take().map(Err)),
            None => {}
        }
        store(&mut state.reader, cx);
        let first = !std::mem::replace(&mut state.demand, true);
        // The producer that polls us in its own task looks at `demand` itself when we return.
        let wake = match &state.writer {
            Some(writer) if first && !writer.will_wake(cx.waker()) => Wake(state.writer.take()),
            _ => Wake(None),
        };
        drop(state);
        wake.now();
        Poll::Pending
    }

    /// Asks the producer to keep to other limits.
    pub(super) fn set_limits(&mut self, limits: BodyLimits) {
        lock(&self.shared).limits = Some(limits);
    }

    pub(super) fn is_end_stream(&self) -> bool {
        let state = lock(&self.shared);
        state.queue.is_empty() && state.trailers.is_none() && matches!(state.end, Some(End::Finished))
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let state = lock(&self.shared);
        match (state.length, &state.end) {
            (Some(length), _) => SizeHint::with_exact(length),
            (None, Some(End::Finished)) => SizeHint::with_exact(state.queued_bytes as u64),
            (None, _) => {
                let mut hint = SizeHint::new();
                hint.set_lower(state.queued_bytes as u64);
                hint
            }
        }
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        let mut state = lock(&self.shared);
        state.reader_gone = true;
        state.queue.clear();
        state.queued_bytes = 0;
        state.reader = None;
        let wake = Wake(state.writer.take());
        drop(state);
        wake.now();
    }
}

/// What the reader is up to, as the producer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// It waits for a frame.
    Wanted,
    /// It has not asked.
    Idle,
    /// It was dropped.
    Gone,
}

pub(crate) struct PipeWriter {
    shared: Arc<Mutex<State>>,
}

impl PipeWriter {
    /// What the reader is up to; registers to be woken when that changes.
    pub(crate) fn demand(&self, cx: &Context<'_>) -> Demand {
        let mut state = lock(&self.shared);
        if state.reader_gone {
            return Demand::Gone;
        }
        if state.demand {
            return Demand::Wanted;
        }
        store(&mut state.writer, cx);
        Demand::Idle
    }

    /// Whether the reader was dropped.
    pub(crate) fn is_abandoned(&self) -> bool {
        lock(&self.shared).reader_gone
    }

    /// The limits the reader has set since this was asked last.
    pub(crate) fn take_limits(&self) -> Option<BodyLimits> {
        lock(&self.shared).limits.take()
    }

    /// Ready with `true` when there is room for more, with `false` when the reader is gone.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<bool> {
        let mut state = lock(&self.shared);
        if state.reader_gone {
            return Poll::Ready(false);
        }
        if state.queued_bytes < PIPE_BYTES {
            return Poll::Ready(true);
        }
        store(&mut state.writer, cx);
        Poll::Pending
    }

    /// Ready once the reader is gone.
    pub(super) fn poll_gone(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = lock(&self.shared);
        if state.reader_gone {
            return Poll::Ready(());
        }
        store(&mut state.writer, cx);
        Poll::Pending
    }

    /// Queues data. `by` is the waker of the task that does so, where it will poll the reader itself.
    pub(crate) fn push(&self, data: Bytes, by: Option<&Waker>) {
        self.change(by, |state| {
            state.queued_bytes += data.len();
            state.queue.push_back(data);
        });
    }

    pub(crate) fn finish(&self, trailers: Option<HeaderMap>, by: Option<&Waker>) {
        self.change(by, |state| {
            state.trailers = trailers;
            state.end = Some(End::Finished);
        });
    }

    pub(crate) fn fail(&self, error: Error, by: Option<&Waker>) {
        self.change(by, |state| state.end = Some(End::Failed(Some(error))));
    }

    fn change(&self, by: Option<&Waker>, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.shared);
        if state.reader_gone || state.end.is_some() {
            return;
        }
        change(&mut state);
        state.demand = false;
        let reader = state.reader.take();
        let wake = Wake(reader.filter(|reader| by.is_none_or(|by| !by.will_wake(reader))));
        drop(state);
        wake.now();
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        self.fail(Error::new(Kind::Canceled), None);
    }
}
