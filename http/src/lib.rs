//! HTTP/1 and HTTP/2 server and client of the Minato stack.

#![forbid(unsafe_code)]

mod body;
mod error;
mod h1;
mod h2;
mod limits;
mod reason;

pub use self::body::{Body, BodySender};
pub use self::error::{BoxError, Error, Initiator, Reset, Scope, Timeout};
pub use self::reason::Reason;
