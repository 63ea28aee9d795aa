//! A wake-up call without a value.
//!
//! Invariants
//! 1. The word holds one of three states and, above them, how often everybody was called. It changes from and to
//!    `WAITING` only under the lock of the queue, and is `WAITING` exactly while the queue is not empty.
//! 2. A call to everybody reaches each [`Notified`] made before it, polled or not: those in the queue directly, the
//!    others because the count has changed since they were made.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::wait_queue::{Key, SetWaker, WaitQueue, Wakers};
use crate::shim::atomic::AtomicUsize;
use crate::shim::atomic::Ordering::{AcqRel, Acquire};
use crate::shim::{Mutex, MutexGuard};
use crate::task::WaitSite;
use crate::task::coop::poll_proceed;

/// Nobody waits, nothing is stored.
const IDLE: usize = 0;
/// Tasks wait in the queue.
const WAITING: usize = 1;
/// A call is stored for the next that waits.
const NOTIFIED: usize = 2;
const STATE: usize = 3;
const CALL: usize = 4;

/// Who of the queue is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// What has happened to a queued task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    NotYet,
    /// It was the one called; if it goes away, another is called, from the same end of the queue.
    One(End),
    /// Everybody was called.
    All,
}

/// Calls tasks that wait for something to change.
///
/// A call that finds nobody waiting is stored, at most once, for the next that waits. So "check, then wait" loses no
/// call that comes in between.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::Notify;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let notify = Notify::new();
/// notify.notify_one();
/// notify.notified().await;
/// # });
/// ```
#[derive(Debug)]
pub struct Notify {
    word: AtomicUsize,
    queue: Mutex<WaitQueue<Call>>,
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

impl Notify {
    /// Nobody waits, nothing is stored.
    #[must_use]
    pub fn new() -> Self {
        Self { word: AtomicUsize::new(IDLE), queue: Mutex::new(WaitQueue::new()) }
    }

    /// As [`new`](Self::new), for statics.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn const_new() -> Self {
        Self { word: AtomicUsize::new(IDLE), queue: Mutex::new(WaitQueue::new()) }
    }

    /// Waits for a call.
    ///
    /// [`notify_waiters`](Self::notify_waiters) reaches the future from the moment it is made,
    /// [`notify_one`](Self::notify_one) from the moment it is polled or [enabled](Notified::enable).
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses its place in the queue; a call it had received goes to the next.
    pub fn notified(&self) -> Notified<'_> {
        Notified { notify: self, waiting: Waiting::new(self) }
    }

    /// As [`notified`](Self::notified), with a future that owns the `Notify`.
    ///
    /// # Cancel safety
    ///
    /// As [`notified`](Self::notified).
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        let waiting = Waiting::new(&self);
        OwnedNotified { notify: self, waiting }
    }

    /// Calls the task that has waited longest, or stores the call if nobody waits.
    pub fn notify_one(&self) {
        self.notify(End::First);
    }

    /// Calls the task that has waited shortest, or stores the call if nobody waits.
    pub fn notify_last(&self) {
        self.notify(End::Last);
    }

    fn notify(&self, end: End) {
        let mut word = self.word.load(Acquire);
        while word & STATE != WAITING {
            // ORDERING: AcqRel [call]: Release publishes what the caller did. It also stands when the call is stored
            // already, because the task that takes it must see this caller's work too.
            match self.word.compare_exchange_weak(word, word & !STATE | NOTIFIED, AcqRel, Acquire) {
                Ok(_) => return,
                Err(current) => word = current,
            }
        }
        self.call_one(self.queue.lock(), end);
    }

    /// Calls one queued task, or stores the call if there is none.
    fn call_one(&self, mut queue: MutexGuard<'_, WaitQueue<Call>>, end: End) {
        let popped = match end {
            End::First => queue.pop_front(),
            End::Last => queue.pop_back(),
        };
        let Some((call, waker)) = popped else {
            drop(queue);
            // The queue has emptied since; the word is not `WAITING` any more (invariant 1) unless somebody comes.
            return self.notify(end);
        };
        *call = Call::One(end);
        if queue.is_empty() {
            self.leave_waiting();
        }
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Turns `WAITING` into `IDLE`; the caller holds the lock and has emptied the queue.
    fn leave_waiting(&self) {
        // ORDERING: AcqRel [call]. The subtraction touches the state bits alone: nobody else changes them while the
        // state is `WAITING` and we hold the lock.
        self.word.fetch_sub(WAITING - IDLE, AcqRel);
    }

    /// Calls every task that waits now; stores nothing.
    pub fn notify_waiters(&self) {
        let mut wakers = Wakers::default();
        self.collect_waiters(&mut wakers);
        wakers.wake();
    }

    /// As [`notify_waiters`](Self::notify_waiters), but for the wakes, which are left to the caller.
    pub(super) fn collect_waiters(&self, wakers: &mut Wakers) {
        let mut queue = self.queue.lock();
        // ORDERING: AcqRel [call]: Release publishes what the caller did.
        let word = self.word.fetch_add(CALL, AcqRel);
        if word & STATE == WAITING {
            while let Some((call, waker)) = queue.pop_front() {
                *call = Call::All;
                wakers.push(waker);
            }
            self.leave_waiting();
        }
    }
}

/// Waits for a call; made by [`Notify::notified`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Notified<'a> {
    notify: &'a Notify,
    waiting: Waiting,
}

/// Waits for a call, and owns the [`Notify`]; made by [`Notify::notified_owned`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct OwnedNotified {
    notify: Arc<Notify>,
    waiting: Waiting,
}

impl Notified<'_> {
    /// Takes a place in the queue without being polled, so that [`Notify::notify_one`] reaches this future from now
    /// on; answers whether the call has come already.
    ///
    /// The receiver is pinned, as tokio's is, so that the same code works with both.
    pub fn enable(mut self: Pin<&mut Self>) -> bool {
        let Self { notify, waiting } = &mut *self;
        waiting.advance(notify, None).is_ready()
    }
}

impl OwnedNotified {
    /// As [`Notified::enable`].
    pub fn enable(mut self: Pin<&mut Self>) -> bool {
        let Self { notify, waiting } = &mut *self;
        waiting.advance(notify, None).is_ready()
    }
}

/// What a waiting future remembers.
#[derive(Debug)]
pub(super) struct Waiting {
    /// How often everybody had been called when this was made.
    calls: usize,
    place: Option<Key>,
    done: bool,
}

impl Waiting {
    pub(super) fn new(notify: &Notify) -> Self {
        // ORDERING: Acquire [call]: sees what came before the calls that are not for this future.
        Self { calls: notify.word.load(Acquire) & !STATE, place: None, done: false }
    }

    pub(super) fn poll(&mut self, notify: &Notify, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(poll_proceed(cx));
        ready!(self.advance(notify, Some(cx)));
        unit.made_progress();
        Poll::Ready(())
    }

    fn advance(&mut self, notify: &Notify, cx: Option<&mut Context<'_>>) -> Poll<()> {
        if self.done {
            return Poll::Ready(());
        }
        match self.place {
            Some(key) => ready!(self.advance_queued(notify, key, cx)),
            None => ready!(self.advance_first(notify, cx)),
        }
        self.done = true;
        Poll::Ready(())
    }

    fn advance_first(&mut self, notify: &Notify, cx: Option<&mut Context<'_>>) -> Poll<()> {
        let word = &notify.word;
        let mut current = word.load(Acquire);
        while current & STATE == NOTIFIED && current & !STATE == self.calls {
            // ORDERING: AcqRel [call]: Acquire sees what the caller did.
            match word.compare_exchange_weak(current, current & !STATE | IDLE, AcqRel, Acquire) {
                Ok(_) => return Poll::Ready(()),
                Err(actual) => current = actual,
            }
        }
        if current & !STATE != self.calls {
            return Poll::Ready(());
        }
        let waker = cx.map(|cx| cx.waker().clone());
        let mut queue = notify.queue.lock();
        current = word.load(Acquire);
        loop {
            // Under the lock nobody is called but through us, and a call to everybody cannot slip in (invariant 2).
            if current & !STATE != self.calls {
                return Poll::Ready(());
            }
            let (next, done) = match current & STATE {
                NOTIFIED => (IDLE, true),
                _ => (WAITING, false),
            };
            match word.compare_exchange_weak(current, current & !STATE | next, AcqRel, Acquire) {
                Ok(_) if done => return Poll::Ready(()),
                Ok(_) => break,
                Err(actual) => current = actual,
            }
        }
        self.place = Some(queue.push_back(Call::NotYet, waker));
        WaitSite::Notify.pending()
    }

    fn advance_queued(&mut self, notify: &Notify, key: Key, cx: Option<&mut Context<'_>>) -> Poll<()> {
        let mut fresh = None;
        let mut queue = notify.queue.lock();
        while *queue.get_mut(key) == Call::NotYet {
            let Some(cx) = &cx else { return WaitSite::Notify.pending() };
            match queue.set_waker(key, cx, &mut fresh) {
                SetWaker::Done => return WaitSite::Notify.pending(),
                SetWaker::NeedsClone => drop(queue),
            }
            fresh = Some(cx.waker().clone());
            queue = notify.queue.lock();
        }
        let entry = queue.remove(key);
        self.place = None;
        drop(queue);
        drop(entry);
        Poll::Ready(())
    }

    /// The future goes away; a call it had received goes to another.
    pub(super) fn leave(&mut self, notify: &Notify) {
        let Some(key) = self.place.take() else { return };
        let mut queue = notify.queue.lock();
        let was_waiting = !queue.is_empty();
        let (call, waker) = queue.remove(key);
        match call {
            Call::One(end) if queue.is_empty() => {
                drop(queue);
                notify.notify(end);
            }
            Call::One(end) => notify.call_one(queue, end),
            Call::NotYet | Call::All => {
                if was_waiting && queue.is_empty() {
                    notify.leave_waiting();
                }
                drop(queue);
            }
        }
        drop(waker);
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { notify, waiting } = &mut *self;
        waiting.poll(notify, cx)
    }
}

impl Future for OwnedNotified {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { notify, waiting } = &mut *self;
        waiting.poll(notify, cx)
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        self.waiting.leave(self.notify);
    }
}

impl Drop for OwnedNotified {
    fn drop(&mut self) {
        self.waiting.leave(&self.notify);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::test_support::{CountingWaker, poll_once, ready};
    use std::pin::pin;

    #[test]
    fn a_call_is_stored_once() {
        let notify = Notify::new();
        notify.notify_one();
        notify.notify_one();
        ready(notify.notified());
        assert!(poll_once(pin!(notify.notified())).is_pending());
    }

    #[test]
    fn notify_one_calls_in_the_order_of_waiting() {
        let notify = Notify::new();
        let mut first = pin!(notify.notified());
        let mut second = pin!(notify.notified());
        assert!(poll_once(first.as_mut()).is_pending());
        assert!(poll_once(second.as_mut()).is_pending());
        notify.notify_one();
        assert!(poll_once(second.as_mut()).is_pending());
        ready(first);
        notify.notify_one();
        ready(second);
    }

    #[test]
    fn notify_waiters_reaches_futures_that_were_never_polled_and_stores_nothing() {
        let notify = Notify::new();
        let unpolled = notify.notified();
        let (count, waker) = CountingWaker::new();
        let mut polled = pin!(notify.notified());
        let mut also = pin!(notify.notified());
        assert!(polled.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(also.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        notify.notify_waiters();
        assert_eq!(count.count(), 2);
        ready(unpolled);
        ready(polled);
        ready(also);
        assert!(poll_once(pin!(notify.notified())).is_pending());
    }

    #[test]
    fn a_call_to_a_dropped_future_goes_to_the_next() {
        let notify = Notify::new();
        let (count, waker) = CountingWaker::new();
        let mut next = pin!(notify.notified());
        {
            let mut first = pin!(notify.notified());
            assert!(poll_once(first.as_mut()).is_pending());
            assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            notify.notify_one();
            assert_eq!(count.count(), 0);
        }
        assert_eq!(count.count(), 1);
        ready(next);
        {
            let mut only = pin!(notify.notified());
            assert!(poll_once(only.as_mut()).is_pending());
            notify.notify_one();
        }
        ready(notify.notified());
    }

    #[test]
    fn an_enabled_future_is_reached_without_a_poll() {
        let notify = Notify::new();
        let mut enabled = pin!(notify.notified());
        assert!(!enabled.as_mut().enable());
        notify.notify_one();
        assert!(enabled.as_mut().enable());
        ready(enabled);
        assert!(poll_once(pin!(notify.notified())).is_pending());
    }

    #[test]
    fn notify_last_calls_in_the_opposite_order_and_passes_on_the_same_way() {
        let notify = Notify::new();
        let (count, waker) = CountingWaker::new();
        let mut first = pin!(notify.notified());
        let mut second = pin!(notify.notified());
        assert!(poll_once(first.as_mut()).is_pending());
        assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        {
            let mut third = pin!(notify.notified());
            assert!(poll_once(third.as_mut()).is_pending());
            notify.notify_last();
            assert_eq!(count.count(), 0);
        }
        assert_eq!(count.count(), 1);
        ready(second);
        assert!(poll_once(first.as_mut()).is_pending());
        notify.notify_last();
        ready(first);
        notify.notify_last();
        ready(notify.notified());
    }

    #[test]
    fn an_owned_future_is_called_like_any_other() {
        let notify = Arc::new(Notify::new());
        let mut early = pin!(Arc::clone(&notify).notified_owned());
        let late = Arc::clone(&notify).notified_owned();
        assert!(!early.as_mut().enable());
        notify.notify_one();
        ready(early);
        notify.notify_waiters();
        ready(late);
        assert!(poll_once(pin!(Arc::clone(&notify).notified_owned())).is_pending());
    }

    #[test]
    fn a_cancelled_wait_leaves_nothing_behind() {
        let notify = Notify::new();
        assert!(poll_once(pin!(notify.notified())).is_pending());
        notify.notify_one();
        ready(notify.notified());
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::shim::thread;
    use loom::future::block_on;

    #[test]
    fn loom_one_call_reaches_one_waiter() {
        loom::model(|| {
            let notify = Arc::new(Notify::new());
            let calling = Arc::clone(&notify);
            let thread = thread::spawn(move || calling.notify_one());
            block_on(notify.notified());
            thread.join().unwrap();
        });
    }

    #[test]
    fn loom_two_calls_reach_two_waiters() {
        loom::model(|| {
            let notify = Arc::new(Notify::new());
            let waiting = Arc::clone(&notify);
            let thread = thread::spawn(move || block_on(waiting.notified()));
            // Stored at most once: the second call waits until the first was taken.
            notify.notify_one();
            block_on(async {
                let mut own = notify.notified();
                if !Pin::new(&mut own).enable() {
                    notify.notify_one();
                    own.await;
                } else {
                    notify.notify_one();
                }
            });
            thread.join().unwrap();
        });
    }

    #[test]
    fn loom_a_call_to_everybody_reaches_those_made_before() {
        loom::model(|| {
            let notify = Arc::new(Notify::new());
            let calling = Arc::clone(&notify);
            let notified = notify.notified();
            let thread = thread::spawn(move || calling.notify_waiters());
            block_on(notified);
            thread.join().unwrap();
        });
    }

    #[test]
    fn loom_a_dropped_waiter_passes_the_call_on() {
        loom::model(|| {
            let notify = Arc::new(Notify::new());
            let calling = Arc::clone(&notify);
            let thread = thread::spawn(move || calling.notify_one());
            let mut gives_up = notify.notified();
            let called = Pin::new(&mut gives_up).poll(&mut Context::from_waker(std::task::Waker::noop()));
            drop(gives_up);
            if called.is_pending() {
                block_on(notify.notified());
            }
            thread.join().unwrap();
        });
    }
}
