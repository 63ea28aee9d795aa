//! The frames of HTTP/2 (RFC 9113 §4, §6): bytes in, typed frames out, and the reverse. No sockets, no streams.
//!
//! | file | what it holds |
//! |---|---|
//! | `head.rs` | the nine bytes before each payload, and what they alone can say is wrong |
//! | `payload.rs` | the payload of every frame but DATA, typed |
//! | `settings.rs` | the values that SETTINGS carries |
//! | `assembly.rs` | a field block that came in several frames |
//! | `write.rs` | frames, written |
//!
//! DATA has no payload here: it goes on to its reader while it arrives, and only its padding is looked at.
//! Whatever needs to know the stream or the connection (which frames may come when) is not checked here.

mod assembly;
mod head;
mod payload;
mod settings;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use self::assembly::Assembly;
pub(crate) use self::head::{HEAD_LEN, Head, Kind};
pub(crate) use self::payload::{Frame, parse};
pub(crate) use self::settings::{FRAME_SIZE_MIN, Settings};
pub(crate) use self::write::{
    put_data_head, put_goaway, put_headers, put_ping, put_reset, put_settings, put_settings_ack,
    put_window_update,
};

use crate::reason::Reason;

/// A frame that breaks the rules, and whom it ends (RFC 9113 §5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection, with this code in GOAWAY.
    Connection(Reason),
    /// One stream, with this code in RST_STREAM.
    Stream(u32, Reason),
}
