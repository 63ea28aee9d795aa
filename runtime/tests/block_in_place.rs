//! Blocking inside a task, and what becomes of its worker.

mod support;

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use minato_runtime::runtime::Handle;
use minato_runtime::sync::{Notify, oneshot};
use minato_runtime::task::{self, LocalSet, block_in_place, spawn_local, yield_now};
use minato_runtime::time::sleep;
use minato_runtime::{runtime::Runtime, spawn};
use support::{Live, multi_thread};

fn all_sizes() -> impl Iterator<Item = Runtime> {
    [1, 2, 4].into_iter().map(multi_thread)
}

#[test]
fn the_other_tasks_of_the_worker_go_on() {
    for rt in all_sizes() {
        rt.block_on(async {
            let task = spawn(async {
                let (tx, rx) = mpsc::channel();
                drop(spawn(async move {
                    sleep(Duration::from_millis(1)).await;
                    tx.send(3).unwrap();
                }));
                block_in_place(|| rx.recv().unwrap())
            });
            assert_eq!(task.await.unwrap(), 3);
        });
    }
}

#[test]
fn the_future_of_block_on_may_block_too() {
    for rt in all_sizes() {
        let sum = rt.block_on(async {
            let mut sum = 0;
            for _ in 0..20 {
                let (tx, rx) = mpsc::channel();
                drop(spawn(async move {
                    yield_now().await;
                    tx.send(1).unwrap();
                }));
                sum += block_in_place(|| rx.recv().unwrap());
                yield_now().await;
                sum += spawn(async { 1 }).await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 40);
    }
}

#[test]
fn a_thread_that_waits_for_the_core_gets_it_though_its_poll_took_the_news() {
    let rt = support::current_thread();
    let leave = Notify::new();
    let (has_core, got_core) = mpsc::channel();
    let (has_left, left) = mpsc::channel();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            rt.block_on(async {
                has_core.send(()).unwrap();
                leave.notified().await;
            });
            has_left.send(()).unwrap();
        });
        got_core.recv().unwrap();
        let answer = rt.block_on(async {
            leave.notify_one();
            left.recv().unwrap();
            // Now the core rests, and this thread was told: which any wait of the user's may take for its own.
            std::thread::park_timeout(Duration::ZERO);
            spawn(async { 7 }).await.unwrap()
        });
        assert_eq!(answer, 7);
    });
}

#[test]
fn block_on_inside_runs_futures_and_further_blocking_inside_those_works() {
    for rt in all_sizes() {
        rt.block_on(async {
            let task = spawn(async {
                let outer = task::id();
                let answer = block_in_place(|| {
                    Handle::current().block_on(async {
                        assert!(task::try_id().is_none());
                        let (tx, rx) = oneshot::channel();
                        drop(spawn(async move {
                            sleep(Duration::from_millis(1)).await;
                            tx.send(5).unwrap();
                        }));
                        block_in_place(|| block_in_place(|| Handle::current().block_on(rx)).unwrap())
                    })
                });
                assert_eq!(task::id(), outer);
                yield_now().await;
                assert_eq!(task::id(), outer);
                answer
            });
            assert_eq!(task.await.unwrap(), 5);
        });
    }
}

#[test]
fn inside_there_is_no_budget_and_afterwards_it_is_the_one_before() {
    for rt in all_sizes() {
        rt.block_on(async {
            spawn(async {
                // The budget of this poll is spent but for one unit.
                for _ in 0..127 {
                    task::consume_budget().await;
                }
                let polls = AtomicUsize::new(0);
                block_in_place(|| {
                    assert!(task::coop::has_budget_remaining());
                    Handle::current().block_on(async {
                        for _ in 0..1000 {
                            task::consume_budget().await;
                        }
                    });
                    polls.fetch_add(1, SeqCst);
                });
                task::consume_budget().await;
                assert!(!task::coop::has_budget_remaining());
                yield_now().await;
                assert!(task::coop::has_budget_remaining());
                assert_eq!(polls.load(SeqCst), 1);
            })
            .await
            .unwrap();
        });
    }
}

#[test]
fn after_blocking_the_task_spawns_sleeps_and_ends_as_before() {
    for rt in all_sizes() {
        rt.block_on(async {
            let tasks: Vec<_> = (0..40)
                .map(|n| {
                    spawn(async move {
                        for _ in 0..n % 4 {
                            block_in_place(std::thread::yield_now);
                            // In the same poll, with or without a core.
                            let child = spawn(async move { n });
                            sleep(Duration::from_micros(50)).await;
                            assert_eq!(child.await.unwrap(), n);
                            block_in_place(std::thread::yield_now);
                        }
                        n
                    })
                })
                .collect();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap();
            }
            assert_eq!(sum, 40 * 39 / 2);
        });
    }
}

#[test]
fn a_panic_inside_is_that_of_the_task() {
    for rt in all_sizes() {
        rt.block_on(async {
            let error = spawn(async { block_in_place(|| panic!("ran aground")) }).await.map(|(): ()| ());
            assert_eq!(*error.unwrap_err().into_panic().downcast::<&str>().unwrap(), "ran aground");
            assert_eq!(spawn(async { 1 }).await.unwrap(), 1);
        });
    }
}

#[test]
fn more_tasks_block_than_there_are_workers() {
    for rt in all_sizes() {
        rt.block_on(async {
            let barrier = Arc::new(std::sync::Barrier::new(8));
            let tasks: Vec<_> = (0..8)
                .map(|_| {
                    let barrier = barrier.clone();
                    spawn(async move { block_in_place(|| barrier.wait().is_leader()) })
                })
                .collect();
            let mut leaders = 0;
            for task in tasks {
                leaders += usize::from(task.await.unwrap());
            }
            assert_eq!(leaders, 1);
        });
    }
}

#[test]
fn tasks_of_a_local_set_may_block() {
    for rt in all_sizes() {
        let local = LocalSet::new();
        local.block_on(&rt, async {
            let task = spawn_local(async {
                let (tx, rx) = mpsc::channel();
                drop(spawn(async move { tx.send(2).unwrap() }));
                block_in_place(|| rx.recv().unwrap())
            });
            assert_eq!(task.await.unwrap(), 2);
        });
    }
}

#[test]
fn where_nothing_has_to_be_handed_over_the_job_just_runs() {
    assert_eq!(block_in_place(|| 1), 1);
    for rt in support::all_flavors() {
        let job = rt.spawn_blocking(|| block_in_place(|| 2));
        assert_eq!(rt.block_on(job).unwrap(), 2);
    }
}

#[test]
fn in_a_current_thread_runtime_it_says_what_to_do() {
    let rt = support::current_thread();
    let payload =
        catch_unwind(AssertUnwindSafe(|| rt.block_on(async { block_in_place(|| ()) }))).unwrap_err();
    assert_eq!(
        *payload.downcast::<&str>().unwrap(),
        "block_in_place called in a current-thread runtime, which has no other thread to run its tasks meanwhile: \
         use `spawn_blocking`, or a multi-thread runtime"
    );
}

#[test]
fn dropping_the_runtime_waits_for_the_job_and_a_limit_ends_that() {
    for with_limit in [false, true] {
        for rt in all_sizes() {
            let live = Arc::new(AtomicUsize::new(0));
            let (started, wait_started) = mpsc::channel();
            let (release, wait_release) = mpsc::channel::<()>();
            let (guard, ended) = (Live::new(&live), Arc::new(AtomicBool::new(false)));
            let has_ended = ended.clone();
            let task = rt.spawn(async move {
                let _guard = guard;
                block_in_place(|| {
                    started.send(()).unwrap();
                    let _ = wait_release.recv();
                });
                has_ended.store(true, SeqCst);
                pending::<()>().await;
            });
            wait_started.recv().unwrap();
            if with_limit {
                rt.shutdown_timeout(Duration::from_millis(1));
                assert!(!ended.load(SeqCst));
                drop(release);
            } else {
                let thread = std::thread::spawn(move || drop(rt));
                drop(release);
                thread.join().unwrap();
                assert!(ended.load(SeqCst));
                assert_eq!(live.load(SeqCst), 0);
            }
            assert!(support::current_thread().block_on(task).unwrap_err().is_cancelled());
        }
    }
}

#[test]
fn tasks_that_block_and_yield_at_random_all_end() {
    for seed in 1..6_u64 {
        for rt in all_sizes() {
            rt.block_on(async {
                let tasks: Vec<_> = (0..24_u64)
                    .map(|n| {
                        spawn(async move {
                            let mut state = seed * 1000 + n + 1;
                            for _ in 0..30 {
                                state ^= state << 13;
                                state ^= state >> 7;
                                state ^= state << 17;
                                match state % 5 {
                                    0 => block_in_place(std::thread::yield_now),
                                    1 => block_in_place(|| Handle::current().block_on(yield_now())),
                                    2 => drop(spawn(yield_now()).await),
                                    3 => drop(spawn(async { block_in_place(std::thread::yield_now) })),
                                    _ => yield_now().await,
                                }
                            }
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
            });
        }
    }
}
