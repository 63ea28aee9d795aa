//! Threads start when there is work for them.
#![cfg(target_os = "linux")]

use std::process::Command;
use std::time::{Duration, Instant};

use minato_runtime::runtime::{Builder, Runtime};
use minato_runtime::task::{spawn_blocking, yield_now};
use minato_runtime::{spawn, time};

/// The names of the threads of this process that begin so.
fn threads_named(prefix: &str) -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.map(|name| name.trim().to_owned()).filter(|name| name.starts_with(prefix)).collect()
}

fn eight_workers(name: &str) -> Runtime {
    Builder::new_multi_thread().worker_threads(8).thread_name(name).build().unwrap()
}

#[test]
fn a_runtime_that_is_built_and_waited_in_starts_no_worker() {
    let rt = eight_workers("lazy-a");
    rt.block_on(async {
        time::sleep(Duration::from_millis(2)).await;
        for _ in 0..1000 {
            yield_now().await;
        }
    });
    assert!(threads_named("lazy-a").iter().all(|thread| thread == "lazy-a-monitor"));
}

#[test]
fn short_tasks_that_are_joined_start_no_worker() {
    // On a machine that takes this thread off its processor, a poll may seem long enough to call for help.
    let started_none = |attempt: usize| {
        let name = format!("lazy-b{attempt}");
        let rt = eight_workers(&name);
        rt.block_on(async {
            for n in 0..200 {
                assert_eq!(spawn(async move { n }).await.unwrap(), n);
            }
        });
        threads_named(&name).iter().all(|thread| thread.ends_with("-monitor"))
    };
    assert!((10..60).any(started_none));
}

#[test]
fn current_thread_runtimes_start_threads_for_blocking_jobs_only() {
    let rt = Builder::new_current_thread().thread_name("lazy-c").build().unwrap();
    rt.block_on(async {
        let tasks: Vec<_> = (0..500).map(|_| spawn(yield_now())).collect();
        for task in tasks {
            task.await.unwrap();
        }
        time::sleep(Duration::from_millis(1)).await;
        assert_eq!(threads_named("lazy-c"), [""; 0]);
        spawn_blocking(|| ()).await.unwrap();
        assert_eq!(threads_named("lazy-c").len(), 1);
    });
    drop(rt);
    // The runtime waits for its threads to have nothing left to do; the system takes a moment more to bury them.
    let begun = Instant::now();
    while !threads_named("lazy-c").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(10), "a thread outlives its runtime");
        std::thread::yield_now();
    }
}

#[test]
fn one_task_from_outside_starts_one_worker() {
    let rt = eight_workers("lazy-d");
    let (tx, rx) = std::sync::mpsc::channel();
    drop(rt.spawn(async move { tx.send(threads_named("lazy-d")).unwrap() }));
    let mut workers = rx.recv().unwrap();
    workers.retain(|name| name != "lazy-d-monitor");
    // Until it has set its own, the monitor has the name of the worker that started it.
    workers.sort_unstable();
    workers.dedup();
    assert_eq!(workers.len(), 1, "{workers:?}");
}

/// Not for itself: run by the next test in a process of its own.
#[test]
fn tells_its_workers() {
    if std::env::var_os("MINATO_TEST_TELLS_WORKERS").is_some() {
        let count = Builder::new_multi_thread().build().unwrap().handle().worker_count();
        assert_eq!(count, 3, "workers by the environment");
        let count = Builder::new_multi_thread().worker_threads(2).build().unwrap().handle().worker_count();
        assert_eq!(count, 2, "workers by the builder");
    }
}

#[test]
fn the_environment_says_how_many_workers_there_are_unless_the_builder_does() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["tells_its_workers", "--exact"])
        .env("MINATO_WORKER_THREADS", "3")
        .env("MINATO_TEST_TELLS_WORKERS", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
