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
//! 4. `spare` is a block that nobody else knows, with empty slots and no link: whoever takes it out has it to itself.

use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};

use super::handle::{Channel, Owners, Reference, SenderHandle};
use super::ring::Look;
use super::slots::{Slot, WithSlots};
use crate::limits::SPARE_SLOT_BYTES_MAX;
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

/// The place in its block of the index in `word`, if the block has grown: more than any place if the channel is closed.
#[inline]
fn place_in_grown(word: u64) -> u64 {
    // `CLOSED`, turned round, is the highest bit: both questions are one comparison.
    word.rotate_right(1) & (CLOSED.rotate_right(1) | (SPAN_MAX - 1))
}

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
    /// A drained block for the sender that needs the next one, or null.
    spare: AtomicPtr<Block<T>>,
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
        spare: AtomicPtr::new(ptr::null_mut()),
        receiver: AtomicWaker::new(),
        closing: Permits::new(0),
        owners: Owners::new(),
    })));
    // SAFETY: the counts start with one sender and one receiver.
    let (sender, list) = unsafe { (SenderHandle::first(list), Reference::from_raw(list)) };
    let mut consumer =
        Consumer { list, block, start: START, span: START, slot: ptr::null(), last: ptr::null() };
    consumer.enter(block, START, START);
    (sender, consumer)
}

impl<T> List<T> {
    /// Sends a message; it comes back if the receiver has closed.
    #[inline]
    pub(super) fn send(&self, value: T) -> Result<(), T> {
        let word = self.index.load(Acquire);
        let offset = place_in_grown(word);
        // Nearly every index is in a block that has grown, and is neither its last nor stands for the next.
        if word >= SPAN_MAX * STEP && offset < SPAN_MAX - 2 {
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
                spare = spare.filter(|spare| spare.span == span).or_else(|| Some(self.new_spare(span)));
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

    /// A block that spans `span` indices: the one the receiver has drained, if it has.
    fn new_spare(&self, span: u64) -> Spare<T> {
        if span == SPAN_MAX {
            // ORDERING: Acquire [spare]: its slots are empty. Pairs with `keep`.
            let kept = self.spare.swap(ptr::null_mut(), Acquire);
            if let Some(block) = NonNull::new(kept) {
                return Spare { block, span };
            }
        }
        Spare::new(span)
    }

    /// Keeps a drained block for the next sender that needs one; frees it if there is one already, or it is large.
    ///
    /// # Safety
    ///
    /// Nobody else uses the block any more, and its slots are empty.
    unsafe fn keep(&self, mut block: NonNull<Block<T>>) {
        // SAFETY: the caller's word: it is ours alone.
        let header = unsafe { &mut block.as_mut().header };
        let unneeded = if header.slots as u64 == SPAN_MAX - 1 && size_of::<Slot<T>>() <= SPARE_SLOT_BYTES_MAX
        {
            header.next = AtomicPtr::new(ptr::null_mut());
            // ORDERING: AcqRel [spare]: Release hands the empty slots on; Acquire, for the one that comes back, likewise.
            self.spare.swap(block.as_ptr(), AcqRel)
        } else {
            block.as_ptr()
        };
        if let Some(unneeded) = NonNull::new(unneeded) {
            // SAFETY: nobody else's, from the caller or out of `spare` (Safety 4).
            unsafe { free_block(unneeded) };
        }
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
        // ORDERING: Acquire [spare].
        // SAFETY: alive until the end of this function.
        if let Some(spare) = NonNull::new(unsafe { this.as_ref() }.spare.load(Acquire)) {
            // SAFETY: nobody else knows it (Safety 4).
            unsafe { free_block(spare) };
        }
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
    /// The first index of that block, and how many it spans.
    start: u64,
    span: u64,
    /// The slot of the next message, in that block.
    slot: *const Slot<T>,
    /// The last slot of the block.
    last: *const Slot<T>,
}

// SAFETY: the blocks belong to the channel, which is `Send` where messages are.
unsafe impl<T: Send> Send for Consumer<T> {}
// SAFETY: `&Consumer` reaches no message.
unsafe impl<T: Send> Sync for Consumer<T> {}

impl<T> Consumer<T> {
    fn slot(&self) -> &Slot<T> {
        // SAFETY: the block is alive until the receiver gives it up; `slot` never passes `last`.
        unsafe { &*self.slot }
    }

    /// The index of the next message.
    fn head(&self) -> u64 {
        // SAFETY: both are slots of the same block.
        let left = unsafe { self.last.offset_from(self.slot) };
        self.start + self.span - 2 - left as u64
    }

    /// Stands at the first slot of `block`.
    fn enter(&mut self, block: NonNull<Block<T>>, start: u64, span: u64) {
        (self.block, self.start, self.span) = (block, start, span);
        self.slot = Block::slot_ptr(block, 0);
        // SAFETY: the block is alive, and has `span - 1` slots.
        self.last = unsafe { self.slot.add((span - 2) as usize) };
    }

    /// Takes the next message if it is there.
    #[inline]
    pub(super) fn take(&mut self) -> Option<T> {
        // SAFETY: `self` is the receiver.
        let value = unsafe { self.slot().take() }?;
        if self.slot == self.last {
            self.next_block();
        } else {
            // SAFETY: it is not the last of its block.
            self.slot = unsafe { self.slot.add(1) };
        }
        Some(value)
    }

    #[cold]
    fn next_block(&mut self) {
        let drained = self.block;
        // ORDERING: Acquire [link]: the block behind it is initialised.
        // SAFETY: alive until it is freed below.
        let next = unsafe { drained.as_ref() }.header.next.load(Acquire);
        let next = NonNull::new(next).expect("the link comes before the last message of a block");
        let (start, span) = block_of(self.start + self.span);
        self.enter(next, start, span);
        // SAFETY: every slot was emptied, so every sender is through with it (Safety 2).
        unsafe { self.list.keep(drained) };
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

    /// Drops all messages of a channel that is closed.
    fn drain(&mut self) {
        let mut rounds = 0;
        // Those who claimed an index before the close are about to fill it; their messages are dropped here, and the
        // last block must not go before they are through with it.
        loop {
            match self.look() {
                Look::Value(value) => drop(value),
                Look::Empty => back_off(&mut rounds),
                Look::Ended => return,
            }
        }
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        // Behind the calls below, which run somebody else's code: one that panics loses nothing of the rest.
        let rest = Rest(self);
        rest.0.close();
        rest.0.drain();
    }
}

/// Drops what is left of a channel without a receiver, and its last block.
struct Rest<'a, T>(&'a mut Consumer<T>);

impl<T> Drop for Rest<'_, T> {
    fn drop(&mut self) {
        self.0.drain();
        // SAFETY: no index will be claimed any more, and every claimed slot was emptied.
        unsafe { free_block(self.0.block) };
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
