//! The list of blocks of an unbounded channel.
//!
//! Indices count up for ever and start at 4. A block spans the indices between two powers of two up to 64, and 64
//! indices from there on; the last index of a span has no slot, and stands for "the next block is being put in". So
//! the first block has 3 slots, the next 7, then 15, 31, 63 and 63. An index claims a slot by one compare-exchange.
//!
//! # Safety
//!
//! 1. `block` changes only while `index` stands on the last index of a span, by the sender that moved it there. So a
//!    sender that read `index`, then `block`, and then claims that index, has the block the index is in.
//! 2. That sender links the next block before it fills its own slot, the last of the block. So the receiver, who
//!    has emptied all slots of a block, finds the link and may free the block: every sender is through with it.
//! 3. The fields of the [`Consumer`] belong to the receiver (invariant 3 of `slots`).

use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};

use super::handle::{Channel, Owners, Reference, SenderHandle};
use super::ring::Look;
use super::slots::{Slot, WithSlots};
use crate::shim;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Release};
use crate::shim::atomic::{AtomicPtr, AtomicU64};
use crate::sync::atomic_waker::AtomicWaker;
use crate::sync::permits::Permits;
use crate::task::WaitSite;

/// The first index, and the span of the first block.
const START: u64 = 4;
/// The span of the blocks once they have grown.
const SPAN_MAX: u64 = 64;

/// The receiver has closed; beside the index in one word.
const CLOSED: u64 = 1;
/// One step of the index.
const STEP: u64 = 2;

/// The first index of the block an index is in, and its span.
#[inline]
fn block_of(index: u64) -> (u64, u64) {
    if index < SPAN_MAX {
        let start = 1 << index.ilog2();
        (start, start)
    } else {
        (index & !(SPAN_MAX - 1), SPAN_MAX)
    }
}

/// How many slots there are before an index: each block before it has one less than it spans.
fn slots_before(index: u64) -> u64 {
    let doublings = index.min(SPAN_MAX).ilog2() - START.ilog2();
    let full_blocks = u64::from(doublings) + (index / SPAN_MAX).saturating_sub(1);
    index - START - full_blocks
}

/// A block: the link, and slots after it.
type Block<T> = WithSlots<Link<T>, T>;

struct Link<T> {
    next: AtomicPtr<Block<T>>,
    slots: usize,
}

fn new_block<T>(span: u64) -> NonNull<Block<T>> {
    let slots = (span - 1) as usize;
    Block::allocate(Link { next: AtomicPtr::new(ptr::null_mut()), slots }, slots)
}

/// # Safety
///
/// Nobody may use the block any more.
unsafe fn free_block<T>(block: NonNull<Block<T>>) {
    // SAFETY: the caller's word; allocated with as many slots.
    unsafe {
        let slots = block.as_ref().header.slots;
        Block::free(block, slots);
    }
}

/// A block prepared for the end of another, freed if it turns out not to be needed.
struct Spare<T> {
    block: NonNull<Block<T>>,
    span: u64,
}

impl<T> Spare<T> {
    fn new(span: u64) -> Self {
        Self { block: new_block(span), span }
    }

    fn into_block(self) -> NonNull<Block<T>> {
        ManuallyDrop::new(self).block
    }
}

impl<T> Drop for Spare<T> {
    fn drop(&mut self) {
        // SAFETY: never shared.
        unsafe { free_block(self.block) };
    }
}

/// The channel.
pub(super) struct List<T> {
    /// The next index to claim, and `CLOSED`.
    index: AtomicU64,
    /// The block of `index`.
    block: AtomicPtr<Block<T>>,
    receiver: AtomicWaker,
    /// No permits: it is there for those who wait for the close.
    pub(super) closing: Permits,
    owners: Owners,
}

// SAFETY: messages move between threads through the channel, each owned by one side at a time; all shared state is
// atomic or locked.
unsafe impl<T: Send> Send for List<T> {}
// SAFETY: as above; no `&T` is given out.
unsafe impl<T: Send> Sync for List<T> {}

/// A channel: the first sender's handle and the receiver's end.
pub(super) fn new<T>() -> (SenderHandle<List<T>>, Consumer<T>) {
    let block = new_block(START);
    let list = NonNull::from(Box::leak(Box::new(List {
        index: AtomicU64::new(START * STEP),
        block: AtomicPtr::new(block.as_ptr()),
        receiver: AtomicWaker::new(),
        closing: Permits::new(0),
        owners: Owners::new(),
    })));
    // SAFETY: the counts start with one sender and one receiver.
    let (sender, list) = unsafe { (SenderHandle::first(list), Reference::from_raw(list)) };
    (sender, Consumer { list, block, start: START, offset: 0, last: START - 2 })
}

impl<T> List<T> {
    /// Sends a message; it comes back if the receiver has closed.
    #[inline]
    pub(super) fn send(&self, value: T) -> Result<(), T> {
        let word = self.index.load(Acquire);
        let offset = word / STEP % SPAN_MAX;
        // Nearly every index is in a block that has grown, and neither its last nor stands for the next.
        if word >= SPAN_MAX * STEP && offset < SPAN_MAX - 2 && word & CLOSED == 0 {
            // ORDERING: Acquire [block]: read after the index; see Safety 1.
            let block = self.block.load(Acquire);
            // ORDERING: AcqRel [index], as in `send_anywhere`.
            if self.index.compare_exchange(word, word + STEP, AcqRel, Acquire).is_ok() {
                // SAFETY: Safety 1: the block of our index, alive until our slot is filled and emptied; the offset is
                // below the number of its slots.
                let slot = unsafe { Block::slot(NonNull::new_unchecked(block), offset as usize) };
                // SAFETY: the index was claimed once, by us.
                if unsafe { slot.fill(value) } {
                    self.receiver.wake();
                }
                return Ok(());
            }
        }
        self.send_anywhere(value)
    }

    fn send_anywhere(&self, value: T) -> Result<(), T> {
        let mut spare: Option<Spare<T>> = None;
        let mut rounds = 0;
        let mut word = self.index.load(Acquire);
        let slot = loop {
            if word & CLOSED != 0 {
                return Err(value);
            }
            let (start, span) = block_of(word / STEP);
            let offset = word / STEP - start;
            if offset == span - 1 {
                back_off(&mut rounds);
                word = self.index.load(Acquire);
                continue;
            }
            let is_last = offset == span - 2;
            if is_last {
                // Before the claim: nobody waits for an allocation of ours.
                let span = block_of(start + span).1;
                spare = spare.filter(|spare| spare.span == span).or_else(|| Some(Spare::new(span)));
            }
            // ORDERING: Acquire [block]: read after the index; see Safety 1.
            let block = self.block.load(Acquire);
            // ORDERING: AcqRel [index]: the claim of an index follows all that its predecessors have published.
            match self.index.compare_exchange_weak(word, word + STEP, AcqRel, Acquire) {
                Ok(_) => {
                    // SAFETY: Safety 1: the block of our index, alive until our slot is filled and emptied.
                    let block = unsafe { NonNull::new_unchecked(block) };
                    if is_last && let Some(next) = spare.take() {
                        self.put_in(block, next.into_block());
                    }
                    // SAFETY: the offset is below the number of slots, which is `span - 1`.
                    break unsafe { Block::slot(block, offset as usize) };
                }
                Err(current) => word = current,
            }
        };
        // SAFETY: the index was claimed once, by us.
        if unsafe { slot.fill(value) } {
            self.receiver.wake();
        }
        Ok(())
    }

    /// Makes `next` the block to claim from, and links it behind `block`.
    fn put_in(&self, block: NonNull<Block<T>>, next: NonNull<Block<T>>) {
        // ORDERING: Release [block]: before the step of the index, which lets the others go on.
        self.block.store(next.as_ptr(), Release);
        self.index.fetch_add(STEP, AcqRel);
        // SAFETY: alive: our slot in it is not filled yet (Safety 2).
        unsafe { block.as_ref() }.header.next.store(next.as_ptr(), Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.index.load(Acquire) & CLOSED != 0
    }

    fn close(&self) {
        self.index.fetch_or(CLOSED, AcqRel);
        self.closing.close();
    }
}

/// Gives way to the sender that puts the next block in.
#[cold]
fn back_off(rounds: &mut u32) {
    *rounds += 1;
    if *rounds < 8 {
        shim::hint::spin_loop();
    } else {
        shim::thread::yield_now();
    }
}

// SAFETY: `owners` is the same field each time; `free` is called by the last.
unsafe impl<T> Channel for List<T> {
    fn owners(&self) -> &Owners {
        &self.owners
    }

    fn senders_gone(&self) {
        self.receiver.wake();
    }

    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: made by `Box::leak` in `new`; the last owner frees it. The blocks went with the receiver, and who
        // claimed an index before it closed has filled its slot before that.
        drop(unsafe { Box::from_raw(this.as_ptr()) });
    }
}

/// The receiver's end.
pub(super) struct Consumer<T> {
    pub(super) list: Reference<List<T>>,
    /// The block of the next message.
    block: NonNull<Block<T>>,
    /// The first index of that block.
    start: u64,
    /// The slot of the next message.
    offset: u64,
    /// The last slot of the block.
    last: u64,
}

// SAFETY: the blocks belong to the channel, which is `Send` where messages are.
unsafe impl<T: Send> Send for Consumer<T> {}
// SAFETY: `&Consumer` reaches no message.
unsafe impl<T: Send> Sync for Consumer<T> {}

impl<T> Consumer<T> {
    fn slot(&self) -> &Slot<T> {
        // SAFETY: the block is alive until the receiver frees it; `offset` never passes `last`.
        unsafe { Block::slot(self.block, self.offset as usize) }
    }

    /// The index of the next message.
    fn head(&self) -> u64 {
        self.start + self.offset
    }

    /// Takes the next message if it is there.
    #[inline]
    pub(super) fn take(&mut self) -> Option<T> {
        // SAFETY: `self` is the receiver.
        let value = unsafe { self.slot().take() }?;
        if self.offset == self.last {
            self.next_block();
        } else {
            self.offset += 1;
        }
        Some(value)
    }

    #[cold]
    fn next_block(&mut self) {
        let drained = self.block;
        // ORDERING: Acquire [link]: the block behind it is initialised.
        // SAFETY: alive until it is freed below.
        let next = unsafe { drained.as_ref() }.header.next.load(Acquire);
        self.block = NonNull::new(next).expect("the link comes before the last message of a block");
        // The span has one index more than slots.
        let (start, span) = block_of(self.start + self.last + 2);
        (self.start, self.offset, self.last) = (start, 0, span - 2);
        // SAFETY: every slot was emptied, so every sender is through with it (Safety 2).
        unsafe { free_block(drained) };
    }

    /// Takes the next message, or learns why there is none.
    pub(super) fn look(&mut self) -> Look<T> {
        if let Some(value) = self.take() {
            return Look::Value(value);
        }
        if !self.has_ended() {
            return Look::Empty;
        }
        // The last message may have come between the two looks above.
        self.take().map_or(Look::Ended, Look::Value)
    }

    /// Whether every message that will ever come is there to be taken.
    fn has_ended(&self) -> bool {
        // ORDERING: Acquire [index].
        self.list.owners.no_senders() || self.list.index.load(Acquire) == (self.head() * STEP) | CLOSED
    }

    /// How many messages were sent and not received, with those that are just being filled in.
    pub(super) fn len(&self) -> usize {
        (slots_before(self.list.index.load(Acquire) / STEP) - slots_before(self.head())) as usize
    }

    /// Whether nothing is there to be taken now.
    pub(super) fn is_empty(&self) -> bool {
        self.list.index.load(Acquire) / STEP == self.head()
    }

    /// Leaves the waker of `cx`, after a look that found nothing; `Ready` says to look again.
    pub(super) fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.list.receiver.register(cx.waker());
        if !self.slot().mark() || self.has_ended() {
            return Poll::Ready(());
        }
        WaitSite::MpscRecv.pending()
    }

    pub(super) fn close(&self) {
        self.list.close();
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        self.close();
        let mut rounds = 0;
        // Those who claimed an index before the close are about to fill it; their messages are dropped here, and the
        // last block must not go before they are through with it.
        loop {
            match self.look() {
                Look::Value(value) => drop(value),
                Look::Empty => back_off(&mut rounds),
                Look::Ended => break,
            }
        }
        // SAFETY: no index will be claimed any more, and every claimed slot was emptied.
        unsafe { free_block(self.block) };
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::block_of;

    #[test]
    fn blocks_grow_and_cover_every_index_once() {
        let mut index = super::START;
        for span in [4, 8, 16, 32, 64, 64, 64] {
            for offset in 0..span {
                assert_eq!(block_of(index + offset), (index, span));
            }
            index += span;
        }
    }
}
