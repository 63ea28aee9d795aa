//! The messages that somebody has not seen, in order, and how many have not.
//!
//! Invariants
//! 1. Positions count up for ever: `first` is that of the oldest message kept, `first + len` that of the next.
//! 2. A message counts the receivers that were there when it was sent and have not passed it. They pass messages in
//!    order, so a message that nobody awaits has only such messages before it, and is dropped at once.
//! 3. No message is dropped in here, and none is cloned: what is done with is handed out, because dropping it may run
//!    any code, and the caller holds a lock.

use std::collections::VecDeque;

#[derive(Debug)]
pub(super) struct Queue<M> {
    messages: VecDeque<Message<M>>,
    first: u64,
    capacity: usize,
}

#[derive(Debug)]
struct Message<M> {
    message: M,
    awaited_by: usize,
}

/// What a receiver finds at its position.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<M> {
    Message(M),
    Nothing,
    /// So many messages before the oldest that is kept.
    Lost(u64),
}

impl<M: Clone> Queue<M> {
    pub(super) fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a channel needs room for at least one message");
        Self { messages: VecDeque::new(), first: 0, capacity }
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The position of the next message.
    pub(super) fn next(&self) -> u64 {
        self.first + self.messages.len() as u64
    }

    /// Adds a message for `receivers`, which must not be 0; hands out the oldest if there is no room.
    pub(super) fn push(&mut self, message: M, receivers: usize) -> Option<M> {
        let mut oldest = None;
        if self.messages.len() == self.capacity {
            oldest = self.messages.pop_front().map(|oldest| oldest.message);
            self.first += 1;
        }
        self.messages.push_back(Message { message, awaited_by: receivers });
        oldest
    }

    /// Takes the message at `position` for one receiver, which passes it.
    pub(super) fn take(&mut self, position: u64) -> Found<M> {
        let Some(index) = position.checked_sub(self.first) else {
            return Found::Lost(self.first - position);
        };
        let Some(found) = self.messages.get_mut(index as usize) else { return Found::Nothing };
        found.awaited_by -= 1;
        if found.awaited_by > 0 {
            return Found::Message(found.message.clone());
        }
        // Nobody awaits it, so it is the oldest (invariant 2).
        self.first += 1;
        match self.messages.pop_front() {
            Some(last) => Found::Message(last.message),
            None => Found::Nothing,
        }
    }

    /// One receiver passes all messages from `position` on, unseen; hands out those that nobody awaits any more.
    pub(super) fn pass(&mut self, position: u64) -> Vec<M> {
        let from = position.saturating_sub(self.first) as usize;
        for message in self.messages.iter_mut().skip(from) {
            message.awaited_by -= 1;
        }
        let mut done = Vec::new();
        while self.messages.front().is_some_and(|oldest| oldest.awaited_by == 0) {
            done.extend(self.messages.pop_front().map(|oldest| oldest.message));
            self.first += 1;
        }
        done
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Everything ever sent, with the positions of the receivers: what the queue must look like.
    #[derive(Default)]
    struct Oracle {
        sent: u64,
        receivers: Vec<u64>,
    }

    #[test]
    fn behaves_like_a_list_of_all_that_was_sent() {
        const CAPACITY: usize = 5;
        let mut seed = 1_u64;
        let mut below = |bound: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % bound
        };
        let mut queue = Queue::new(CAPACITY);
        let mut oracle = Oracle::default();
        for _ in 0..50_000 {
            let receivers = oracle.receivers.len();
            match below(8) {
                0 if receivers < 4 => oracle.receivers.push(queue.next()),
                1 if receivers > 0 => drop(queue.pass(oracle.receivers.swap_remove(below(receivers)))),
                2..5 if receivers > 0 => {
                    queue.push(oracle.sent, receivers);
                    oracle.sent += 1;
                }
                5..8 if receivers > 0 => {
                    let position = &mut oracle.receivers[below(receivers)];
                    let oldest = oracle.sent.saturating_sub(CAPACITY as u64);
                    let found = queue.take(*position);
                    if *position == oracle.sent {
                        assert_eq!(found, Found::Nothing);
                    } else if *position < oldest {
                        assert_eq!(found, Found::Lost(oldest - *position));
                        *position = oldest;
                    } else {
                        assert_eq!(found, Found::Message(*position));
                        *position += 1;
                    }
                }
                _ => {}
            }
            assert_eq!(queue.next(), oracle.sent);
            let slowest = oracle.receivers.iter().copied().min().unwrap_or(oracle.sent);
            assert_eq!(queue.len() as u64, (oracle.sent - slowest).min(CAPACITY as u64));
        }
    }
}
