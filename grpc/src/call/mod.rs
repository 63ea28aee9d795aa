//! What a handler and a caller hold of a call.
//!
//! | file | what it holds |
//! |---|---|
//! | `cx.rs` | [`Cx`]: the call as its handler sees it |
//! | `cancelled.rs` | [`Cancelled`]: the end of a call, for work outside its handler |
//! | `inbound.rs` | [`Inbound`]: the messages that come in |
//! | `outbound.rs` | [`Outbound`]: the messages that go out |
//! | `outlet.rs` | the queue between an `Outbound` and the transport |
//! | `reader.rs` | from an HTTP body to messages |

mod cancelled;
mod cx;
mod inbound;
mod outbound;
mod outlet;
mod reader;

pub use cancelled::Cancelled;
pub(crate) use cx::Call;
pub use cx::{Cx, MetadataMut};
pub use inbound::Inbound;
pub use outbound::Outbound;
pub(crate) use outlet::{Ending, Outlet};
pub(crate) use reader::{Encoding, Event, Reader, decode};
