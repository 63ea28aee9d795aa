//! What a runtime counts of itself.

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use minato_runtime::runtime::{Builder, Runtime, RuntimeMetrics};
use minato_runtime::sync::{Notify, mpsc, oneshot};
use minato_runtime::task::{self, yield_now};
use support::{all_flavors, current_thread, multi_thread};

fn total(metrics: &RuntimeMetrics, count: impl Fn(&RuntimeMetrics, usize) -> u64) -> u64 {
    (0..metrics.num_workers()).map(|worker| count(metrics, worker)).sum()
}

/// Waits until workers on other threads have counted what they did last.
#[track_caller]
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn tasks_are_counted_from_their_spawn_to_their_end() {
    for runtime in all_flavors() {
        let metrics = runtime.metrics();
        assert_eq!((metrics.spawned_tasks_count(), metrics.num_alive_tasks()), (0, 0));
        let (go, wait) = oneshot::channel::<()>();
        let outside = runtime.spawn(async { wait.await.unwrap() });
        assert_eq!((metrics.spawned_tasks_count(), metrics.num_alive_tasks()), (1, 1));
        runtime.block_on(async {
            let tasks: Vec<_> = (0..10).map(|_| minato_runtime::spawn(yield_now())).collect();
            assert_eq!(runtime.metrics().spawned_tasks_count(), 11);
            for task in tasks {
                task.await.unwrap();
            }
            go.send(()).unwrap();
            outside.await.unwrap();
        });
        eventually("all tasks are over", || metrics.num_alive_tasks() == 0);
        assert_eq!(metrics.spawned_tasks_count(), 11);
    }
}

#[test]
fn tasks_dropped_at_shutdown_are_no_longer_alive() {
    for runtime in all_flavors() {
        let metrics = runtime.metrics();
        runtime.block_on(async {
            for _ in 0..5 {
                drop(minato_runtime::spawn(std::future::pending::<()>()));
            }
            yield_now().await;
        });
        drop(runtime.spawn(async {}));
        drop(runtime);
        assert_eq!((metrics.spawned_tasks_count(), metrics.num_alive_tasks()), (6, 0));
    }
}

#[test]
fn polls_wakes_and_self_wakes_are_counted_where_they_happen() {
    let runtime = current_thread();
    let metrics = runtime.metrics();
    runtime.block_on(async {
        let (tx, mut rx) = mpsc::channel::<u32>(1);
        let receiver = minato_runtime::spawn(async move { rx.recv().await });
        let yielding = minato_runtime::spawn(async {
            for _ in 0..99 {
                yield_now().await;
            }
        });
        yielding.await.unwrap();
        tx.send(1).await.unwrap();
        receiver.await.unwrap();
    });
    assert_eq!(metrics.worker_self_wake_count(0), 99);
    assert_eq!(metrics.worker_poll_count(0), 100 + 2);
    assert_eq!(metrics.worker_local_schedule_count(0), 99 + 2 + 1);
    assert_eq!(metrics.remote_schedule_count(), 0);
}

#[test]
fn what_other_threads_schedule_is_counted_and_so_is_what_waits_of_it() {
    let runtime = current_thread();
    let metrics = runtime.metrics();
    let tasks: Vec<_> = (0..3).map(|_| runtime.spawn(async {})).collect();
    assert_eq!((metrics.remote_schedule_count(), metrics.global_queue_depth()), (3, 3));
    let notify = Arc::new(Notify::new());
    let waiting = notify.clone();
    let waiter = runtime.spawn(async move { waiting.notified().await });
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
        yield_now().await;
    });
    assert_eq!(metrics.global_queue_depth(), 0);
    notify.notify_one();
    assert_eq!((metrics.remote_schedule_count(), metrics.global_queue_depth()), (5, 1));
    runtime.block_on(waiter).unwrap();
}

#[test]
fn a_burst_is_seen_in_depth() {
    let runtime = current_thread();
    let metrics = runtime.metrics();
    let depth = runtime.block_on(async {
        for _ in 0..1000 {
            drop(minato_runtime::spawn(async {}));
        }
        runtime.metrics().worker_local_queue_depth(0)
    });
    assert_eq!(depth, 1000);
    runtime.block_on(async {
        while runtime.metrics().num_alive_tasks() > 0 {
            yield_now().await;
        }
    });
    assert_eq!(metrics.worker_local_queue_depth(0), 0);
}

#[test]
fn sleep_and_busyness_add_up() {
    for runtime in [current_thread(), multi_thread(1)] {
        let metrics = runtime.metrics();
        let start = Instant::now();
        runtime.block_on(async {
            let spin = Instant::now();
            while spin.elapsed() < Duration::from_millis(5) {}
            minato_runtime::time::sleep(Duration::from_millis(20)).await;
        });
        let elapsed = start.elapsed();
        let busy = metrics.worker_total_busy_duration(0);
        assert!(busy >= Duration::from_millis(5), "{busy:?}");
        assert!(busy <= elapsed - Duration::from_millis(19), "{busy:?} of {elapsed:?}");
        assert!(metrics.worker_park_count(0) >= 1);
        assert_eq!(metrics.worker_park_unpark_count(0), 2 * metrics.worker_park_count(0));
    }
}

#[test]
fn a_wake_for_nothing_is_counted() {
    let runtime = current_thread();
    let metrics = runtime.metrics();
    runtime.block_on(async {
        // The future of `block_on` is no task.
        for _ in 0..3 {
            minato_runtime::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(metrics.worker_noop_count(0) >= 2, "{}", metrics.worker_noop_count(0));
}

#[test]
fn a_spent_budget_is_counted() {
    for runtime in [current_thread(), multi_thread(1)] {
        let metrics = runtime.metrics();
        runtime.block_on(async {
            let busy = minato_runtime::spawn(async {
                for _ in 0..1000 {
                    task::consume_budget().await;
                }
            });
            busy.await.unwrap();
        });
        assert_eq!(metrics.budget_forced_yield_count(), 7);
    }
}

#[test]
fn workers_that_help_each_other_count_what_they_take() {
    let runtime = multi_thread(2);
    let metrics = runtime.metrics();
    runtime.block_on(async {
        let ids = Arc::new(std::sync::Mutex::new(std::collections::HashSet::new()));
        let start = Instant::now();
        // Polls that take long enough to be worth a second thread.
        while ids.lock().unwrap().len() < 2 {
            assert!(start.elapsed() < Duration::from_secs(20), "nobody helped");
            let tasks: Vec<_> = (0..100)
                .map(|_| {
                    let ids = ids.clone();
                    minato_runtime::spawn(async move {
                        let spin = Instant::now();
                        while spin.elapsed() < Duration::from_micros(100) {}
                        ids.lock().unwrap().insert(std::thread::current().id());
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        }
    });
    let stolen = total(&metrics, RuntimeMetrics::worker_steal_count);
    let operations = total(&metrics, RuntimeMetrics::worker_steal_operations);
    let admitted_elsewhere = metrics.remote_schedule_count();
    assert!(stolen >= operations);
    assert!(operations > 0 || admitted_elsewhere > 0);
    let polls = total(&metrics, RuntimeMetrics::worker_poll_count);
    eventually("every task was polled once", || metrics.num_alive_tasks() == 0);
    assert_eq!(polls, metrics.spawned_tasks_count());
}

#[test]
fn a_worker_has_a_thread_while_it_runs() {
    let runtime = current_thread();
    let metrics = runtime.metrics();
    assert_eq!(metrics.worker_thread_id(0), None);
    let inside = runtime.block_on(async { runtime.metrics().worker_thread_id(0) });
    assert_eq!(inside, Some(std::thread::current().id()));
    assert_eq!(metrics.worker_thread_id(0), None);
}

#[test]
fn blocking_threads_and_jobs_are_counted() {
    let runtime = Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    let metrics = runtime.metrics();
    assert_eq!(metrics.num_blocking_threads(), 0);
    let (started, is_started) = std::sync::mpsc::channel();
    let (release, is_released) = std::sync::mpsc::channel::<()>();
    let first = runtime.spawn_blocking(move || {
        started.send(()).unwrap();
        is_released.recv().unwrap();
    });
    is_started.recv().unwrap();
    let second = runtime.spawn_blocking(|| ());
    assert_eq!((metrics.num_blocking_threads(), metrics.num_idle_blocking_threads()), (1, 0));
    assert_eq!(metrics.blocking_queue_depth(), 1);
    release.send(()).unwrap();
    runtime.block_on(async {
        first.await.unwrap();
        second.await.unwrap();
    });
    eventually("the thread is idle", || metrics.num_idle_blocking_threads() == 1);
    assert_eq!(metrics.blocking_queue_depth(), 0);
}

fn samples(metrics: &RuntimeMetrics, longer_than: Duration) -> (u64, u64) {
    let buckets = metrics.poll_time_histogram_num_buckets();
    let sum = |count: &dyn Fn(usize, usize) -> u64| {
        (0..metrics.num_workers())
            .flat_map(|worker| (0..buckets).map(move |bucket| (worker, bucket)))
            .filter(|&(_, bucket)| metrics.poll_time_histogram_bucket_range(bucket).start >= longer_than)
            .map(|(worker, bucket)| count(worker, bucket))
            .sum()
    };
    let polls = sum(&|worker, bucket| metrics.poll_time_histogram_bucket_count(worker, bucket));
    let delays = sum(&|worker, bucket| metrics.schedule_latency_histogram_bucket_count(worker, bucket));
    (polls, delays)
}

#[test]
fn one_poll_in_so_many_is_measured_and_one_delay() {
    let run = |runtime: &Runtime| {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..20)
                .map(|_| {
                    minato_runtime::spawn(async {
                        for _ in 0..10_000 {
                            yield_now().await;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    };
    for runtime in all_flavors() {
        run(&runtime);
        let metrics = runtime.metrics();
        let expected = 200_020 / u64::from(metrics.sample_interval());
        let (polls, delays) = samples(&metrics, Duration::ZERO);
        assert!((expected / 2..expected * 2).contains(&polls), "{polls} polls, not about {expected}");
        assert!((expected / 4..expected * 2).contains(&delays), "{delays} delays, not about {expected}");
    }
}

#[test]
fn slow_polls_and_the_delays_behind_them_stand_in_the_histograms() {
    let runtime = current_thread();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                minato_runtime::spawn(async {
                    for _ in 0..1000 {
                        let spin = Instant::now();
                        while spin.elapsed() < Duration::from_micros(20) {}
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    let metrics = runtime.metrics();
    let all = samples(&metrics, Duration::ZERO);
    // Each task waits for the seven others.
    assert!(samples(&metrics, Duration::from_micros(16)).0 >= all.0 * 8 / 10, "{all:?}");
    assert!(samples(&metrics, Duration::from_micros(98)).1 >= all.1 * 8 / 10, "{all:?}");
    assert!(metrics.worker_mean_poll_time(0) >= Duration::from_micros(15));
}

#[test]
fn costs_are_kept_by_the_place_that_spawned() {
    for runtime in all_flavors() {
        let metrics = runtime.metrics();
        let line = line!() + 4;
        runtime.block_on(async {
            let mut tasks = Vec::new();
            for _ in 0..50 {
                tasks.push(minato_runtime::spawn(async {
                    for _ in 0..99 {
                        yield_now().await;
                    }
                }));
            }
            tasks.push(minato_runtime::spawn(async {}));
            for task in tasks {
                task.await.unwrap();
            }
        });
        eventually("all tasks are counted", || metrics.num_alive_tasks() == 0);
        let sites = metrics.spawn_sites();
        let of = |line: u32| {
            sites
                .iter()
                .find(|site| {
                    site.location.is_some_and(|place| place.file() == file!() && place.line() == line)
                })
                .unwrap_or_else(|| panic!("line {line} not in {sites:?}"))
        };
        assert_eq!((of(line).finished, of(line).polls), (50, 5000));
        assert_eq!((of(line + 6).finished, of(line + 6).polls), (1, 1));
        assert!(of(line).measured_polls > 0 && of(line).mean_poll_time().is_some());
    }
}
