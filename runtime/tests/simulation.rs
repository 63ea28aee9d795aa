//! Runs that repeat themselves.

mod support;

use std::collections::HashSet;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use minato_runtime::runtime::{
    Builder, Handle, LocalOptions, OutsideInput, Trace, check_determinism, random, random_below,
};
use minato_runtime::sync::{mpsc, oneshot};
use minato_runtime::task::{self, JoinSet, LocalSet, spawn_blocking, spawn_local, yield_now};
use minato_runtime::time::{Instant, sleep, timeout};
use minato_runtime::{join, select, spawn};

#[track_caller]
fn message_of(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it should have panicked");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).to_owned(),
    }
}

/// The order in which five tasks get to a lock, after many a choice.
async fn order() -> Vec<u64> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut set = JoinSet::new();
    let (tx, mut rx) = mpsc::channel(2);
    for n in 0..5 {
        let (order, tx) = (order.clone(), tx.clone());
        set.spawn(async move {
            for _ in 0..3 {
                select! {
                    () = yield_now() => {}
                    () = sleep(Duration::from_millis(5)) => {}
                }
                sleep(Duration::from_millis(u64::from(random_below(3)))).await;
            }
            order.lock().unwrap().push(n);
            tx.send(spawn_blocking(move || n * 10 + random() % 10).await.unwrap()).await.unwrap();
        });
    }
    drop(tx);
    let mut all = Vec::new();
    while let Some(n) = rx.recv().await {
        all.push(n);
    }
    while set.join_next().await.is_some() {}
    let mut order = order.lock().unwrap().clone();
    order.extend(all);
    order
}

fn run<T>(seed: u64, body: impl Future<Output = T>) -> (T, Trace) {
    let runtime = Builder::new_simulated(seed).build().unwrap();
    let output = runtime.block_on(body);
    (output, runtime.handle().trace().unwrap())
}

#[test]
fn a_seed_gives_the_same_run_each_time_and_another_seed_another() {
    let mut orders = HashSet::new();
    let mut hashes = HashSet::new();
    for seed in 0..50 {
        let (first, second) = (run(seed, order()), run(seed, order()));
        assert_eq!(first, second);
        assert!(first.1.outside_inputs().is_empty());
        orders.insert(first.0);
        hashes.insert(first.1.hash());
    }
    assert!(orders.len() > 45, "{}", orders.len());
    assert_eq!(hashes.len(), 50);
}

#[test]
fn every_order_of_three_tasks_is_found() {
    let mut orders = HashSet::new();
    for seed in 0..100 {
        let (order, _) = run(seed, async {
            let order = Arc::new(Mutex::new(Vec::new()));
            let tasks: Vec<_> = (0..3)
                .map(|n| {
                    let order = order.clone();
                    spawn(async move { order.lock().unwrap().push(n) })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            let order = order.lock().unwrap();
            order.clone()
        });
        orders.insert(order);
    }
    assert_eq!(orders.len(), 6);
}

#[test]
fn the_seeds_find_a_lost_update() {
    async fn has_lost_an_update() -> bool {
        let count = Arc::new(Mutex::new(0));
        let tasks: Vec<_> = (0..2)
            .map(|_| {
                let count = count.clone();
                spawn(async move {
                    let seen = *count.lock().unwrap();
                    yield_now().await;
                    *count.lock().unwrap() = seen + 1;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        *count.lock().unwrap() != 2
    }
    let found: HashSet<_> = (0..30).map(|seed| run(seed, has_lost_an_update()).0).collect();
    assert_eq!(found.len(), 2, "both outcomes are found");
}

#[test]
fn time_ids_and_draws_are_the_same_in_each_run() {
    let told = || {
        run(3, async {
            let start = Instant::now();
            sleep(Duration::from_secs(3600)).await;
            let id = spawn(async { task::id().to_string() }).await.unwrap();
            let waited = timeout(Duration::from_millis(7), pending::<()>()).await.is_err();
            (
                id,
                start.elapsed(),
                waited,
                random(),
                join!(async { random_below(100) }, async { random_below(100) }),
            )
        })
    };
    assert_eq!(told(), told());
    let ((id, elapsed, waited, ..), _) = told();
    assert_eq!(id, "1");
    assert!(waited);
    assert_eq!(elapsed, Duration::from_secs(3600) + Duration::from_millis(7));
}

#[test]
fn tasks_of_local_runtimes_and_sets_are_chosen_by_the_seed_too() {
    let orders = |in_set: bool| -> HashSet<Vec<i32>> {
        let body = || async {
            let order = Rc::new(Mutex::new(Vec::new()));
            let tasks: Vec<_> = (0..3)
                .map(|n| {
                    let order = order.clone();
                    spawn_local(async move { order.lock().unwrap().push(n) })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            let order = order.lock().unwrap();
            order.clone()
        };
        let one = |seed| {
            let runtime = Builder::new_simulated(seed).build_local(LocalOptions::default()).unwrap();
            runtime.block_on(async {
                if in_set { LocalSet::new().run_until(body()).await } else { body().await }
            })
        };
        (0..60)
            .map(|seed| (one(seed), one(seed)))
            .inspect(|(a, b)| assert_eq!(a, b))
            .map(|(a, _)| a)
            .collect()
    };
    assert!(orders(false).len() >= 5);
    assert!(orders(true).len() >= 5);
}

#[test]
fn jobs_run_on_the_one_thread_and_may_block_on() {
    let runtime = Builder::new_simulated(5).build().unwrap();
    let thread = std::thread::current().id();
    runtime.block_on(async {
        let job = spawn_blocking(move || {
            assert_eq!(std::thread::current().id(), thread);
            Handle::current().block_on(async {
                let task = spawn(async { sleep(Duration::from_secs(1)).await });
                task.await.unwrap();
                spawn_blocking(|| Handle::current().block_on(yield_now())).await.unwrap();
                6
            })
        });
        assert_eq!(job.await.unwrap(), 6);
        assert!(spawn_blocking(|| panic!("ran aground")).await.map(|(): ()| ()).unwrap_err().is_panic());
    });
    assert!(runtime.handle().trace().unwrap().outside_inputs().is_empty());
}

#[test]
fn inputs_from_outside_are_told() {
    let runtime = Builder::new_simulated(5).build().unwrap();
    // Nothing runs yet, so this is part of the program.
    let early = runtime.spawn(async { 1 });
    runtime.block_on(async {
        early.await.unwrap();
        assert!(Handle::current().trace().unwrap().outside_inputs().is_empty());
        let (tx, rx) = oneshot::channel();
        let handle = Handle::current();
        let (seen, wait_seen) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            drop(handle.spawn(async move { tx.send(1).unwrap() }));
            seen.send(()).unwrap();
        });
        wait_seen.recv().unwrap();
        rx.await.unwrap();
        thread.join().unwrap();
        assert_eq!(Handle::current().trace().unwrap().outside_inputs(), [OutsideInput::Thread]);

        let (near, _far) = std::os::unix::net::UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let near = minato_runtime::io::PollEvented::new(near);
        let read = near.async_io(minato_runtime::io::Interest::READABLE, |mut io| {
            std::io::Read::read(&mut io, &mut [0; 1])
        });
        assert!(timeout(Duration::from_secs(1), read).await.is_err());
        let trace = Handle::current().trace().unwrap();
        assert_eq!(trace.outside_inputs(), [OutsideInput::Thread, OutsideInput::Descriptor]);
    });
    assert!(support::current_thread().handle().trace().is_none());
}

#[test]
fn a_program_that_waits_for_ever_is_stopped_and_its_tasks_named() {
    let message = message_of(|| {
        run(1, async {
            task::Builder::new().name("pilot").spawn(pending::<()>()).unwrap().await.unwrap();
        });
    });
    assert!(message.starts_with("the simulation is stuck: nothing can run, no timer is set"), "{message}");
    assert!(
        message.contains("Tasks that wait: 1\n  task 1 \"pilot\" from runtime/tests/simulation.rs"),
        "{message}"
    );
}

#[test]
fn check_determinism_finds_what_the_seed_does_not_decide() {
    check_determinism(0..10, || async {
        order().await;
    });
    let runs = std::cell::Cell::new(0);
    let message = message_of(|| {
        check_determinism(4..5, || {
            runs.set(runs.get() + 1);
            let rounds = runs.get();
            async move {
                for _ in 0..rounds {
                    yield_now().await;
                }
            }
        });
    });
    assert!(
        message.starts_with("seed 4 gave two different runs, of 2 and 3 events; they part at event 2"),
        "{message}"
    );
}

#[test]
fn time_does_not_run_in_a_simulation() {
    let message = message_of(|| drop(run(1, async { minato_runtime::time::resume() })));
    assert_eq!(message, "time::resume called in a simulated runtime: its time would be that of the machine");
    let message = message_of(|| {
        let _ = random_below(0);
    });
    assert_eq!(message, "random_below: no number is below zero");
}

#[minato_runtime::test(seeds = 20, check_determinism = true)]
async fn tests_run_with_many_seeds() {
    assert_eq!(order().await.len(), 10);
    assert_eq!(spawn_local(async { Rc::new(1) }).await.map(|one| *one).unwrap(), 1);
}

#[minato_runtime::test(seeds = 3)]
async fn tests_with_seeds_may_return_results() -> Result<(), std::num::ParseIntError> {
    let one: i32 = "1".parse()?;
    assert_eq!(one, 1);
    Ok(())
}

mod failing {
    use super::*;

    fn only_seeds_above(limit: u64) -> Result<(), &'static str> {
        minato_runtime::runtime::SeededTest {
            package: "minato-runtime",
            module: module_path!(),
            name: "only_seeds_above",
            seeds: 10,
            checks_determinism: false,
        }
        .run(|| async {
            let count = Handle::current().trace().unwrap().events();
            assert!(random() % 4 != limit, "drawn after {count} events");
        });
        Ok(())
    }

    #[test]
    fn the_failing_seed_is_named_with_the_command_that_replays_it() {
        if std::env::var_os("MINATO_SEED").or(std::env::var_os("MINATO_SEEDS")).is_some() {
            // Somebody replays another test.
            return;
        }
        let message = message_of(|| only_seeds_above(2).unwrap());
        let (seed, rest) = message.strip_prefix("seed ").unwrap().split_once(' ').unwrap();
        let seed: u64 = seed.parse().unwrap();
        assert!(rest.starts_with(&format!("failed, {} of 10: drawn after ", seed + 1)), "{message}");
        let command = format!(
            "\nreplay it with: MINATO_SEED={seed} cargo test --package minato-runtime failing::only_seeds_above -- --exact"
        );
        assert!(rest.ends_with(&command), "{message}");
    }
}
