//! What several examples share: the greeter service, files for tower-http, and how a process is asked to end.
//!
//! Read the examples in this order; each shows one layer more:
//!
//! 1. `tcp-echo` and `udp-echo`: tasks and sockets
//! 2. `chat`: lines, and a channel that reaches everybody
//! 3. `tcp-proxy`: connecting by name, and passing bytes on inside the kernel
//! 4. `tls-echo`: TLS, and a certificate that is replaced while it runs
//! 5. `mini-redis`: a protocol of one's own, many clients, shared state, an orderly end
//! 6. `http-client`: requests, pooled connections, streamed bodies
//! 7. `static-files`: a folder, through tower-http's `ServeDir` and a stack of its layers
//! 8. `sse`: a response that goes on
//! 9. `websocket-chat`: a connection that stops speaking HTTP
//! 10. `tls-server`: HTTPS, with certificates that are replaced while it runs
//! 11. `reverse-proxy`: a server and a client in one, for bodies, trailers and upgrades of all kinds
//! 12. `middleware`: a stack of layers, and one written as an async function
//! 13. `axum-on-minato`: an unmodified axum router
//! 14. `grpc-streaming`: the four kinds of call, in one process
//! 15. `hello` and `hello-client`: everything on one port

#![forbid(unsafe_code)]

pub mod certificate;
pub mod files;
pub mod greeter;
pub mod mini_redis;

/// The example of the front page, compiled with the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FrontPage;

use minato_runtime::select;
use minato_runtime::signal::unix::{SignalKind, signal};

/// Waits until the process is asked to end, by ctrl-c or by SIGTERM, from the call on.
pub fn asked_to_end() -> impl Future<Output = ()> {
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async {
        let [Ok(mut interrupt), Ok(mut terminate)] = signals else { return std::future::pending().await };
        select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}
