//! What a test process can see of itself.

#![allow(dead_code, reason = "each test file uses a part")]

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kibibytes of this process in memory.
pub(crate) fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// How much happens in this runtime in 300 ms of real time: polls, and waits that begin. Nothing, but for the one who asks, if
/// nobody has anything to do.
pub(crate) async fn turns_while_idle() -> u64 {
    let metrics = minato_runtime::runtime::Handle::current().metrics();
    let turns = || {
        let of = |worker| metrics.worker_poll_count(worker) + metrics.worker_park_count(worker);
        (0..metrics.num_workers()).map(of).sum::<u64>()
    };
    let before = turns();
    let waiting = minato_runtime::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(300)));
    waiting.await.unwrap();
    turns() - before
}

/// Descriptors that this process has open.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Allows this process at most `descriptors`, or as many as it may have; how many that is.
pub(crate) fn allow_descriptors(descriptors: u64) -> u64 {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let allowed = maximum.unwrap_or(descriptors).min(descriptors);
    setrlimit(Resource::Nofile, Rlimit { current: Some(allowed), maximum }).unwrap();
    allowed
}
