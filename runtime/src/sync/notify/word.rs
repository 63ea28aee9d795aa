//! What the word of a `Notify` says.

/// A call is stored for the next that waits; nobody does.
pub(super) const NOTIFIED: u64 = 1;
/// Tasks wait in the queue. Changes under its lock.
pub(super) const WAITING: u64 = 1 << 1;
/// A task waits in the slot, ahead of the queue.
pub(super) const ALONE: u64 = 1 << 2;
/// The slot is in use: somebody waits in it, or writes or reads it.
pub(super) const SLOT: u64 = 1 << 3;
/// Whoever has the slot was called with everybody, and has not seen it. Changes under the lock.
pub(super) const HELD_ALL: u64 = 1 << 4;
/// Whoever has the slot was called as the last, and has not seen it. Changes under the lock.
pub(super) const HELD_LAST: u64 = 1 << 5;
/// Some were called, have an entry in the queue that says so, and have not seen it. Changes under the lock.
pub(super) const KEPT: u64 = 1 << 6;
/// One call to everybody.
pub(super) const CALL: u64 = 1 << 7;
/// How often everybody was called.
pub(super) const CALLS: u64 = (TURN - 1) & !(CALL - 1);
/// One who waited in the slot was called from the front, and has left it. By the number of these, in the bits above, who waits in
/// the slot now is told from whoever did. What overflows from `CALLS` into it does no harm.
pub(super) const TURN: u64 = 1 << 40;
#[cfg(test)]
pub(super) const TURNS: u64 = !(TURN - 1);
