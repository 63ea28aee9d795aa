//! Channels for many values, from many senders to one receiver.
//!
//! - [`channel`]: bounded; a sender waits for room, which it may also [reserve](Sender::reserve) beforehand;
//! - [`unbounded_channel`]: sending never waits, so the sender must be trusted.
//!
//! Both are lists of slots that a sender claims by one atomic step and fills at leisure. A receiver that finds the
//! slot at its head empty marks it and sleeps; whoever fills a marked slot wakes it. No other send looks at the
//! receiver. Inside: `slots` is the memory, `handle` and `counts` count the owners, `ring` and `list` are the two orders of slots.

mod bounded;
mod counts;
pub mod error;
mod handle;
mod list;
mod poll_sender;
mod reserved;
mod ring;
mod send_timeout;
mod slots;
mod unbounded;

pub use bounded::{OwnedPermit, Permit, Receiver, Sender, WeakSender, channel};
pub use error::{SendError, SendTimeoutError, TryRecvError, TrySendError};
pub use poll_sender::{PollSendError, PollSender};
pub use reserved::PermitIterator;
pub use unbounded::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel};

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod loom_models;
