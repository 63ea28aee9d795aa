//! Streams: values that come one after the other, each awaited.
//!
//! [`Stream`] is that of `futures-core`, so streams of other crates are streams here. Everyday methods are in
//! [`StreamExt`]; names and meanings are those of `tokio-stream`, with what people take from `futures` besides.
//!
//! Many types of this crate are streams by themselves: both receivers of [`mpsc`](crate::sync::mpsc),
//! [`Interval`](crate::time::Interval), [`DelayQueue`](crate::time::DelayQueue), [`Lines`](crate::io::Lines),
//! [`Split`](crate::io::Split), [`JoinSet`](crate::task::JoinSet), [`JoinMap`](crate::task::JoinMap),
//! [`JoinQueue`](crate::task::JoinQueue), [`PollSemaphore`](crate::sync::PollSemaphore) and signals. The [`wrappers`]
//! are for code that has them already, and for receivers that must keep a place in a queue between two polls.
//!
//! - `ext`, `adapters`: [`StreamExt`], and the streams and futures that its methods make
//! - `collect`: what a stream can be collected into
//! - `sources`: streams out of nothing, of iterators and of functions
//! - [`FuturesUnordered`], [`FuturesOrdered`], [`StreamMap`]: many at once
//! - `notify_close`: the end as an item
//! - `native`: the types above as streams; `wrappers`: types around others
//!
//! ```
//! use minato_runtime::stream::{self, StreamExt};
//!
//! # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let squares: Vec<u32> = stream::iter(1..=4).map(|n| n * n).filter(|n| n % 2 == 0).collect().await;
//! assert_eq!(squares, [4, 16]);
//! # });
//! ```

pub mod adapters;
mod collect;
mod ext;
mod futures_ordered;
mod futures_unordered;
mod native;
mod notify_close;
mod sources;
mod stream_map;
pub mod wrappers;

#[cfg(all(test, loom))]
mod loom_models;

pub use collect::FromStream;
pub use ext::StreamExt;
pub use futures_core::Stream;
pub use futures_ordered::FuturesOrdered;
pub use futures_unordered::FuturesUnordered;
pub use notify_close::StreamNotifyClose;
pub use sources::{Empty, Iter, Once, Pending, PollFn, Unfold, empty, iter, once, pending, poll_fn, unfold};
pub use stream_map::StreamMap;

pub use crate::time::Elapsed;

/// A stream of any type behind a pointer, which may go to other threads; made by [`StreamExt::boxed`].
pub type BoxStream<'a, T> = std::pin::Pin<Box<dyn Stream<Item = T> + Send + 'a>>;

/// A stream of any type behind a pointer; made by [`StreamExt::boxed_local`].
pub type LocalBoxStream<'a, T> = std::pin::Pin<Box<dyn Stream<Item = T> + 'a>>;
