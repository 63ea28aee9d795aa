//! Polls that hold up their worker, and who is told of them.

mod support;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use minato_runtime::runtime::{BlockedPoll, Builder, Runtime, TaskState};
use minato_runtime::task::{self, yield_now};

const THRESHOLD: Duration = Duration::from_millis(10);

fn watched(mut builder: Builder) -> (Runtime, mpsc::Receiver<BlockedPoll>) {
    let (report, reports) = mpsc::channel();
    let runtime = builder
        .blocked_threshold(THRESHOLD)
        .on_blocked(move |poll| drop(report.send(poll.clone())))
        .build()
        .unwrap();
    (runtime, reports)
}

fn builders() -> Vec<Builder> {
    let many = |workers| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(workers);
        builder
    };
    vec![Builder::new_current_thread(), many(1), many(2)]
}

#[test]
fn a_task_that_blocks_is_told_of_by_name_while_it_does() {
    for builder in builders() {
        let (runtime, reports) = watched(builder);
        let line = line!() + 6;
        let report = runtime.block_on(async {
            let stubborn = task::Builder::new()
                .name("stubborn")
                // Were it told of only when it is over, it never would be.
                .spawn(async move { reports.recv().unwrap() })
                .unwrap();
            stubborn.await.unwrap()
        });
        assert!(report.running_for >= THRESHOLD, "{report}");
        assert!(report.worker < runtime.metrics().num_workers());
        assert!(report.thread.is_some());
        let text = report.to_string();
        let task = report.task.unwrap();
        assert_eq!(task.name.as_deref(), Some("stubborn"));
        assert_eq!((task.spawned_at.file(), task.spawned_at.line()), (file!(), line - 1));
        assert!(matches!(task.state, TaskState::Running { .. }));
        assert!(text.contains("\"stubborn\" from runtime/tests/watchdog.rs:"), "{text}");
        let blocked: u64 = (0..runtime.metrics().num_workers())
            .map(|worker| runtime.metrics().worker_blocked_poll_count(worker))
            .sum();
        assert_eq!(blocked, 1);
    }
}

#[test]
fn the_future_of_block_on_is_told_of_too() {
    for builder in builders() {
        let (runtime, reports) = watched(builder);
        let report = runtime.block_on(async {
            yield_now().await;
            reports.recv().unwrap()
        });
        assert!(report.task.is_none(), "{report}");
        assert!(report.to_string().ends_with("by the future of `block_on`"), "{report}");
    }
}

#[test]
fn a_poll_is_told_of_once_and_the_next_one_again() {
    let (runtime, reports) = watched(Builder::new_current_thread());
    runtime.block_on(async {
        let twice = minato_runtime::spawn(async move {
            for _ in 0..2 {
                reports.recv().unwrap();
                // A second report of the same poll would come within the time of the first.
                assert!(reports.recv_timeout(4 * THRESHOLD).is_err());
                yield_now().await;
            }
        });
        twice.await.unwrap();
    });
    assert_eq!(runtime.metrics().worker_blocked_poll_count(0), 2);
}

#[test]
fn workers_that_are_busy_with_short_polls_are_not_told_of() {
    for builder in builders() {
        let (runtime, reports) = watched(builder);
        let start = Instant::now();
        runtime.block_on(async {
            let task = minato_runtime::spawn(async move {
                while start.elapsed() < 8 * THRESHOLD {
                    yield_now().await;
                }
            });
            while start.elapsed() < 8 * THRESHOLD {
                yield_now().await;
            }
            task.await.unwrap();
            // Nor is one that sleeps.
            minato_runtime::time::sleep(8 * THRESHOLD).await;
        });
        // A machine that is busy with other things may take a thread off its processor for that long.
        let told: Vec<_> = reports.try_iter().filter(|report| report.running_for > 4 * THRESHOLD).collect();
        assert!(told.is_empty(), "{told:?}");
    }
}

#[test]
fn a_multi_thread_runtime_counts_without_a_hook() {
    let runtime = Builder::new_multi_thread().worker_threads(2).blocked_threshold(THRESHOLD).build().unwrap();
    let metrics = runtime.metrics();
    let count = move || -> u64 { (0..2).map(|worker| metrics.worker_blocked_poll_count(worker)).sum() };
    runtime.block_on(async move {
        // Work that waits while another worker sleeps starts the watch.
        let tasks: Vec<_> = (0..10).map(|_| minato_runtime::spawn(yield_now())).collect();
        let blocking = minato_runtime::spawn(async move {
            let start = Instant::now();
            while count() == 0 {
                assert!(start.elapsed() < Duration::from_secs(20), "nobody has counted");
                std::thread::yield_now();
            }
        });
        for task in tasks {
            task.await.unwrap();
        }
        blocking.await.unwrap();
    });
}

#[test]
fn a_hook_that_panics_is_called_again() {
    let (report, reports) = mpsc::channel();
    let runtime = Builder::new_current_thread()
        .blocked_threshold(THRESHOLD)
        .on_blocked(move |_| {
            report.send(()).unwrap();
            std::panic::resume_unwind(Box::new("a hook that panics"));
        })
        .build()
        .unwrap();
    runtime.block_on(async {
        let twice = minato_runtime::spawn(async move {
            for _ in 0..2 {
                reports.recv().unwrap();
                yield_now().await;
            }
        });
        twice.await.unwrap();
    });
}
