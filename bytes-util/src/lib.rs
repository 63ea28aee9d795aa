//! Buffer lists and pools for network code.
//!
//! Two things every protocol layer needs and `bytes` leaves out:
//!
//! * [`BufList`], a rope of [`Bytes`](bytes::Bytes) that is a [`Buf`](bytes::Buf): what has arrived and is not yet
//!   decoded, or what is queued and not yet written;
//! * [`Pool`], a bounded store of large buffers whose [`PooledBuf`]s freeze into ordinary `Bytes` and come home when
//!   the last clone is dropped.
//!
//! The crate knows no socket, task or clock, and holds no `unsafe` code.

#![forbid(unsafe_code)]

mod buf_list;
mod limits;
mod pool;

pub use buf_list::BufList;
pub use pool::{Pool, PoolStats, PooledBuf};
