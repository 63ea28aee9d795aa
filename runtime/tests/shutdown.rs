//! The end of a runtime: everything is dropped, everybody is told, nothing hangs.

mod support;

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use minato_runtime::runtime::Handle;
use minato_runtime::spawn;
use minato_runtime::task::{spawn_blocking, yield_now};
use minato_runtime::time::sleep;
use support::{Live, all_flavors, multi_thread};

#[test]
fn all_futures_are_dropped_wherever_they_stand() {
    for rt in all_flavors() {
        let live = Arc::new(AtomicUsize::new(0));
        rt.block_on(async {
            for i in 0..300 {
                let guard = Live::new(&live);
                drop(spawn(async move {
                    let _guard = guard;
                    match i % 3 {
                        0 => pending::<()>().await,
                        1 => sleep(Duration::from_secs(3600)).await,
                        _ => loop {
                            yield_now().await;
                        },
                    }
                }));
            }
            for _ in 0..10 {
                yield_now().await;
            }
        });
        let guard = Live::new(&live);
        drop(rt.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        }));
        drop(rt);
        assert_eq!(live.load(SeqCst), 0);
    }
}

#[test]
fn a_handle_learns_that_its_task_was_cancelled() {
    for rt in all_flavors() {
        let task = rt.spawn(pending::<()>());
        rt.block_on(yield_now());
        drop(rt);
        let other = support::current_thread();
        assert!(other.block_on(task).unwrap_err().is_cancelled());
    }
}

#[test]
fn spawning_after_the_end_gives_a_cancelled_handle() {
    for rt in all_flavors() {
        let handle = rt.handle().clone();
        drop(rt);
        let task = handle.spawn(async {});
        let job = handle.spawn_blocking(|| ());
        let other = support::current_thread();
        assert!(other.block_on(task).unwrap_err().is_cancelled());
        assert!(other.block_on(job).unwrap_err().is_cancelled());
    }
}

#[test]
fn tasks_dropped_at_the_end_may_spawn() {
    struct SpawnOnDrop(Arc<AtomicUsize>);
    impl Drop for SpawnOnDrop {
        fn drop(&mut self) {
            let guard = Live::new(&self.0);
            drop(spawn(async move { drop(guard) }));
        }
    }
    for rt in all_flavors() {
        let live = Arc::new(AtomicUsize::new(0));
        let bomb = SpawnOnDrop(live.clone());
        drop(rt.spawn(async move {
            let _bomb = bomb;
            pending::<()>().await;
        }));
        rt.block_on(yield_now());
        drop(rt);
        assert_eq!(live.load(SeqCst), 0);
    }
}

#[test]
fn wakes_from_other_threads_race_with_the_end() {
    for _ in 0..200 {
        let rt = multi_thread(2);
        let (tx, rx) = mpsc::channel();
        drop(rt.spawn(std::future::poll_fn(move |cx| {
            let _ = tx.send(cx.waker().clone());
            std::task::Poll::<()>::Pending
        })));
        let waker = rx.recv().unwrap();
        let thread = std::thread::spawn(move || {
            for _ in 0..50 {
                waker.wake_by_ref();
            }
            waker.wake();
        });
        drop(rt);
        thread.join().unwrap();
    }
}

#[test]
fn a_runtime_dropped_by_its_own_task_does_not_wait_for_itself() {
    let rt = Arc::new(std::sync::Mutex::new(None));
    let (tx, rx) = mpsc::channel();
    let inner = multi_thread(2);
    let slot = rt.clone();
    drop(inner.spawn(async move {
        while slot.lock().unwrap().is_none() {
            yield_now().await;
        }
        drop(slot.lock().unwrap().take());
        tx.send(()).unwrap();
    }));
    *rt.lock().unwrap() = Some(inner);
    rx.recv().unwrap();
}

#[test]
fn block_on_through_a_handle_ends_although_the_runtime_does() {
    for rt in all_flavors() {
        let handle = rt.handle().clone();
        let (started, wait) = mpsc::channel();
        let (tx, rx) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            handle.block_on(async move {
                started.send(()).unwrap();
                let answer = spawn(pending::<()>()).await;
                let _ = rx;
                answer.is_err()
            })
        });
        wait.recv().unwrap();
        drop(rt);
        assert!(thread.join().unwrap());
        drop(tx);
    }
}

#[test]
fn dropping_waits_for_jobs_that_have_begun_and_drops_the_others() {
    let rt = minato_runtime::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    let (release, wait) = mpsc::channel::<()>();
    let (started, wait_started) = mpsc::channel();
    let done = Arc::new(AtomicUsize::new(0));
    let count = done.clone();
    let first = rt.spawn_blocking(move || {
        started.send(()).unwrap();
        wait.recv().unwrap();
        count.fetch_add(1, SeqCst);
    });
    let never = rt.spawn_blocking(|| unreachable!("there is one thread, and it is busy"));
    wait_started.recv().unwrap();
    let thread = std::thread::spawn(move || drop(rt));
    let other = support::current_thread();
    assert!(other.block_on(never).unwrap_err().is_cancelled());
    assert_eq!(done.load(SeqCst), 0);
    release.send(()).unwrap();
    thread.join().unwrap();
    assert_eq!(done.load(SeqCst), 1);
    assert!(other.block_on(first).is_ok());
}

#[test]
fn shutdown_timeout_and_background_do_not_wait_for_a_stuck_job() {
    for background in [false, true] {
        let rt = multi_thread(1);
        let (release, wait) = mpsc::channel::<()>();
        let (started, wait_started) = mpsc::channel();
        let job = rt.spawn_blocking(move || {
            started.send(()).unwrap();
            let _ = wait.recv();
        });
        wait_started.recv().unwrap();
        if background {
            rt.shutdown_background();
        } else {
            rt.shutdown_timeout(Duration::from_millis(1));
        }
        release.send(()).unwrap();
        support::current_thread().block_on(job).unwrap();
    }
}

#[test]
fn many_runtimes_come_and_go() {
    for _ in 0..100 {
        for rt in all_flavors() {
            let task = rt.spawn(async { spawn_blocking(|| 1).await.unwrap() });
            assert_eq!(rt.block_on(task).unwrap(), 1);
        }
    }
}

#[test]
fn a_handle_may_outlive_its_runtime() {
    let handle = multi_thread(1).handle().clone();
    assert_eq!(handle.worker_count(), 1);
    let _guard = handle.enter();
    assert!(Handle::try_current().is_ok());
}

#[test]
fn a_hook_that_panics_keeps_its_thread_from_nothing() {
    let rt = minato_runtime::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_keep_alive(Duration::ZERO)
        .on_thread_start(|| panic!("no thread of mine"))
        .on_thread_stop(|| panic!("nor its end"))
        .build()
        .unwrap();
    let task = rt.spawn(async { minato_runtime::task::spawn_blocking(|| 42).await.unwrap() });
    assert_eq!(support::current_thread().block_on(task).unwrap(), 42);
    let waits = rt.spawn(pending::<()>());
    drop(rt);
    assert!(support::current_thread().block_on(waits).unwrap_err().is_cancelled());
}

#[test]
fn a_timer_of_a_runtime_that_has_ended_is_refused() {
    for rt in all_flavors() {
        let handle = rt.handle().clone();
        drop(rt);
        let slept = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            handle.block_on(sleep(Duration::from_millis(1)));
        }));
        assert!(slept.is_err());
    }
}

#[test]
fn a_thread_that_waits_for_a_timer_learns_that_the_runtime_has_ended() {
    for rt in all_flavors() {
        let handle = rt.handle().clone();
        let (started, wait_started) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            handle.block_on(async move {
                started.send(()).unwrap();
                sleep(Duration::from_secs(3600)).await;
            });
        });
        wait_started.recv().unwrap();
        drop(rt);
        assert!(thread.join().is_err());
    }
}

#[test]
fn a_runtime_dropped_by_its_own_blocking_job_does_not_wait_for_itself() {
    for rt in all_flavors() {
        let (give, take) = mpsc::channel();
        let (done, wait_done) = mpsc::channel();
        drop(rt.spawn_blocking(move || {
            let rt: minato_runtime::runtime::Runtime = take.recv().unwrap();
            drop(rt);
            done.send(()).unwrap();
        }));
        give.send(rt).unwrap();
        wait_done.recv().unwrap();
    }
}
