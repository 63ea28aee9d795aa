//! Ending a runtime while everything is in flight leaves no task, timer, descriptor, thread or byte.
//!
//! One test, alone in its process, because it counts what the process has.
//!
//! # Safety
//!
//! 1. The counting allocator passes every call on to the system's, unchanged.
#![cfg(all(not(loom), target_os = "linux"))]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::future::pending;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use minato_runtime::io::AsyncFd;
use minato_runtime::runtime::{Builder, Handle};
use minato_runtime::spawn;
use minato_runtime::sync::{Mutex, Notify, Semaphore, broadcast, mpsc, oneshot, watch};
use minato_runtime::task::{spawn_blocking, yield_now};
use minato_runtime::time::{interval, sleep, timeout};
use support::Live;

struct Counting;

static BYTES: AtomicIsize = AtomicIsize::new(0);

fn note(bytes: usize, sign: isize) {
    BYTES.fetch_add(sign * isize::try_from(bytes).unwrap_or(0), SeqCst);
}

// SAFETY: invariant 1.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 1);
        // SAFETY: invariant 1.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        note(layout.size(), -1);
        // SAFETY: invariant 1.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Holdings {
    descriptors: usize,
    threads: usize,
    bytes: isize,
}

impl Holdings {
    fn now() -> Self {
        let entries = |path| std::fs::read_dir(path).unwrap().count();
        // Threads first: one that is seen to be gone has closed what it had.
        let threads = entries("/proc/self/task");
        let descriptors = entries("/proc/self/fd");
        Self { descriptors, threads, bytes: BYTES.load(SeqCst) }
    }
}

/// A bit of everything, none of it about to end.
fn fill(handle: &Handle, live: &Arc<AtomicUsize>) {
    let _entered = handle.enter();
    let start = |live: &Arc<AtomicUsize>| Live::new(live);
    let notify = Arc::new(Notify::new());
    let semaphore = Arc::new(Semaphore::new(1));
    let mutex = Arc::new(Mutex::new(()));
    let (messages, mut received) = mpsc::channel(2);
    let (values, watched) = watch::channel(0);
    let (shouts, _) = broadcast::channel(4);
    for number in 0..40_u64 {
        let (held, notify, semaphore, mutex) =
            (start(live), notify.clone(), semaphore.clone(), mutex.clone());
        let (messages, mut watched, mut heard) = (messages.clone(), watched.clone(), shouts.subscribe());
        let (answer, answered) = oneshot::channel::<Live>();
        drop(spawn(async move {
            let _held = held;
            match number % 10 {
                0 => notify.notified().await,
                1 => {
                    let _permit = semaphore.acquire().await;
                    pending::<()>().await;
                }
                2 => {
                    let _guard = mutex.lock().await;
                    pending::<()>().await;
                }
                3 => while messages.send(number).await.is_ok() {},
                4 => while watched.changed().await.is_ok() {},
                5 => while heard.recv().await.is_ok() {},
                6 => drop(answered.await),
                7 => drop(timeout(Duration::from_secs(3600), sleep(Duration::from_secs(7200))).await),
                8 => {
                    let mut beats = interval(Duration::from_millis(1));
                    loop {
                        beats.tick().await;
                        drop(spawn(async { yield_now().await }));
                    }
                }
                _ => {
                    let (near, far) = UnixStream::pair().unwrap();
                    near.set_nonblocking(true).unwrap();
                    let near = AsyncFd::new(near).unwrap();
                    drop(near.readable().await);
                    drop(far);
                }
            }
            drop(answer);
        }));
    }
    let held = start(live);
    drop(spawn(async move {
        let _held = held;
        while received.recv().await.is_some() {
            values.send_modify(|value| *value += 1);
            let _ = shouts.send(1);
            yield_now().await;
        }
    }));
    let held = start(live);
    drop(spawn(async move {
        let _held = held;
        while spawn_blocking(|| {}).await.is_ok() {}
    }));
}

#[test]
fn nothing_is_left_of_a_runtime_that_ends_in_the_middle() {
    let live = Arc::new(AtomicUsize::new(0));
    let mut first = None;
    for round in 0..30 {
        let rt = match round % 3 {
            0 => Builder::new_current_thread().build(),
            1 => Builder::new_multi_thread().worker_threads(2).build(),
            _ => Builder::new_multi_thread().worker_threads(4).precise_timers(true).build(),
        };
        let rt = rt.unwrap();
        fill(rt.handle(), &live);
        rt.block_on(async { sleep(Duration::from_millis(3)).await });
        drop(rt);
        assert_eq!(live.load(SeqCst), 0, "tasks");
        // What the process makes once and keeps comes in the first rounds, one of each flavour.
        if round == 2 {
            first = Some(settled());
        }
    }
    let last = settled();
    assert_eq!(Some((last.descriptors, last.threads)), first.map(|first| (first.descriptors, first.threads)));
    let grown = last.bytes - first.map_or(0, |first| first.bytes);
    assert_eq!(grown, 0, "bytes of 27 runtimes");
}

/// The holdings once the threads that were told to end have done so.
fn settled() -> Holdings {
    let start = Instant::now();
    let mut holdings = Holdings::now();
    // The test's own thread and the harness's.
    while holdings.threads > 2 && start.elapsed() < Duration::from_secs(20) {
        std::thread::yield_now();
        holdings = Holdings::now();
    }
    holdings
}
