//! The streams and futures that the methods of [`StreamExt`](super::StreamExt) make.
//!
//! - `mapping`, `filtering`: another item for each, or fewer of them
//! - `bounding`: only the first, or all but the first
//! - `joining`: two streams as one, and a stream of streams
//! - `fuse`, `peekable`: what is remembered of a stream
//! - `timing`: limits on the wait, and paces
//! - `buffering`: many futures at once
//! - `consuming`: futures that go through a stream

mod bounding;
mod buffering;
mod consuming;
mod filtering;
mod fuse;
mod joining;
mod mapping;
mod peekable;
mod timing;

pub use bounding::{Skip, SkipWhile, Take, TakeUntil, TakeWhile};
pub use buffering::{BufferUnordered, Buffered};
pub use consuming::{All, Any, Collect, Count, Fold, ForEach, ForEachConcurrent, Next, TryForEach, TryNext};
pub use filtering::{Filter, FilterMap};
pub use fuse::Fuse;
pub use joining::{Chain, Flatten, Merge, Zip};
pub use mapping::{Enumerate, Inspect, Map, MapWhile, Then};
pub use peekable::Peekable;
pub use timing::{ChunksTimeout, Throttle, Timeout, TimeoutRepeating};

/// The bounds of two streams together.
fn sum_of_hints(one: (usize, Option<usize>), other: (usize, Option<usize>)) -> (usize, Option<usize>) {
    let most = one.1.zip(other.1).and_then(|(one, other)| one.checked_add(other));
    (one.0.saturating_add(other.0), most)
}
