//! The primitives among real tasks, and futures that are dropped at any point.
#![cfg(all(feature = "macros", not(loom)))]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minato_runtime::runtime::{Builder, Runtime};
use minato_runtime::sync::{Mutex, Notify, OwnedMutexGuard, Semaphore, mpsc, oneshot, watch};
use minato_runtime::task::yield_now;
use minato_runtime::{select, spawn};

/// The same test on one worker and on two.
fn on_every_flavor<F: Future<Output = ()>>(test: impl Fn() -> F) {
    let flavors: [Runtime; 2] = [
        Builder::new_current_thread().rng_seed(7).build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).rng_seed(7).build().unwrap(),
    ];
    for runtime in flavors {
        runtime.block_on(test());
    }
}

/// A small deterministic generator.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// Gives way a few times: how long a neighbour is let to wait.
    async fn patience(&mut self) {
        for _ in 0..self.below(4) {
            yield_now().await;
        }
    }
}

#[test]
fn messages_reach_the_end_of_a_chain_of_tasks() {
    on_every_flavor(async || {
        let (first, mut source) = mpsc::channel(1);
        for _ in 0..20 {
            let (tx, rx) = mpsc::channel(1);
            // It ends with its source.
            drop(spawn(async move {
                while let Some(number) = source.recv().await {
                    tx.send(number + 1).await.unwrap();
                }
            }));
            source = rx;
        }
        let sending = spawn(async move {
            for number in 0..500 {
                first.send(number).await.unwrap();
            }
        });
        for number in 0..500 {
            assert_eq!(source.recv().await, Some(number + 20));
        }
        assert_eq!(source.recv().await, None);
        sending.await.unwrap();
    });
}

#[test]
fn requests_and_replies_find_each_other() {
    on_every_flavor(async || {
        let (tx, mut rx) = mpsc::unbounded_channel::<(u64, oneshot::Sender<u64>)>();
        let server = spawn(async move {
            let mut served = 0;
            while let Some((number, reply)) = rx.recv().await {
                // A client that has given up does not want it any more.
                let _ = reply.send(number * 2);
                served += 1;
            }
            served
        });
        let clients: Vec<_> = (0..8)
            .map(|seed| {
                let tx = tx.clone();
                spawn(async move {
                    let mut numbers = Numbers(seed);
                    for number in 0..200 {
                        let (reply, answer) = oneshot::channel();
                        tx.send((number, reply)).unwrap();
                        if numbers.below(3) == 0 {
                            drop(answer);
                        } else {
                            assert_eq!(answer.await, Ok(number * 2));
                        }
                    }
                })
            })
            .collect();
        drop(tx);
        for client in clients {
            client.await.unwrap();
        }
        assert_eq!(server.await.unwrap(), 8 * 200);
    });
}

#[test]
fn sends_that_are_dropped_send_nothing_and_receives_that_are_dropped_take_nothing() {
    on_every_flavor(async || {
        let (tx, mut rx) = mpsc::channel(2);
        let senders: Vec<_> = (0..4_u64)
            .map(|sender| {
                let tx = tx.clone();
                spawn(async move {
                    let mut numbers = Numbers(sender);
                    let mut sent = 0;
                    while sent < 300 {
                        select! {
                            biased;
                            permit = tx.reserve() => {
                                permit.unwrap().send((sender, sent));
                                sent += 1;
                            }
                            () = numbers.patience() => {}
                        }
                        if sent % 7 == 0 {
                            yield_now().await;
                        }
                    }
                })
            })
            .collect();
        drop(tx);
        let mut numbers = Numbers(99);
        let mut next = HashMap::<u64, u64>::new();
        loop {
            select! {
                biased;
                message = rx.recv() => {
                    let Some((sender, number)) = message else { break };
                    let expected = next.entry(sender).or_default();
                    assert_eq!(number, *expected);
                    *expected += 1;
                }
                () = numbers.patience() => {}
            }
        }
        assert_eq!(rx.capacity(), 2);
        assert_eq!(next, HashMap::from([(0, 300), (1, 300), (2, 300), (3, 300)]));
        for sender in senders {
            sender.await.unwrap();
        }
    });
}

#[test]
fn permits_and_locks_survive_waiters_that_give_up() {
    on_every_flavor(async || {
        let semaphore = Arc::new(Semaphore::new(3));
        let mutex = Arc::new(Mutex::new(0_usize));
        let inside = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..6_u64)
            .map(|seed| {
                let (semaphore, mutex, inside) = (semaphore.clone(), mutex.clone(), inside.clone());
                spawn(async move {
                    let mut numbers = Numbers(seed);
                    let mut increments = 0;
                    while increments < 200 {
                        let wanted = 1 + numbers.below(3) as u32;
                        let permit = select! {
                            biased;
                            permit = semaphore.acquire_many(wanted) => permit.unwrap(),
                            () = numbers.patience() => continue,
                        };
                        let taken = permit.num_permits();
                        assert!(inside.fetch_add(taken, Ordering::SeqCst) + taken <= 3);
                        select! {
                            biased;
                            mut guard = Arc::clone(&mutex).lock_owned() => {
                                let before = *guard;
                                numbers.patience().await;
                                *guard = before + 1;
                                increments += 1;
                            }
                            () = async { yield_now().await } => {}
                        }
                        inside.fetch_sub(taken, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*mutex.lock().await, 6 * 200);
        assert_eq!(semaphore.available_permits(), 3);
    });
}

#[test]
fn every_call_reaches_somebody_though_waiters_give_up() {
    on_every_flavor(async || {
        let work = Arc::new(Mutex::new(0_u32));
        let notify = Arc::new(Notify::new());
        let (done, mut finished) = mpsc::channel(1);
        let workers: Vec<_> = (0..4_u64)
            .map(|seed| {
                let (work, notify, done) = (work.clone(), notify.clone(), done.clone());
                spawn(async move {
                    let mut numbers = Numbers(seed);
                    loop {
                        select! {
                            biased;
                            () = notify.notified() => {
                                // What a call announces may have been taken together with an earlier one.
                                let taken = std::mem::take(&mut *work.lock().await);
                                if taken > 0 {
                                    done.send(taken).await.unwrap();
                                }
                            }
                            () = numbers.patience() => {
                                if done.is_closed() {
                                    break;
                                }
                            }
                        }
                        yield_now().await;
                    }
                })
            })
            .collect();
        drop(done);
        let mut received = 0;
        for round in 1..=1_000 {
            *work.lock().await += 1;
            notify.notify_one();
            if round % 3 == 0 {
                while received < round {
                    received += finished.recv().await.unwrap();
                }
            }
        }
        while received < 1_000 {
            received += finished.recv().await.unwrap();
        }
        assert_eq!(received, 1_000);
        finished.close();
        for worker in workers {
            worker.await.unwrap();
        }
    });
}

#[test]
fn a_task_that_polls_two_waiters_of_one_lock_does_not_block_itself() {
    // A future that waits for the lock and is not polled any more must not keep a later one from getting it.
    on_every_flavor(async || {
        let mutex = Arc::new(Mutex::new(()));
        let held = mutex.lock().await;
        let mut abandoned = Box::pin(mutex.lock());
        select! {
            biased;
            _ = &mut abandoned => unreachable!("the lock is held"),
            () = yield_now() => {}
        }
        drop(held);
        drop(mutex.lock().await);
        drop(abandoned.await);
    });
}

#[test]
fn handles_and_futures_may_go_where_their_contents_may() {
    fn send<T: Send>(_: &T) {}
    fn sync<T: Sync>(_: &T) {}
    fn unpin<T: Unpin>(_: &T) {}
    let (tx, mut rx) = mpsc::channel::<std::cell::Cell<u8>>(1);
    send(&tx.send(0.into()));
    send(&tx.reserve());
    sync(&tx);
    send(&rx.recv());
    sync(&rx);
    let (tx, mut rx) = mpsc::unbounded_channel::<std::cell::Cell<u8>>();
    sync(&tx);
    send(&rx.recv());
    let (mut tx, rx) = oneshot::channel::<std::cell::Cell<u8>>();
    send(&rx);
    sync(&rx);
    unpin(&rx);
    send(&tx.closed());
    let mutex = Arc::new(Mutex::new(std::cell::Cell::new(0_u8)));
    sync(&mutex);
    send(&mutex.lock());
    let guard: OwnedMutexGuard<_> = mutex.clone().try_lock_owned().unwrap();
    send(&guard);
    let semaphore = Semaphore::new(1);
    send(&semaphore.acquire());
    unpin(&semaphore.acquire());
    let notify = Notify::new();
    send(&notify.notified());
    unpin(&notify.notified());
}

#[test]
fn a_task_watches_a_value_until_it_is_the_wanted_one() {
    on_every_flavor(async || {
        let (tx, mut rx) = watch::channel(0);
        let watching = spawn(async move { *rx.wait_for(|value| *value >= 100).await.unwrap() });
        for _ in 0..100 {
            tx.send_modify(|value| *value += 1);
            yield_now().await;
        }
        assert_eq!(watching.await.unwrap(), 100);
        tx.closed().await;
    });
}
