//! Every bound of this crate, with what it protects.

use std::time::Duration;

/// LIMIT: connections the kernel keeps for a listener that has not accepted them yet.
pub(crate) const BACKLOG: i32 = 1024;

/// LIMIT: the first pause of an accept loop that has run out of descriptors or memory, so that it does not spin.
pub(crate) const ACCEPT_PAUSE_MIN: Duration = Duration::from_millis(5);

/// LIMIT: the longest such pause, so that the loop notices soon when there is room again.
pub(crate) const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);

/// LIMIT: connections that fail one after the other before an accept loop pauses, so that it does not spin.
pub(crate) const ACCEPT_RETRIES_MAX: u32 = 64;
