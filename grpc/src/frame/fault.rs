//! What can be wrong with a frame.

use crate::Status;

/// How the peer, or the limit, broke the framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The flag byte is neither 0 nor 1.
    Flag(u8),
    /// The prefix announces more than the limit allows.
    TooLarge { len: usize, len_max: usize },
    /// The bytes end within a frame.
    Truncated,
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Flag(flag) => Self::internal(format!("unknown message flag {flag}")),
            Fault::TooLarge { len, len_max } => Self::resource_exhausted(format!(
                "a message of {len} bytes is above the limit of {len_max} (message_len_max)"
            )),
            Fault::Truncated => Self::internal("the stream ended within a message"),
        }
    }
}
