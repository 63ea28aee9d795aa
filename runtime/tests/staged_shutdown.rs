//! Ending a runtime in stages, with limits and a report.

mod support;

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use minato_runtime::runtime::{Handle, LocalRuntime, ShutdownPlan};
use minato_runtime::sync::CancellationToken;
use minato_runtime::task::{self, TaskTracker, spawn_local, yield_now};
use minato_runtime::time::sleep;
use support::{Live, all_flavors, current_thread, multi_thread};

/// Limits that are never reached where things go well.
fn patient() -> ShutdownPlan {
    let limit = Duration::from_secs(60);
    ShutdownPlan::new().drain(limit).abort(limit).blocking(limit)
}

/// Limits that are reached at once.
fn hasty() -> ShutdownPlan {
    let limit = Duration::from_millis(5);
    ShutdownPlan::new().drain(limit).abort(limit).blocking(limit)
}

#[test]
fn tracked_tasks_that_heed_the_token_end_by_themselves() {
    for rt in all_flavors() {
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..10 {
            let (done, stop) = (done.clone(), rt.handle().shutdown_token());
            drop(rt.handle().tracker().spawn_on(
                async move {
                    stop.cancelled().await;
                    sleep(Duration::from_millis(1)).await;
                    task::spawn_blocking(|| ()).await.unwrap();
                    done.fetch_add(1, SeqCst);
                },
                rt.handle(),
            ));
        }
        let report = rt.shutdown(patient());
        assert!(report.is_clean() && report.is_over(), "{report}");
        assert!(report.aborted.is_empty(), "{report}");
        assert_eq!(done.load(SeqCst), 10);
    }
}

#[test]
fn tokens_and_trackers_of_the_plan_count_too() {
    for rt in all_flavors() {
        let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
        let stop = token.clone();
        drop(tracker.spawn_on(async move { stop.cancelled().await }, rt.handle()));
        let report = rt.shutdown(patient().signal(&token).track(&tracker));
        assert!(report.is_clean(), "{report}");
        assert!(token.is_cancelled() && tracker.is_empty());
    }
}

#[test]
fn what_is_left_after_the_drain_is_aborted_and_named() {
    for rt in all_flavors() {
        let live = Arc::new(AtomicUsize::new(0));
        let guard = Live::new(&live);
        rt.block_on(async {
            let lasting = task::Builder::new().name("lasting").spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            });
            drop(lasting);
            drop(Handle::current().tracker().spawn(pending::<()>()));
            yield_now().await;
            yield_now().await;
        });
        let report = rt.shutdown(patient().drain(Duration::from_millis(2)));
        assert_eq!(report.undrained, 1);
        assert!(!report.is_clean() && report.is_over());
        assert_eq!(report.aborted.len() + report.aborted_unlisted, 2, "{report}");
        assert_eq!(live.load(SeqCst), 0);
        let text = report.to_string();
        if report.aborted_unlisted == 0 {
            assert!(text.contains("\"lasting\" from runtime/tests/staged_shutdown.rs:"), "{text}");
        }
    }
}

#[test]
fn a_task_that_never_gives_way_does_not_hold_the_shutdown_up_and_is_named() {
    for rt in all_flavors() {
        let (release, wait_release) = mpsc::channel::<()>();
        let (started, wait_started) = mpsc::channel();
        let stuck = rt.handle().tracker().spawn_on(
            async move {
                started.send(()).unwrap();
                let _ = wait_release.recv();
            },
            rt.handle(),
        );
        // Of a current-thread runtime nobody runs the tasks before the drain.
        if rt.handle().worker_count() > 1 {
            wait_started.recv().unwrap();
        }
        let start = Instant::now();
        let report = rt.shutdown(hasty().drain(Duration::from_millis(200)));
        assert!(start.elapsed() < Duration::from_secs(30));
        assert_eq!((report.undrained, report.stuck.len()), (1, 1), "{report}");
        assert!(report.to_string().contains("\nstuck: task "), "{report}");
        drop(release);
        // It ends where it was held up, or at its end.
        drop(current_thread().block_on(stuck));
    }
}

#[test]
fn a_job_that_does_not_end_is_named_and_one_that_has_not_begun_is_dropped() {
    for rt in all_flavors() {
        let (release, wait_release) = mpsc::channel::<()>();
        let (started, wait_started) = mpsc::channel();
        let job = rt.spawn_blocking(move || {
            started.send(()).unwrap();
            let _ = wait_release.recv();
        });
        wait_started.recv().unwrap();
        let id = job.id();
        let report = rt.shutdown(hasty());
        assert_eq!(report.blocking.len(), 1);
        assert_eq!(report.blocking[0].id, id);
        assert!(report.blocking[0].spawned_at.file().ends_with("staged_shutdown.rs"));
        assert!(!report.is_over());
        drop(release);
        current_thread().block_on(job).unwrap();
    }
}

#[test]
fn a_destructor_that_blocks_does_not_hold_the_shutdown_up() {
    struct Blocks(mpsc::Receiver<()>, mpsc::Sender<()>);
    impl Drop for Blocks {
        fn drop(&mut self) {
            let _ = self.0.recv();
            let _ = self.1.send(());
        }
    }
    for rt in all_flavors() {
        let (release, wait_release) = mpsc::channel::<()>();
        let (dropped, wait_dropped) = mpsc::channel();
        let guard = Blocks(wait_release, dropped);
        drop(rt.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        }));
        rt.block_on(yield_now());
        let report = rt.shutdown(hasty());
        assert!(report.took < Duration::from_secs(30), "{report}");
        drop(release);
        wait_dropped.recv().unwrap();
    }
}

#[test]
fn a_local_runtime_shuts_down_on_its_own_thread() {
    let runtime = LocalRuntime::new().unwrap();
    let done = std::rc::Rc::new(std::cell::Cell::new(false));
    let flag = done.clone();
    runtime.block_on(async {
        let stop = Handle::current().shutdown_token();
        drop(Handle::current().tracker().spawn_local(async move {
            stop.cancelled().await;
            spawn_local(yield_now()).await.unwrap();
            flag.set(true);
        }));
    });
    let report = runtime.shutdown(patient());
    assert!(report.is_clean(), "{report}");
    assert!(done.get());
}

#[test]
fn another_runtime_awaits_a_shutdown() {
    for rt in all_flavors() {
        let stop = rt.handle().shutdown_token();
        drop(rt.handle().tracker().spawn_on(async move { stop.cancelled().await }, rt.handle()));
        let report = current_thread().block_on(rt.shutdown_async(patient()));
        assert!(report.is_clean(), "{report}");
    }
}

#[test]
fn inside_a_runtime_it_says_what_to_do() {
    let rt = multi_thread(1);
    let payload = current_thread()
        .block_on(async { catch_unwind(AssertUnwindSafe(|| rt.shutdown(ShutdownPlan::new()))).unwrap_err() });
    assert_eq!(
        *payload.downcast::<&str>().unwrap(),
        "Runtime::shutdown called from inside a runtime: the thread that would wait has tasks to run. Await \
         `Runtime::shutdown_async` instead, or move the call into `spawn_blocking`"
    );
}
