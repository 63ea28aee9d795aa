//! HTTP/2.
//!
//! | folder, file | what it holds |
//! |---|---|
//! | `frame/` | frames, read and written |
//! | `hpack/` | field blocks, read and written |
//! | `engine/` | a connection without its socket: streams, windows, states |
//! | `link.rs` | what the task of a connection and the users of its streams share |
//! | `halves.rs` | the two halves of a stream |
//! | `wire.rs` | the socket: writes are gathered, and leave once per turn |
//! | `turn.rs` | wakes the connection's task, unless it is running and will look anyway |
//! | `streams.rs` | the streams of a connection, polled in its own task |
//! | `pump.rs` | a body, sent on a stream |
//! | `keep_alive.rs` | PING, and what it means when nobody answers |
//! | `window.rs` | how large a window a connection needs |
//! | `cancel.rs` | ends an upload when nobody wants the answer |
//! | `ticket.rs` | what a client's exchange holds until its response has ended |

mod cancel;
mod engine;
mod frame;
mod halves;
mod hpack;
mod keep_alive;
mod link;
mod pump;
mod streams;
mod ticket;
mod turn;
mod window;
mod wire;

pub(crate) use self::cancel::{CancelOnDrop, Canceled, cancellation};
pub(crate) use self::engine::{Ended, EngineConfig, Incoming, Part, WINDOW_MAX};
pub(crate) use self::halves::{After, Opening, OutboundHead, Over, RecvHalf, SendHalf};
pub(crate) use self::hpack::{RequestPseudo, ResponseHead};
pub(crate) use self::keep_alive::{KeepAlive, Pulse};
pub(crate) use self::link::Link;
pub(crate) use self::pump::Pump;
pub(crate) use self::streams::StreamSet;
pub(crate) use self::ticket::{Load, Ticket};
pub(crate) use self::turn::Turn;
pub(crate) use self::window::Estimator;
pub(crate) use self::wire::{Arrived, Wire};

/// What a client sends first on every HTTP/2 connection (RFC 9113 §3.4).
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The side of the connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}
