//! Workers that look around before they sleep.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use minato_runtime::runtime::Builder;
use minato_runtime::sync::oneshot;
use minato_runtime::{spawn, time};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);

#[test]
fn what_comes_from_outside_while_a_worker_looks_around_finds_it_awake() {
    let runtime = Builder::new_current_thread().spin_before_park(LONG).build().unwrap();
    let answer = runtime.block_on(async {
        let (ask, asked) = mpsc::channel::<oneshot::Sender<u32>>();
        thread::spawn(move || asked.recv().unwrap().send(7).unwrap());
        let (tell, told) = oneshot::channel();
        ask.send(tell).unwrap();
        // Once to a task, through the mailbox, and once to the future of `block_on`.
        let task = spawn(told);
        let answer = task.await.unwrap().unwrap();
        time::sleep(Duration::from_millis(1)).await;
        answer
    });
    assert_eq!(answer, 7);
    assert_eq!(runtime.metrics().worker_park_count(0), 0);
}

#[test]
fn a_worker_that_finds_nothing_sleeps_in_the_end() {
    let runtime = Builder::new_current_thread().spin_before_park(Duration::from_nanos(1)).build().unwrap();
    let metrics = runtime.metrics();
    let (tell, told) = oneshot::channel();
    let teller = thread::spawn(move || {
        while metrics.worker_park_count(0) == 0 {
            thread::yield_now();
        }
        tell.send(()).unwrap();
    });
    runtime.block_on(told).unwrap();
    teller.join().unwrap();
}

#[test]
fn a_paused_clock_moves_on_at_once() {
    let runtime = Builder::new_current_thread().spin_before_park(LONG).start_paused(true).build().unwrap();
    runtime.block_on(time::sleep(LONG));
}

#[cfg(feature = "rt-multi-thread")]
#[test]
fn a_runtime_ends_while_its_workers_look_around() {
    let runtime = Builder::new_multi_thread().worker_threads(2).spin_before_park(LONG).build().unwrap();
    let (tell, told) = mpsc::channel();
    let task = runtime.spawn(async move { tell.send(()).unwrap() });
    told.recv().unwrap();
    drop(task);
    drop(runtime);
}
