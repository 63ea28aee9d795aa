//! Every comparison.

use crate::Side::{self, Inside};
use crate::Workers::{One, OneOfPool, Two};
use crate::on_minato::jobs as ours;
use crate::on_monoio as monoio;
use crate::on_smol as smol;
use crate::on_tokio::jobs as tokio;
use crate::servers::{epoll, minato, peers};
use crate::{Case, Other, Workers, clients, codecs, load, services};

/// Work that both runtimes do, and the peers named after it.
macro_rules! inside {
    ($name:literal, $workers:ident, $work:ident $(, $peer:ident)*) => {
        Case {
            name: $name,
            peer: "tokio",
            workers: $workers,
            ours: Inside(ours::$work),
            theirs: Inside(tokio::$work),
            others: &[$(Other { name: stringify!($peer), side: Inside(|_| $peer::$work()) }),*],
        }
    };
}

/// Work in memory, without a runtime.
const fn in_memory(name: &'static str, [ours, theirs]: [fn(Workers) -> crate::Work; 2]) -> Case {
    Case { name, peer: "tokio-util", workers: One, ours: Inside(ours), theirs: Inside(theirs), others: &[] }
}

/// Middleware of both, around a service that answers at once.
macro_rules! layered {
    ($name:literal, $ours:ident, $peer:literal, $theirs:ident) => {
        Case {
            name: $name,
            peer: $peer,
            workers: One,
            ours: Inside(services::$ours),
            theirs: Inside(services::$theirs),
            others: &[],
        }
    };
}

/// A client of ours beside one of theirs, before the same server.
const fn client(name: &'static str, peer: &'static str, theirs: fn(Workers) -> crate::Work) -> Case {
    Case { name, peer, workers: One, ours: Inside(clients::ours), theirs: Inside(theirs), others: &[] }
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
        others: &[],
    }
}

/// An echo server of ours on one thread, beside those of tokio and monoio.
macro_rules! echo {
    ($name:literal, $load:ident) => {
        Case {
            others: &[Other {
                name: "monoio",
                side: Side::Server { serve: monoio::echo, load: load::$load },
            }],
            ..server($name, "tokio", One, [ours::echo, tokio::echo], load::$load)
        }
    };
}

/// All of them, from the bottom of the stack to its top. The end of a name says how many workers there are; `m1` is a
/// multi-thread runtime of one.
pub const CASES: &[Case] = &[
    inside!("spawn/1", One, spawn_many, smol, monoio),
    inside!("spawn/m1", OneOfPool, spawn_many),
    inside!("spawn/2", Two, spawn_many),
    inside!("spawn-join/1", One, spawn_join, smol, monoio),
    inside!("spawn-join/m1", OneOfPool, spawn_join),
    inside!("spawn-join/2", Two, spawn_join),
    inside!("join-from-block-on/1", One, join_from_block_on),
    inside!("join-from-block-on/2", Two, join_from_block_on),
    inside!("spawn-from-outside/1", One, spawn_from_outside),
    inside!("spawn-from-outside/2", Two, spawn_from_outside),
    inside!("build-and-drop/1", One, build_and_drop),
    inside!("build-and-drop/2", Two, build_and_drop),
    inside!("yield-alone/1", One, yield_alone, smol, monoio),
    inside!("yield-alone/2", Two, yield_alone),
    inside!("yield-among-200/1", One, yield_among_200),
    inside!("yield-among-200/2", Two, yield_among_200),
    inside!("ping-pong/1", One, ping_pong, smol, monoio),
    inside!("ping-pong/2", Two, ping_pong),
    inside!("mpsc-bounded/1", One, mpsc_bounded, smol),
    inside!("mpsc-bounded/2", Two, mpsc_bounded),
    inside!("mpsc-unbounded/1", One, mpsc_unbounded, smol),
    inside!("mpsc-unbounded/2", Two, mpsc_unbounded),
    inside!("oneshot/1", One, oneshot_in_task, monoio),
    inside!("blocking-job/1", One, blocking_job),
    inside!("blocking-job/2", Two, blocking_job),
    inside!("read-file/1", One, read_file),
    inside!("read-open-file/1", One, read_open_file),
    inside!("write-lines/1", One, write_lines),
    inside!("child/1", One, child),
    inside!("mutex/1", One, mutex, smol),
    inside!("semaphore/1", One, semaphore, smol),
    inside!("semaphore-contended/1", One, contended_semaphore),
    inside!("semaphore-contended/2", Two, contended_semaphore),
    inside!("rwlock-contended/1", One, contended_rwlock),
    inside!("rwlock-contended/2", Two, contended_rwlock),
    inside!("notify-round-trip/1", One, notify_round_trip),
    inside!("notify-round-trip/2", Two, notify_round_trip),
    inside!("watch-by-4/1", One, watch_by_4),
    inside!("watch-by-4/2", Two, watch_by_4),
    inside!("watch-contended/1", One, contended_watch),
    inside!("watch-contended/2", Two, contended_watch),
    inside!("broadcast-to-4/1", One, broadcast_to_4),
    inside!("broadcast-to-4/2", Two, broadcast_to_4),
    inside!("sleep-cancelled/1", One, sleep_cancelled, smol, monoio),
    inside!("sleep-cancelled/2", Two, sleep_cancelled),
    inside!("timeout-ready/1", One, timeout_ready, monoio),
    inside!("timeout-pending/1", One, timeout_pending, monoio),
    inside!("child-token/1", One, child_token),
    inside!("cancelled-given-up/1", One, cancelled_given_up),
    inside!("cancel-4/1", One, cancel_4),
    inside!("timers-firing/1", One, timers_firing),
    inside!("timers-firing/2", Two, timers_firing),
    in_memory("decode-64-frames-lent", [codecs::lent, codecs::tokio::owned]),
    in_memory("decode-64-frames-owned", [codecs::minato::owned, codecs::tokio::owned]),
    in_memory("decode-64-lines-lent", [codecs::lines_lent, codecs::tokio::lines_owned]),
    in_memory("decode-64-lines-owned", [codecs::minato::lines_owned, codecs::tokio::lines_owned]),
    in_memory("encode-64-frames", [codecs::minato::encode, codecs::tokio::encode]),
    in_memory("encode-16k-frame", [codecs::minato::encode_long, codecs::tokio::encode_long]),
    in_memory("encode-16k-frame-rope", [codecs::encode_long_rope, codecs::tokio::encode_long]),
    layered!("service-bare/1", bare_ours, "tower", bare_theirs),
    layered!("service-timeout/1", timeout_ours, "tower", timeout_theirs),
    layered!("service-concurrency/1", concurrency_ours, "tower", concurrency_theirs),
    layered!("service-rate/1", rate_ours, "tower", rate_theirs),
    layered!("service-stack-4/1", stack_ours, "tower", stack_theirs),
    layered!("service-breaker/1", breaker_ours, "no breaker", bare_theirs),
    layered!("service-buffer/1", buffer_ours, "tower", buffer_theirs),
    layered!("service-p2c-2/1", p2c_2_ours, "tower", p2c_2_theirs),
    layered!("service-p2c-100/1", p2c_100_ours, "tower", p2c_100_theirs),
    layered!("service-p2c-ewma-10/1", p2c_ewma_ours, "tower", p2c_ewma_theirs),
    echo!("tcp-echo-1-conn/1", echo_1),
    server("tcp-echo-1-conn-raw/1", "epoll", One, [ours::echo, epoll::echo], load::echo_1),
    server("tcp-echo-64-conn-raw/1", "epoll", One, [ours::echo, epoll::echo], load::echo_64),
    server("tcp-echo-1000-conn-raw/1", "epoll", One, [ours::echo, epoll::echo], load::echo_1000),
    echo!("tcp-echo-1000-conn/1", echo_1000),
    echo!("tcp-echo-once/1", echo_once),
    inside!("tcp-copy-64k/1", One, tcp_copy, monoio),
    inside!("tcp-copy-64k/2", Two, tcp_copy),
    inside!("unix-copy-64k/1", One, unix_copy, monoio),
    inside!("unix-copy-64k/2", Two, unix_copy),
    echo!("tcp-echo-64-conn/1", echo_64),
    server("tcp-echo-64-conn/2", "tokio", Two, [ours::echo, tokio::echo], load::echo_64),
    server("http1-64-conn/1", "hyper", One, [minato::http, peers::http1], load::http1_64),
    server("http1-64-conn/2", "hyper", Two, [minato::http, peers::http1], load::http1_64),
    server("http1-pipelined/1", "hyper", One, [minato::http, peers::http1], load::http1_pipelined),
    server("http1-pipelined/2", "hyper", Two, [minato::http, peers::http1], load::http1_pipelined),
    client("client-64/1", "hyper-util", clients::hyper_util),
    client("client-64-reqwest/1", "reqwest", clients::reqwest),
    server("http1-64-conn-lean/1", "hyper", One, [minato::lean, peers::http1], load::http1_64),
    server("http1-64-conn-raw/1", "epoll", One, [minato::lean, |_| epoll::http()], load::http1_64),
    server("http1-pipelined-lean/1", "hyper", One, [minato::lean, peers::http1], load::http1_pipelined),
    server("http1-mebibyte-down/1", "hyper", One, [minato::transfer, peers::transfer], load::http1_down),
    server("http1-mebibyte-up/1", "hyper", One, [minato::transfer, peers::transfer], load::http1_up),
    server("axum-64-conn/1", "axum", One, [minato::axum, peers::axum], load::http1_64),
    server("axum-pipelined/1", "axum", One, [minato::axum, peers::axum], load::http1_pipelined),
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
