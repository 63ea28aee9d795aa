//! What the word of a `Notify` says.

/// A call is stored for the next that waits; nobody does.
pub(super) const NOTIFIED: usize = 1;
/// Tasks wait in the queue. Changes under its lock.
pub(super) const WAITING: usize = 1 << 1;
/// A task waits in the slot, ahead of the queue.
pub(super) const ALONE: usize = 1 << 2;
/// The slot is in use: somebody waits in it, or writes or reads it.
pub(super) const SLOT: usize = 1 << 3;
/// Whoever has the slot was called with everybody, and has not seen it. Changes under the lock.
pub(super) const HELD_ALL: usize = 1 << 4;
/// Whoever has the slot was called as the last, and has not seen it. Changes under the lock.
pub(super) const HELD_LAST: usize = 1 << 5;
/// Some were called, have an entry in the queue that says so, and have not seen it. Changes under the lock.
pub(super) const KEPT: usize = 1 << 6;
/// One call to everybody.
pub(super) const CALL: usize = 1 << 7;
/// How often everybody was called.
pub(super) const CALLS: usize = !(CALL - 1);
