//! What a handler, and whoever it passes that on to, may ask of an exchange while it lasts: to be told of its end, and
//! to send responses before the final one.
//!
//! Nearly no handler asks. So the connection keeps one registry for all its exchanges: an HTTP/1 exchange that is
//! answered at once and never asked about takes no lock.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use http::Response;

use crate::conn_info::ConnInfo;
use crate::limits::EARLY_RESPONSES;

/// An exchange of a connection: the how-manieth request on HTTP/1, the stream on HTTP/2.
pub(crate) type Exchange = u64;

/// A connection and its exchanges.
#[derive(Debug)]
pub(crate) struct Watch {
    info: ConnInfo,
    order: Order,
    /// The exchange in progress, where there is one at a time.
    current: AtomicU64,
    /// Whether an entry may be there to be removed at the end of an exchange.
    is_asked: AtomicBool,
    /// Not there before somebody asks, or exchanges overlap.
    state: Mutex<Option<Box<State>>>,
}

/// How exchanges follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// One ends before the next begins: HTTP/1.
    Sequential,
    /// They overlap: HTTP/2.
    Concurrent,
}

#[derive(Debug, Default)]
struct State {
    /// Exchanges in progress where they overlap, in the order they began.
    live: Vec<Exchange>,
    entries: HashMap<Exchange, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    /// Those who wait for the end.
    waiting: Vec<Waker>,
    /// The task of the exchange, to be woken when there is something to send.
    sender: Option<Waker>,
    informational: VecDeque<Response<()>>,
}

/// Why an informational response was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The exchange is over, or its final response has begun.
    Over,
    /// Too many wait already.
    Full,
}

impl Watch {
    pub(crate) fn new(info: ConnInfo, order: Order) -> Self {
        Self {
            info,
            order,
            current: AtomicU64::new(0),
            is_asked: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    /// What is known of the connection.
    pub(crate) fn info(&self) -> &ConnInfo {
        &self.info
    }

    /// What the request of an exchange tells of its connection.
    pub(crate) fn info_of(self: &Arc<Self>, exchange: Exchange) -> ConnInfo {
        self.info.of_exchange(self, exchange)
    }

    fn state(&self) -> MutexGuard<'_, Option<Box<State>>> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// An exchange begins. Numbers grow, and zero is none.
    #[inline]
    pub(crate) fn begin(&self, exchange: Exchange) {
        match self.order {
            // ORDERING: Relaxed, whoever asks about the exchange has learnt of it after this.
            Order::Sequential => self.current.store(exchange, Ordering::Relaxed),
            Order::Concurrent => self.state().get_or_insert_default().live.push(exchange),
        }
    }

    /// An exchange is over, in whatever way. Of the references to this, `own` are those of the connection itself.
    #[inline]
    pub(crate) fn end(self: &Arc<Self>, exchange: Exchange, own: usize) {
        if self.order == Order::Sequential && Arc::strong_count(self) <= own {
            // Nobody is left who could ask, nor will be: references are made of those there are.
            // ORDERING: Acquire, with the Release of those who dropped theirs, so that what they asked is seen.
            fence(Ordering::Acquire);
            self.current.store(0, Ordering::Relaxed);
            if !self.is_asked.load(Ordering::Relaxed) {
                return;
            }
        }
        self.end_watched(exchange);
    }

    fn end_watched(&self, exchange: Exchange) {
        if self.order == Order::Sequential {
            // ORDERING: SeqCst, so that either the entry is seen here or the end is seen by who made it. [watch.ended]
            self.current.swap(0, Ordering::SeqCst);
            if !self.is_asked.load(Ordering::SeqCst) {
                return;
            }
        }
        let entry = {
            let mut state = self.state();
            let state = state.get_or_insert_default();
            if let Ok(at) = state.live.binary_search(&exchange) {
                state.live.remove(at);
            }
            let entry = state.entries.remove(&exchange);
            if state.entries.is_empty() {
                self.is_asked.store(false, Ordering::SeqCst);
            }
            entry
        };
        entry.into_iter().flat_map(|entry| entry.waiting).for_each(Waker::wake);
    }

    /// The entry of an exchange, unless that is over.
    fn entry<'s>(&self, state: &'s mut State, exchange: Exchange) -> Option<&'s mut Entry> {
        let is_live = match self.order {
            Order::Sequential => {
                // ORDERING: SeqCst, pairs with [watch.ended].
                self.is_asked.store(true, Ordering::SeqCst);
                self.current.load(Ordering::SeqCst) == exchange
            }
            Order::Concurrent => state.live.binary_search(&exchange).is_ok(),
        };
        is_live.then(|| state.entries.entry(exchange).or_default())
    }

    /// Ready once the exchange is over.
    pub(crate) fn poll_end(&self, exchange: Exchange, cx: &Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut state = self.state();
        let Some(entry) = self.entry(state.get_or_insert_default(), exchange) else { return Poll::Ready(()) };
        if !entry.waiting.iter().any(|known| known.will_wake(&waker)) {
            entry.waiting.push(waker);
        }
        Poll::Pending
    }

    /// Queues an informational response.
    pub(crate) fn inform(&self, exchange: Exchange, response: Response<()>) -> Result<(), Refused> {
        let sender = {
            let mut state = self.state();
            let entry = self.entry(state.get_or_insert_default(), exchange).ok_or(Refused::Over)?;
            if entry.informational.len() >= EARLY_RESPONSES {
                return Err(Refused::Full);
            }
            entry.informational.push_back(response);
            entry.sender.take()
        };
        if let Some(sender) = sender {
            sender.wake();
        }
        Ok(())
    }

    /// Whether somebody has asked something about an exchange in progress.
    #[inline]
    pub(crate) fn is_asked(&self) -> bool {
        self.order == Order::Concurrent || self.is_asked.load(Ordering::Relaxed)
    }

    /// What is to be sent before the final response, which is at hand.
    pub(crate) fn take_informational(&self, exchange: Exchange) -> VecDeque<Response<()>> {
        let mut state = self.state();
        let entry = state.as_mut().and_then(|state| state.entries.get_mut(&exchange));
        entry.map(|entry| std::mem::take(&mut entry.informational)).unwrap_or_default()
    }

    /// What is to be sent while the handler goes on; the task is woken when there is more.
    pub(crate) fn poll_informational(&self, exchange: Exchange, cx: &Context<'_>) -> VecDeque<Response<()>> {
        let waker = cx.waker().clone();
        let mut state = self.state();
        let Some(entry) = self.entry(state.get_or_insert_default(), exchange) else { return VecDeque::new() };
        let before = entry.sender.replace(waker);
        let responses = std::mem::take(&mut entry.informational);
        drop(state);
        drop(before);
        responses
    }
}

/// An exchange in progress; its end is the end of this.
#[derive(Debug)]
pub(crate) struct Live {
    watch: Arc<Watch>,
    exchange: Exchange,
}

impl Live {
    pub(crate) fn begin(watch: &Arc<Watch>, exchange: Exchange) -> Self {
        watch.begin(exchange);
        Self::of(watch, exchange)
    }

    /// Of an exchange that has begun.
    pub(crate) fn of(watch: &Arc<Watch>, exchange: Exchange) -> Self {
        Self { watch: Arc::clone(watch), exchange }
    }

    /// See [`Watch::take_informational`].
    pub(crate) fn take_informational(&self) -> VecDeque<Response<()>> {
        self.watch.take_informational(self.exchange)
    }

    /// See [`Watch::poll_informational`].
    pub(crate) fn poll_informational(&self, cx: &Context<'_>) -> VecDeque<Response<()>> {
        self.watch.poll_informational(self.exchange, cx)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // The connection holds one, and this another.
        self.watch.end(self.exchange, 2);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    const BOTH: [Order; 2] = [Order::Sequential, Order::Concurrent];

    #[test]
    fn those_who_wait_are_woken_at_the_end_of_their_exchange_and_of_no_other() {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let cx = Context::from_waker(&waker);
        for order in BOTH {
            let watch = Arc::new(Watch::new(ConnInfo::default(), order));
            for exchange in [1, 3, 5] {
                let woken = count.0.load(Ordering::SeqCst);
                watch.begin(exchange);
                assert!(watch.poll_end(exchange, &cx).is_pending());
                assert!(watch.poll_end(exchange, &cx).is_pending());
                watch.end(exchange, 0);
                assert_eq!(count.0.load(Ordering::SeqCst), woken + 1);
                assert!(watch.poll_end(exchange, &cx).is_ready());
            }
            assert!(
                watch.state().as_ref().is_some_and(|state| state.entries.is_empty() && state.live.is_empty())
            );
        }
        let watch = Arc::new(Watch::new(ConnInfo::default(), Order::Concurrent));
        watch.begin(1);
        watch.begin(3);
        assert!(watch.poll_end(1, &cx).is_pending());
        let woken = count.0.load(Ordering::SeqCst);
        watch.end(3, 0);
        assert_eq!(count.0.load(Ordering::SeqCst), woken);
        assert!(watch.poll_end(1, &cx).is_pending() && watch.poll_end(3, &cx).is_ready());
    }

    #[test]
    fn informational_responses_are_bounded_and_end_with_the_exchange() {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let cx = Context::from_waker(&waker);
        for order in BOTH {
            let watch = Arc::new(Watch::new(ConnInfo::default(), order));
            watch.begin(1);
            assert!(watch.poll_informational(1, &cx).is_empty());
            for _ in 0..EARLY_RESPONSES {
                assert_eq!(watch.inform(1, Response::new(())), Ok(()));
            }
            assert_eq!(watch.inform(1, Response::new(())), Err(Refused::Full));
            assert_eq!(watch.poll_informational(1, &cx).len(), EARLY_RESPONSES);
            assert_eq!(watch.inform(1, Response::new(())), Ok(()));
            assert_eq!(watch.take_informational(1).len(), 1);
            watch.end(1, 0);
            assert_eq!(watch.inform(1, Response::new(())), Err(Refused::Over));
        }
        assert_eq!(count.0.load(Ordering::SeqCst), 4);
    }

    #[test]
    fn an_end_is_never_missed() {
        for _ in 0..2_000 {
            let watch = Arc::new(Watch::new(ConnInfo::default(), Order::Sequential));
            watch.begin(1);
            let count = Arc::new(Count::default());
            let waker = Waker::from(Arc::clone(&count));
            let polled = std::thread::scope(|scope| {
                let ending = scope.spawn(|| watch.end(1, 0));
                let polled = watch.poll_end(1, &Context::from_waker(&waker));
                ending.join().unwrap();
                polled
            });
            assert!(polled.is_ready() || count.0.load(Ordering::SeqCst) == 1);
        }
    }
}
