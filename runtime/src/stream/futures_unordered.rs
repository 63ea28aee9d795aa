//! Futures of one type, polled in one task, and their outputs in the order in which they come.
//!
//! Each future has a slot with a waker of its own. The waker writes down that the slot is to be polled, and wakes the
//! task. So a poll looks only at futures that were woken, however many were not. Slots are used again, box and waker
//! included: a set that stays about as large allocates no more.
//!
//! Invariants
//! 1. `is_queued` of a slot is on from when its key goes into the queue until it is taken out, before the poll: a wake
//!    during the poll queues it again.
//! 2. Who polls the set registers its waker before it looks at the queue, and a slot is queued before the task is
//!    woken. One of the two sees the other.
//! 3. A waker may outlive its future. It then wakes whoever has the slot, or nobody: a poll too many, which every
//!    future must bear.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures_core::Stream;

use crate::shim::Mutex;
use crate::shim::atomic::AtomicBool;
use crate::shim::atomic::Ordering::AcqRel;
use crate::sync::atomic_waker::AtomicWaker;

/// Empty slots that a set keeps when it has run empty; a rush of futures does not hold its memory for ever.
const RETAINED: usize = 64;

/// Runs futures of one type in this task, and answers their outputs in the order in which they come.
///
/// A stream, which ends while the set is empty and goes on when futures are pushed. A future is polled when it was
/// woken, and not with the others. For futures that should run in parallel there is
/// [`JoinSet`](crate::task::JoinSet).
///
/// # Cancel safety
///
/// The futures stay in the set while nobody polls it, and make no progress. Dropping it drops them.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use minato_runtime::stream::{FuturesUnordered, StreamExt};
/// use minato_runtime::time::sleep;
///
/// # minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
/// let mut tasks: FuturesUnordered<_> = [30, 10, 20]
///     .into_iter()
///     .map(|ms| async move {
///         sleep(Duration::from_millis(ms)).await;
///         ms
///     })
///     .collect();
/// assert_eq!(tasks.next().await, Some(10));
/// assert_eq!(tasks.next().await, Some(20));
/// assert_eq!(tasks.next().await, Some(30));
/// assert_eq!(tasks.next().await, None);
/// # });
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct FuturesUnordered<F> {
    slots: Vec<Slot<F>>,
    /// Keys of the slots without a future.
    free: Vec<usize>,
    ready: Arc<Ready>,
}

struct Slot<F> {
    future: Pin<Box<Option<F>>>,
    entry: Arc<Entry>,
    waker: Waker,
}

/// The slots that are to be polled, and the task that polls them.
struct Ready {
    keys: Mutex<VecDeque<usize>>,
    task: AtomicWaker,
}

/// What the waker of a slot knows.
struct Entry {
    key: usize,
    is_queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Entry {
    fn queue(&self) {
        // ORDERING: AcqRel [queued]: Release publishes what the waker's caller did; Acquire is for the other case, in
        // which the key is in the queue and the poll to come sees it.
        if !self.is_queued.swap(true, AcqRel) {
            self.ready.keys.lock().push_back(self.key);
            self.ready.task.wake();
        }
    }
}

impl Wake for Entry {
    fn wake(self: Arc<Self>) {
        self.queue();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.queue();
    }
}

impl<F> FuturesUnordered<F> {
    /// An empty set; allocates when the first future comes.
    pub fn new() -> Self {
        let ready = Ready { keys: Mutex::new(VecDeque::new()), task: AtomicWaker::new() };
        Self { slots: Vec::new(), free: Vec::new(), ready: Arc::new(ready) }
    }

    /// How many futures are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether no future is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a future in. It is polled with the set, not before.
    pub fn push(&mut self, future: F) {
        let key = self.free.pop().unwrap_or_else(|| self.add_slot());
        let slot = &mut self.slots[key];
        slot.future.set(Some(future));
        slot.entry.queue();
    }

    fn add_slot(&mut self) -> usize {
        let key = self.slots.len();
        let entry = Entry { key, is_queued: AtomicBool::new(false), ready: Arc::clone(&self.ready) };
        let entry = Arc::new(entry);
        let waker = Waker::from(Arc::clone(&entry));
        self.slots.push(Slot { future: Box::pin(None), entry, waker });
        key
    }

    /// Drops all futures.
    pub fn clear(&mut self) {
        self.free.clear();
        self.slots.clear();
    }

    /// Drops the future of a slot, or what is left of it.
    fn release(&mut self, key: usize) {
        // Before the drop, which may panic.
        self.free.push(key);
        self.slots[key].future.set(None);
        if self.is_empty() && self.slots.len() > RETAINED {
            self.slots.truncate(RETAINED);
            self.slots.shrink_to_fit();
            self.free = (0..RETAINED).collect();
        }
    }
}

/// Releases a slot when it is dropped, also while a panic goes by.
struct Release<'a, F> {
    set: &'a mut FuturesUnordered<F>,
    key: usize,
}

impl<F> Drop for Release<'_, F> {
    fn drop(&mut self) {
        self.set.release(self.key);
    }
}

impl<F: Future> Stream for FuturesUnordered<F> {
    type Item = F::Output;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let set = &mut *self;
        if set.is_empty() {
            return Poll::Ready(None);
        }
        set.ready.task.register(cx.waker());
        // Futures that wake themselves in every poll must not hold the task.
        for _ in 0..set.len() {
            let Some(key) = set.ready.keys.lock().pop_front() else { return Poll::Pending };
            let Some(slot) = set.slots.get_mut(key) else { continue };
            // ORDERING: AcqRel [queued]: Acquire sees what the waker's caller did.
            slot.entry.is_queued.swap(false, AcqRel);
            let waker = slot.waker.clone();
            let release = Release { set, key };
            let Some(future) = release.set.slots[key].future.as_mut().as_pin_mut() else {
                // Woken after its end (invariant 3).
                std::mem::forget(release);
                continue;
            };
            match future.poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(output) => {
                    drop(release);
                    return Poll::Ready(Some(output));
                }
                Poll::Pending => std::mem::forget(release),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl<F> Unpin for FuturesUnordered<F> {}

impl<F> Default for FuturesUnordered<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> Extend<F> for FuturesUnordered<F> {
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        futures.into_iter().for_each(|future| self.push(future));
    }
}

impl<F> FromIterator<F> for FuturesUnordered<F> {
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = Self::new();
        set.extend(futures);
        set
    }
}

impl<F> fmt::Debug for FuturesUnordered<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FuturesUnordered").field("len", &self.len()).finish_non_exhaustive()
    }
}
