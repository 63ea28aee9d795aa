//! Every comparison.

use crate::Side::{self, Inside};
use crate::Workers::{One, Two};
use crate::on_minato::jobs as ours;
use crate::on_tokio::jobs as tokio;
use crate::servers::{minato, peers};
use crate::{Case, Workers, load};

/// Work that both runtimes do.
macro_rules! inside {
    ($name:literal, $workers:ident, $work:ident) => {
        Case {
            name: $name,
            peer: "tokio",
            workers: $workers,
            ours: Inside(ours::$work),
            theirs: Inside(tokio::$work),
        }
    };
}

const fn server(
    name: &'static str,
    peer: &'static str,
    workers: Workers,
    serve: [fn(Workers) -> std::net::SocketAddr; 2],
    load: fn(std::net::SocketAddr) -> crate::Work,
) -> Case {
    let [ours, theirs] = serve;
    Case {
        name,
        peer,
        workers,
        ours: Side::Server { serve: ours, load },
        theirs: Side::Server { serve: theirs, load },
    }
}

/// All of them, from the bottom of the stack to its top. The end of a name says how many workers there are.
pub const CASES: &[Case] = &[
    inside!("spawn/1", One, spawn_many),
    inside!("spawn/2", Two, spawn_many),
    inside!("spawn-join/1", One, spawn_join),
    inside!("spawn-join/2", Two, spawn_join),
    inside!("join-from-block-on/1", One, join_from_block_on),
    inside!("join-from-block-on/2", Two, join_from_block_on),
    inside!("yield-alone/1", One, yield_alone),
    inside!("yield-alone/2", Two, yield_alone),
    inside!("yield-among-200/1", One, yield_among_200),
    inside!("yield-among-200/2", Two, yield_among_200),
    inside!("ping-pong/1", One, ping_pong),
    inside!("ping-pong/2", Two, ping_pong),
    inside!("mpsc-bounded/1", One, mpsc_bounded),
    inside!("mpsc-bounded/2", Two, mpsc_bounded),
    inside!("mpsc-unbounded/1", One, mpsc_unbounded),
    inside!("mpsc-unbounded/2", Two, mpsc_unbounded),
    inside!("oneshot/1", One, oneshot_in_task),
    inside!("mutex/1", One, mutex),
    inside!("semaphore/1", One, semaphore),
    inside!("sleep-cancelled/1", One, sleep_cancelled),
    inside!("sleep-cancelled/2", Two, sleep_cancelled),
    inside!("timeout-ready/1", One, timeout_ready),
    server("tcp-echo-1-conn/1", "tokio", One, [ours::echo, tokio::echo], load::echo_1),
    server("tcp-echo-64-conn/1", "tokio", One, [ours::echo, tokio::echo], load::echo_64),
    server("tcp-echo-64-conn/2", "tokio", Two, [ours::echo, tokio::echo], load::echo_64),
    server("http1-64-conn/1", "hyper", One, [minato::http, peers::http1], load::http1_64),
    server("http1-64-conn/2", "hyper", Two, [minato::http, peers::http1], load::http1_64),
    server("http1-pipelined/1", "hyper", One, [minato::http, peers::http1], load::http1_pipelined),
    server("http1-pipelined/2", "hyper", Two, [minato::http, peers::http1], load::http1_pipelined),
    server("http2-1-stream/1", "hyper", One, [minato::http, peers::http2], load::http2_1),
    server("http2-100-streams/1", "hyper", One, [minato::http, peers::http2], load::http2_100),
    server("http2-100-streams/2", "hyper", Two, [minato::http, peers::http2], load::http2_100),
    server("grpc-1-stream/1", "tonic", One, [minato::grpc, peers::grpc], load::grpc_1),
    server("grpc-100-streams/1", "tonic", One, [minato::grpc, peers::grpc], load::grpc_100),
    server("grpc-100-streams/2", "tonic", Two, [minato::grpc, peers::grpc], load::grpc_100),
];

/// The case of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.name == name)
}
