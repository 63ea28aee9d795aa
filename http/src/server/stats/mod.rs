//! What servers count, and who may look.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`ServerHandle`]: what its servers count, and whom they tell |
//! | `event.rs` | what there is to be told |
//! | `snapshot.rs` | the numbers at one moment |
//! | `tally.rs` | what one connection counts |
//!
//! Each connection has counts of its own, which its task alone writes: counting takes neither a lock nor an atomic
//! addition, and no two connections share a line of memory. Whoever asks adds them up. What is rare is counted in one
//! place. A server without a handle counts nothing, since nobody could ask.

mod event;
mod snapshot;
mod tally;

use std::fmt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use slab::Slab;

pub use self::event::{Ending, Refusal, ServerEvent, ServerObserver, Violation};
pub use self::snapshot::{ConnectionStats, ServerStats};
use self::tally::Tally;
pub(crate) use self::tally::{Counted, Responses};

/// Shows what the servers do that were given it, by [`Server::handle`](crate::Server::handle).
///
/// ```
/// use minato_http::{Server, ServerHandle, handler_fn};
///
/// # async fn stopped() {}
/// # minato_runtime::runtime::Runtime::new().unwrap().block_on(async {
/// let handle = ServerHandle::new();
/// let server = Server::bind("127.0.0.1:0").handle(&handle);
/// # let server = server.graceful(stopped(), minato_http::Drain::within(std::time::Duration::ZERO));
/// # let _ =
/// server.serve(handler_fn(|_| async { "hello" })).await.unwrap();
/// # ;
/// // In another task, and as often as is wanted:
/// let stats = handle.stats();
/// println!("{} open, {} requests, {} answered 5xx", stats.open, stats.requests(), stats.responses[4]);
/// # });
/// ```
///
/// Where there is a handle, a request costs a few additions to counters of its own connection, and no lock.
#[derive(Clone, Default)]
pub struct ServerHandle {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    connections: Mutex<Connections>,
    /// What is rare, by [`ServerEvent::place`].
    events: [AtomicU64; event::PLACES],
    observer: Option<Box<dyn ServerObserver>>,
}

#[derive(Default)]
struct Connections {
    open: Slab<Arc<Tally>>,
    /// What those counted that are closed.
    closed: ServerStats,
}

impl ServerHandle {
    /// A handle that can be asked.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A handle that can be asked, and tells the observer of what happens to connections.
    ///
    /// ```
    /// use std::net::SocketAddr;
    /// use minato_http::{ServerEvent, ServerHandle};
    ///
    /// let handle = ServerHandle::observed(|peer: Option<SocketAddr>, event: &ServerEvent| {
    ///     if let ServerEvent::Violated(violation) = event {
    ///         println!("{peer:?}: {violation:?}");
    ///     }
    /// });
    /// # drop(handle);
    /// ```
    #[must_use]
    pub fn observed(observer: impl ServerObserver) -> Self {
        let shared = Shared { observer: Some(Box::new(observer)), ..Shared::default() };
        Self { shared: Arc::new(shared) }
    }

    /// The numbers since the first server was given the handle.
    ///
    /// What open connections have counted is added up, which takes time in proportion to their number.
    #[must_use]
    pub fn stats(&self) -> ServerStats {
        let mut stats = {
            let connections = self.connections();
            let mut stats = connections.closed;
            stats.open = connections.open.len() as u64;
            connections.open.iter().for_each(|(_, tally)| stats.add(&tally.stats()));
            stats
        };
        // ORDERING: Relaxed, numbers that say nothing of other memory.
        stats.add_events(|place| self.shared.events[place].load(Ordering::Relaxed));
        stats
    }

    /// The connections that are open, in no particular order.
    #[must_use]
    pub fn connections_open(&self) -> Vec<ConnectionStats> {
        self.connections().open.iter().map(|(_, tally)| tally.stats()).collect()
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.shared.connections.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Counts something rare, and tells of it. Not under a lock: the observer is the user's.
    pub(super) fn note(&self, peer: Option<SocketAddr>, event: &ServerEvent) {
        if let Some(place) = event.place() {
            self.shared.events[place].fetch_add(1, Ordering::Relaxed);
        }
        if let Some(observer) = &self.shared.observer {
            // A panic of the observer is its own affair: whoever is observed goes on.
            let _ = catch_unwind(AssertUnwindSafe(|| observer.observe(peer, event)));
        }
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
