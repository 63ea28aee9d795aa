//! Every bound of this crate, with what it protects.

/// LIMIT: operations a task may do on our primitives in one poll before they answer `Pending`, so that a task
/// whose inputs are always ready cannot hold its worker.
pub(crate) const COOP_BUDGET: u8 = 128;
