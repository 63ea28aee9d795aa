//! What a runtime calls of its user's, and the settings that say how it works.

mod support;

use std::future::{pending, poll_fn};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use minato_runtime::io::AsyncFd;
use minato_runtime::runtime::{Builder, TaskMeta, UnhandledPanic, worker_index};
use minato_runtime::sync::oneshot;
use minato_runtime::task::{self, yield_now};
use support::all_flavors;

fn builders() -> Vec<Builder> {
    let mut two = Builder::new_multi_thread();
    two.worker_threads(2);
    vec![Builder::new_current_thread(), two]
}

/// What happened, in order.
type Log = Arc<Mutex<Vec<String>>>;

fn noting(log: &Log, what: &'static str) -> impl Fn(&TaskMeta<'_>) + Send + Sync + 'static {
    let log = log.clone();
    move |task| log.lock().unwrap().push(format!("{what} {} {}", task.name().unwrap_or("-"), task.polls()))
}

#[test]
fn a_task_is_told_of_from_spawn_to_end() {
    for mut builder in builders() {
        let log = Log::default();
        let runtime = builder
            .on_task_spawn(noting(&log, "spawn"))
            .on_before_task_poll(noting(&log, "before"))
            .on_after_task_poll(noting(&log, "after"))
            .on_task_terminate(noting(&log, "end"))
            .build()
            .unwrap();
        let seen_at_join = runtime.block_on(async {
            let ship = task::Builder::new().name("ship").spawn(yield_now()).unwrap();
            ship.await.unwrap();
            log.lock().unwrap().clone()
        });
        assert_eq!(
            seen_at_join,
            ["spawn ship 0", "before ship 0", "after ship 1", "before ship 1", "after ship 2", "end ship 2",]
        );
    }
}

#[test]
fn the_end_is_told_once_however_it_comes() {
    for mut builder in builders() {
        let log = Log::default();
        let runtime = builder.on_task_terminate(noting(&log, "end")).build().unwrap();
        let named = |name| task::Builder::new().name(name);
        runtime.block_on(async {
            let aborted = named("aborted").spawn(pending::<()>()).unwrap();
            let panicked = named("panicked").spawn(async { std::panic::resume_unwind(Box::new(1)) }).unwrap();
            let panicked: Result<(), _> = panicked.await;
            assert!(panicked.unwrap_err().is_panic());
            aborted.abort();
            assert!(aborted.await.unwrap_err().is_cancelled());
            drop(named("left").spawn(pending::<()>()).unwrap());
            yield_now().await;
        });
        drop(named("outside").spawn_on(pending::<()>(), runtime.handle()).unwrap());
        let handle = runtime.handle().clone();
        drop(runtime);
        drop(named("late").spawn_on(pending::<()>(), &handle).unwrap());
        let mut ends = std::mem::take(&mut *log.lock().unwrap());
        ends.iter_mut().for_each(|end| *end = end.split(' ').nth(1).unwrap().to_owned());
        ends.sort();
        assert_eq!(ends, ["aborted", "late", "left", "outside", "panicked"]);
    }
}

#[test]
fn hooks_that_panic_stop_nothing() {
    fn bomb() {
        std::panic::resume_unwind(Box::new("a hook that panics"));
    }
    for mut builder in builders() {
        let runtime = builder
            .on_task_spawn(|_| bomb())
            .on_before_task_poll(|_| bomb())
            .on_after_task_poll(|_| bomb())
            .on_task_terminate(|_| bomb())
            .on_thread_start(bomb)
            .on_thread_stop(bomb)
            .on_thread_park(bomb)
            .on_thread_unpark(bomb)
            .thread_name_fn(|| std::panic::resume_unwind(Box::new("a name that panics")))
            .build()
            .unwrap();
        let handle = runtime.handle().clone();
        let outside = std::thread::spawn(move || handle.spawn(async { 5 }));
        let sum = runtime.block_on(async {
            let here = minato_runtime::spawn(async {
                yield_now().await;
                4
            });
            let blocking = task::spawn_blocking(|| 3);
            minato_runtime::time::sleep(Duration::from_millis(1)).await;
            here.await.unwrap() + blocking.await.unwrap() + outside.join().unwrap().await.unwrap()
        });
        assert_eq!(sum, 12);
    }
}

#[test]
fn sleep_is_told_of_in_pairs() {
    for mut builder in builders() {
        let (parks, unparks) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (park, unpark) = (parks.clone(), unparks.clone());
        let runtime = builder
            .on_thread_park(move || {
                park.fetch_add(1, Ordering::SeqCst);
            })
            .on_thread_unpark(move || {
                unpark.fetch_add(1, Ordering::SeqCst);
            })
            .build()
            .unwrap();
        runtime.block_on(async {
            for _ in 0..3 {
                minato_runtime::time::sleep(Duration::from_millis(1)).await;
            }
        });
        drop(runtime);
        assert!(parks.load(Ordering::SeqCst) >= 3);
        assert_eq!(parks.load(Ordering::SeqCst), unparks.load(Ordering::SeqCst));
    }
}

#[test]
fn a_worker_that_is_given_work_on_its_way_to_sleep_does_it_first() {
    let sent = Arc::new(Mutex::new(None::<oneshot::Sender<()>>));
    let to_send = sent.clone();
    let runtime = Builder::new_current_thread()
        .start_paused(true)
        .on_thread_park(move || {
            if let Some(sender) = to_send.lock().unwrap().take() {
                sender.send(()).unwrap();
            }
        })
        .build()
        .unwrap();
    runtime.block_on(async {
        let (tx, rx) = oneshot::channel();
        *sent.lock().unwrap() = Some(tx);
        let start = minato_runtime::time::Instant::now();
        // With nothing to do, the paused clock would move to the end of this hour.
        let waiting = minato_runtime::spawn(minato_runtime::time::timeout(Duration::from_secs(3600), rx));
        waiting.await.unwrap().unwrap().unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn threads_are_named_by_the_function_given() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name_fn(move || format!("sailor {}", counted.fetch_add(1, Ordering::SeqCst)))
        .thread_stack_size(512 * 1024)
        .build()
        .unwrap();
    let name = || std::thread::current().name().map(str::to_owned);
    // Nobody is in `block_on`, so the runtime needs a thread of its own.
    let task = runtime.spawn(async move { name() });
    let job = runtime.spawn_blocking(name);
    let names = runtime.block_on(async { [task.await.unwrap(), job.await.unwrap()] });
    let mut names = names.map(Option::unwrap);
    names.sort();
    assert_eq!(names, ["sailor 0", "sailor 1"]);
}

#[test]
fn a_runtime_has_a_name_and_a_number() {
    let named = Builder::new_current_thread().name("harbour").build().unwrap();
    let nameless = Builder::new_current_thread().build().unwrap();
    assert_eq!((named.handle().name(), nameless.handle().name()), (Some("harbour"), None));
    assert_ne!(named.handle().id(), nameless.handle().id());
    assert_eq!(named.handle().id(), named.handle().clone().id());
}

#[test]
fn a_worker_knows_its_number() {
    assert_eq!(worker_index(), None);
    for runtime in all_flavors() {
        let (root, task, job) = runtime.block_on(async {
            let task = minato_runtime::spawn(async { worker_index() }).await.unwrap();
            (worker_index(), task, task::spawn_blocking(worker_index).await.unwrap())
        });
        assert!(root.unwrap() < runtime.metrics().num_workers());
        assert!(task.unwrap() < runtime.metrics().num_workers());
        assert_eq!(job, None);
    }
}

#[test]
fn a_panic_ends_the_runtime_that_is_set_so() {
    for mut builder in builders() {
        let runtime = builder.unhandled_panic(UnhandledPanic::ShutdownRuntime).build().unwrap();
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            runtime.block_on(async {
                drop(minato_runtime::spawn(async { std::panic::resume_unwind(Box::new("on purpose")) }));
                pending::<()>().await;
            });
        }));
        let message = ended.unwrap_err();
        assert!(message.downcast_ref::<&str>().unwrap().contains("unhandled_panic"));
        let late = runtime.spawn(async {});
        assert!(late.is_finished(), "a runtime that has ended takes no tasks");
    }
}

#[test]
fn a_panic_ends_no_runtime_by_default() {
    for runtime in all_flavors() {
        runtime.block_on(async {
            let bomb = minato_runtime::spawn(async { std::panic::resume_unwind(Box::new("on purpose")) });
            let ended: Result<(), _> = bomb.await;
            assert!(ended.unwrap_err().is_panic());
            minato_runtime::spawn(yield_now()).await.unwrap();
        });
    }
}

/// How many rounds of a task that never waits pass before a task of another thread is run.
fn rounds_before_others(interval: u32) -> u32 {
    let runtime = Builder::new_current_thread().event_interval(interval).build().unwrap();
    let handle = runtime.handle().clone();
    runtime.block_on(async move {
        let busy = minato_runtime::spawn(async move {
            let other = std::thread::spawn(move || handle.spawn(async {})).join().unwrap();
            let mut rounds = 0;
            while !other.is_finished() {
                rounds += 1;
                yield_now().await;
            }
            rounds
        });
        busy.await.unwrap()
    })
}

#[test]
fn others_are_looked_after_as_often_as_set() {
    let (often, seldom) = (rounds_before_others(2), rounds_before_others(500));
    assert!(often <= 4, "{often}");
    assert!((200..=502).contains(&seldom), "{seldom}");
}

#[test]
fn no_more_events_are_taken_at_a_time_than_set() {
    let events_of_first_turn = |most: usize| {
        let runtime = Builder::new_current_thread().max_io_events_per_tick(most).build().unwrap();
        runtime.block_on(async {
            let pairs: Vec<_> = (0..5).map(|_| UnixStream::pair().unwrap()).collect();
            let mut far = Vec::new();
            let mut near = Vec::new();
            for (one, other) in pairs {
                one.set_nonblocking(true).unwrap();
                near.push(AsyncFd::with_interest(one, minato_runtime::io::Interest::READABLE).unwrap());
                far.push(other);
            }
            for fd in &near {
                let waiting = fd.readable();
                let mut waiting = std::pin::pin!(waiting);
                poll_fn(|cx| {
                    assert!(waiting.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
            }
            for mut stream in &far {
                std::io::Write::write_all(&mut stream, b"!").unwrap();
            }
            let before = runtime.metrics().io_driver_ready_count();
            near[0].readable().await.unwrap().clear_ready();
            runtime.metrics().io_driver_ready_count() - before
        })
    };
    assert_eq!(events_of_first_turn(100), 5);
    assert_eq!(events_of_first_turn(1), 1);
}

#[test]
fn tasks_run_in_the_order_of_their_wakes_without_the_slot_for_the_last() {
    let order = |has_slot: bool| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2);
        if !has_slot {
            builder.disable_lifo_slot();
        }
        let runtime = builder.build().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (held, is_held) = std::sync::mpsc::channel();
        let (release, is_released) = std::sync::mpsc::channel::<()>();
        runtime.block_on(async {
            // The other worker comes for it while this one blocks, and is held up: so this thread runs all tasks but one.
            drop(minato_runtime::spawn(async move {
                held.send(()).unwrap();
                is_released.recv().unwrap();
            }));
            is_held.recv().unwrap();
            let (first, gate_one) = oneshot::channel::<()>();
            let (second, gate_two) = oneshot::channel::<()>();
            let waiter = |name: &'static str, gate: oneshot::Receiver<()>| {
                let log = log.clone();
                minato_runtime::spawn(async move {
                    gate.await.unwrap();
                    log.lock().unwrap().push(name);
                })
            };
            let tasks = [waiter("first", gate_one), waiter("second", gate_two)];
            for _ in 0..3 {
                yield_now().await;
            }
            first.send(()).unwrap();
            second.send(()).unwrap();
            for task in tasks {
                task.await.unwrap();
            }
        });
        release.send(()).unwrap();
        Arc::try_unwrap(log).unwrap().into_inner().unwrap()
    };
    assert_eq!(order(true), ["second", "first"]);
    assert_eq!(order(false), ["first", "second"]);
}

#[test]
fn a_name_with_a_nul_costs_no_worker() {
    let mut given = Builder::new_multi_thread();
    given.thread_name("a\0b");
    let mut made = Builder::new_multi_thread();
    made.thread_name_fn(|| "ab\0-made".to_owned());
    for mut builder in [given, made] {
        let rt = builder.worker_threads(2).build().unwrap();
        let name = rt.spawn(async { std::thread::current().name().map(str::to_owned) });
        let name = support::current_thread().block_on(name).unwrap().unwrap();
        assert!(name.starts_with("ab-"), "{name}");
    }
}
