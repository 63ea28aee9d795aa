//! How often the primitives allocate: numbers that are exact, so a change of them is a decision.
//!
//! # Safety
//!
//! 1. The counting allocator passes every call on to the system's, unchanged.

// Under a sanitizer no memory is used again, so that it sees each use after free.
#![cfg(not(minato_sanitize))]
#![cfg(not(loom))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use minato_runtime::sync::{Mutex, Notify, Semaphore, mpsc, oneshot};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

fn count(layout: Layout) {
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
    let _ = BYTES.try_with(|bytes| bytes.set(bytes.get() + layout.size()));
}

// SAFETY: invariant 1.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout);
        // SAFETY: invariant 1.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout);
        // SAFETY: invariant 1.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: invariant 1.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` allocates: how often, and how many bytes.
fn allocated<R>(work: impl FnOnce() -> R) -> (usize, usize) {
    let before = (COUNT.get(), BYTES.get());
    let result = work();
    let after = (COUNT.get(), BYTES.get());
    drop(result);
    (after.0 - before.0, after.1 - before.1)
}

fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future is not ready"),
    }
}

#[test]
fn a_oneshot_channel_allocates_once() {
    let (times, bytes) = allocated(|| {
        let (tx, mut rx) = oneshot::channel();
        assert!(Pin::new(&mut rx).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        tx.send(1_u64).unwrap();
        ready(rx)
    });
    assert_eq!(times, 1);
    assert!(bytes <= 64, "{bytes}");
}

#[test]
fn a_oneshot_channel_takes_the_memory_of_the_last_one_on_a_worker() {
    let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
    rt.block_on(async {
        let exchange = || {
            let (tx, rx) = oneshot::channel();
            tx.send(1_u64).unwrap();
            ready(rx)
        };
        assert_eq!(exchange(), Ok(1));
        let (times, _) = allocated(|| (0..100).for_each(|_| assert_eq!(exchange(), Ok(1))));
        assert_eq!(times, 0);
    });
}

#[test]
fn an_idle_task_with_a_future_of_32_bytes_needs_96() {
    let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
    rt.block_on(async {
        let before = BYTES.get();
        drop(minato_runtime::spawn(std::future::pending::<()>()));
        let registry = BYTES.get() - before;
        let before = BYTES.get();
        let kept = [1_u64; 3];
        drop(minato_runtime::spawn(async move {
            std::future::pending::<()>().await;
            std::hint::black_box(kept);
        }));
        assert_eq!(BYTES.get() - before, 96, "{registry}");
    });
}

#[test]
fn a_bounded_channel_allocates_once_whatever_goes_through() {
    let (times, bytes) = allocated(|| mpsc::channel::<u64>(8));
    assert_eq!(times, 1);
    assert!(bytes <= 256, "{bytes}");
    let (tx, mut rx) = mpsc::channel(8);
    let (times, _) = allocated(|| {
        for round in 0..1_000_u64 {
            ready(tx.send(round)).unwrap();
            assert_eq!(ready(rx.recv()), Some(round));
        }
    });
    assert_eq!(times, 0);
}

/// What it takes to send and receive 6,300 messages, one after the other.
fn one_after_the_other<T>(message: impl Fn() -> T) -> usize {
    let (tx, mut rx) = mpsc::unbounded_channel();
    let (times, _) = allocated(|| {
        for _ in 0..6_300 {
            assert!(tx.send(message()).is_ok());
            assert!(ready(rx.recv()).is_some());
        }
    });
    times
}

#[test]
fn an_unbounded_channel_starts_small_and_uses_its_blocks_again() {
    let (times, bytes) = allocated(mpsc::unbounded_channel::<u64>);
    assert_eq!(times, 2);
    assert!(bytes <= 256, "{bytes}");
    // 3 + 7 + 15 + 31 messages in the first blocks, then 63 in each of two, in turns.
    let times = one_after_the_other(|| 0_u64);
    assert!((4..=7).contains(&times), "{times}");
}

#[test]
fn an_unbounded_channel_keeps_no_large_block() {
    let times = one_after_the_other(|| [0_u64; 8]);
    assert!((99..=104).contains(&times), "{times}");
}

#[test]
fn what_is_free_is_taken_without_allocating() {
    let mutex = Mutex::new(0);
    let semaphore = Semaphore::new(1);
    let notify = Notify::new();
    let (times, _) = allocated(|| {
        for _ in 0..100 {
            *ready(mutex.lock()) += 1;
            drop(ready(semaphore.acquire()).unwrap());
            notify.notify_one();
            ready(notify.notified());
        }
    });
    assert_eq!(times, 0);
}

#[test]
fn waiting_reuses_the_room_of_those_who_waited_before() {
    let semaphore = Semaphore::new(0);
    let wait_in_vain = || {
        let mut waiter = semaphore.acquire();
        assert!(Pin::new(&mut waiter).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    };
    wait_in_vain();
    let (times, _) = allocated(|| (0..100).for_each(|_| wait_in_vain()));
    assert_eq!(times, 0);
}

#[test]
fn a_task_takes_the_memory_of_the_last_one_and_a_timer_needs_none() {
    use minato_runtime::runtime::Builder;
    use minato_runtime::task::yield_now;
    use minato_runtime::time::{Duration, sleep, timeout};
    let rt = Builder::new_current_thread().build().unwrap();
    rt.block_on(async {
        // The first round grows the registry and the wheel.
        for is_first in [true, false] {
            let before = (COUNT.get(), BYTES.get());
            for _ in 0..100 {
                drop(minato_runtime::spawn(async {}));
            }
            // A yield lets a batch of them run, not all.
            for _ in 0..4 {
                yield_now().await;
            }
            let spawned = (COUNT.get() - before.0, BYTES.get() - before.1);
            // What the first hundred left behind is enough for the second.
            assert!(if is_first { spawned.0 >= 100 } else { spawned == (0, 0) }, "{spawned:?}");

            let before = COUNT.get();
            for _ in 0..100 {
                let mut pending = pin!(timeout(Duration::from_secs(5), sleep(Duration::from_secs(9))));
                std::future::poll_fn(|cx| {
                    assert!(pending.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
                minato_runtime::task::consume_budget().await;
            }
            assert!(is_first || COUNT.get() == before);
        }
    });
}
