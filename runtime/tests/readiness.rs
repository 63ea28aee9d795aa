//! Readiness that comes while a worker runs out of tasks is not forgotten.

mod support;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use minato_runtime::io::{Interest, PollEvented};
use minato_runtime::runtime::Runtime;
use minato_runtime::task::yield_now;

/// A worker serves its driver after so much time in tasks, however few they were.
const LONG: Duration = Duration::from_micros(200);

/// Runs `tasks` tasks, the last of which makes a descriptor ready that another task waits for.
fn wait_behind(runtime: &Runtime, tasks: usize) {
    runtime.block_on(async {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        reader.set_nonblocking(true).unwrap();
        let reader = minato_runtime::spawn(async move {
            let reader = PollEvented::new(reader);
            reader.async_io(Interest::READABLE, |mut io| io.read(&mut [0; 8])).await.unwrap()
        });
        yield_now().await;
        for _ in 1..tasks {
            drop(minato_runtime::spawn(async {}));
        }
        let last = minato_runtime::spawn(async move {
            let start = Instant::now();
            while start.elapsed() < LONG {
                std::hint::spin_loop();
            }
            writer.write_all(b"x").unwrap();
        });
        assert_eq!(reader.await.unwrap(), 1);
        last.await.unwrap();
    });
}

#[test]
fn an_event_found_between_the_last_task_and_sleep_wakes_its_task() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        for runtime in support::all_flavors() {
            // The worker looks around after a number of polls: one of these numbers makes it look when none is left.
            for tasks in 1..140 {
                wait_behind(&runtime, tasks);
            }
        }
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(30)).expect("every task is woken");
}
