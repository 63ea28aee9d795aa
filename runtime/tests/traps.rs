//! What other runtimes fell into, one test each. The numbers are of tokio's issues, unless said otherwise.
//!
//! Two are elsewhere: #8065, a wake of another worker for every message of a pair, is about how long polls take and has
//! its test beside the decision (`scheduler/cores.rs`); accept loops without descriptors are tested where sockets are.
#![cfg(not(loom))]

mod support;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc as blocking;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use minato_runtime::io::AsyncFd;
use minato_runtime::runtime::Builder;
use minato_runtime::spawn;
use minato_runtime::sync::{Notify, mpsc, oneshot};
use minato_runtime::task::{self, JoinHandle, block_in_place, consume_budget, spawn_blocking, yield_now};
use minato_runtime::time::{Sleep, sleep, timeout};
use support::{all_flavors, current_thread, multi_thread};

/// #8056: a queue of blocking jobs in shards lost wake-ups.
#[test]
fn every_blocking_job_is_run_whoever_hands_it_over() {
    let rt = Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(2)
        .thread_keep_alive(Duration::ZERO)
        .build()
        .unwrap();
    let run = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let run = run.clone();
                    let job = rt.spawn_blocking(move || run.fetch_add(1, SeqCst));
                    rt.handle().block_on(job).unwrap();
                }
            });
        }
    });
    assert_eq!(run.load(SeqCst), 800);
}

/// #7744: timers in shards made a real load slower: those that are dropped by another worker than they were begun on.
#[test]
fn timers_dropped_on_another_worker_leave_nothing_behind() {
    let rt = multi_thread(2);
    rt.block_on(async {
        let (begun, mut to_drop) = mpsc::unbounded_channel::<Sleep>();
        let begins = spawn(async move {
            for number in 0..5_000 {
                let mut timer = sleep(Duration::from_secs(3600));
                must_wait(Pin::new(&mut timer)).await;
                begun.send(timer).unwrap();
                if number % 64 == 0 {
                    yield_now().await;
                }
            }
        });
        // On a thread that is no worker, so elsewhere for certain.
        let drops = spawn_blocking(move || std::iter::from_fn(|| to_drop.blocking_recv()).count());
        begins.await.unwrap();
        assert_eq!(drops.await.unwrap(), 5_000);
        // The next timer still fires, and does so before any that was dropped.
        sleep(Duration::from_millis(1)).await;
    });
}

/// #5223: a task that yields for ever kept the driver from being asked.
#[test]
fn a_task_that_yields_for_ever_starves_neither_sockets_nor_timers() {
    for rt in all_flavors() {
        rt.block_on(async {
            let (near, far) = socket_pair();
            let near = AsyncFd::new(near).unwrap();
            let restless = spawn(async {
                loop {
                    yield_now().await;
                }
            });
            sleep(Duration::from_millis(1)).await;
            write_one(&far);
            drop(near.readable().await.unwrap());
            restless.abort();
        });
    }
}

/// A clock that is read once per turn makes timers early that are set late in a turn.
#[test]
fn a_timer_set_after_a_long_poll_counts_from_then() {
    for rt in all_flavors() {
        rt.block_on(async {
            spawn(async {
                let busy = Instant::now();
                while busy.elapsed() < Duration::from_millis(5) {
                    std::hint::spin_loop();
                }
                let start = Instant::now();
                sleep(Duration::from_millis(4)).await;
                assert!(start.elapsed() >= Duration::from_millis(4));
                let start = Instant::now();
                assert!(timeout(Duration::from_millis(3), std::future::pending::<()>()).await.is_err());
                assert!(start.elapsed() >= Duration::from_millis(3));
            })
            .await
            .unwrap();
        });
    }
}

/// compio#1044: `Waker::wake` that may block. Here the worker goes on only after the waker has returned.
#[test]
fn waking_does_not_wait_for_the_worker() {
    for rt in [multi_thread(1), multi_thread(2)] {
        let called = Arc::new(Notify::new());
        let woken: Vec<_> = (0..1000)
            .map(|_| {
                let called = called.clone();
                rt.spawn(async move { called.notified().await })
            })
            .collect();
        rt.block_on(async {
            // All of them wait before anybody is called.
            for _ in 0..100 {
                yield_now().await;
            }
            let held_up = spawn(async move {
                let (go_on, may_go_on) = blocking::channel();
                let waker = std::thread::spawn(move || {
                    (0..1000).for_each(|_| called.notify_one());
                    // Whoever came too late finds a stored call.
                    called.notify_waiters();
                    go_on.send(()).unwrap();
                    called
                });
                may_go_on.recv().unwrap();
                waker.join().unwrap()
            });
            let called = held_up.await.unwrap();
            for task in woken {
                while !task.is_finished() {
                    called.notify_one();
                    yield_now().await;
                }
                task.await.unwrap();
            }
        });
    }
}

/// Futures and outputs dropped under a lock: what they do when dropped then meets that lock.
#[test]
fn what_is_dropped_may_use_the_runtime() {
    struct Busy(Option<JoinHandle<()>>);
    impl Drop for Busy {
        fn drop(&mut self) {
            if let Some(task) = self.0.take() {
                task.abort();
            }
            drop(spawn(async {}));
            drop(spawn_blocking(|| {}));
            let mut timer = sleep(Duration::from_secs(1));
            let _ = Pin::new(&mut timer).poll(&mut Context::from_waker(Waker::noop()));
        }
    }
    for rt in all_flavors() {
        rt.block_on(async {
            for kind in 0..4 {
                let other = spawn(std::future::pending());
                let task = spawn(async move {
                    let busy = Busy(Some(other));
                    if kind >= 2 {
                        std::future::pending::<()>().await;
                    }
                    busy
                });
                match kind {
                    0 => drop(task.await.unwrap()),
                    1 | 2 => {
                        let abort = task.abort_handle();
                        drop(task);
                        yield_now().await;
                        abort.abort();
                    }
                    // Dropped with the runtime.
                    _ => drop(task),
                }
            }
        });
        drop(rt);
    }
}

/// A handle that is polled with another waker while its task ends: one of the wakers was lost, or called twice.
#[test]
fn a_handle_polled_while_its_task_ends_is_told_through_the_last_waker() {
    let rt = multi_thread(2);
    for round in 0..2_000 {
        let go = Arc::new(AtomicBool::new(false));
        let mut task = {
            let go = go.clone();
            rt.spawn(poll_fn(move |cx| {
                if go.load(SeqCst) {
                    return Poll::Ready(round);
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            }))
        };
        let first = Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop()));
        assert!(first.is_pending());
        go.store(true, SeqCst);
        assert_eq!(rt.handle().block_on(task).unwrap(), round);
    }
}

/// `block_in_place` gives the worker to another thread, and what belongs to the task stays.
#[test]
fn what_belongs_to_a_task_is_still_there_after_it_has_blocked_in_place() {
    let rt = multi_thread(2);
    rt.block_on(async {
        spawn(async {
            let id = task::id();
            let others = spawn(async {});
            block_in_place(|| {
                assert_eq!(task::id(), id);
                // Another thread has the worker now.
                while !others.is_finished() {
                    std::thread::yield_now();
                }
                drop(spawn(async {}));
            });
            assert_eq!(task::id(), id);
            for _ in 0..1000 {
                consume_budget().await;
            }
            sleep(Duration::from_millis(1)).await;
        })
        .await
        .unwrap();
    });
}

/// The kernel goes on reporting a descriptor that was closed while a duplicate of it is open.
#[test]
fn events_of_a_closed_descriptor_do_not_reach_the_next_one() {
    current_thread().block_on(async {
        let (near, far) = socket_pair();
        let duplicate = near.try_clone().unwrap();
        let old = AsyncFd::new(near).unwrap();
        {
            let mut waits = pin!(old.readable());
            must_wait(waits.as_mut()).await;
        }
        drop(old);
        let (next, next_far) = socket_pair();
        let next = AsyncFd::new(next).unwrap();
        let mut waits = Box::pin(next.readable());
        must_wait(waits.as_mut()).await;
        write_one(&far);
        // The driver takes the event of the duplicate in.
        sleep(Duration::from_millis(2)).await;
        must_wait(waits.as_mut()).await;
        write_one(&next_far);
        drop(waits.await.unwrap());
        drop(duplicate);
    });
}

/// #4941: a task behind a long poll, in the slot that nobody could steal from.
#[test]
fn the_task_to_run_next_does_not_wait_behind_a_long_poll() {
    let rt = multi_thread(2);
    rt.block_on(async {
        spawn(async {
            let (tx, rx) = oneshot::channel();
            let (done, is_done) = blocking::channel();
            drop(spawn(async move {
                rx.await.unwrap();
                done.send(()).unwrap();
            }));
            yield_now().await;
            tx.send(()).unwrap();
            is_done.recv().unwrap();
        })
        .await
        .unwrap();
    });
}

fn socket_pair() -> (std::os::unix::net::UnixStream, std::os::unix::net::UnixStream) {
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    (near, far)
}

fn write_one(mut socket: &std::os::unix::net::UnixStream) {
    use std::io::Write;
    socket.write_all(b"x").unwrap();
}

/// Polls the future once, as the task that runs, and finds it pending.
async fn must_wait<F: Future>(mut future: Pin<&mut F>) {
    let is_pending = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await;
    assert!(is_pending);
}

/// A worker held up in its first poll, before anybody watches, holds up nothing that comes to it from outside.
#[test]
fn a_task_from_outside_does_not_wait_for_a_first_poll_that_blocks() {
    for tasks in [1, 2, 3] {
        let rt = multi_thread(2);
        let (ran, has_run) = blocking::channel();
        let handle = rt.handle().clone();
        rt.block_on(async {
            let outside = std::thread::spawn(move || {
                for _ in 0..tasks {
                    let ran = ran.clone();
                    drop(handle.spawn(async move { ran.send(()).unwrap() }));
                }
            });
            outside.join().unwrap();
            for number in 0..tasks {
                let waited = has_run.recv_timeout(Duration::from_secs(20));
                assert!(waited.is_ok(), "task {number} waits for whoever waits for it");
            }
        });
    }
}
