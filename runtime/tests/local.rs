//! Tasks that need not be `Send`.

mod support;

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::Duration;

use minato_runtime::runtime::{Builder, Handle, LocalOptions, LocalRuntime, RuntimeFlavor};
use minato_runtime::spawn;
use minato_runtime::sync::oneshot;
use minato_runtime::task::{JoinSet, LocalSet, TaskTracker, spawn_blocking, spawn_local, yield_now};
use minato_runtime::time::sleep;
use support::{all_flavors, multi_thread};

/// Says on which thread it was dropped.
struct Confined(Rc<()>, Arc<AtomicUsize>, std::thread::ThreadId);

impl Confined {
    fn new(dropped: &Arc<AtomicUsize>) -> Self {
        Self(Rc::new(()), dropped.clone(), std::thread::current().id())
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        assert_eq!(std::thread::current().id(), self.2, "dropped on another thread");
        assert_eq!(Rc::strong_count(&self.0), 1);
        self.1.fetch_add(1, SeqCst);
    }
}

#[track_caller]
fn message_of(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it should have panicked");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).to_owned(),
    }
}

/// A task that holds an `Rc`, sleeps, waits for a job and is woken by another thread.
async fn busy() -> Rc<usize> {
    let shared = Rc::new(RefCell::new(0));
    let other = shared.clone();
    let inner = spawn_local(async move {
        yield_now().await;
        sleep(Duration::from_millis(1)).await;
        *other.borrow_mut() += spawn_blocking(|| 3).await.unwrap();
    });
    let (tx, rx) = oneshot::channel();
    let thread = std::thread::spawn(move || tx.send(4).unwrap());
    *shared.borrow_mut() += rx.await.unwrap();
    inner.await.unwrap();
    thread.join().unwrap();
    Rc::new(*shared.borrow())
}

#[test]
fn a_local_runtime_runs_tasks_that_are_not_send() {
    let runtime = LocalRuntime::new().unwrap();
    let early = runtime.spawn_local(busy());
    assert_eq!(*runtime.block_on(async { spawn_local(busy()).await.unwrap() }), 7);
    assert_eq!(*runtime.block_on(early).unwrap(), 7);
    assert_eq!(runtime.handle().runtime_flavor(), RuntimeFlavor::CurrentThread);
}

#[test]
fn a_local_set_runs_inside_every_flavor() {
    for rt in all_flavors() {
        let local = LocalSet::new();
        let early = local.spawn_local(busy());
        let sum = local.block_on(&rt, async { *spawn_local(busy()).await.unwrap() + *early.await.unwrap() });
        assert_eq!(sum, 14);
    }
}

#[test]
fn tasks_that_are_send_go_to_the_runtime_around() {
    let rt = multi_thread(2);
    let local = LocalSet::new();
    let (tx, rx) = mpsc::channel();
    local.block_on(&rt, async move {
        // Runs while the set does not.
        drop(spawn(async move { tx.send(1).unwrap() }));
        assert_eq!(rx.recv_timeout(Duration::from_secs(20)).unwrap(), 1);
    });
}

#[test]
fn awaiting_a_set_waits_for_all_its_tasks() {
    for rt in all_flavors() {
        rt.block_on(async {
            let count = Rc::new(Cell::new(0));
            let local = LocalSet::new();
            for n in 0..200 {
                let count = count.clone();
                drop(local.spawn_local(async move {
                    for _ in 0..n % 7 {
                        yield_now().await;
                    }
                    let inner = count.clone();
                    drop(spawn_local(async move { inner.set(inner.get() + 1) }));
                    count.set(count.get() + 1);
                }));
            }
            local.await;
            assert_eq!(count.get(), 400);
        });
    }
}

#[test]
fn a_task_that_yields_for_ever_lets_the_future_of_run_until_go_on() {
    let rt = support::current_thread();
    let local = LocalSet::new();
    for _ in 0..100 {
        drop(local.spawn_local(async {
            loop {
                yield_now().await;
            }
        }));
    }
    local.block_on(&rt, async {
        for _ in 0..50 {
            yield_now().await;
        }
        assert_eq!(spawn(async { 2 }).await.unwrap(), 2);
        sleep(Duration::from_millis(2)).await;
    });
}

#[test]
fn tasks_left_in_a_set_or_runtime_are_dropped_on_its_thread() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let stuck = |guard: Confined| async move {
        let _guard = guard;
        pending::<()>().await;
    };
    let local = LocalSet::new();
    let handle = local.spawn_local(stuck(Confined::new(&dropped)));
    local.block_on(&multi_thread(2), yield_now());
    let unpolled = local.spawn_local(stuck(Confined::new(&dropped)));
    drop(local);
    assert_eq!(dropped.load(SeqCst), 2);
    let runtime = LocalRuntime::new().unwrap();
    let own = runtime.spawn_local(stuck(Confined::new(&dropped)));
    runtime.block_on(async {
        assert!(handle.await.unwrap_err().is_cancelled());
        assert!(unpolled.await.unwrap_err().is_cancelled());
    });
    drop(runtime);
    assert_eq!(dropped.load(SeqCst), 3);
    assert!(support::current_thread().block_on(own).unwrap_err().is_cancelled());
}

#[test]
fn wakes_and_aborts_from_other_threads_race_with_the_set() {
    for round in 0..200 {
        let dropped = Arc::new(AtomicUsize::new(0));
        let rt = support::current_thread();
        let local = LocalSet::new();
        let guard = Confined::new(&dropped);
        let (tx, rx) = mpsc::channel();
        let task = local.spawn_local(poll_fn(move |cx| {
            let _guard = &guard;
            let _ = tx.send(cx.waker().clone());
            Poll::<()>::Pending
        }));
        let abort = task.abort_handle();
        local.block_on(&rt, yield_now());
        let waker = rx.recv().unwrap();
        let thread = std::thread::spawn(move || {
            for _ in 0..20 {
                waker.wake_by_ref();
            }
            if round % 2 == 0 {
                abort.abort();
            }
            drop(abort);
            waker.wake();
        });
        if round % 3 == 0 {
            local.block_on(&rt, yield_now());
        }
        drop(local);
        assert_eq!(dropped.load(SeqCst), 1);
        drop(task);
        thread.join().unwrap();
    }
}

#[test]
fn what_a_dropped_set_starts_while_it_goes_is_cancelled() {
    struct Starts(Arc<AtomicUsize>);
    impl Drop for Starts {
        fn drop(&mut self) {
            let late = spawn_local(pending::<()>());
            assert!(late.is_finished());
            self.0.fetch_add(1, SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let local = LocalSet::new();
    let guard = Starts(dropped.clone());
    drop(local.spawn_local(async move {
        let _guard = guard;
        pending::<()>().await;
    }));
    drop(local);
    assert_eq!(dropped.load(SeqCst), 1);
}

#[test]
fn join_sets_and_trackers_take_local_tasks() {
    LocalRuntime::new().unwrap().block_on(async {
        let mut set = JoinSet::new();
        let local = LocalSet::new();
        set.spawn_local(async { Rc::new(1) });
        set.spawn_local_on(async { Rc::new(2) }, &local);
        let tracker = TaskTracker::new();
        drop(tracker.spawn_local(async { drop(Rc::new(3)) }));
        drop(tracker.spawn_local_on(async { drop(Rc::new(4)) }, &local));
        tracker.close();
        local
            .run_until(async {
                let mut sum = 0;
                while let Some(output) = set.join_next().await {
                    sum += *output.unwrap();
                }
                assert_eq!(sum, 3);
                tracker.wait().await;
            })
            .await;
    });
}

#[test]
fn entered_sets_and_runtimes_take_local_tasks_and_the_newest_guard_decides() {
    let runtime = Builder::new_current_thread().build_local(LocalOptions::default()).unwrap();
    let (first, second) = (LocalSet::new(), LocalSet::new());
    let in_runtime = {
        let _entered = runtime.enter();
        let task = spawn_local(async { Rc::new("runtime") });
        let outer = first.enter();
        let inner = second.enter();
        drop(outer);
        drop(spawn_local(pending::<()>()));
        drop(inner);
        task
    };
    assert_eq!(*runtime.block_on(in_runtime).unwrap(), "runtime");
    runtime.block_on(first);
    assert!(format!("{second:?}").contains("is_empty: false"));
}

#[test]
fn other_threads_do_not_run_the_tasks_of_a_local_runtime() {
    let runtime = LocalRuntime::new().unwrap();
    let thread = std::thread::current().id();
    let ran = Rc::new(Cell::new(false));
    let flag = ran.clone();
    let task = runtime.spawn_local(async move {
        assert_eq!(std::thread::current().id(), thread);
        flag.set(true);
    });
    let handle = runtime.handle().clone();
    let spawned = std::thread::spawn(move || {
        // Waits here, without a core.
        handle.block_on(yield_now());
        let spawned = handle.spawn(async move { std::thread::current().id() });
        let _entered = handle.enter();
        let message = message_of(|| drop(spawn_local(async {})));
        assert!(message.starts_with("spawn_local needs a place whose tasks stay on one thread"), "{message}");
        spawned
    })
    .join()
    .unwrap();
    assert!(!ran.get());
    assert_eq!(runtime.block_on(spawned).unwrap(), thread);
    runtime.block_on(task).unwrap();
    assert!(ran.get());
}

#[test]
fn a_panic_in_a_local_task_is_its_own() {
    let rt = support::current_thread();
    let local = LocalSet::new();
    local.block_on(&rt, async {
        let error = spawn_local(async { panic!("ran aground") }).await.map(|(): ()| ()).unwrap_err();
        assert_eq!(*error.into_panic().downcast::<&str>().unwrap(), "ran aground");
        assert_eq!(spawn_local(async { 1 }).await.unwrap(), 1);
    });
    let panicked = catch_unwind(AssertUnwindSafe(|| local.block_on(&rt, async { panic!("outside") })));
    assert!(panicked.map(|(): ()| ()).is_err());
    assert_eq!(local.block_on(&rt, async { spawn_local(async { 2 }).await.unwrap() }), 2);
}

#[test]
fn spawn_local_outside_says_where_to_call_it() {
    let expected = "spawn_local needs a place whose tasks stay on one thread, and this is none: call it inside \
                    `LocalSet::run_until`, `LocalRuntime::block_on` or a task of either; elsewhere use \
                    `LocalPoolHandle::spawn_pinned`";
    assert_eq!(message_of(|| drop(spawn_local(async {}))), expected);
    for rt in all_flavors() {
        assert_eq!(message_of(|| rt.block_on(async { drop(spawn_local(async {})) })), expected);
    }
    assert!(Handle::try_current().is_err());
}

#[test]
fn a_multi_thread_builder_refuses_to_build_a_local_runtime() {
    let message = message_of(|| drop(Builder::new_multi_thread().build_local(LocalOptions::default())));
    assert_eq!(
        message,
        "build_local: a local runtime has one thread; begin with `Builder::new_current_thread`"
    );
}
