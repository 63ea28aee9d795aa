//! Readiness is told when it comes, and only to who waits for it.

mod support;

use std::future::poll_fn;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use minato_runtime::io::{Interest, PollEvented, ReadBuf, Ready};
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

/// A pair, of which the first is ours.
fn pair() -> (PollEvented<UnixStream>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (PollEvented::new(ours), theirs)
}

async fn read(io: &PollEvented<UnixStream>) -> usize {
    io.async_io(Interest::READABLE, |mut io| io.read(&mut [0; 4096])).await.unwrap()
}

/// Writes until there is no more room.
fn fill(io: &PollEvented<UnixStream>) {
    while io.try_send(&[0; 4096]).is_ok() {}
}

#[test]
fn waiting_to_read_is_not_told_of_room_to_write() {
    let runtime = support::current_thread();
    runtime.block_on(async {
        let (ours, mut theirs) = pair();
        let events = || minato_runtime::runtime::Handle::current().metrics().io_driver_ready_count();
        let before = events();
        let reading = minato_runtime::spawn(async move { read(&ours).await });
        for _ in 0..300 {
            yield_now().await;
        }
        assert_eq!(events() - before, 0);
        theirs.write_all(b"x").unwrap();
        assert_eq!(reading.await.unwrap(), 1);
        assert_eq!(events() - before, 1);
    });
}

#[test]
fn nothing_is_said_of_an_end_or_an_error_before_there_is_one() {
    let runtime = support::current_thread();
    runtime.block_on(async {
        let (ours, theirs) = pair();
        let both = ours.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap().ready();
        assert_eq!(both, Ready::READABLE | Ready::WRITABLE);
        drop(theirs);
        assert_eq!(read(&ours).await, 0);
        // What was assumed was not looked at yet; a socket that has to wait is told.
        ours.clear_ready(ours.ready(Interest::READABLE).await.unwrap()).unwrap();
        assert!(ours.ready(Interest::READABLE).await.unwrap().ready().is_read_closed());
    });
}

/// Who waits first, and what happens first.
#[test]
fn readers_and_writers_in_two_tasks_are_both_woken_in_every_order() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        for runtime in support::all_flavors() {
            for order in 0..8 {
                runtime.block_on(wake_both(order));
            }
        }
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(30)).expect("every task is woken");
}

async fn wake_both(order: u8) {
    let [writer_first, data_first, room_before_wait] = [0, 1, 2].map(|bit| order & (1 << bit) != 0);
    let (ours, mut theirs) = pair();
    let ours = Arc::new(ours);
    let is_full = Arc::new(AtomicBool::new(false));
    let writing = async |ours: Arc<PollEvented<UnixStream>>, is_full: Arc<AtomicBool>| {
        fill(&ours);
        is_full.store(true, Ordering::Release);
        poll_fn(|cx| ours.poll_send(cx, b"y")).await.unwrap()
    };
    // How many tasks run between two turns of this one is the runtime's affair; the peer below must find something to read.
    let filled = async || {
        while !is_full.load(Ordering::Acquire) {
            yield_now().await;
        }
    };
    let reading = async |ours: Arc<PollEvented<UnixStream>>| {
        let mut memory = [0; 8];
        let mut buf = ReadBuf::new(&mut memory);
        poll_fn(|cx| ours.poll_recv(cx, &mut buf)).await.unwrap();
        buf.filled().len()
    };
    let mut tasks = Vec::new();
    if writer_first {
        tasks.push(minato_runtime::spawn(writing(ours.clone(), is_full.clone())));
        filled().await;
    }
    tasks.push(minato_runtime::spawn(reading(ours.clone())));
    if !room_before_wait {
        yield_now().await;
    }
    if !writer_first {
        tasks.push(minato_runtime::spawn(writing(ours.clone(), is_full.clone())));
        filled().await;
    }
    let mut empty = vec![0; 1 << 20];
    for step in 0..2 {
        if (step == 0) == data_first {
            theirs.write_all(b"x").unwrap();
        } else {
            let _ = theirs.read(&mut empty).unwrap();
        }
        yield_now().await;
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), 1);
    }
}

#[test]
fn writes_that_block_again_and_again_beside_a_reader_lose_no_wake() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        for runtime in support::all_flavors() {
            runtime.block_on(exchange(4 << 20));
        }
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(60)).expect("every task is woken");
}

/// Both ends of a socket read and write `len` bytes at once, each direction in a task of its own, in pieces of many sizes.
async fn exchange(len: usize) {
    let (near, far) = pair();
    far.set_nonblocking(true).unwrap();
    let mut tasks = Vec::new();
    for (end, io) in [near, PollEvented::new(far)].into_iter().enumerate() {
        let io = Arc::new(io);
        let reader = io.clone();
        tasks.push(minato_runtime::spawn(async move {
            let (mut memory, mut received, mut size) = (vec![0; 60_000], 0, 1);
            while received < len {
                let mut buf = ReadBuf::new(&mut memory[..size]);
                poll_fn(|cx| reader.poll_recv(cx, &mut buf)).await.unwrap();
                received += buf.filled().len();
                size = size * 31 % 59_999 + 1;
            }
        }));
        tasks.push(minato_runtime::spawn(async move {
            let (piece, mut sent, mut size) = (vec![0; 60_000], 0, 1 + end);
            while sent < len {
                let size_now = size.min(len - sent);
                sent += poll_fn(|cx| io.poll_send(cx, &piece[..size_now])).await.unwrap();
                size = size * 29 % 59_999 + 1;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}
