//! A channel for one value.
//!
//! One allocation, which the side that finishes last frees. The halves share one state word and two wakers.
//!
//! # Safety
//!
//! 1. `value` belongs to the sender until `SENT` is on, then to the receiver. `SENT` and `CLOSED` exclude each other
//!    in one direction: the sender does not turn `SENT` on when it sees `CLOSED`.
//! 2. `rx_waker` belongs to the receiver while `RX_WAITS` is off. It turns the flag on after it has written the waker,
//!    and writes again only after it has turned the flag off; it does either only in a step that sees neither `SENT` nor
//!    `DROPPED`. The sender takes the waker, by copying it, if it turned one of those on and saw `RX_WAITS` in the same
//!    step. So from then on `RX_WAITS` says for good whether the waker was taken; if not, whoever frees drops it.
//! 3. `tx_waker` likewise, with `TX_WAITS` and `CLOSED`. While `LEFT` is off, neither slot holds a waker.
//! 4. A side touches the allocation no more after it has turned its `DONE` flag on, and the one that finds the other's
//!    on frees it.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker, ready};

use crate::scheduler;
use crate::shim::UnsafeCell;
use crate::shim::atomic::AtomicU32;
use crate::shim::atomic::Ordering::{AcqRel, Acquire};
use crate::task::WaitSite;
use crate::task::coop::poll_proceed;

/// The value is there.
const SENT: u32 = 1;
/// The sender went away without sending.
const DROPPED: u32 = 1 << 1;
/// The receiver does not want the value any more.
const CLOSED: u32 = 1 << 2;
/// `rx_waker` holds a waker.
const RX_WAITS: u32 = 1 << 3;
/// `tx_waker` holds a waker.
const TX_WAITS: u32 = 1 << 4;
/// The sender will not touch the allocation again.
const TX_DONE: u32 = 1 << 5;
/// The receiver will not touch the allocation again.
const RX_DONE: u32 = 1 << 6;
/// A slot may hold a waker; never turned off.
const LEFT: u32 = 1 << 7;

struct Shared<T> {
    state: AtomicU32,
    value: UnsafeCell<MaybeUninit<T>>,
    rx_waker: Slot,
    tx_waker: Slot,
}

/// A waker, dropped by hand because the side that calls it does so with a copy.
type Slot = UnsafeCell<Option<ManuallyDrop<Waker>>>;

/// A channel for one value.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::oneshot;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, rx) = oneshot::channel();
/// tx.send(7).unwrap();
/// assert_eq!(rx.await, Ok(7));
/// # });
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = scheduler::allocate(Shared {
        state: AtomicU32::new(0),
        value: UnsafeCell::new(MaybeUninit::uninit()),
        rx_waker: UnsafeCell::new(None),
        tx_waker: UnsafeCell::new(None),
    });
    (Sender { shared }, Receiver { shared: Some(shared) })
}

/// Sends the value.
///
/// Dropping it without sending makes the receiver fail.
pub struct Sender<T> {
    shared: NonNull<Shared<T>>,
}

/// Receives the value; a future that resolves to it.
///
/// # Cancel safety
///
/// Await it by `&mut` and nothing is lost.
#[must_use = "futures do nothing unless polled"]
pub struct Receiver<T> {
    /// `None` once the value, or the news that there is none, was received.
    shared: Option<NonNull<Shared<T>>>,
}

// SAFETY: the value moves from one thread to the other, and no reference to it is shared (invariant 1).
unsafe impl<T: Send> Send for Sender<T> {}
// SAFETY: `&Sender` reads the state only; waiting for the close takes `&mut`.
unsafe impl<T: Send> Sync for Sender<T> {}
// SAFETY: as for `Sender`.
unsafe impl<T: Send> Send for Receiver<T> {}
// SAFETY: `&Receiver` reads the state only.
unsafe impl<T: Send> Sync for Receiver<T> {}

/// The sender was dropped without sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvError(());

/// What can go wrong, under the path that tokio has it.
pub mod error {
    pub use super::{RecvError, TryRecvError};
}

/// Why [`Receiver::try_recv`] has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// Nothing was sent yet.
    Empty,
    /// Nothing will be sent any more.
    Closed,
}

impl<T> Shared<T> {
    /// Turns `done` on, and frees the allocation if the other side is through too.
    ///
    /// # Safety
    ///
    /// Invariant 4: the caller must be the side of `done` and not use `this` afterwards.
    unsafe fn finish(this: NonNull<Self>, done: u32) {
        // SAFETY: our `DONE` is off, so the allocation is alive.
        let state = unsafe { this.as_ref() }.state.fetch_or(done, AcqRel);
        // ORDERING: AcqRel [done]: Release publishes our last accesses to the side that frees; Acquire sees theirs.
        if state & (TX_DONE | RX_DONE) != 0 {
            // SAFETY: both sides are through (invariant 4).
            unsafe { Self::free(this, state) };
        }
    }

    /// Frees the allocation, and the wakers that were not called.
    ///
    /// # Safety
    ///
    /// Nobody else may use `this`, now or later; `state` is what both sides have come to.
    #[inline]
    unsafe fn free(this: NonNull<Self>, state: u32) {
        if state & LEFT == 0 {
            // SAFETY: made by `allocate` in `channel`; the value was taken or never there, and there are no wakers
            // (invariant 3).
            unsafe { scheduler::free(this) };
        } else {
            // SAFETY: forwarded.
            unsafe { Self::free_with_wakers(this, state) };
        }
    }

    /// As [`free`](Self::free), where wakers may be left.
    ///
    /// # Safety
    ///
    /// As there.
    unsafe fn free_with_wakers(this: NonNull<Self>, state: u32) {
        // SAFETY: the caller is the last, and the value was taken or never there: wakers are all there is to drop.
        let wakers = unsafe {
            let take = |slot: &Slot, waits: u32, events: u32| {
                let was_called = state & waits != 0 && state & events != 0;
                let waker = slot.with_mut(|slot| (*slot).take());
                if was_called { None } else { waker.map(ManuallyDrop::into_inner) }
            };
            let this = this.as_ref();
            (take(&this.rx_waker, RX_WAITS, SENT | DROPPED), take(&this.tx_waker, TX_WAITS, CLOSED))
        };
        // SAFETY: made by `allocate` in `channel`. Before the wakers are dropped, which may panic.
        unsafe { scheduler::free(this) };
        drop(wakers);
    }
}

impl<T> Sender<T> {
    /// Sends the value.
    ///
    /// # Errors
    ///
    /// The value comes back if the receiver is gone or closed.
    #[inline]
    pub fn send(self, value: T) -> Result<(), T> {
        let shared = ManuallyDrop::new(self).shared;
        // SAFETY: our `DONE` is off (invariant 4).
        let inner = unsafe { shared.as_ref() };
        // SAFETY: invariant 1: ours until `SENT` is on.
        inner.value.with_mut(|slot| unsafe { (*slot).write(value) });
        // SAFETY: `self` is gone, and its part of the channel is not used again.
        if unsafe { Self::complete(shared, SENT) } {
            return Ok(());
        }
        // SAFETY: `complete` answers false without having turned anything on: the value is still ours, and it was
        // written above.
        let value = inner.value.with_mut(|slot| unsafe { (*slot).assume_init_read() });
        // SAFETY: not used again.
        unsafe { Shared::finish(shared, TX_DONE) };
        Err(value)
    }

    /// Turns `outcome` on, wakes the receiver and finishes; or answers false, having done nothing, if the receiver has
    /// closed.
    ///
    /// # Safety
    ///
    /// If true is answered, `shared` must not be used again.
    #[inline]
    unsafe fn complete(shared: NonNull<Shared<T>>, outcome: u32) -> bool {
        // SAFETY: our `DONE` is off (invariant 4).
        let inner = unsafe { shared.as_ref() };
        let mut state = inner.state.load(Acquire);
        loop {
            if state & CLOSED != 0 {
                return false;
            }
            // With nobody to wake there is nothing left to do here: finish in the same step.
            let finish = if state & RX_WAITS == 0 { TX_DONE } else { 0 };
            // ORDERING: AcqRel [value]: Release publishes the value; Acquire sees the receiver's waker.
            match inner.state.compare_exchange_weak(state, state | outcome | finish, AcqRel, Acquire) {
                Ok(_) if finish != 0 => return true,
                // SAFETY: forwarded.
                Ok(_) => unsafe {
                    Self::wake_receiver(shared);
                    return true;
                },
                Err(current) => state = current,
            }
        }
    }

    /// Finishes, and wakes the receiver.
    ///
    /// # Safety
    ///
    /// `RX_WAITS` was on when the caller turned the outcome on; `shared` must not be used again.
    unsafe fn wake_receiver(shared: NonNull<Shared<T>>) {
        // SAFETY: our `DONE` is off (invariant 4).
        let inner = unsafe { shared.as_ref() };
        // SAFETY: invariant 2: `RX_WAITS` was on when `outcome` was turned on, so the waker is ours, and the receiver at
        // most compares it.
        let waker = inner.rx_waker.with(|waker| unsafe { waker.read() });
        // SAFETY: forwarded. Before the waker is called, which may panic.
        unsafe { Shared::finish(shared, TX_DONE) };
        if let Some(waker) = waker {
            ManuallyDrop::into_inner(waker).wake();
        }
    }

    fn inner(&self) -> &Shared<T> {
        // SAFETY: our `DONE` is off (invariant 4).
        unsafe { self.shared.as_ref() }
    }

    /// Whether the receiver is gone or closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner().state.load(Acquire) & CLOSED != 0
    }

    /// Waits until the receiver is gone or closed.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn closed(&mut self) {
        poll_fn(|cx| self.poll_closed(cx)).await;
    }

    /// Attempts to learn that the receiver is gone or closed.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(poll_proceed(cx));
        let inner = self.inner();
        if wait(&inner.state, &inner.tx_waker, TX_WAITS, CLOSED, cx) {
            unit.made_progress();
            return Poll::Ready(());
        }
        WaitSite::OneshotClosed.pending()
    }
}

/// Leaves the waker of `cx` for the other side; answers whether there is no need, because one of `events` is on.
fn wait(state: &AtomicU32, slot: &Slot, waits: u32, events: u32, cx: &Context<'_>) -> bool {
    // ORDERING: Acquire [value]: what the other side did before the event.
    let mut current = state.load(Acquire);
    if current & events != 0 {
        return true;
    }
    if current & waits != 0 {
        // SAFETY: both sides only read while the flag is on (invariants 2 and 3). What is read is compared, not called:
        // the other side may have called it already.
        if slot.with(|slot| unsafe { matches!(&*slot, Some(waker) if waker.will_wake(cx.waker())) }) {
            return false;
        }
        match change(state, current, events, |state| state & !waits) {
            Some(changed) => current = changed,
            None => return true,
        }
    }
    let waker = Some(ManuallyDrop::new(cx.waker().clone()));
    // SAFETY: invariants 2 and 3: the flag is off and was seen off together with every event.
    let replaced = slot.with_mut(|slot| unsafe { std::mem::replace(&mut *slot, waker) });
    let is_left = change(state, current, events, |state| state | waits | LEFT).is_some();
    // SAFETY: an event came while the flag was off: the slot stays ours, and is left empty (invariant 3).
    let unused = if is_left { None } else { slot.with_mut(|slot| unsafe { (*slot).take() }) };
    drop((replaced.map(ManuallyDrop::into_inner), unused.map(ManuallyDrop::into_inner)));
    !is_left
}

/// Changes the state from `current`; nothing if one of `events` came first.
fn change(state: &AtomicU32, mut current: u32, events: u32, to: impl Fn(u32) -> u32) -> Option<u32> {
    while current & events == 0 {
        // ORDERING: AcqRel [value]: Release publishes the waker; Acquire sees an event that came before it.
        match state.compare_exchange_weak(current, to(current), AcqRel, Acquire) {
            Ok(_) => return Some(to(current)),
            Err(actual) => current = actual,
        }
    }
    None
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // SAFETY: not used again but to finish if the receiver has closed.
        unsafe {
            if !Self::complete(self.shared, DROPPED) {
                Shared::finish(self.shared, TX_DONE);
            }
        }
    }
}

impl<T> Receiver<T> {
    /// Takes the outcome, which `state` says is there, and finishes.
    #[inline]
    fn take(&mut self, state: u32) -> Result<T, RecvError> {
        let Some(shared) = self.shared.take() else { return Err(RecvError(())) };
        let outcome = if state & SENT != 0 {
            // SAFETY: invariant 1: `SENT` is on, so the value was written and is ours; taken once, because `shared` is.
            Ok(unsafe { shared.as_ref() }.value.with_mut(|slot| unsafe { (*slot).assume_init_read() }))
        } else {
            Err(RecvError(()))
        };
        if state & TX_DONE != 0 {
            // SAFETY: the sender is through, and we are (invariant 4).
            unsafe { Shared::free(shared, state) };
        } else {
            // SAFETY: taken out of `self`, not used again.
            unsafe { Shared::finish(shared, RX_DONE) };
        }
        outcome
    }

    fn state(&self) -> u32 {
        self.shared.map_or(DROPPED, |shared| {
            // SAFETY: our `DONE` is off (invariant 4).
            unsafe { shared.as_ref() }.state.load(Acquire)
        })
    }

    /// Takes the value if it is there.
    ///
    /// # Errors
    ///
    /// `Empty` if it may still come, `Closed` if not.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let state = self.state();
        if state & (SENT | DROPPED) != 0 {
            return self.take(state).map_err(|RecvError(())| TryRecvError::Closed);
        }
        Err(if state & CLOSED != 0 { TryRecvError::Closed } else { TryRecvError::Empty })
    }

    /// Refuses the value from now on; one that was sent before can still be received.
    pub fn close(&mut self) {
        if let Some(waker) = self.turn_closed() {
            waker.wake();
        }
    }

    /// Turns `CLOSED` on if that still matters; answers whom to tell.
    fn turn_closed(&mut self) -> Option<Waker> {
        // SAFETY: our `DONE` is off (invariant 4).
        let inner = unsafe { self.shared?.as_ref() };
        // ORDERING: AcqRel [closed]: Release publishes what we did before; Acquire sees the sender's waker.
        let mut state = inner.state.load(Acquire);
        loop {
            if state & (SENT | DROPPED | CLOSED) != 0 {
                return None;
            }
            match inner.state.compare_exchange_weak(state, state | CLOSED, AcqRel, Acquire) {
                Ok(_) => break,
                Err(current) => state = current,
            }
        }
        if state & TX_WAITS == 0 {
            return None;
        }
        // SAFETY: invariant 3: `TX_WAITS` was on when `CLOSED` was turned on, so the waker is ours, and the sender at
        // most compares it.
        inner.tx_waker.with(|waker| unsafe { waker.read() }).map(ManuallyDrop::into_inner)
    }

    /// Whether the value was received, or will never come.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.shared.is_none()
    }

    /// Whether nothing can be received but what was sent already.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state() & SENT == 0
    }

    /// Waits for the value on this thread, which is blocked; not for use in a task.
    ///
    /// # Errors
    ///
    /// If the sender was dropped without sending.
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        super::blocking::block_on(self)
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(poll_proceed(cx));
        let shared = self.shared.expect("polled after completion");
        // SAFETY: our `DONE` is off (invariant 4).
        let inner = unsafe { shared.as_ref() };
        let mut state = inner.state.load(Acquire);
        if state & (SENT | DROPPED | CLOSED) == 0 {
            if !wait(&inner.state, &inner.rx_waker, RX_WAITS, SENT | DROPPED, cx) {
                return WaitSite::OneshotRecv.pending();
            }
            state = inner.state.load(Acquire);
        }
        unit.made_progress();
        // After a `close`, the sender neither sends nor is waited for.
        Poll::Ready(self.take(state))
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.shared.is_some() {
            let sender = self.turn_closed();
            // Before the waker is called, which may panic; dropped either way.
            let _outcome = self.take(self.state());
            if let Some(waker) = sender {
                waker.wake();
            }
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("is_empty", &self.is_empty()).finish_non_exhaustive()
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl Error for RecvError {}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "channel empty",
            Self::Closed => "channel closed",
        })
    }
}

impl Error for TryRecvError {}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::test_support::{CountingWaker, block_on, poll_once, ready};
    use std::pin::pin;
    use std::sync::Arc;
    use std::thread;

    #[test]
    fn a_value_arrives_whichever_side_comes_first() {
        let (tx, rx) = channel();
        tx.send(1).unwrap();
        assert_eq!(ready(rx), Ok(1));

        let (tx, mut rx) = channel();
        let (count, waker) = CountingWaker::new();
        assert!(Pin::new(&mut rx).poll(&mut Context::from_waker(&waker)).is_pending());
        tx.send(2).unwrap();
        assert_eq!(count.count(), 1);
        assert_eq!(rx.try_recv(), Ok(2));
        assert!(rx.is_terminated());
    }

    #[test]
    fn the_last_waker_is_the_one_woken() {
        let (tx, mut rx) = channel();
        let (first, first_waker) = CountingWaker::new();
        let (second, second_waker) = CountingWaker::new();
        assert!(Pin::new(&mut rx).poll(&mut Context::from_waker(&first_waker)).is_pending());
        assert!(Pin::new(&mut rx).poll(&mut Context::from_waker(&second_waker)).is_pending());
        tx.send(()).unwrap();
        assert_eq!((first.count(), second.count()), (0, 1));
    }

    #[test]
    fn a_dropped_sender_fails_the_receiver() {
        let (tx, mut rx) = channel::<u8>();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        drop(tx);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
        let (tx, rx) = channel::<u8>();
        drop(tx);
        assert_eq!(ready(rx), Err(RecvError(())));
    }

    #[test]
    fn a_value_that_nobody_wants_comes_back() {
        let (tx, rx) = channel();
        drop(rx);
        assert!(tx.is_closed());
        assert_eq!(tx.send(5), Err(5));
    }

    #[test]
    fn close_refuses_later_values_and_keeps_earlier_ones() {
        let (tx, mut rx) = channel();
        tx.send(3).unwrap();
        rx.close();
        assert_eq!(ready(rx), Ok(3));

        let (tx, mut rx) = channel();
        rx.close();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
        assert_eq!(tx.send(4), Err(4));
        assert!(ready(rx).is_err());
    }

    #[test]
    fn the_sender_learns_of_the_close() {
        let (mut tx, rx) = channel::<u8>();
        let (count, waker) = CountingWaker::new();
        {
            let mut closed = pin!(tx.closed());
            assert!(closed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        drop(rx);
        assert_eq!(count.count(), 1);
        ready(tx.closed());
    }

    #[test]
    fn an_unreceived_value_is_dropped_once() {
        let value = Arc::new(());
        let (tx, mut rx) = channel();
        assert!(poll_once(Pin::new(&mut rx)).is_pending());
        tx.send(Arc::clone(&value)).unwrap();
        drop(rx);
        assert_eq!(Arc::strong_count(&value), 1);
        let (tx, rx) = channel();
        tx.send(Arc::clone(&value)).unwrap();
        drop(rx);
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn threads_meet_in_every_order() {
        for round in 0..2_000 {
            let (tx, rx) = channel();
            let thread = thread::spawn(move || tx.send(round));
            if round % 2 == 0 {
                assert_eq!(block_on(rx), Ok(round));
                thread.join().unwrap().unwrap();
            } else {
                drop(rx);
                let refused = thread.join().unwrap().err();
                assert!(refused.is_none_or(|value| value == round));
            }
        }
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::shim::thread;
    use loom::future::block_on;
    use std::sync::Arc;

    #[test]
    fn loom_send_meets_recv() {
        loom::model(|| {
            let (tx, rx) = channel();
            let thread = thread::spawn(move || tx.send(7).unwrap());
            assert_eq!(block_on(rx), Ok(7));
            thread.join().unwrap();
        });
    }

    #[test]
    fn loom_send_meets_a_changing_waker() {
        loom::model(|| {
            let (tx, mut rx) = channel();
            let thread = thread::spawn(move || tx.send(7).unwrap());
            let mut cx = Context::from_waker(Waker::noop());
            let first = Pin::new(&mut rx).poll(&mut cx);
            assert_eq!(if let Poll::Ready(outcome) = first { outcome } else { block_on(rx) }, Ok(7));
            thread.join().unwrap();
        });
    }

    #[test]
    fn loom_send_meets_drop() {
        loom::model(|| {
            let value = Arc::new(());
            let (tx, mut rx) = channel();
            let sent = Arc::clone(&value);
            let thread = thread::spawn(move || drop(tx.send(sent)));
            let polled = Pin::new(&mut rx).poll(&mut Context::from_waker(Waker::noop()));
            drop(rx);
            drop(polled);
            thread.join().unwrap();
            assert_eq!(Arc::strong_count(&value), 1);
        });
    }

    #[test]
    fn loom_drop_of_the_sender_reaches_the_receiver() {
        loom::model(|| {
            let (tx, rx) = channel::<u8>();
            let thread = thread::spawn(move || drop(tx));
            assert!(block_on(rx).is_err());
            thread.join().unwrap();
        });
    }

    #[test]
    fn loom_close_reaches_the_sender() {
        loom::model(|| {
            let (mut tx, mut rx) = channel::<u8>();
            let thread = thread::spawn(move || {
                rx.close();
                drop(rx);
            });
            block_on(tx.closed());
            assert_eq!(tx.send(1), Err(1));
            thread.join().unwrap();
        });
    }

    #[test]
    fn loom_close_meets_send() {
        loom::model(|| {
            let (tx, mut rx) = channel();
            let thread = thread::spawn(move || tx.send(1).is_ok());
            rx.close();
            let received = rx.try_recv().is_ok();
            drop(rx);
            assert_eq!(thread.join().unwrap(), received);
        });
    }
}
