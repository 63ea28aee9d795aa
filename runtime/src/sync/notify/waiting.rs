//! What a waiting future remembers and does.

use std::task::{Context, Poll, Waker, ready};

use super::Notify;
use super::alone::Entered;
use super::queue::Found;
use super::word::{CALLS, KEPT, NOTIFIED, WAITING};
use crate::shim::atomic::Ordering::{AcqRel, Acquire};
use crate::sync::wait_queue::{Key, SetWaker};
use crate::task::WaitSite;
use crate::task::coop::poll_proceed;

#[derive(Debug)]
pub(crate) struct Waiting {
    /// How often everybody had been called when this was made.
    calls: u64,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// It does not wait.
    New,
    /// It waits in the slot.
    Alone {
        ticket: u64,
    },
    Queued {
        ticket: u64,
        key: Key,
    },
    Done,
}

impl Waiting {
    #[inline]
    pub(crate) fn new(notify: &Notify) -> Self {
        // ORDERING: Acquire [call]: sees what came before the calls that are not for this future.
        Self { calls: notify.word.load(Acquire) & CALLS, stage: Stage::New }
    }

    /// Whether it has a place, or had one and has not seen that it was called.
    #[inline]
    pub(crate) fn is_queued(&self) -> bool {
        matches!(self.stage, Stage::Alone { .. } | Stage::Queued { .. })
    }

    #[inline]
    pub(crate) fn poll(&mut self, notify: &Notify, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(poll_proceed(cx));
        ready!(self.advance(notify, Some(cx)));
        unit.made_progress();
        Poll::Ready(())
    }

    /// As [`poll`](Self::poll), outside budgets. Without a context it takes a place that wakes nobody.
    #[inline]
    pub(crate) fn advance(&mut self, notify: &Notify, cx: Option<&mut Context<'_>>) -> Poll<()> {
        match self.stage {
            Stage::New => ready!(self.enter(notify, cx)),
            Stage::Alone { ticket } => ready!(notify.poll_alone(ticket, cx)),
            Stage::Queued { ticket, key } => ready!(poll_queued(notify, ticket, key, self.calls, cx)),
            Stage::Done => {}
        }
        self.stage = Stage::Done;
        Poll::Ready(())
    }

    /// Takes a call that is stored, or a place.
    fn enter(&mut self, notify: &Notify, cx: Option<&mut Context<'_>>) -> Poll<()> {
        let word = &notify.word;
        let mut current = word.load(Acquire);
        while current & NOTIFIED != 0 && current & CALLS == self.calls {
            // ORDERING: AcqRel [call]: Acquire sees what the caller did.
            match word.compare_exchange_weak(current, current & !NOTIFIED, AcqRel, Acquire) {
                Ok(_) => return Poll::Ready(()),
                Err(actual) => current = actual,
            }
        }
        if current & CALLS != self.calls {
            return Poll::Ready(());
        }
        let waker = cx.map(|cx| cx.waker().clone());
        let waker = match notify.enter_alone(self.calls, current, waker) {
            Entered::Waits(ticket) => {
                self.stage = Stage::Alone { ticket };
                return WaitSite::Notify.pending();
            }
            Entered::Called(_) => return Poll::Ready(()),
            Entered::Refused(waker) => waker,
        };
        self.enter_queue(notify, waker)
    }

    /// Takes a call that is stored, or a place in the queue.
    #[inline(never)]
    fn enter_queue(&mut self, notify: &Notify, waker: Option<Waker>) -> Poll<()> {
        let word = &notify.word;
        let mut queue = notify.queue.lock();
        let mut current = word.load(Acquire);
        loop {
            // A call to everybody may still slip in, but not past the exchange below, nor, while others wait, past the lock.
            if current & CALLS != self.calls {
                drop(queue);
                return Poll::Ready(());
            }
            let next = match current & (NOTIFIED | WAITING) {
                NOTIFIED => current & !NOTIFIED,
                // Others wait: the bit stays as it is while we hold the lock.
                WAITING => break,
                _ => current | WAITING,
            };
            match word.compare_exchange_weak(current, next, AcqRel, Acquire) {
                Ok(_) if next & WAITING == 0 => {
                    drop(queue);
                    return Poll::Ready(());
                }
                Ok(_) => break,
                Err(actual) => current = actual,
            }
        }
        let (ticket, key) = queue.get_or_insert_default().enter(waker);
        drop(queue);
        self.stage = Stage::Queued { ticket, key };
        WaitSite::Notify.pending()
    }

    /// The future goes away; a call it had received goes to another.
    #[inline]
    pub(crate) fn leave(&mut self, notify: &Notify) {
        match self.stage {
            Stage::New | Stage::Done => return,
            Stage::Alone { ticket } => notify.leave_alone(ticket),
            Stage::Queued { ticket, key } => give_up(notify, ticket, key),
        }
        self.stage = Stage::Done;
    }
}

/// Whether one in the queue was called; if not, it waits on, with the waker of `cx`.
fn poll_queued(notify: &Notify, ticket: u64, key: Key, calls: u64, cx: Option<&mut Context<'_>>) -> Poll<()> {
    // Before the word: whoever has called a later ticket from the front has left it on who has an entry to collect.
    let has_called = notify.has_called(ticket);
    // ORDERING: Acquire [call].
    let word = notify.word.load(Acquire);
    let is_called = word & CALLS != calls || has_called;
    if word & KEPT != 0 || !is_called {
        return wait_on(notify, ticket, key, cx);
    }
    Poll::Ready(())
}

/// Waits on in the queue, with the waker of `cx`, unless the place was called.
#[cold]
fn wait_on(notify: &Notify, ticket: u64, key: Key, cx: Option<&mut Context<'_>>) -> Poll<()> {
    let mut fresh = None;
    loop {
        let mut guard = notify.queue.lock();
        let Some(queue) = &mut *guard else { return Poll::Ready(()) };
        match queue.find(notify, ticket, key) {
            Found::Waits => {}
            Found::Called { waker, .. } => {
                drop(guard);
                drop(waker);
                return Poll::Ready(());
            }
        }
        let Some(cx) = &cx else { return WaitSite::Notify.pending() };
        match queue.places.set_waker(key, cx, &mut fresh) {
            SetWaker::Done => return WaitSite::Notify.pending(),
            SetWaker::NeedsClone => drop(guard),
        }
        fresh = Some(cx.waker().clone());
    }
}

/// Gives a place up; a call that has come to it goes to another, from the same end of the queue.
#[cold]
fn give_up(notify: &Notify, ticket: u64, key: Key) {
    let mut guard = notify.queue.lock();
    let Some(queue) = &mut *guard else { return };
    let unused = match queue.find(notify, ticket, key) {
        Found::Waits => {
            let (_, waker) = queue.places.remove(key);
            if queue.places.is_empty() {
                notify.leave_waiting();
            }
            drop(guard);
            waker
        }
        Found::Called { from, waker } => {
            drop(guard);
            if let Some(end) = from {
                notify.notify(end);
            }
            waker
        }
    };
    drop(unused);
}
