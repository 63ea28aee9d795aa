//! Benchmarks of the Minato stack beside its peers.
//!
//! Each case is the same work done on Minato and on a peer: tokio for the runtime and sockets, hyper for HTTP, tonic
//! for gRPC. Work that both can do is one source file compiled twice, against the names in `platform/`.
//!
//! | file | what it holds |
//! |---|---|
//! | `cases.rs` | [`CASES`]: every comparison |
//! | `clients.rs` | HTTP clients |
//! | `codecs.rs` | frames in memory |
//! | `jobs/` | what runs on a runtime, compiled for both in `on_minato.rs` and `on_tokio.rs` |
//! | `on_smol.rs`, `on_monoio.rs` | the same for two more peers, where they have what it takes |
//! | `platform/` | the names of both runtimes |
//! | `servers/` | HTTP and gRPC servers, ours and theirs |
//! | `services.rs` | middleware, ours and tower's |
//! | `load/` | the clients of the servers: raw sockets that cost the same in front of everybody |
//! | `rounds.rs` | measuring two sides in turns |
//! | `bin/compare/` | the table |

#![forbid(unsafe_code)]

mod cases;
mod clients;
mod codecs;
mod load;
mod on_minato;
mod on_monoio;
mod on_smol;
mod on_tokio;
mod platform;
mod rounds;
mod servers;
mod services;

use std::fmt;
use std::net::SocketAddr;

pub use cases::{CASES, find};
pub use rounds::{Measured, Sample, measure};
pub use services::{CONTENDED, Contended};

/// Does as many operations as it is told.
pub type Work = Box<dyn FnMut(u64)>;

/// How many threads do the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// A current-thread runtime.
    One,
    /// A multi-thread runtime of one worker.
    OneOfPool,
    /// A multi-thread runtime of two workers.
    Two,
}

/// One comparison.
#[derive(Debug)]
pub struct Case {
    /// What is done, and on which flavour of runtime.
    pub name: &'static str,
    /// Who is beside us.
    pub peer: &'static str,
    /// The two flavours do the same.
    pub workers: Workers,
    /// Ours.
    pub ours: Side,
    /// The peer's.
    pub theirs: Side,
    /// Further peers that can do the same work, on one thread.
    pub others: &'static [Other],
}

/// A further peer.
#[derive(Debug)]
pub struct Other {
    /// Who it is.
    pub name: &'static str,
    /// How it does the work.
    pub side: Side,
}

/// How one side of a comparison is set up.
#[derive(Clone, Copy)]
pub enum Side {
    /// Work on a runtime of its own.
    Inside(fn(Workers) -> Work),
    /// A server on threads of its own, and the load before it.
    Server {
        /// Starts the server, which goes on until the process ends.
        serve: fn(Workers) -> SocketAddr,
        /// The load, on the thread that runs it.
        load: fn(SocketAddr) -> Work,
    },
}

impl Side {
    /// Sets the side up.
    #[must_use]
    pub fn start(self, workers: Workers) -> Work {
        match self {
            Self::Inside(work) => work(workers),
            Self::Server { serve, load } => load(serve(workers)),
        }
    }

    /// Whether the thread that runs the work is only the client.
    #[must_use]
    pub fn is_server(self) -> bool {
        matches!(self, Self::Server { .. })
    }
}

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_server() { "Server" } else { "Inside" })
    }
}
