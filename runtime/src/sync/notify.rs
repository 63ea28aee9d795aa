//! A wake-up call without a value.
//!
//! A task that waits has a place in a queue, and a ticket. Tickets are drawn in the order of the queue, and calls take the
//! first of it out, so one number says which tickets were called: a task that was woken sees without the lock that it
//! was, and has nothing to clear away.
//!
//! Invariants
//! 1. The word holds one of three states and, above them, how often everybody was called. It changes from and to
//!    `WAITING` only under the lock of the queue, and is `WAITING` exactly while the queue is not empty.
//! 2. A call to everybody reaches each [`Notified`] made before it, polled or not: the count has changed since they were
//!    made.
//! 3. `called` is the last ticket that was called from the front of the queue; it changes under the lock. A place that
//!    has no entry any more, and was not given up, was called: with everybody if its ticket is no later than `floor`, which
//!    does not change once `called` has, from the front otherwise.
//! 4. Whoever is called otherwise, from the end or with everybody when calls from the front have begun, keeps an entry that
//!    says so, until it collects it. While there is such an entry `KEPT` is on, and nothing is decided without the lock.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use super::wait_queue::{Key, SetWaker, WaitQueue, Wakers};
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::shim::atomic::{AtomicU64, AtomicUsize};
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
/// Some were called, have an entry that says so, and have not seen it.
const KEPT: usize = 4;
const CALL: usize = 8;
/// The count of calls to everybody.
const CALLS: usize = !(CALL - 1);

/// Who of the queue is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// The entry of a waiting task.
#[derive(Debug)]
struct Place {
    ticket: u64,
    call: Call,
}

/// What an entry says of its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    NotYet,
    /// It was called from the end of the queue.
    Last,
    /// Everybody was.
    All,
}

#[derive(Debug)]
struct Queue {
    places: WaitQueue<Place>,
    /// The last ticket that was drawn; none is 0.
    drawn: u64,
    /// The last ticket of those whose entries went when everybody was called.
    floor: u64,
    /// Entries that say that their task was called.
    kept: usize,
}

impl Queue {
    const fn new() -> Self {
        Self { places: WaitQueue::new(), drawn: 0, floor: 0, kept: 0 }
    }
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
    called: AtomicU64,
    queue: Mutex<Queue>,
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
        Self { word: AtomicUsize::new(IDLE), called: AtomicU64::new(0), queue: Mutex::new(Queue::new()) }
    }

    /// As [`new`](Self::new), for statics.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn const_new() -> Self {
        Self { word: AtomicUsize::new(IDLE), called: AtomicU64::new(0), queue: Mutex::new(Queue::new()) }
    }

    /// Waits for a call.
    ///
    /// [`notify_waiters`](Self::notify_waiters) reaches the future from the moment it is made,
    /// [`notify_one`](Self::notify_one) from the moment it is polled or [enabled](Notified::enable).
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses its place in the queue; a call it had received goes to the next.
    #[inline]
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
    fn call_one(&self, mut queue: MutexGuard<'_, Queue>, end: End) {
        let called = match end {
            End::First => queue.places.take_front().map(|(place, waker)| {
                // ORDERING: Release [ticket]: what the caller did before. Pairs with `has_called`.
                self.called.store(place.ticket, Release);
                waker
            }),
            End::Last => queue.places.pop_back().map(|(place, waker)| {
                place.call = Call::Last;
                waker
            }),
        };
        let Some(waker) = called else {
            drop(queue);
            // The queue has emptied since; the word is not `WAITING` any more (invariant 1) unless somebody comes.
            return self.notify(end);
        };
        if end == End::Last {
            queue.kept += 1;
            // ORDERING: AcqRel [call]: what the caller did before.
            self.word.fetch_or(KEPT, AcqRel);
        }
        if queue.places.is_empty() {
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

    /// Whether a ticket was called from the front of the queue.
    #[inline]
    fn has_called(&self, ticket: u64) -> bool {
        // ORDERING: Acquire [ticket].
        self.called.load(Acquire) >= ticket
    }

    /// Calls every task that waits now; stores nothing.
    pub fn notify_waiters(&self) {
        let mut wakers = Wakers::default();
        self.collect_waiters(&mut wakers);
        wakers.wake();
    }

    /// As [`notify_waiters`](Self::notify_waiters), but for the wakes, which are left to the caller.
    pub(super) fn collect_waiters(&self, wakers: &mut Wakers) {
        let mut word = self.word.load(Acquire);
        while word & STATE != WAITING {
            // ORDERING: AcqRel [call]: Release publishes what the caller did. Whoever is about to wait changes the word from
            // what it was before, and so learns of the call.
            match self.word.compare_exchange_weak(word, word.wrapping_add(CALL), AcqRel, Acquire) {
                Ok(_) => return,
                Err(current) => word = current,
            }
        }
        let mut queue = self.queue.lock();
        // Under the lock there are places or not (invariant 1).
        let keeps = !queue.places.is_empty() && self.called.load(Relaxed) != 0;
        if keeps {
            // Before the call: who sees that must see, without the lock, that there is an entry to collect.
            self.word.fetch_or(KEPT, AcqRel);
        }
        // ORDERING: AcqRel [call]: Release publishes what the caller did.
        self.word.fetch_add(CALL, AcqRel);
        if queue.places.is_empty() {
            return;
        }
        if keeps {
            while let Some((place, waker)) = queue.places.pop_front() {
                place.call = Call::All;
                wakers.push(waker);
                queue.kept += 1;
            }
        } else {
            while let Some((_, waker)) = queue.places.take_front() {
                wakers.push(waker);
            }
            queue.floor = queue.drawn;
        }
        self.leave_waiting();
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
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Not in the queue.
    New,
    Queued {
        ticket: u64,
        key: Key,
    },
    Done,
}

impl Waiting {
    #[inline]
    pub(super) fn new(notify: &Notify) -> Self {
        // ORDERING: Acquire [call]: sees what came before the calls that are not for this future.
        Self { calls: notify.word.load(Acquire) & CALLS, stage: Stage::New }
    }

    /// Whether it has a place in the queue, or had one and has not seen that it was called.
    #[inline]
    pub(super) fn is_queued(&self) -> bool {
        matches!(self.stage, Stage::Queued { .. })
    }

    #[inline]
    pub(super) fn poll(&mut self, notify: &Notify, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(poll_proceed(cx));
        ready!(self.advance(notify, Some(cx)));
        unit.made_progress();
        Poll::Ready(())
    }

    /// As [`poll`](Self::poll), outside budgets. Without a context it takes a place that wakes nobody.
    #[inline]
    pub(super) fn advance(&mut self, notify: &Notify, cx: Option<&mut Context<'_>>) -> Poll<()> {
        match self.stage {
            Stage::New => ready!(self.enter(notify, cx)),
            Stage::Queued { ticket, key } => {
                // Before the word: whoever has called a later ticket from the front has left it on who has an entry to collect.
                let has_called = notify.has_called(ticket);
                // ORDERING: Acquire [call].
                let word = notify.word.load(Acquire);
                let is_called = word & CALLS != self.calls || has_called;
                if word & KEPT != 0 || !is_called {
                    ready!(wait_on(notify, ticket, key, cx));
                }
            }
            Stage::Done => {}
        }
        self.stage = Stage::Done;
        Poll::Ready(())
    }

    /// Takes a call that is stored, or a place in the queue.
    fn enter(&mut self, notify: &Notify, cx: Option<&mut Context<'_>>) -> Poll<()> {
        let word = &notify.word;
        let mut current = word.load(Acquire);
        while current & STATE == NOTIFIED && current & CALLS == self.calls {
            // ORDERING: AcqRel [call]: Acquire sees what the caller did.
            match word.compare_exchange_weak(current, current & !STATE | IDLE, AcqRel, Acquire) {
                Ok(_) => return Poll::Ready(()),
                Err(actual) => current = actual,
            }
        }
        if current & CALLS != self.calls {
            return Poll::Ready(());
        }
        let waker = cx.map(|cx| cx.waker().clone());
        let mut queue = notify.queue.lock();
        current = word.load(Acquire);
        loop {
            // A call to everybody may still slip in, but not past the exchange below, nor, while others wait, past the lock.
            if current & CALLS != self.calls {
                return Poll::Ready(());
            }
            let next = match current & STATE {
                NOTIFIED => IDLE,
                // Others wait: the word stays as it is while we hold the lock.
                WAITING => break,
                _ => WAITING,
            };
            match word.compare_exchange_weak(current, current & !STATE | next, AcqRel, Acquire) {
                Ok(_) if next == IDLE => return Poll::Ready(()),
                Ok(_) => break,
                Err(actual) => current = actual,
            }
        }
        queue.drawn += 1;
        let ticket = queue.drawn;
        let key = queue.places.push_back(Place { ticket, call: Call::NotYet }, waker);
        drop(queue);
        self.stage = Stage::Queued { ticket, key };
        WaitSite::Notify.pending()
    }

    /// The future goes away; a call it had received goes to another.
    #[inline]
    pub(super) fn leave(&mut self, notify: &Notify) {
        if let Stage::Queued { ticket, key } = self.stage {
            self.stage = Stage::Done;
            give_up(notify, ticket, key);
        }
    }
}

/// What became of a place.
enum Found {
    /// It is in the queue.
    Waits,
    /// It was called, and is gone; from which end, if not with everybody.
    Called { from: Option<End>, waker: Option<Waker> },
}

impl Queue {
    /// Looks for a place, and collects its entry if it was called.
    fn find(&mut self, notify: &Notify, ticket: u64, key: Key) -> Found {
        // The entry may be another's by now: tickets tell.
        let call = self.places.find(key).filter(|place| place.ticket == ticket).map(|place| place.call);
        let from = match call {
            Some(Call::NotYet) => return Found::Waits,
            Some(Call::Last) => Some(End::Last),
            Some(Call::All) => None,
            None => {
                let from = (ticket > self.floor && notify.has_called(ticket)).then_some(End::First);
                return Found::Called { from, waker: None };
            }
        };
        let (_, waker) = self.places.remove(key);
        self.kept -= 1;
        if self.kept == 0 {
            // ORDERING: AcqRel [call].
            notify.word.fetch_and(!KEPT, AcqRel);
        }
        Found::Called { from, waker }
    }
}

/// Waits on in the queue, with the waker of `cx`, unless the place was called.
#[cold]
fn wait_on(notify: &Notify, ticket: u64, key: Key, cx: Option<&mut Context<'_>>) -> Poll<()> {
    let mut fresh = None;
    loop {
        let mut queue = notify.queue.lock();
        match queue.find(notify, ticket, key) {
            Found::Waits => {}
            Found::Called { waker, .. } => {
                drop(queue);
                drop(waker);
                return Poll::Ready(());
            }
        }
        let Some(cx) = &cx else { return WaitSite::Notify.pending() };
        match queue.places.set_waker(key, cx, &mut fresh) {
            SetWaker::Done => return WaitSite::Notify.pending(),
            SetWaker::NeedsClone => drop(queue),
        }
        fresh = Some(cx.waker().clone());
    }
}

/// Gives a place up; a call that has come to it goes to another, from the same end of the queue.
#[cold]
fn give_up(notify: &Notify, ticket: u64, key: Key) {
    let mut queue = notify.queue.lock();
    let unused = match queue.find(notify, ticket, key) {
        Found::Waits => {
            let (_, waker) = queue.places.remove(key);
            if queue.places.is_empty() {
                notify.leave_waiting();
            }
            drop(queue);
            waker
        }
        Found::Called { from, waker } => {
            drop(queue);
            if let Some(end) = from {
                notify.notify(end);
            }
            waker
        }
    };
    drop(unused);
}

impl Future for Notified<'_> {
    type Output = ();

    #[inline]
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
    #[inline]
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

    /// Waiting futures in the order they came, and what calls make of them.
    #[derive(Default)]
    struct Oracle {
        queue: std::collections::VecDeque<usize>,
        called: Vec<(usize, Option<End>)>,
        is_stored: bool,
    }

    impl Oracle {
        fn notify(&mut self, end: End) {
            let next = if end == End::First { self.queue.pop_front() } else { self.queue.pop_back() };
            match next {
                Some(next) => self.called.push((next, Some(end))),
                None => self.is_stored = true,
            }
        }
    }

    #[test]
    fn behaves_like_a_list_of_those_who_wait() {
        for seed in 1..=60_u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut below = |bound: usize| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % bound as u64) as usize
            };
            let notify = Arc::new(Notify::new());
            let mut oracle = Oracle::default();
            let mut futures = std::collections::BTreeMap::new();
            let mut made = 0;
            for _ in 0..600 {
                match below(9) {
                    0..=3 => {
                        let mut future = Box::pin(Arc::clone(&notify).notified_owned());
                        let is_ready = poll_once(future.as_mut()).is_ready();
                        assert_eq!(is_ready, std::mem::take(&mut oracle.is_stored), "seed {seed}");
                        if !is_ready {
                            oracle.queue.push_back(made);
                            futures.insert(made, future);
                        }
                        made += 1;
                    }
                    4 => {
                        notify.notify_one();
                        oracle.notify(End::First);
                    }
                    5 => {
                        notify.notify_last();
                        oracle.notify(End::Last);
                    }
                    6 if below(3) == 0 => {
                        notify.notify_waiters();
                        let all = std::mem::take(&mut oracle.queue);
                        oracle.called.extend(all.into_iter().map(|number| (number, None)));
                    }
                    7 if !futures.is_empty() => {
                        let number = *futures.keys().nth(below(futures.len())).unwrap();
                        let is_called = oracle.called.iter().position(|(called, _)| *called == number);
                        let is_ready = poll_once(futures.get_mut(&number).unwrap().as_mut()).is_ready();
                        assert_eq!(is_ready, is_called.is_some(), "seed {seed}");
                        if let Some(place) = is_called {
                            oracle.called.swap_remove(place);
                            futures.remove(&number);
                        }
                    }
                    8 if !futures.is_empty() => {
                        let number = *futures.keys().nth(below(futures.len())).unwrap();
                        futures.remove(&number);
                        oracle.queue.retain(|queued| *queued != number);
                        if let Some(place) = oracle.called.iter().position(|(called, _)| *called == number)
                            && let (_, Some(end)) = oracle.called.swap_remove(place)
                        {
                            oracle.notify(end);
                        }
                    }
                    _ => {}
                }
            }
            futures.clear();
            let queue = notify.queue.lock();
            assert!(queue.places.is_empty() && queue.places.entries() == 0 && queue.kept == 0, "seed {seed}");
        }
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::shim::thread;
    use loom::future::block_on;

    /// Polls a place on another thread while `call` calls it; then nothing may be left of it.
    fn poll_while(prepare: impl Fn(&Notify), call: impl Fn(&Notify)) {
        let notify = Arc::new(Notify::new());
        prepare(&notify);
        let mut waits = Arc::clone(&notify).notified_owned();
        assert!(!Pin::new(&mut waits).enable());
        let poll = |waits: &mut OwnedNotified| {
            Pin::new(waits).poll(&mut Context::from_waker(Waker::noop())).is_ready()
        };
        let thread = thread::spawn(move || (poll(&mut waits), waits));
        call(&notify);
        let (is_called, mut waits) = thread.join().unwrap();
        assert!(is_called || poll(&mut waits));
        drop(waits);
        assert_eq!((notify.queue.lock().kept, notify.word.load(Acquire) & KEPT), (0, 0));
    }

    #[test]
    fn loom_a_place_is_collected_though_it_is_polled_while_everybody_is_called() {
        loom::model(|| {
            poll_while(
                |notify| {
                    // From now on those whom everybody's call reaches keep their entries.
                    let mut before = notify.notified();
                    assert!(!Pin::new(&mut before).enable());
                    notify.notify_one();
                    assert!(Pin::new(&mut before).enable());
                },
                Notify::notify_waiters,
            );
        });
    }

    #[test]
    fn loom_a_place_is_collected_though_it_is_polled_while_a_later_one_is_called() {
        loom::model(|| {
            poll_while(
                |_| (),
                |notify| {
                    notify.notify_last();
                    let mut later = notify.notified();
                    assert!(!Pin::new(&mut later).enable());
                    notify.notify_one();
                    assert!(Pin::new(&mut later).enable());
                },
            );
        });
    }

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
    fn loom_calls_from_both_ends_reach_both_who_wait() {
        loom::model(|| {
            let notify = Arc::new(Notify::new());
            let mut first = notify.notified();
            let mut second = notify.notified();
            assert!(!Pin::new(&mut first).enable() && !Pin::new(&mut second).enable());
            let calling = Arc::clone(&notify);
            let thread = thread::spawn(move || calling.notify_last());
            notify.notify_one();
            block_on(async {
                first.await;
                second.await;
            });
            thread.join().unwrap();
        });
    }

    #[test]
    fn loom_a_waiter_that_everybody_and_one_call_meet_passes_the_one_on() {
        loom::model(|| {
            let notify = Arc::new(Notify::new());
            let mut gives_up = notify.notified();
            assert!(!Pin::new(&mut gives_up).enable());
            let calling = Arc::clone(&notify);
            let thread = thread::spawn(move || calling.notify_waiters());
            notify.notify_one();
            drop(gives_up);
            // Whichever came first, the call to one is not lost.
            block_on(notify.notified());
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
