//! Everything at once, again and again, with loads drawn from a seed.
//!
//! A short run is part of the tests. `.ci/run stress` makes it long, pinned to one core and to two, with atomics that
//! give the processor away at random (`--cfg minato_stress`); `.ci/run tsan` runs it under ThreadSanitizer. The variable
//! `MINATO_STRESS_ROUNDS` says how often, `MINATO_STRESS_SEED` where to begin; a test that fails tells its seed.
//!
//! What is checked is what was sent, counted and dropped; threads that meet here do so through this crate, or through
//! atomics and joins, so that ThreadSanitizer sees all of it.
#![cfg(not(loom))]
#![allow(clippy::print_stderr, reason = "a test that fails tells its seed")]

mod support;

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use minato_runtime::runtime::Runtime;
use minato_runtime::spawn;
use minato_runtime::sync::{
    Barrier, CancellationToken, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch,
};
use minato_runtime::task::{JoinSet, spawn_blocking, yield_now};
use minato_runtime::time::{sleep, timeout};
use support::{Live, current_thread, multi_thread};

/// xorshift64.
#[derive(Clone, Copy)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Gives way now and then: to other tasks, to other threads, to the clock.
    async fn pause(&mut self) {
        match self.below(16) {
            0..3 => yield_now().await,
            3 => std::thread::yield_now(),
            4 => sleep(Duration::from_micros(self.below(200))).await,
            _ => {}
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Runs `round` on runtimes of several sizes, with as many seeds as are asked for.
fn rounds<F, Fut>(round: F)
where
    F: Fn(Random) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    struct Tell(u64);
    impl Drop for Tell {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("MINATO_STRESS_SEED={}", self.0);
            }
        }
    }
    let first = setting("MINATO_STRESS_SEED", 1);
    for seed in first..first + setting("MINATO_STRESS_ROUNDS", 3) {
        let _tell = Tell(seed);
        let random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let runtime: Runtime = match seed % 3 {
            0 => current_thread(),
            1 => multi_thread(2),
            _ => multi_thread(4),
        };
        runtime.block_on(async { spawn(round(random)).await.unwrap() });
    }
}

#[test]
fn messages_arrive_once_and_in_the_order_of_their_sender() {
    rounds(|mut random| async move {
        let (bounded, mut from_bounded) = mpsc::channel(1 + random.below(4) as usize);
        let (unbounded, mut from_unbounded) = mpsc::unbounded_channel();
        let senders = 1 + random.below(4) as usize;
        for sender in 0..senders {
            let (bounded, unbounded, mut random) =
                (bounded.clone(), unbounded.clone(), Random(random.0 + sender as u64));
            drop(spawn(async move {
                for number in 0..200 {
                    random.pause().await;
                    if random.below(8) == 0 {
                        // Gives up in the queue, and comes again.
                        drop(timeout(Duration::ZERO, bounded.reserve()).await);
                    }
                    bounded.send((sender, number)).await.unwrap();
                    unbounded.send((sender, number)).unwrap();
                }
            }));
        }
        drop((bounded, unbounded));
        let mut expected = vec![[0, 0]; senders];
        let mut ended = [false, false];
        while !ended.iter().all(|ended| *ended) {
            random.pause().await;
            for (which, is_ended) in ended.iter_mut().enumerate() {
                let received =
                    if which == 0 { from_bounded.recv().await } else { from_unbounded.recv().await };
                match received {
                    Some((sender, number)) => {
                        assert_eq!(expected[sender][which], number);
                        expected[sender][which] += 1;
                    }
                    None => *is_ended = true,
                }
            }
        }
        assert_eq!(expected, vec![[200, 200]; senders]);
    });
}

#[test]
fn what_is_sent_once_is_received_or_comes_back() {
    rounds(|mut random| async move {
        let live = Arc::new(AtomicUsize::new(0));
        for _ in 0..300 {
            let (tx, rx) = oneshot::channel();
            let value = Live::new(&live);
            let (mut a, mut b) = (Random(random.0 | 1), Random(random.0.rotate_left(17) | 1));
            let wants_it = random.below(4) != 0;
            let receiver = spawn(async move {
                a.pause().await;
                if wants_it { rx.await.is_ok() } else { timeout(Duration::ZERO, rx).await.is_ok() }
            });
            let sender = spawn(async move {
                b.pause().await;
                tx.send(value).is_ok()
            });
            let (received, sent) = (receiver.await.unwrap(), sender.await.unwrap());
            assert!(!received || sent);
            assert!(received || !wants_it);
            assert_eq!(live.load(SeqCst), 0);
        }
    });
}

#[test]
fn locks_and_permits_let_in_no_more_than_they_say() {
    rounds(|mut random| async move {
        let permits = 1 + random.below(3) as usize;
        let semaphore = Arc::new(Semaphore::new(permits));
        let inside = Arc::new(AtomicUsize::new(0));
        let mutex = Arc::new(Mutex::new((0, 0)));
        let rwlock = Arc::new(RwLock::new((0, 0)));
        let mut tasks = JoinSet::new();
        for task in 0..6 {
            let (semaphore, inside, mutex, rwlock) =
                (semaphore.clone(), inside.clone(), mutex.clone(), rwlock.clone());
            let mut random = Random(random.0 + task);
            tasks.spawn(async move {
                for _ in 0..100 {
                    if random.below(6) == 0 {
                        drop(timeout(Duration::from_micros(50), semaphore.acquire()).await);
                        drop(timeout(Duration::from_micros(50), mutex.lock()).await);
                        drop(timeout(Duration::from_micros(50), rwlock.write()).await);
                    }
                    let permit = semaphore.acquire().await.unwrap();
                    assert!(inside.fetch_add(1, SeqCst) < permits);
                    random.pause().await;
                    inside.fetch_sub(1, SeqCst);
                    drop(permit);
                    {
                        let mut pair = mutex.lock().await;
                        pair.0 += 1;
                        random.pause().await;
                        pair.1 += 1;
                        assert_eq!(pair.0, pair.1);
                    }
                    if random.below(3) == 0 {
                        let mut pair = rwlock.write().await;
                        pair.0 += 1;
                        random.pause().await;
                        pair.1 += 1;
                    } else {
                        let pair = rwlock.read().await;
                        random.pause().await;
                        assert_eq!(pair.0, pair.1);
                    }
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        assert_eq!(semaphore.available_permits(), permits);
        assert_eq!(*mutex.lock().await, (600, 600));
    });
}

#[test]
fn everybody_is_told() {
    rounds(|mut random| async move {
        let notify = Arc::new(Notify::new());
        let barrier = Arc::new(Barrier::new(5));
        let (watched, watcher) = watch::channel(0_u32);
        let (shouted, _) = broadcast::channel(512);
        let token = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for task in 0..4 {
            let (notify, barrier, token) = (notify.clone(), barrier.clone(), token.child_token());
            let (mut watcher, mut heard) = (watcher.clone(), shouted.subscribe());
            let mut random = Random(random.0 + task);
            tasks.spawn(async move {
                barrier.wait().await;
                for number in 0..100 {
                    assert_eq!(heard.recv().await, Ok(number));
                    random.pause().await;
                }
                while *watcher.borrow_and_update() < 100 {
                    watcher.changed().await.unwrap();
                }
                notify.notify_one();
                token.cancelled().await;
            });
        }
        barrier.wait().await;
        for number in 0..100 {
            shouted.send(number).unwrap();
            random.pause().await;
            watched.send(number + 1).unwrap();
        }
        notify.notified().await;
        token.cancel();
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
    });
}

#[test]
fn tasks_are_joined_aborted_or_let_go_and_dropped_once() {
    rounds(|mut random| async move {
        let live = Arc::new(AtomicUsize::new(0));
        for _ in 0..300 {
            let held = Live::new(&live);
            let mut inner = Random(random.0 | 1);
            let task = spawn(async move {
                for _ in 0..inner.below(4) {
                    inner.pause().await;
                }
                if inner.below(3) == 0 {
                    pending::<()>().await;
                }
                held
            });
            match random.below(4) {
                0 => {
                    task.abort();
                    drop(task.await);
                }
                1 => task.abort(),
                2 => {
                    let abort = task.abort_handle();
                    let joined = timeout(Duration::from_micros(random.below(100)), task).await;
                    abort.abort();
                    drop(joined);
                }
                _ => {
                    let abort = task.abort_handle();
                    drop(task);
                    random.pause().await;
                    drop(spawn_blocking(move || abort.abort()));
                }
            }
        }
        while live.load(SeqCst) > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    });
}

#[test]
fn timers_fire_and_are_dropped_wherever_they_were_moved() {
    rounds(|mut random| async move {
        let (moved, mut movers) = mpsc::unbounded_channel();
        let taker = spawn(async move {
            let mut fired = 0;
            while let Some(timer) = movers.recv().await {
                let timer: minato_runtime::time::Sleep = timer;
                if fired % 3 != 0 {
                    timer.await;
                }
                fired += 1;
            }
            fired
        });
        for _ in 0..300 {
            let mut timer = sleep(Duration::from_micros(random.below(3000)));
            {
                let mut timer = pin!(&mut timer);
                let _ = poll_fn(|cx| Poll::Ready(timer.as_mut().poll(cx))).await;
            }
            moved.send(timer).unwrap();
            random.pause().await;
        }
        drop(moved);
        assert_eq!(taker.await.unwrap(), 300);
    });
}

#[test]
fn threads_outside_spawn_and_wait() {
    let first = setting("MINATO_STRESS_SEED", 1);
    for seed in first..first + setting("MINATO_STRESS_ROUNDS", 3) {
        let runtime = multi_thread(2);
        let sum = Arc::new(AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let (handle, sum) = (runtime.handle().clone(), sum.clone());
                scope.spawn(move || {
                    let mut random = Random(seed * 7 + thread + 1);
                    for number in 0..100 {
                        let (sum, mut inner) = (sum.clone(), Random(random.0));
                        let task = handle.spawn(async move {
                            inner.pause().await;
                            sum.fetch_add(1, SeqCst);
                            number
                        });
                        if random.below(2) == 0 {
                            assert_eq!(handle.block_on(task).unwrap(), number);
                        } else {
                            handle.block_on(async { random.pause().await });
                        }
                    }
                });
            }
        });
        runtime.block_on(async {
            while sum.load(SeqCst) < 300 {
                sleep(Duration::from_millis(1)).await;
            }
        });
    }
}

#[test]
fn runtimes_end_in_the_middle_of_everything() {
    let first = setting("MINATO_STRESS_SEED", 1);
    for seed in first..first + 4 * setting("MINATO_STRESS_ROUNDS", 3) {
        let live = Arc::new(AtomicUsize::new(0));
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let runtime = multi_thread(1 + random.below(3) as usize);
        let (tx, mut rx) = mpsc::channel(4);
        for task in 0..20 {
            let (held, tx, mut random) = (Live::new(&live), tx.clone(), Random(random.0 + task));
            drop(runtime.spawn(async move {
                let _held = held;
                loop {
                    random.pause().await;
                    if tx.try_send(task).is_err() {
                        sleep(Duration::from_micros(100)).await;
                    }
                    let child = spawn(async { yield_now().await });
                    if random.below(2) == 0 {
                        drop(child.await);
                    }
                }
            }));
        }
        drop(tx);
        for _ in 0..random.below(50) {
            assert!(rx.blocking_recv().is_some());
        }
        drop(runtime);
        while rx.blocking_recv().is_some() {}
        assert_eq!(live.load(SeqCst), 0, "MINATO_STRESS_SEED={seed}");
    }
}
