//! What several examples share: the greeter service, and how a process is asked to end.
//!
//! Read the examples in this order; each shows one layer more:
//!
//! 1. `tcp-echo`: tasks and sockets
//! 2. `mini-redis`: a protocol of one's own, many clients, shared state, an orderly end
//! 3. `http-client`: requests, pooled connections, streamed bodies
//! 4. `middleware`: a stack of layers, and one written as an async function
//! 5. `axum-on-minato`: an unmodified axum router
//! 6. `grpc-streaming`: the four kinds of call, in one process
//! 7. `hello` and `hello-client`: everything on one port

#![forbid(unsafe_code)]

pub mod greeter;
pub mod mini_redis;

/// The example of the front page, compiled with the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FrontPage;

use minato_runtime::select;
use minato_runtime::signal::unix::{SignalKind, signal};

/// Waits until the process is asked to end, by ctrl-c or by SIGTERM.
pub async fn asked_to_end() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
