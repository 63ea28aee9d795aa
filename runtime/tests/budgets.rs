//! How much a task does before it gives way.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use minato_runtime::runtime::{Builder, Runtime};
use minato_runtime::spawn;
use minato_runtime::sync::mpsc;
use minato_runtime::task::coop::{budgeted, cooperative, has_budget_remaining};

async fn rounds_until_spent() -> u32 {
    let mut rounds = 0;
    while has_budget_remaining() {
        cooperative(std::future::ready(())).await;
        rounds += 1;
    }
    rounds
}

#[test]
fn the_budget_is_what_the_builder_says_in_tasks_and_in_block_on() {
    let runtime = Builder::new_current_thread().task_budget(5).build().unwrap();
    runtime.block_on(async {
        assert_eq!(rounds_until_spent().await, 5);
        assert_eq!(spawn(rounds_until_spent()).await.unwrap(), 5);
    });
    let other = Builder::new_current_thread().build().unwrap();
    assert_eq!(other.block_on(async { spawn(rounds_until_spent()).await.unwrap() }), 128);
}

#[test]
fn a_future_may_have_a_budget_of_its_own() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        assert_eq!(budgeted(7, rounds_until_spent()).await, 7);
        assert_eq!(budgeted(200, rounds_until_spent()).await, 200);
        // What is around it has lost nothing.
        assert!(has_budget_remaining());
    });
}

/// Receives 1000 messages that are there, beside a task that waits for its turn. True if that one had to wait until the
/// end.
fn receives_in_one_go(runtime: &Runtime) -> bool {
    runtime.block_on(async {
        let (tx, mut rx) = mpsc::unbounded_channel();
        (0..1000).for_each(|n| tx.send(n).unwrap());
        drop(tx);
        let is_done = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_done);
        let receiver = spawn(async move {
            while rx.recv().await.is_some() {}
            is_done.store(true, SeqCst);
        });
        let saw_the_end = spawn(async move { seen.load(SeqCst) });
        receiver.await.unwrap();
        saw_the_end.await.unwrap()
    })
}

#[test]
fn a_poll_whose_time_is_not_spent_goes_on_past_its_budget() {
    let runtime = Builder::new_current_thread().task_time_slice(Duration::from_secs(3600)).build().unwrap();
    assert!(receives_in_one_go(&runtime));
    assert_eq!(runtime.metrics().budget_forced_yield_count(), 0);
    let without = Builder::new_current_thread().build().unwrap();
    assert!(!receives_in_one_go(&without));
    assert_eq!(without.metrics().budget_forced_yield_count(), 1000 / 128);
}

#[test]
fn a_poll_whose_time_is_spent_gives_way() {
    let runtime = Builder::new_current_thread().task_time_slice(Duration::from_nanos(1)).build().unwrap();
    // One budget more than without: the clock is looked at when the first is spent.
    assert!(!receives_in_one_go(&runtime));
    assert!(runtime.metrics().budget_forced_yield_count() > 0);
}

#[test]
fn time_has_no_say_in_a_simulation() {
    let runtime = Builder::new_simulated(3).task_time_slice(Duration::from_secs(3600)).build().unwrap();
    receives_in_one_go(&runtime);
    assert_eq!(runtime.metrics().budget_forced_yield_count(), 1000 / 128);
}
