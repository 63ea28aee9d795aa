//! How a call ends.
//!
//! | file | what it holds |
//! |---|---|
//! | `code.rs` | the seventeen codes |
//! | `error.rs` | [`Status`]: a code, a message, details and metadata |
//! | `percent.rs` | the encoding of the message on the wire |
//! | `wire.rs` | a status in header fields, both ways |
//! | `transport.rs` | the status of what HTTP says went wrong |

mod code;
mod error;
mod percent;
mod transport;
mod wire;

pub use code::Code;
pub use error::Status;
pub(crate) use transport::{from_http_error, from_http_status};
pub(crate) use wire::{STATUS, read, write};

/// The result of a call: `Err` is a [`Status`] other than OK.
pub type Result<T, E = Status> = std::result::Result<T, E>;
