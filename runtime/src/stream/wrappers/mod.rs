//! Streams around types of this crate, under the names of `tokio-stream`.
//!
//! Most of what is wrapped here is a [stream](super) by itself; these are for code that has the wrappers already.
//! [`BroadcastStream`] and [`WatchStream`] are more: they keep the place of a receiver that waits.

mod broadcast;
mod plain;
mod watch;

/// What can go wrong.
pub mod errors {
    pub use super::broadcast::BroadcastStreamRecvError;
}

pub use broadcast::BroadcastStream;
pub use plain::{
    IntervalStream, JoinSetStream, LinesStream, ReceiverStream, SplitStream, UnboundedReceiverStream,
};
#[cfg(feature = "fs")]
pub use read_dir::ReadDirStream;
#[cfg(feature = "signal")]
pub use signal::{CtrlCStream, SignalStream};
pub use watch::WatchStream;

#[cfg(feature = "fs")]
mod read_dir;
#[cfg(feature = "signal")]
mod signal;
