//! HTTP/2 on the `h2` crate, which only this folder and the two HTTP/2 drivers know.
//!
//! | file | what it holds |
//! |---|---|
//! | `wire.rs` | the socket as h2 sees it: writes are gathered, and leave once per turn |
//! | `guard.rs` | looks at the frame heads that arrive, for what h2 lets pass |
//! | `turn.rs` | wakes the connection's task, unless it is running and will look anyway |
//! | `streams.rs` | the streams of a connection, polled in its own task |
//! | `pump.rs` | a body, sent on a stream |
//! | `fields.rs` | what HTTP/2 asks of a head and h2 does not check |
//! | `keep_alive.rs` | PING, and what it means when nobody answers |
//! | `window.rs` | how large a window a connection needs |
//! | `cancel.rs` | ends an upload when nobody wants the answer |
//! | `ticket.rs` | what a client's exchange holds until its response has ended |

mod cancel;
mod fields;
mod guard;
mod keep_alive;
mod pump;
mod streams;
mod ticket;
mod turn;
mod window;
mod wire;

pub(crate) use self::cancel::{CancelOnDrop, Canceled, cancellation};
pub(crate) use self::fields::{check_request, strip_connection_fields};
pub(crate) use self::guard::WINDOW_MAX;
pub(crate) use self::keep_alive::{KeepAlive, Pulse};
pub(crate) use self::pump::Pump;
pub(crate) use self::streams::StreamSet;
pub(crate) use self::ticket::{Load, Ticket};
pub(crate) use self::turn::Turn;
pub(crate) use self::window::Estimator;
pub(crate) use self::wire::{Role, Wire};

/// What a client sends first on every HTTP/2 connection (RFC 9113 §3.4).
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
