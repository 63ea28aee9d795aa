//! Workers on processors of their own.
#![cfg(target_os = "linux")]

use std::future::Future;
use std::io::ErrorKind;

use minato_runtime::runtime::{Builder, worker_index};
use minato_runtime::task::{spawn_blocking, yield_now};

/// The processors on which a thread of this process may run, as the kernel says them.
fn allowed(thread: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{thread}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    line.unwrap().trim().to_owned()
}

fn allowed_here() -> String {
    allowed("thread-self")
}

/// The processors of this process: the numbers in a list such as `0-2,5`.
fn processors() -> Vec<usize> {
    let list = allowed("self");
    let ranges = list.split(',').map(|range| range.split_once('-').unwrap_or((range, range)));
    ranges.flat_map(|(first, last)| first.parse::<usize>().unwrap()..=last.parse().unwrap()).collect()
}

#[test]
fn a_worker_runs_on_its_processor_and_the_thread_in_block_on_is_put_back() {
    let before = allowed_here();
    for processor in processors().into_iter().take(4) {
        let runtime = Builder::new_current_thread().pin_workers([processor]).build().unwrap();
        assert_eq!(runtime.block_on(async { allowed_here() }), processor.to_string());
        assert_eq!(allowed_here(), before);
    }
}

#[test]
fn each_worker_has_the_processor_of_its_number() {
    let processors = processors();
    let workers = 2 * processors.len();
    let runtime =
        Builder::new_multi_thread().worker_threads(workers).pin_workers(processors.clone()).build().unwrap();
    // The thread of this test is no worker meanwhile, so that others have to start.
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            runtime.spawn(async {
                yield_now().await;
                (worker_index().unwrap(), allowed_here())
            })
        })
        .collect();
    for task in tasks {
        let (worker, allowed) = futures_block_on(task).unwrap();
        assert_eq!(allowed, processors[worker % processors.len()].to_string());
    }
}

/// Waits on a thread that runs no worker.
fn futures_block_on<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn threads_for_blocking_jobs_are_not_pinned() {
    let before = allowed_here();
    let runtime = Builder::new_current_thread().pin_workers([processors()[0]]).build().unwrap();
    let (on_worker, elsewhere) =
        runtime.block_on(async { (allowed_here(), spawn_blocking(allowed_here).await.unwrap()) });
    assert_eq!(on_worker, processors()[0].to_string());
    assert_eq!(elsewhere, before);
}

#[test]
fn a_processor_that_is_not_ours_is_refused() {
    for processor in [100_000, usize::MAX] {
        let error = Builder::new_current_thread().pin_workers([processor]).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(&processor.to_string()));
    }
}
