//! Every bound of this crate, with what it protects.

/// LIMIT: operations a task may do on our primitives in one poll before they answer `Pending`, so that a task
/// whose inputs are always ready cannot hold its worker.
pub(crate) const COOP_BUDGET: u8 = 128;

/// LIMIT: bytes one step of `read_to_end` asks for, so that a reader which zeroes what it is lent, fed by a peer in
/// tiny pieces, does not zero the whole spare capacity for each piece.
pub(crate) const READ_TO_END_STEP: usize = 64 * 1024;
