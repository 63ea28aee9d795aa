//! What every `async` method of `sync`, `task` and `time` loses when its future is dropped: nothing but its place in a
//! queue.
//!
//! Each row of the tables makes a future that has to wait, drops it at one of its points (made and not polled, waiting,
//! or waiting and just told to go on), and says what must still be there. `send` is the one that loses something, its
//! own message, as its documentation says.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use minato_runtime::stream::wrappers::{BroadcastStream, WatchStream};
use minato_runtime::stream::{self, FuturesUnordered, StreamExt, StreamMap};
use minato_runtime::sync::{
    Barrier, CancellationToken, Mutex, Notify, OnceCell, PollSemaphore, RwLock, Semaphore, SetOnce,
    broadcast, mpmc, mpsc, oneshot, watch,
};
use minato_runtime::task::{JoinMap, JoinQueue, JoinSet, LocalSet, TaskTracker};
use minato_runtime::test_util::{block_on_paused, task};
use minato_runtime::time::{self, DelayQueue, Instant, interval, sleep, timeout};
use minato_runtime::{assert_pending, assert_ready, assert_ready_eq, assert_ready_ok};

/// When a future is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Point {
    /// Made, and never polled.
    Unpolled,
    /// Polled once, and pending.
    Waiting,
    /// Pending, and then what it waits for came.
    Told,
}

const POINTS: [Point; 3] = [Point::Unpolled, Point::Waiting, Point::Told];

/// Drops `future` at `point`; `tell` brings what it waits for.
fn drop_at<F: Future>(point: Point, future: F, tell: impl FnOnce()) {
    let mut future = task::spawn(future);
    match point {
        Point::Unpolled => drop(future),
        Point::Waiting => {
            assert!(future.poll().is_pending());
            drop(future);
        }
        Point::Told => {
            assert!(future.poll().is_pending());
            tell();
            assert!(future.is_woken(), "told, and not woken");
            return drop(future);
        }
    }
    tell();
}

/// The output of a future that need not wait.
#[track_caller]
fn now<F: Future>(future: F) -> F::Output {
    match task::spawn(future).poll() {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it has to wait: something was lost"),
    }
}

/// One row: a name, and what is done at each point.
type Row = (&'static str, fn(Point));

fn run(rows: &[Row]) {
    for (name, row) in rows {
        for point in POINTS {
            let result = std::panic::catch_unwind(|| row(point));
            assert!(result.is_ok(), "{name}, dropped at {point:?}: see the panic above");
        }
    }
}

#[test]
fn channels_lose_no_message_room_or_end() {
    run(&[
        ("mpmc::Receiver::recv", |point| {
            let (tx, rx) = mpmc::bounded(1);
            drop_at(point, rx.recv(), || tx.try_send(1).unwrap());
            assert_eq!(now(rx.recv()), Ok(1));
        }),
        ("mpmc::Receiver::recv: the next in the queue is told", |point| {
            let (tx, rx) = mpmc::unbounded();
            let other = rx.clone();
            let mut dropped = task::spawn(other.recv());
            if point != Point::Unpolled {
                assert_pending!(dropped.poll());
            }
            let mut next = task::spawn(rx.recv());
            assert_pending!(next.poll());
            if point == Point::Told {
                tx.try_send(1).unwrap();
                assert!(dropped.is_woken() && !next.is_woken());
                drop(dropped);
            } else {
                drop(dropped);
                tx.try_send(1).unwrap();
            }
            assert!(next.is_woken());
            assert_ready_eq!(next.poll(), Ok(1));
        }),
        ("mpmc::Receiver::recv, at the end", |point| {
            let (tx, rx) = mpmc::bounded::<u8>(1);
            drop_at(point, rx.recv(), || drop(tx));
            assert_eq!(now(rx.recv()), Err(mpmc::RecvError));
        }),
        ("mpmc::Receiver as a stream", |point| {
            let (tx, mut rx) = mpmc::bounded(1);
            drop_at(point, rx.next(), || tx.try_send(1).unwrap());
            assert_eq!(now(rx.recv()), Ok(1));
        }),
        ("mpmc::Sender::send: the message goes, the room stays", |point| {
            let alive = Arc::new(());
            let (tx, rx) = mpmc::bounded(1);
            tx.try_send(None).unwrap();
            drop_at(point, tx.send(Some(Arc::clone(&alive))), || assert_eq!(now(rx.recv()), Ok(None)));
            assert_eq!(Arc::strong_count(&alive), 1);
            tx.try_send(None).unwrap();
            assert_eq!(now(rx.recv()), Ok(None));
        }),
        ("mpmc::Sender::send: the next in the queue is told", |point| {
            let (tx, rx) = mpmc::bounded(1);
            tx.try_send(0).unwrap();
            let mut dropped = task::spawn(tx.send(1));
            if point != Point::Unpolled {
                assert_pending!(dropped.poll());
            }
            let mut next = task::spawn(tx.send(2));
            assert_pending!(next.poll());
            if point == Point::Told {
                assert_eq!(rx.try_recv(), Ok(0));
                assert!(dropped.is_woken() && !next.is_woken());
                drop(dropped);
            } else {
                drop(dropped);
                assert_eq!(rx.try_recv(), Ok(0));
            }
            assert!(next.is_woken());
            assert_ready_ok!(next.poll());
            assert_eq!(rx.try_recv(), Ok(2));
        }),
        ("mpsc::Receiver::recv", |point| {
            let (tx, mut rx) = mpsc::channel(1);
            drop_at(point, rx.recv(), || tx.try_send(1).unwrap());
            assert_eq!(now(rx.recv()), Some(1));
        }),
        ("mpsc::Receiver::recv, at the end", |point| {
            let (tx, mut rx) = mpsc::channel::<u8>(1);
            drop_at(point, rx.recv(), || drop(tx));
            assert_eq!(now(rx.recv()), None);
        }),
        ("mpsc::Receiver::recv_many", |point| {
            let (tx, mut rx) = mpsc::channel(2);
            let mut buffer = Vec::new();
            drop_at(point, rx.recv_many(&mut buffer, 8), || {
                tx.try_send(1).unwrap();
                tx.try_send(2).unwrap();
            });
            assert!(buffer.is_empty());
            assert_eq!(now(rx.recv_many(&mut buffer, 8)), 2);
            assert_eq!(buffer, [1, 2]);
        }),
        ("mpsc::UnboundedReceiver::recv", |point| {
            let (tx, mut rx) = mpsc::unbounded_channel();
            drop_at(point, rx.recv(), || tx.send(1).unwrap());
            assert_eq!(now(rx.recv()), Some(1));
        }),
        ("mpsc::UnboundedReceiver::recv_many", |point| {
            let (tx, mut rx) = mpsc::unbounded_channel();
            let mut buffer = Vec::new();
            drop_at(point, rx.recv_many(&mut buffer, 8), || tx.send(1).unwrap());
            assert_eq!(now(rx.recv_many(&mut buffer, 8)), 1);
        }),
        ("mpsc::Sender::send: the message goes, the room stays", |point| {
            let alive = Arc::new(());
            let (tx, mut rx) = mpsc::channel(1);
            tx.try_send(None).unwrap();
            drop_at(point, tx.send(Some(Arc::clone(&alive))), || assert_eq!(now(rx.recv()), Some(None)));
            assert_eq!(Arc::strong_count(&alive), 1);
            assert_eq!(tx.capacity(), 1);
            tx.try_send(None).unwrap();
            assert_eq!(now(rx.recv()), Some(None));
        }),
        ("mpsc::Sender::reserve", |point| {
            let (tx, mut rx) = mpsc::channel(1);
            tx.try_send(1).unwrap();
            drop_at(point, tx.reserve(), || assert_eq!(now(rx.recv()), Some(1)));
            now(tx.reserve()).unwrap().send(2);
            assert_eq!(now(rx.recv()), Some(2));
        }),
        ("mpsc::Sender::reserve: the next in the queue is told", |point| {
            let (tx, mut rx) = mpsc::channel(1);
            tx.try_send(1).unwrap();
            let first = tx.clone();
            let mut next = task::spawn(tx.reserve());
            let mut dropped = task::spawn(first.reserve());
            assert_pending!(dropped.poll());
            assert_pending!(next.poll());
            if point == Point::Told {
                assert_eq!(now(rx.recv()), Some(1));
                drop(dropped);
            } else {
                drop(dropped);
                assert_eq!(now(rx.recv()), Some(1));
            }
            assert!(next.is_woken());
            drop(assert_ready_ok!(next.poll()));
        }),
        ("mpsc::Sender::reserve_many", |point| {
            let (tx, mut rx) = mpsc::channel(2);
            tx.try_send(1).unwrap();
            drop_at(point, tx.reserve_many(2), || assert_eq!(now(rx.recv()), Some(1)));
            assert_eq!(tx.capacity(), 2);
        }),
        ("mpsc::Sender::reserve_owned", |point| {
            let (tx, mut rx) = mpsc::channel(1);
            tx.try_send(1).unwrap();
            drop_at(point, tx.clone().reserve_owned(), || assert_eq!(now(rx.recv()), Some(1)));
            assert_eq!((tx.capacity(), tx.strong_count()), (1, 1));
        }),
        ("mpsc::PollSender::poll_reserve", |point| {
            let (tx, mut rx) = mpsc::channel(1);
            tx.try_send(1).unwrap();
            let mut sender = mpsc::PollSender::new(tx);
            drop_at(point, std::future::poll_fn(|cx| sender.poll_reserve(cx)), || {
                assert_eq!(now(rx.recv()), Some(1));
            });
            now(std::future::poll_fn(|cx| sender.poll_reserve(cx))).unwrap();
            sender.send_item(2).unwrap();
            assert_eq!(now(rx.recv()), Some(2));
        }),
        ("mpsc::Sender::closed", |point| {
            let (tx, rx) = mpsc::channel::<u8>(1);
            drop_at(point, tx.closed(), || drop(rx));
            now(tx.closed());
        }),
        ("mpsc::UnboundedSender::closed", |point| {
            let (tx, rx) = mpsc::unbounded_channel::<u8>();
            drop_at(point, tx.closed(), || drop(rx));
            now(tx.closed());
        }),
        ("oneshot::Receiver, by reference", |point| {
            let (tx, mut rx) = oneshot::channel();
            drop_at(point, &mut rx, || tx.send(1).unwrap());
            assert_eq!(now(rx), Ok(1));
        }),
        ("oneshot::Sender::closed", |point| {
            let (mut tx, rx) = oneshot::channel::<u8>();
            drop_at(point, tx.closed(), || drop(rx));
            now(tx.closed());
        }),
        ("broadcast::Receiver::recv", |point| {
            let (tx, mut rx) = broadcast::channel(2);
            drop_at(point, rx.recv(), || {
                tx.send(1).unwrap();
            });
            assert_eq!(now(rx.recv()), Ok(1));
        }),
        ("broadcast::Sender::closed", |point| {
            let (tx, rx) = broadcast::channel::<u8>(2);
            drop_at(point, tx.closed(), || drop(rx));
            now(tx.closed());
        }),
        ("watch::Receiver::changed", |point| {
            let (tx, mut rx) = watch::channel(0);
            drop_at(point, rx.changed(), || tx.send(1).unwrap());
            assert_eq!(rx.has_changed(), Ok(true));
            now(rx.changed()).unwrap();
            assert_eq!(*rx.borrow(), 1);
        }),
        ("watch::Receiver::wait_for", |point| {
            let (tx, mut rx) = watch::channel(0);
            drop_at(point, rx.wait_for(|value| *value == 1), || tx.send(1).unwrap());
            assert_eq!(*now(rx.wait_for(|value| *value == 1)).unwrap(), 1);
        }),
        ("watch::Sender::closed", |point| {
            let (tx, rx) = watch::channel(0);
            drop_at(point, tx.closed(), || drop(rx));
            now(tx.closed());
        }),
    ]);
}

#[test]
fn locks_and_permits_go_to_the_next() {
    run(&[
        ("Mutex::lock", |point| {
            let mutex = Mutex::new(1);
            let held = mutex.try_lock().unwrap();
            drop_at(point, mutex.lock(), || drop(held));
            assert_eq!(*now(mutex.lock()), 1);
        }),
        ("Mutex::lock: the next in the queue is told", |point| {
            let mutex = Mutex::new(1);
            let held = mutex.try_lock().unwrap();
            let mut dropped = task::spawn(mutex.lock());
            let mut next = task::spawn(mutex.lock());
            assert_pending!(dropped.poll());
            assert_pending!(next.poll());
            if point == Point::Told {
                drop(held);
                drop(dropped);
            } else {
                drop(dropped);
                drop(held);
            }
            assert!(next.is_woken());
            assert_eq!(*assert_ready!(next.poll()), 1);
        }),
        ("Mutex::lock_owned", |point| {
            let mutex = Arc::new(Mutex::new(1));
            let held = mutex.try_lock().unwrap();
            drop_at(point, Arc::clone(&mutex).lock_owned(), || drop(held));
            assert_eq!(*now(mutex.lock()), 1);
            assert_eq!(Arc::strong_count(&mutex), 1);
        }),
        ("RwLock::read", |point| {
            let lock = RwLock::new(1);
            let held = lock.try_write().unwrap();
            drop_at(point, lock.read(), || drop(held));
            assert!(lock.try_write().is_ok());
        }),
        ("RwLock::write: readers behind it are told", |point| {
            let lock = RwLock::new(1);
            let held = lock.try_read().unwrap();
            let mut writer = task::spawn(lock.write());
            let mut reader = task::spawn(lock.read());
            assert_pending!(writer.poll());
            assert_pending!(reader.poll());
            if point == Point::Told {
                drop(held);
                drop(writer);
            } else {
                drop(writer);
                drop(held);
            }
            assert!(reader.is_woken());
            assert_eq!(*assert_ready!(reader.poll()), 1);
        }),
        ("RwLock::read_owned", |point| {
            let lock = Arc::new(RwLock::new(1));
            let held = lock.try_write().unwrap();
            drop_at(point, Arc::clone(&lock).read_owned(), || drop(held));
            assert!(lock.try_write().is_ok());
            assert_eq!(Arc::strong_count(&lock), 1);
        }),
        ("RwLock::write_owned", |point| {
            let lock = Arc::new(RwLock::new(1));
            let held = lock.try_read().unwrap();
            drop_at(point, Arc::clone(&lock).write_owned(), || drop(held));
            assert!(lock.try_write().is_ok());
            assert_eq!(Arc::strong_count(&lock), 1);
        }),
        ("Semaphore::acquire", |point| {
            let semaphore = Semaphore::new(0);
            drop_at(point, semaphore.acquire(), || semaphore.add_permits(1));
            assert_eq!(semaphore.available_permits(), 1);
        }),
        ("Semaphore::acquire_many: those behind it are told", |point| {
            let semaphore = Semaphore::new(1);
            let mut many = task::spawn(semaphore.acquire_many(3));
            let mut one = task::spawn(semaphore.acquire());
            assert_pending!(many.poll());
            assert_pending!(one.poll());
            if point == Point::Told {
                semaphore.add_permits(2);
            }
            drop(many);
            assert!(one.is_woken());
            drop(assert_ready_ok!(one.poll()));
            assert_eq!(semaphore.available_permits(), if point == Point::Told { 3 } else { 1 });
        }),
        ("Semaphore::acquire_owned", |point| {
            let semaphore = Arc::new(Semaphore::new(0));
            drop_at(point, Arc::clone(&semaphore).acquire_owned(), || semaphore.add_permits(1));
            assert_eq!((semaphore.available_permits(), Arc::strong_count(&semaphore)), (1, 1));
        }),
        ("Semaphore::acquire_many_owned", |point| {
            let semaphore = Arc::new(Semaphore::new(0));
            drop_at(point, Arc::clone(&semaphore).acquire_many_owned(2), || semaphore.add_permits(2));
            assert_eq!((semaphore.available_permits(), Arc::strong_count(&semaphore)), (2, 1));
        }),
        ("PollSemaphore::poll_acquire", |point| {
            let semaphore = Arc::new(Semaphore::new(0));
            let mut polled = PollSemaphore::new(Arc::clone(&semaphore));
            drop_at(point, std::future::poll_fn(|cx| polled.poll_acquire(cx)), || semaphore.add_permits(1));
            drop(now(std::future::poll_fn(|cx| polled.poll_acquire(cx))).unwrap());
            drop(polled);
            assert_eq!(semaphore.available_permits(), 1);
        }),
    ]);
}

#[test]
fn calls_and_values_reach_somebody() {
    run(&[
        ("Notify::notified, by notify_one", |point| {
            let notify = Notify::new();
            drop_at(point, notify.notified(), || notify.notify_one());
            now(notify.notified());
        }),
        ("Notify::notified: the next in the queue is called", |point| {
            let notify = Notify::new();
            let mut dropped = task::spawn(notify.notified());
            let mut next = task::spawn(notify.notified());
            assert_pending!(dropped.poll());
            assert_pending!(next.poll());
            if point == Point::Told {
                notify.notify_one();
                drop(dropped);
            } else {
                drop(dropped);
                notify.notify_one();
            }
            assert!(next.is_woken());
            assert_ready!(next.poll());
        }),
        ("Notify::notified_owned", |point| {
            let notify = Arc::new(Notify::new());
            drop_at(point, Arc::clone(&notify).notified_owned(), || notify.notify_one());
            now(notify.notified());
            assert_eq!(Arc::strong_count(&notify), 1);
        }),
        ("Barrier::wait: one that gave up does not count", |point| {
            let barrier = Barrier::new(2);
            drop_at(point, barrier.wait(), || {
                if point == Point::Told {
                    assert!(now(barrier.wait()).is_leader());
                }
            });
            let mut waiting = task::spawn(barrier.wait());
            assert_pending!(waiting.poll());
            assert!(now(barrier.wait()).is_leader());
            assert!(waiting.is_woken());
        }),
        ("OnceCell::get_or_init, waiting for another", |point| {
            let cell = OnceCell::new();
            let (tx, rx) = oneshot::channel();
            let mut making = task::spawn(cell.get_or_init(async || rx.await.unwrap()));
            assert_pending!(making.poll());
            drop_at(point, cell.get_or_init(async || unreachable!("made elsewhere")), || {
                tx.send(1).unwrap();
                assert_ready_eq!(making.poll(), &1);
            });
            assert_eq!(now(cell.get_or_init(async || 2)), &1);
        }),
        ("OnceCell::get_or_init, making it", |point| {
            let cell = OnceCell::new();
            let notify = Notify::new();
            let make = cell.get_or_init(async || {
                notify.notified().await;
                1
            });
            drop_at(point, make, || notify.notify_one());
            assert_eq!(now(cell.get_or_init(async || 2)), &2);
        }),
        ("SetOnce::wait", |point| {
            let cell = SetOnce::new();
            drop_at(point, cell.wait(), || cell.set(1).unwrap());
            assert_eq!(now(cell.wait()), &1);
        }),
        ("CancellationToken::cancelled", |point| {
            let token = CancellationToken::new();
            drop_at(point, token.cancelled(), || token.cancel());
            now(token.cancelled());
        }),
        ("CancellationToken::cancelled_owned", |point| {
            let token = CancellationToken::new();
            drop_at(point, token.clone().cancelled_owned(), || token.cancel());
            now(token.cancelled());
        }),
        ("CancellationToken::run_until_cancelled", |point| {
            let (token, notify) = (CancellationToken::new(), Notify::new());
            drop_at(point, token.run_until_cancelled(notify.notified()), || notify.notify_one());
            now(notify.notified());
            assert!(!token.is_cancelled());
        }),
        ("CancellationToken::run_until_cancelled_owned", |point| {
            let token = CancellationToken::new();
            drop_at(point, token.clone().run_until_cancelled_owned(std::future::pending::<()>()), || {
                token.cancel()
            });
            now(token.cancelled());
        }),
        ("OnceCell::get_or_try_init, making it", |point| {
            let cell = OnceCell::new();
            let (tx, rx) = oneshot::channel();
            drop_at(point, cell.get_or_try_init(async || rx.await.map(|()| 0)), || {
                let _ = tx.send(());
            });
            assert!(cell.get().is_none());
            assert_eq!(now(cell.get_or_try_init(async || Ok::<_, ()>(2))), Ok(&2));
        }),
        ("TaskTracker::wait", |point| {
            let tracker = TaskTracker::new();
            tracker.close();
            let token = tracker.token();
            drop_at(point, tracker.wait(), || drop(token));
            now(tracker.wait());
        }),
    ]);
}

#[test]
fn streams_lose_no_item() {
    run(&[
        ("StreamExt::next", |point| {
            let (tx, mut rx) = mpsc::unbounded_channel();
            drop_at(point, rx.next(), || tx.send(1).unwrap());
            assert_eq!(now(rx.next()), Some(1));
        }),
        ("Peekable::peek", |point| {
            let (tx, rx) = mpsc::unbounded_channel();
            let mut stream = rx.peekable();
            drop_at(point, stream.peek(), || tx.send(1).unwrap());
            assert_eq!(now(stream.peek()), Some(&1));
            assert_eq!(now(stream.next()), Some(1));
        }),
        ("StreamMap::next and next_many", |point| {
            let (tx, rx) = mpsc::unbounded_channel();
            let mut map = StreamMap::from_iter([("key", rx)]);
            drop_at(point, map.next(), || tx.send(1).unwrap());
            assert_eq!(now(map.next()), Some(("key", 1)));
            let mut buffer = Vec::new();
            drop_at(point, map.next_many(&mut buffer, 2), || tx.send(2).unwrap());
            assert!(buffer.is_empty());
            assert_eq!(now(map.next_many(&mut buffer, 2)), 1);
        }),
        ("FuturesUnordered::next", |point| {
            let notify = Notify::new();
            let mut set = FuturesUnordered::from_iter([notify.notified()]);
            drop_at(point, set.next(), || {
                // A future that was never polled is not in the queue, and the call is stored.
                notify.notify_one();
            });
            assert_eq!((now(set.next()), set.len()), (Some(()), 0));
        }),
        ("then, merge and buffer_unordered, between two polls", |point| {
            let (tx, rx) = mpsc::unbounded_channel();
            let notify = Notify::new();
            let stream = rx.then(|n: u8| {
                let notify = &notify;
                async move {
                    notify.notified().await;
                    n
                }
            });
            let stream = stream.merge(stream::pending()).map(std::future::ready).buffer_unordered(2);
            let mut stream = task::spawn(Box::pin(stream));
            tx.send(1).unwrap();
            drop_at(point, stream.next(), || notify.notify_one());
            assert_eq!(now(stream.next()), Some(1));
        }),
        ("BroadcastStream::next", |point| {
            let (tx, rx) = broadcast::channel(2);
            let mut stream = BroadcastStream::new(rx);
            drop_at(point, stream.next(), || {
                tx.send(1).unwrap();
            });
            assert_eq!(now(stream.next()), Some(Ok(1)));
        }),
        ("WatchStream::next", |point| {
            let (tx, rx) = watch::channel(0);
            let mut stream = WatchStream::from_changes(rx);
            drop_at(point, stream.next(), || tx.send(1).unwrap());
            assert_eq!(now(stream.next()), Some(1));
        }),
    ]);
}

/// Lets `future` run, once, for less than it takes.
async fn give_up_on<F: Future>(future: F) {
    assert!(timeout(Duration::from_millis(5), future).await.is_err());
}

#[test]
fn tasks_and_timers_are_still_there() {
    block_on_paused(async {
        let late = || sleep(Duration::from_millis(20));
        let mut set = JoinSet::new();
        set.spawn(late());
        give_up_on(set.join_next()).await;
        give_up_on(set.join_next_with_id()).await;
        give_up_on(set.spawn_limited(1, async {})).await;
        assert_eq!(set.len(), 1);
        set.join_next().await.unwrap().unwrap();

        let mut map = JoinMap::new();
        map.spawn("key", late());
        give_up_on(map.join_next()).await;
        assert_eq!(map.join_next().await.unwrap().0, "key");

        let mut queue = JoinQueue::new();
        queue.spawn(late());
        give_up_on(queue.join_next()).await;
        queue.join_next().await.unwrap().unwrap();

        let mut handle = minato_runtime::spawn(late());
        give_up_on(&mut handle).await;
        handle.await.unwrap();

        let mut delays = DelayQueue::new();
        delays.insert(1, Duration::from_millis(20));
        give_up_on(delays.expired()).await;
        assert_eq!(delays.expired().await.unwrap().into_inner(), 1);

        let start = Instant::now();
        let mut ticks = interval(Duration::from_millis(20));
        ticks.tick().await;
        give_up_on(ticks.tick()).await;
        assert_eq!(ticks.tick().await, start + Duration::from_millis(20));

        let mut timer = late();
        let deadline = timer.deadline();
        give_up_on(&mut timer).await;
        assert_eq!(timer.deadline(), deadline);
        Pin::new(&mut timer).await;
        assert_eq!(Instant::now(), deadline);
        time::advance(Duration::ZERO).await;
    });
}

/// Polls `future`, which has to wait, once.
fn begin<F: Future>(future: F) {
    assert!(task::spawn(future).poll().is_pending());
}

#[test]
fn an_end_that_is_not_waited_for_comes_all_the_same() {
    block_on_paused(async {
        let endless = || async { std::future::pending::<()>().await };
        let mut set = JoinSet::new();
        set.spawn(endless());
        begin(set.shutdown());
        assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());

        let mut map = JoinMap::new();
        map.spawn("key", endless());
        begin(map.shutdown());
        assert!(map.join_next().await.unwrap().1.unwrap_err().is_cancelled());

        let mut queue = JoinQueue::new();
        queue.spawn(endless());
        give_up_on(queue.join_next_with_id()).await;
        begin(queue.shutdown());
        assert!(queue.join_next().await.unwrap().unwrap_err().is_cancelled());

        // What owns its tasks ends them with itself.
        let (held, mut released) = mpsc::channel::<()>(1);
        let holding = || {
            let held = held.clone();
            async move {
                std::future::pending::<()>().await;
                drop(held);
            }
        };
        let scoped = holding();
        begin(minato_runtime::spawn(holding()).cancel());
        let mut set = JoinSet::new();
        set.spawn(holding());
        begin(set.join_all());
        let mut queue = JoinQueue::new();
        queue.spawn(holding());
        begin(queue.join_all());
        begin(minato_runtime::task::scope(async move |scope| {
            scope.spawn(async move {
                scoped.await;
                Ok::<(), ()>(())
            });
            Ok(())
        }));
        drop(held);
        assert_eq!(released.recv().await, None);
    });
}

#[test]
fn what_runs_inside_another_future_goes_on_after_it() {
    block_on_paused(async {
        let set = LocalSet::new();
        let local = set.spawn_local(sleep(Duration::from_millis(20)));
        give_up_on(set.run_until(std::future::pending::<()>())).await;
        set.run_until(local).await.unwrap();

        let (tx, mut rx) = mpsc::channel(1);
        give_up_on(timeout(Duration::from_secs(1), rx.recv())).await;
        tx.send(1).await.unwrap();
        assert_eq!(timeout(Duration::from_secs(1), rx.recv()).await, Ok(Some(1)));
    });
}

#[test]
fn send_timeout_gives_the_message_back_when_it_gives_up() {
    block_on_paused(async {
        let (tx, mut rx) = mpsc::channel(1);
        tx.send(1).await.unwrap();
        let error = tx.send_timeout(2, Duration::from_millis(5)).await.unwrap_err();
        assert_eq!(error.into_inner(), 2);
        give_up_on(tx.send_timeout(3, Duration::from_secs(9))).await;
        assert_eq!(rx.recv().await, Some(1));
        assert_eq!(tx.capacity(), 1);
    });
}
