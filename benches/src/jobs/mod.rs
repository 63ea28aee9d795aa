//! Work on a runtime: this folder is compiled once for each, against the names in `super::platform`.

mod channels;
mod files;
mod locks;
mod many;
mod outside;
mod streams;
mod tasks;
mod tcp;
mod timers;
mod tokens;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};
use std::thread;

pub(crate) use channels::{mpsc_bounded, mpsc_unbounded, oneshot_in_task};
pub(crate) use files::{blocking_job, child, read_file, read_open_file, write_lines};
pub(crate) use locks::{contended_rwlock, contended_semaphore, mutex, semaphore};
pub(crate) use many::{broadcast_to_4, contended_watch, notify_round_trip, watch_by_4};
pub(crate) use outside::{build_and_drop, spawn_from_outside};
pub(crate) use streams::{tcp_copy, unix_copy};
pub(crate) use tasks::{join_from_block_on, ping_pong, spawn_join, spawn_many, yield_alone, yield_among_200};
pub(crate) use tcp::echo;
pub(crate) use timers::{sleep_cancelled, timeout_pending, timeout_ready, timers_firing};
pub(crate) use tokens::{cancel_4, cancelled_given_up, child_token};

use super::platform::{Builder, Runtime, spawn};
use crate::{Work, Workers};

/// Operations after which a task gives way, so that no budget of the runtime ends in the middle.
const TURN: u64 = 32;

pub(crate) fn runtime(workers: Workers) -> Runtime {
    let mut builder = match workers {
        Workers::One => Builder::new_current_thread(),
        Workers::OneOfPool => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(1);
            builder
        }
        Workers::Two => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(2);
            builder
        }
    };
    builder.enable_all().build().expect("a runtime")
}

/// Work that is one task for each round.
fn in_task<F, Fut>(workers: Workers, round: F) -> Work
where
    F: Fn(u64) -> Fut + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let runtime = runtime(workers);
    Box::new(move |operations| {
        let round = round(operations);
        runtime.block_on(async { spawn(round).await.expect("the round does not panic") });
    })
}

/// Shares the operations among eight tasks.
async fn in_eight_tasks<F, Fut>(operations: u64, task: F)
where
    F: Fn(u64) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let tasks: Vec<_> = (0..8).map(|_| spawn(task(operations.div_ceil(8)))).collect();
    for task in tasks {
        task.await.expect("the task does not panic");
    }
}

/// Runs a server on threads of its own until the process ends; it tells its address once it listens.
pub(crate) fn serve<F, Fut>(workers: Workers, server: F) -> SocketAddr
where
    F: FnOnce(Sender<SocketAddr>) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (tell, told) = channel();
    thread::spawn(move || {
        let runtime = runtime(workers);
        let server = server(tell);
        runtime.block_on(async { spawn(server).await.expect("the server does not panic") });
    });
    told.recv().expect("the server listens")
}
