//! What a dump shows, and when it can be taken.

mod support;

use std::future::{Future, pending};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use minato_runtime::io::AsyncFd;
use minato_runtime::runtime::{Dump, DumpedTask, Handle, LocalRuntime, Runtime, TaskState, WorkerState};
use minato_runtime::sync::{
    Barrier, CancellationToken, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpmc, mpsc, oneshot,
    watch,
};
use minato_runtime::task::{self, Builder, LocalSet, WaitSite, spawn_local, yield_now};
use minato_runtime::time::sleep;
use support::{all_flavors, current_thread, multi_thread};

#[track_caller]
fn named<'a>(dump: &'a Dump, name: &str) -> &'a DumpedTask {
    let found = dump.tasks.iter().find(|task| task.name.as_deref() == Some(name));
    found.unwrap_or_else(|| panic!("no task {name} in {dump}"))
}

/// Lets tasks run until all of them wait.
async fn settle() {
    for _ in 0..10_000 {
        let dump = Handle::current().dump();
        if dump.omitted == 0 && dump.tasks.iter().all(|task| task.state == TaskState::Idle) {
            return;
        }
        yield_now().await;
    }
    panic!("tasks go on: {}", Handle::current().dump());
}

#[test]
fn a_task_is_shown_with_its_name_its_place_and_its_state() {
    for runtime in all_flavors() {
        let line = line!() + 2;
        runtime.block_on(async {
            let patient = Builder::new().name("patient").spawn(pending::<()>()).unwrap();
            drop(minato_runtime::spawn(pending::<()>()));
            settle().await;
            let dump = Handle::current().dump();
            assert_eq!(dump.tasks.len(), 2, "{dump}");
            let task = named(&dump, "patient");
            assert_eq!(task.id, patient.id());
            assert_eq!((task.spawned_at.file(), task.spawned_at.line()), (file!(), line));
            assert_eq!((task.state, task.polls, task.waits_for), (TaskState::Idle, 1, None));
            assert!(task.home_worker.is_some_and(|worker| worker < dump.workers.len()));
            patient.abort();
            assert!(patient.await.unwrap_err().is_cancelled());
            assert_eq!(Handle::current().dump().tasks.iter().filter(|task| task.name.is_some()).count(), 0);
        });
    }
}

#[test]
fn tasks_run_wait_in_queues_and_are_idle() {
    let runtime = current_thread();
    let dump = runtime.block_on(async {
        let idle = Builder::new().name("idle").spawn(pending::<()>()).unwrap();
        yield_now().await;
        let looker = Builder::new().name("looker").spawn(async { Handle::current().dump() }).unwrap();
        let queued = Builder::new().name("queued").spawn(async {}).unwrap();
        let dump = looker.await.unwrap();
        queued.await.unwrap();
        idle.abort();
        dump
    });
    assert_eq!(named(&dump, "idle").state, TaskState::Idle);
    assert_eq!(named(&dump, "queued").state, TaskState::Queued);
    let TaskState::Running { worker, .. } = named(&dump, "looker").state else { panic!("{dump}") };
    assert_eq!(worker, Some(0));
    assert_eq!(dump.workers[0].state, WorkerState::Polling(named(&dump, "looker").id));
    assert_eq!(dump.workers[0].thread, Some(std::thread::current().id()));
}

#[test]
fn a_held_up_runtime_is_dumped_from_another_thread() {
    for runtime in [current_thread(), multi_thread(1), multi_thread(2)] {
        let handle = runtime.handle().clone();
        let (stuck, is_stuck) = std::sync::mpsc::channel();
        let (release, is_released) = std::sync::mpsc::channel::<()>();
        let looker = std::thread::spawn(move || {
            is_stuck.recv().unwrap();
            let dump = handle.dump();
            release.send(()).unwrap();
            dump
        });
        runtime.block_on(async {
            let waiting = Builder::new().name("waiting").spawn(sleep(Duration::from_secs(3600))).unwrap();
            settle().await;
            let stuck = Builder::new()
                .name("stuck")
                .spawn(async move {
                    stuck.send(()).unwrap();
                    is_released.recv().unwrap();
                })
                .unwrap();
            stuck.await.unwrap();
            waiting.abort();
        });
        let dump = looker.join().unwrap();
        assert!(matches!(named(&dump, "stuck").state, TaskState::Running { worker: Some(_), .. }), "{dump}");
        assert_eq!(named(&dump, "waiting").waits_for, Some(WaitSite::Sleep), "{dump}");
        assert!(dump.workers.iter().all(|worker| worker.is_listed));
    }
}

#[test]
fn a_runtime_that_rests_is_dumped() {
    let runtime = current_thread();
    runtime.block_on(async {
        drop(Builder::new().name("left").spawn(pending::<()>()).unwrap());
        yield_now().await;
    });
    drop(runtime.spawn(async {}));
    let dump = runtime.handle().dump();
    assert_eq!(named(&dump, "left").state, TaskState::Idle);
    assert_eq!(dump.workers[0].state, WorkerState::Resting);
    // No worker has taken the one that was spawned from outside.
    assert_eq!((dump.tasks.len(), dump.omitted), (1, 1));
}

/// A future that waits, whatever for.
type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

#[track_caller]
fn waits_for<F>(runtime: &Runtime, site: WaitSite, make: impl FnOnce() -> F)
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    runtime.block_on(async {
        let future = make();
        let waiting = Builder::new()
            .name("waiting")
            .spawn(async move {
                future.await;
            })
            .unwrap();
        // One poll that registers may be followed by others.
        for _ in 0..10 {
            yield_now().await;
        }
        let dump = Handle::current().dump();
        assert_eq!(named(&dump, "waiting").waits_for, Some(site), "{dump}");
        waiting.abort();
        let _ = waiting.await;
    });
}

#[test]
fn each_of_our_futures_says_what_it_waits_for() {
    let runtime = current_thread();
    let on = |site, make: Box<dyn FnOnce() -> Waiting>| {
        waits_for(&runtime, site, make);
    };
    on(WaitSite::Sleep, Box::new(|| Box::pin(sleep(Duration::from_secs(3600)))));
    on(
        WaitSite::Join,
        Box::new(|| {
            let other = minato_runtime::spawn(pending::<()>());
            Box::pin(async move { _ = other.await })
        }),
    );
    let (_keep, answer) = oneshot::channel::<()>();
    on(WaitSite::OneshotRecv, Box::new(|| Box::pin(async move { _ = answer.await })));
    let (mut question, _keep) = oneshot::channel::<()>();
    on(WaitSite::OneshotClosed, Box::new(|| Box::pin(async move { question.closed().await })));
    let (_keep, rx) = mpmc::bounded::<()>(1);
    on(WaitSite::MpmcRecv, Box::new(|| Box::pin(async move { _ = rx.recv().await })));
    let (tx, _keep) = mpmc::bounded::<()>(1);
    tx.try_send(()).unwrap();
    on(WaitSite::MpmcSend, Box::new(|| Box::pin(async move { tx.send(()).await.unwrap() })));
    let (_keep, mut rx) = mpsc::channel::<()>(1);
    on(WaitSite::MpscRecv, Box::new(|| Box::pin(async move { _ = rx.recv().await })));
    let (_keep, mut rx) = mpsc::unbounded_channel::<()>();
    on(WaitSite::MpscRecv, Box::new(|| Box::pin(async move { _ = rx.recv().await })));
    let (tx, _keep) = mpsc::channel::<()>(1);
    let full = tx.clone();
    full.try_send(()).unwrap();
    on(WaitSite::MpscSend, Box::new(|| Box::pin(async move { full.send(()).await.unwrap() })));
    on(WaitSite::MpscClosed, Box::new(|| Box::pin(async move { tx.closed().await })));
    let (_keep, mut rx) = broadcast::channel::<()>(1);
    on(WaitSite::BroadcastRecv, Box::new(|| Box::pin(async move { _ = rx.recv().await })));
    let (tx, mut rx) = watch::channel(());
    let _keep = rx.clone();
    on(WaitSite::WatchClosed, Box::new(|| Box::pin(async move { tx.closed().await })));
    let (_keep, mut fresh) = watch::channel(());
    std::mem::swap(&mut fresh, &mut rx);
    on(WaitSite::WatchChanged, Box::new(|| Box::pin(async move { _ = rx.changed().await })));
    let mutex = Arc::new(Mutex::new(()));
    let _locked = mutex.clone().try_lock_owned().unwrap();
    on(WaitSite::MutexLock, Box::new(|| Box::pin(async move { _ = mutex.lock().await })));
    let lock = Arc::new(RwLock::new(()));
    let _locked = lock.clone().try_write_owned().unwrap();
    let other = lock.clone();
    on(WaitSite::RwLockRead, Box::new(|| Box::pin(async move { _ = lock.read().await })));
    on(WaitSite::RwLockWrite, Box::new(|| Box::pin(async move { _ = other.write().await })));
    let semaphore = Arc::new(Semaphore::new(0));
    on(WaitSite::Semaphore, Box::new(|| Box::pin(async move { _ = semaphore.acquire().await })));
    let notify = Notify::new();
    on(WaitSite::Notify, Box::new(|| Box::pin(async move { notify.notified().await })));
    let barrier = Barrier::new(2);
    on(WaitSite::Barrier, Box::new(|| Box::pin(async move { _ = barrier.wait().await })));
    let token = CancellationToken::new();
    on(WaitSite::Cancelled, Box::new(|| Box::pin(async move { token.cancelled().await })));
    let cell = Arc::new(OnceCell::<()>::new());
    let making = cell.clone();
    runtime.block_on(async {
        drop(minato_runtime::spawn(async move { *making.get_or_init(pending).await }));
        yield_now().await;
    });
    on(WaitSite::OnceCell, Box::new(|| Box::pin(async move { *cell.get_or_init(async || ()).await })));
    let (near, _far) = std::os::unix::net::UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    on(
        WaitSite::Ready,
        Box::new(|| Box::pin(async move { _ = AsyncFd::new(near).unwrap().readable().await })),
    );
}

#[test]
fn a_task_that_gives_way_or_has_spent_its_budget_says_so() {
    let runtime = current_thread();
    runtime.block_on(async {
        let yielding = Builder::new().name("yielding").spawn(yield_now()).unwrap();
        let greedy = Builder::new()
            .name("greedy")
            .spawn(async {
                loop {
                    task::consume_budget().await;
                }
            })
            .unwrap();
        let looker = minato_runtime::spawn(async { Handle::current().dump() });
        let dump = looker.await.unwrap();
        assert_eq!(named(&dump, "yielding").waits_for, Some(WaitSite::Yield), "{dump}");
        assert_eq!(named(&dump, "greedy").waits_for, Some(WaitSite::Budget), "{dump}");
        assert_eq!(named(&dump, "greedy").state, TaskState::Queued);
        greedy.abort();
        yielding.await.unwrap();
    });
}

#[test]
fn ages_grow() {
    let runtime = current_thread();
    runtime.block_on(async {
        let old = Builder::new().name("old").spawn(sleep(Duration::from_secs(3600))).unwrap();
        sleep(Duration::from_millis(30)).await;
        let young = Builder::new().name("young").spawn(sleep(Duration::from_secs(3600))).unwrap();
        sleep(Duration::from_millis(10)).await;
        let dump = Handle::current().dump();
        let [old_task, young_task] = ["old", "young"].map(|name| named(&dump, name));
        assert!(old_task.age >= Duration::from_millis(36), "{dump}");
        assert!(young_task.age >= Duration::from_millis(6), "{dump}");
        assert!(young_task.age + Duration::from_millis(20) <= old_task.age, "{dump}");
        assert!(old_task.since_wake >= Duration::from_millis(36), "{dump}");
        old.abort();
        young.abort();
    });
}

#[test]
fn a_dump_is_bounded_and_says_what_it_leaves_out() {
    let runtime = current_thread();
    let dump = runtime.block_on(async {
        for _ in 0..10_050 {
            drop(minato_runtime::spawn(pending::<()>()));
        }
        yield_now().await;
        Handle::current().dump()
    });
    assert_eq!((dump.tasks.len(), dump.omitted), (10_000, 50));
    assert!(dump.to_string().ends_with("and 50 tasks not shown"));
}

#[test]
fn dumps_are_taken_while_tasks_come_and_go_on_all_workers() {
    for runtime in all_flavors() {
        let is_over = Arc::new(AtomicBool::new(false));
        let seen_over = is_over.clone();
        let handle = runtime.handle().clone();
        let looker = std::thread::spawn(move || {
            let mut seen = 0;
            while !seen_over.load(Ordering::Acquire) {
                let dump = handle.dump();
                assert!(
                    dump.tasks
                        .iter()
                        .all(|task| task.name.as_deref().is_none_or(|name| name == "short-lived"))
                );
                seen += dump.tasks.len();
            }
            seen
        });
        runtime.block_on(async {
            for round in 0..300 {
                let tasks: Vec<_> = (0..50)
                    .map(|number| {
                        let task = async move {
                            for _ in 0..(round + number) % 5 {
                                yield_now().await;
                            }
                        };
                        if number % 2 == 0 {
                            Builder::new().name("short-lived").spawn(task).unwrap()
                        } else {
                            minato_runtime::spawn(task)
                        }
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
            }
        });
        is_over.store(true, Ordering::Release);
        looker.join().unwrap();
    }
}

#[test]
fn a_dump_reads_as_a_list() {
    let runtime = current_thread();
    let text = runtime.block_on(async {
        let task = Builder::new().name("acceptor").spawn(sleep(Duration::from_secs(3600))).unwrap();
        yield_now().await;
        let dump = Handle::current().dump();
        task.abort();
        dump.to_string()
    });
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "1 worker, 1 task");
    assert_eq!(lines[1], "worker 0: awake, 0 queued, 1 poll");
    assert!(lines[2].contains("\"acceptor\" from runtime/tests/dump.rs:"), "{text}");
    assert!(lines[2].contains(": waits for sleep, 1 poll, woken "), "{text}");
}

#[test]
fn tasks_of_a_local_set_are_shown_with_what_they_wait_for() {
    let runtime = current_thread();
    let set = LocalSet::new();
    let (go, gone) = oneshot::channel::<()>();
    drop(set.spawn_local(async move { gone.await.unwrap() }));
    let handle = runtime.handle().clone();
    set.block_on(&runtime, async {
        yield_now().await;
        let held = Rc::new(());
        drop(task::Builder::new().name("local").spawn_local(async move {
            std::future::pending::<()>().await;
            drop(held);
        }));
        yield_now().await;
        // From another thread, while the set is being polled.
        let dump = std::thread::spawn(move || handle.dump()).join().unwrap();
        let local: Vec<_> = dump.tasks.iter().filter(|task| task.home_worker.is_none()).collect();
        assert_eq!(local.len(), 2, "{dump}");
        assert_eq!(local[0].waits_for, Some(WaitSite::OneshotRecv));
        assert_eq!(local[0].state, TaskState::Idle);
        assert_eq!(local[1].name.as_deref(), Some("local"));
        assert!(local.iter().all(|task| task.spawned_at.file().ends_with("dump.rs") && task.polls == 1));
        assert_eq!(dump.omitted, 0);
    });
    drop(go);
    drop(set);
    assert!(runtime.handle().dump().tasks.is_empty());
}

#[test]
fn tasks_of_a_local_runtime_are_shown() {
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let held = Rc::new(());
        let (_keep, wait) = oneshot::channel::<()>();
        drop(spawn_local(async move {
            let _ = wait.await;
            drop(held);
        }));
        yield_now().await;
        let dump = Handle::current().dump();
        assert_eq!(dump.tasks.len(), 1, "{dump}");
        assert_eq!(dump.tasks[0].waits_for, Some(WaitSite::OneshotRecv));
        assert_eq!(dump.tasks[0].home_worker, Some(0));
    });
}
