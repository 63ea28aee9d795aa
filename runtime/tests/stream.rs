//! Streams: what the adapters do, one by one, and what many at once must not lose.

mod support;

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use minato_runtime::io::AsyncBufReadExt;
use minato_runtime::runtime::Builder;
use minato_runtime::stream::wrappers::errors::BroadcastStreamRecvError;
use minato_runtime::stream::wrappers::{
    BroadcastStream, IntervalStream, JoinSetStream, LinesStream, ReadDirStream, ReceiverStream, SignalStream,
    SplitStream, UnboundedReceiverStream, WatchStream,
};
use minato_runtime::stream::{
    self, FuturesOrdered, FuturesUnordered, Stream, StreamExt, StreamMap, StreamNotifyClose,
};
use minato_runtime::sync::{Notify, broadcast, mpsc, oneshot, watch};
use minato_runtime::task::JoinSet;
use minato_runtime::time::{Instant, interval, sleep};
use support::current_thread;

const MS: Duration = Duration::from_millis(1);

fn run<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread().start_paused(true).build().unwrap().block_on(future)
}

/// The items of a stream that need not wait.
fn all<S: Stream>(stream: S) -> Vec<S::Item> {
    run(stream.collect())
}

/// Items with pauses of so many milliseconds before them.
fn paced<T>(items: impl IntoIterator<Item = (u64, T)>) -> impl Stream<Item = T> {
    stream::iter(items).then(|(pause, item)| async move {
        sleep(pause as u32 * MS).await;
        item
    })
}

#[test]
fn each_item_is_mapped_filtered_and_counted() {
    assert_eq!(all(stream::iter(1..4).map(|n| n * 10)), [10, 20, 30]);
    assert_eq!(all(stream::iter([1, 2, 9, 3]).map_while(|n| (n < 5).then_some(n + 1))), [2, 3]);
    assert_eq!(all(stream::iter(1..4).then(|n| async move { n + 1 })), [2, 3, 4]);
    assert_eq!(all(stream::iter(1..7).filter(|n| n % 3 == 0)), [3, 6]);
    assert_eq!(all(stream::iter(["1", "x", "2"]).filter_map(|s| s.parse::<u8>().ok())), [1, 2]);
    assert_eq!(all(stream::iter("ab".chars()).enumerate()), [(0, 'a'), (1, 'b')]);
    let seen = Cell::new(0);
    assert_eq!(all(stream::iter(1..4).inspect(|n| seen.set(seen.get() + n))), [1, 2, 3]);
    assert_eq!(seen.get(), 6);
}

#[test]
fn streams_are_cut_at_both_ends() {
    assert_eq!(all(stream::iter(1..).take(2)), [1, 2]);
    assert_eq!(all(stream::iter(1..4).take(0)), [0; 0]);
    assert_eq!(all(stream::iter([1, 2, 9, 1]).take_while(|n| *n < 5)), [1, 2]);
    assert_eq!(all(stream::iter(1..5).skip(2)), [3, 4]);
    assert_eq!(all(stream::iter(1..3).skip(5)), [0; 0]);
    assert_eq!(all(stream::iter([1, 2, 9, 1]).skip_while(|n| *n < 5)), [9, 1]);
}

#[test]
fn take_until_ends_with_its_future_and_drops_it_with_the_end() {
    run(async {
        let mut stream = pin!(paced([(2, 'a'), (2, 'b'), (2, 'c')]).take_until(sleep(5 * MS)));
        assert_eq!(stream.next().await, Some('a'));
        assert_eq!(stream.next().await, Some('b'));
        assert_eq!(stream.next().await, None);
        assert_eq!(stream.next().await, None);
        assert_eq!(stream::iter(1..3).take_until(pending::<()>()).count().await, 2);
    });
}

#[test]
fn a_fused_stream_stays_at_its_end_and_is_dropped_there() {
    let alive = Rc::new(());
    let held = Rc::clone(&alive);
    let mut polls = 0;
    let mut stream = stream::poll_fn(move |_| {
        let _held = &held;
        polls += 1;
        Poll::Ready((polls != 2).then_some(polls))
    })
    .fuse();
    run(async {
        assert_eq!(stream.next().await, Some(1));
        assert!(!stream.is_done());
        assert_eq!(stream.next().await, None);
        assert_eq!(Rc::strong_count(&alive), 1);
        assert_eq!(stream.next().await, None);
    });
}

#[test]
fn a_peeked_item_is_still_to_come() {
    run(async {
        let mut stream = stream::iter(1..3).peekable();
        assert_eq!(stream.peek().await, Some(&1));
        assert_eq!(stream.peek().await, Some(&1));
        assert_eq!(stream.size_hint(), (2, Some(2)));
        assert_eq!(stream.next().await, Some(1));
        assert_eq!(stream.next().await, Some(2));
        assert_eq!(stream.peek().await, None);
        assert_eq!(stream.next().await, None);
    });
}

#[test]
fn a_question_stops_at_the_first_answer() {
    run(async {
        let mut stream = stream::iter(1..6);
        assert!(!stream.all(|n| n < 3).await);
        assert_eq!(stream.next().await, Some(4));
        let mut stream = stream::iter(1..6);
        assert!(stream.any(|n| n == 2).await);
        assert_eq!(stream.next().await, Some(3));
        assert!(stream::empty::<u8>().all(|_| false).await);
        assert!(!stream::empty::<u8>().any(|_| true).await);
        assert_eq!(stream::iter(1..5).fold(1, |product, n| product * n).await, 24);
        assert_eq!(stream::iter(1..5).count().await, 4);
    });
}

#[test]
fn an_error_ends_what_was_tried() {
    run(async {
        let mut stream = stream::iter([Ok(1), Err("no"), Ok(2)]);
        assert_eq!(stream.try_next().await, Ok(Some(1)));
        assert_eq!(stream.try_next().await, Err("no"));
        assert_eq!(stream.try_next().await, Ok(Some(2)));
        assert_eq!(stream.try_next().await, Ok(None));

        let sum = Cell::new(0);
        let add = |n: u32| {
            sum.set(sum.get() + n);
            ready(if n == 2 { Err("two") } else { Ok(()) })
        };
        assert_eq!(stream::iter([Ok(1), Err("no"), Ok(9)]).try_for_each(add).await, Err("no"));
        assert_eq!(stream::iter([Ok(1), Ok(2), Ok(9)]).try_for_each(add).await, Err("two"));
        assert_eq!(stream::iter([Ok(1), Ok(3)]).try_for_each(add).await, Ok(()));
        assert_eq!(sum.get(), 1 + 3 + 4);
    });
}

#[test]
fn items_are_collected_into_what_is_asked_for() {
    run(async {
        let items = || stream::iter([3, 1, 2]);
        assert_eq!(items().collect::<Vec<_>>().await, [3, 1, 2]);
        assert_eq!(*items().collect::<Box<[_]>>().await, [3, 1, 2]);
        assert_eq!(items().collect::<VecDeque<_>>().await, [3, 1, 2]);
        assert_eq!(items().collect::<HashSet<_>>().await, HashSet::from([1, 2, 3]));
        assert_eq!(stream::iter(["a", "b"]).collect::<String>().await, "ab");
        assert_eq!(stream::iter(["a".to_owned()]).collect::<String>().await, "a");
        let pairs = || stream::iter([("a", 1), ("b", 2)]);
        assert_eq!(pairs().collect::<HashMap<_, _>>().await, HashMap::from([("a", 1), ("b", 2)]));
        assert_eq!(pairs().collect::<BTreeMap<_, _>>().await, BTreeMap::from([("a", 1), ("b", 2)]));
        stream::iter([(), ()]).collect::<()>().await;

        let mut results = stream::iter([Ok(1), Err("first"), Err("second"), Ok(2)]);
        assert_eq!((&mut results).collect::<Result<Vec<u8>, _>>().await, Err("first"));
        assert_eq!(results.next().await, Some(Err("second")));
        assert_eq!(
            stream::iter([Ok::<_, ()>("a"), Ok("b")]).collect::<Result<String, _>>().await,
            Ok("ab".into())
        );
        let mut options = stream::iter([Some(1), None, Some(2)]);
        assert_eq!((&mut options).collect::<Option<Vec<_>>>().await, None);
        assert_eq!(options.collect::<Option<Vec<_>>>().await, Some(vec![2]));
    });
}

#[test]
fn a_stream_that_announces_too_much_costs_nothing() {
    struct Boaster;
    impl Stream for Boaster {
        type Item = u64;
        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u64>> {
            Poll::Ready(None)
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            (usize::MAX, None)
        }
    }
    assert!(all(Boaster).capacity() <= 1024);
    assert_eq!(run(Boaster.chain(Boaster).collect::<VecDeque<_>>()).len(), 0);
}

#[test]
fn two_streams_become_one() {
    assert_eq!(all(stream::iter([1, 2]).chain(stream::once(3))), [1, 2, 3]);
    assert_eq!(all(stream::iter([1, 2, 3]).zip(stream::iter(["a", "b"]))), [(1, "a"), (2, "b")]);
    assert_eq!(all(stream::iter([1, 2]).merge(stream::iter([10, 20]))), [1, 10, 2, 20]);
    assert_eq!(all(stream::iter([1..3, 5..6]).map(stream::iter).flatten()), [1, 2, 5]);
    run(async {
        let one = paced([(1, 'a'), (4, 'c')]);
        let other = paced([(2, 'b'), (2, '-')]).take(1);
        assert_eq!(one.merge(other).collect::<Vec<_>>().await, ['a', 'b', 'c']);
        // Neither waits for the other's item once it has its own.
        let pairs = paced([(1, 1), (1, 2)]).zip(paced([(2, 1), (0, 2)]));
        let start = Instant::now();
        assert_eq!(pairs.collect::<Vec<_>>().await, [(1, 1), (2, 2)]);
        assert!(start.elapsed() <= 4 * MS);
    });
}

#[test]
fn what_is_still_to_come_is_announced_rightly() {
    fn hint(stream: &impl Stream) -> (usize, Option<usize>) {
        stream.size_hint()
    }
    let three = || stream::iter(0..3);
    assert_eq!(hint(&three().map(drop)), (3, Some(3)));
    assert_eq!(hint(&three().filter(|_| true)), (0, Some(3)));
    assert_eq!(hint(&three().take(2)), (2, Some(2)));
    assert_eq!(hint(&three().skip(2)), (1, Some(1)));
    assert_eq!(hint(&three().chain(three())), (6, Some(6)));
    assert_eq!(hint(&three().merge(stream::pending())), (3, None));
    assert_eq!(hint(&three().zip(stream::iter(0..))), (3, Some(3)));
    assert_eq!(hint(&three().timeout(MS)), (3, Some(7)));
    assert_eq!(hint(&StreamNotifyClose::new(three())), (4, Some(4)));
    assert_eq!(hint(&stream::empty::<()>()), (0, Some(0)));
    assert_eq!(hint(&three().map(ready).buffered(2)), (3, Some(3)));
    assert_eq!(hint(&three().chunks_timeout(2, MS)), (2, Some(3)));
    let (tx, rx) = mpsc::channel(4);
    tx.try_send(1).unwrap();
    assert_eq!(hint(&rx), (1, None));
    drop(tx);
    assert_eq!(hint(&rx), (1, Some(1)));
    let (tx, rx) = mpsc::unbounded_channel();
    tx.send(1).unwrap();
    drop(tx);
    assert_eq!(hint(&rx), (1, Some(1)));
}

#[test]
fn a_late_item_is_told_once_and_the_stream_goes_on() {
    run(async {
        let mut stream = pin!(paced([(1, 'a'), (25, 'b'), (1, 'c')]).timeout(10 * MS));
        assert_eq!(stream.next().await, Some(Ok('a')));
        // What the consumer does in between does not count.
        sleep(30 * MS).await;
        let start = Instant::now();
        assert!(stream.next().await.unwrap().is_err());
        assert_eq!(start.elapsed(), 10 * MS);
        assert_eq!(stream.next().await, Some(Ok('b')));
        assert_eq!(start.elapsed(), 25 * MS);
        assert_eq!(stream.next().await, Some(Ok('c')));
        assert_eq!(stream.next().await, None);
        assert_eq!(stream.next().await, None);
    });
}

#[test]
fn a_late_item_is_told_again_and_again_if_so_wished() {
    run(async {
        let mut stream = pin!(paced([(1, 'a'), (25, 'b')]).timeout_repeating(interval(10 * MS)));
        let start = Instant::now();
        assert_eq!(stream.next().await, Some(Ok('a')));
        assert!(stream.next().await.unwrap().is_err());
        assert_eq!(start.elapsed(), 11 * MS);
        assert!(stream.next().await.unwrap().is_err());
        assert_eq!(start.elapsed(), 21 * MS);
        assert_eq!(stream.next().await, Some(Ok('b')));
        assert_eq!(stream.next().await, None);
    });
}

#[test]
fn a_stream_that_is_always_busy_meets_its_limit_all_the_same() {
    run(async {
        let mut stream = pin!(stream::iter(std::iter::repeat(0)).filter(|_| false).timeout(5 * MS));
        let waiting = minato_runtime::spawn(async {
            for _ in 0..3 {
                minato_runtime::time::advance(3 * MS).await;
            }
        });
        assert!(stream.next().await.unwrap().is_err());
        waiting.await.unwrap();
    });
}

#[test]
fn a_throttled_stream_keeps_the_time_between_its_items() {
    run(async {
        let start = Instant::now();
        let mut stream = stream::iter(1..4).throttle(10 * MS);
        assert_eq!(stream.next().await, Some(1));
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(stream.next().await, Some(2));
        assert_eq!(start.elapsed(), 10 * MS);
        sleep(15 * MS).await;
        assert_eq!(stream.next().await, Some(3));
        assert_eq!(start.elapsed(), 25 * MS);
        assert_eq!(all_at_once(stream::iter(1..4).throttle(Duration::ZERO)).await, [1, 2, 3]);
    });
}

async fn all_at_once<S: Stream>(stream: S) -> Vec<S::Item> {
    let start = Instant::now();
    let items = stream.collect().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    items
}

#[test]
fn a_batch_ends_when_it_is_full_or_old() {
    run(async {
        let items = paced([(0, 1), (1, 2), (1, 3), (4, 4), (20, 5)]);
        let mut batches = pin!(items.chunks_timeout(3, 10 * MS));
        let start = Instant::now();
        assert_eq!(batches.next().await, Some(vec![1, 2, 3]));
        assert_eq!(start.elapsed(), 2 * MS);
        assert_eq!(batches.next().await, Some(vec![4]));
        assert_eq!(start.elapsed(), 16 * MS);
        assert_eq!(batches.next().await, Some(vec![5]));
        assert_eq!(start.elapsed(), 26 * MS);
        assert_eq!(batches.next().await, None);

        let mut batches = pin!(stream::once(1).chain(stream::pending()).chunks_timeout(3, 10 * MS));
        let waker = Waker::noop();
        assert!(batches.as_mut().poll_next(&mut Context::from_waker(waker)).is_pending());
        assert_eq!(batches.into_remainder(), [1]);
    });
}

#[test]
fn futures_run_at_once_up_to_a_limit() {
    run(async {
        let running = Cell::new(0);
        let most = Cell::new(0);
        let job = |pause: u32| {
            let (running, most) = (&running, &most);
            async move {
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                sleep(pause * MS).await;
                running.set(running.get() - 1);
                pause
            }
        };
        let jobs = || stream::iter([30, 10, 25, 2]).map(job);
        assert_eq!(jobs().buffered(3).collect::<Vec<_>>().await, [30, 10, 25, 2]);
        assert_eq!(most.take(), 3);
        let start = Instant::now();
        assert_eq!(jobs().buffer_unordered(2).collect::<Vec<_>>().await, [10, 30, 2, 25]);
        assert_eq!((most.take(), start.elapsed()), (2, 35 * MS));
        let ended = Cell::new(0);
        let each = |pause| {
            let (job, ended) = (job(pause), &ended);
            async move {
                let pause = job.await;
                ended.set(ended.get() + pause);
            }
        };
        stream::iter([30, 10, 20]).for_each_concurrent(2, each).await;
        assert_eq!((ended.take(), most.take()), (60, 2));
        stream::iter([30, 10, 20]).for_each_concurrent(None, each).await;
        assert_eq!((ended.take(), most.take()), (60, 3));
        stream::iter([30, 10, 20]).for_each(each).await;
        assert_eq!((ended.take(), most.take()), (60, 1));
        assert_eq!(paced([(5, 1), (5, 2)]).map(ready).buffer_unordered(9).collect::<Vec<_>>().await, [1, 2]);
    });
}

/// Counts its wakes.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn only_futures_that_were_woken_are_polled() {
    let polls: Vec<_> = (0..100).map(|_| Cell::new(0)).collect();
    let calls: Vec<_> = (0..100).map(|_| Notify::new()).collect();
    let mut set = FuturesUnordered::new();
    for (polls, call) in polls.iter().zip(&calls) {
        let mut notified = Box::pin(call.notified());
        set.push(poll_fn(move |cx| {
            polls.set(polls.get() + 1);
            notified.as_mut().poll(cx)
        }));
    }
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    let mut drive = |set: &mut FuturesUnordered<_>| {
        while let Poll::Ready(Some(())) = Pin::new(&mut *set).poll_next(&mut cx) {}
    };
    drive(&mut set);
    drive(&mut set);
    assert!(polls.iter().all(|polls| polls.get() == 1));
    wakes.0.store(0, Ordering::SeqCst);
    calls[70].notify_one();
    calls[3].notify_one();
    assert!(wakes.0.load(Ordering::SeqCst) > 0);
    drive(&mut set);
    assert_eq!(polls.iter().map(Cell::get).sum::<u32>(), 102);
    assert_eq!(set.len(), 98);
}

#[test]
fn futures_that_wake_themselves_leave_room_for_others() {
    let always_busy = || {
        poll_fn(|cx: &mut Context<'_>| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        })
    };
    let mut set: FuturesUnordered<_> = (0..3).map(|_| always_busy()).collect();
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    assert!(Pin::new(&mut set).poll_next(&mut Context::from_waker(&waker)).is_pending());
    assert!(wakes.0.load(Ordering::SeqCst) > 0);
}

#[test]
fn a_panic_in_one_future_costs_no_other() {
    let boom = |n: u8| async move { if n == 1 { panic!("boom") } else { n } };
    let mut set: FuturesUnordered<_> = (0..3).map(boom).collect();
    let mut queue: FuturesOrdered<_> = (0..3).map(boom).collect();
    let mut cx = Context::from_waker(Waker::noop());
    let mut outputs = Vec::new();
    let mut panics = 0;
    loop {
        match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut set).poll_next(&mut cx))) {
            Ok(Poll::Ready(Some(output))) => outputs.push(output),
            Ok(Poll::Ready(None)) => break,
            Ok(Poll::Pending) => {}
            Err(_) => panics += 1,
        }
    }
    assert_eq!((outputs, panics), (vec![0, 2], 1));
    let mut outputs = Vec::new();
    loop {
        match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut queue).poll_next(&mut cx))) {
            Ok(Poll::Ready(Some(output))) => outputs.push(output),
            Ok(Poll::Ready(None)) => break,
            Ok(Poll::Pending) | Err(_) => {}
        }
    }
    assert_eq!(outputs, [0, 2]);
}

#[test]
fn a_waker_that_outlives_its_future_harms_nobody() {
    let wakers = Rc::new(std::cell::RefCell::new(Vec::new()));
    let future = |keep: bool| {
        let wakers = Rc::clone(&wakers);
        let mut is_first = true;
        poll_fn(move |cx| {
            if keep {
                wakers.borrow_mut().push(cx.waker().clone());
            }
            if std::mem::take(&mut is_first) && !keep { Poll::Pending } else { Poll::Ready(()) }
        })
    };
    let mut set = FuturesUnordered::new();
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..200 {
        set.push(future(true));
    }
    while let Poll::Ready(Some(())) = Pin::new(&mut set).poll_next(&mut cx) {}
    // Their slots, as far as they are left, have no future, then another one.
    wakers.borrow().iter().for_each(Waker::wake_by_ref);
    set.push(future(false));
    let mut polls = 0;
    while Pin::new(&mut set).poll_next(&mut cx).is_pending() {
        wakers.borrow().iter().for_each(Waker::wake_by_ref);
        polls += 1;
        assert!(polls < 1_000);
    }
    assert!(set.is_empty());
    set.push(future(true));
    set.clear();
    assert!(matches!(Pin::new(&mut set).poll_next(&mut cx), Poll::Ready(None)));
    wakers.borrow().iter().for_each(Waker::wake_by_ref);
}

#[test]
fn ordered_futures_answer_in_order_whatever_order_they_end_in() {
    run(async {
        let mut queue: FuturesOrdered<_> = [30, 10, 20]
            .into_iter()
            .map(|ms| async move {
                sleep(ms * MS).await;
                ms
            })
            .collect();
        assert_eq!((queue.next().await, queue.len()), (Some(30), 2));
        assert_eq!(queue.collect::<Vec<_>>().await, [10, 20]);
    });
}

#[test]
fn a_map_of_streams_gives_every_item_of_every_stream_once() {
    // In no runtime, and so without a budget.
    {
        let mut seed = 7_u64;
        let mut below = |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % bound
        };
        for round in 0..200 {
            let mut map = StreamMap::new();
            let mut senders: Vec<_> = (0..below(7))
                .map(|key| {
                    let (tx, rx) = mpsc::unbounded_channel();
                    assert!(map.insert(key, rx).is_none());
                    (key, tx, 0_u64)
                })
                .collect();
            let mut received: HashMap<u64, u64> = HashMap::new();
            let wakes = Arc::new(Wakes::default());
            let waker = Waker::from(Arc::clone(&wakes));
            let mut cx = Context::from_waker(&waker);
            let mut buffer = Vec::new();
            loop {
                let woken_before = wakes.0.load(Ordering::SeqCst);
                let is_change = match below(3) {
                    0 if !senders.is_empty() => {
                        drop(senders.swap_remove(below(senders.len() as u64) as usize));
                        true
                    }
                    1 if !senders.is_empty() => {
                        let index = below(senders.len() as u64) as usize;
                        let (_, tx, next) = &mut senders[index];
                        tx.send(*next).unwrap();
                        *next += 1;
                        true
                    }
                    _ => false,
                };
                // Whatever was registered by the last poll that was pending must be heard.
                if is_change && round % 2 == 0 && buffer.capacity() > 0 && buffer.is_empty() {
                    assert!(wakes.0.load(Ordering::SeqCst) > woken_before, "round {round}");
                }
                buffer.clear();
                buffer.reserve(1);
                let polled = map.poll_next_many(&mut cx, &mut buffer, 1 + below(4) as usize);
                for &(key, item) in &buffer {
                    let next = received.entry(key).or_default();
                    assert_eq!(*next, item, "round {round}");
                    *next += 1;
                }
                if let Poll::Ready(count) = polled {
                    assert_eq!(count, buffer.len());
                    if count == 0 {
                        assert!(senders.is_empty() && map.is_empty());
                        break;
                    }
                    // Not drained: what was registered is not known.
                    buffer.push((99, 99));
                }
            }
        }
    }
}

#[test]
fn a_map_of_streams_is_a_map() {
    run(async {
        let mut map: StreamMap<_, _> =
            [("a", stream::iter([1])), ("b", stream::iter([2]))].into_iter().collect();
        assert_eq!((map.len(), map.contains_key("a"), map.contains_key("c")), (2, true, false));
        assert_eq!(map.size_hint(), (2, Some(2)));
        assert!(map.insert("a", stream::iter([5])).is_some());
        assert!(map.remove("c").is_none());
        assert!(map.remove("b").is_some());
        assert_eq!(map.keys().collect::<Vec<_>>(), [&"a"]);
        assert_eq!(map.values_mut().count() + map.iter_mut().count() + map.iter().count(), 3);
        let mut items = Vec::new();
        assert_eq!(map.next_many(&mut items, 0).await, 0);
        assert_eq!(map.next_many(&mut items, 8).await, 1);
        assert_eq!(items, [("a", 5)]);
        assert_eq!(map.next_many(&mut items, 8).await, 0);
        assert_eq!(map.next().await, None);
        map.insert("z", stream::iter([1]));
        map.clear();
        assert!(map.is_empty());
    });
}

#[test]
fn a_busy_stream_of_a_map_keeps_no_other_from_being_heard() {
    run(async {
        let mut map = StreamMap::new();
        map.insert("busy", stream::iter(std::iter::repeat(0)).boxed_local());
        map.insert("rare", stream::iter([1]).boxed_local());
        for _ in 0..200 {
            if map.next().await.unwrap().0 == "rare" {
                return;
            }
        }
        panic!("not heard in 200 polls");
    });
}

#[test]
fn the_end_of_a_stream_may_be_an_item() {
    run(async {
        let mut stream = StreamNotifyClose::new(stream::iter([1]));
        assert_eq!(stream.next().await, Some(Some(1)));
        assert_eq!(stream.next().await, Some(None));
        assert_eq!(stream.next().await, None);
        assert!(stream.into_inner().is_none());
        assert!(StreamNotifyClose::new(stream::iter([1])).into_inner().is_some());
    });
}

#[test]
fn channels_are_streams() {
    run(async {
        let (tx, mut rx) = mpsc::channel(2);
        tx.send(1).await.unwrap();
        assert_eq!(StreamExt::next(&mut rx).await, Some(1));
        let mut wrapped = ReceiverStream::from(rx);
        tx.send(2).await.unwrap();
        wrapped.close();
        assert!(wrapped.as_ref().is_closed());
        assert_eq!(wrapped.collect::<Vec<_>>().await, [2]);

        let (tx, mut rx) = mpsc::unbounded_channel();
        tx.send(1).unwrap();
        tx.send(2).unwrap();
        drop(tx);
        assert_eq!(StreamExt::next(&mut rx).await, Some(1));
        assert_eq!(UnboundedReceiverStream::new(rx).collect::<Vec<_>>().await, [2]);

        let (tx, rx) = broadcast::channel(2);
        let mut stream = BroadcastStream::from(rx);
        for n in 0..3 {
            tx.send(n).unwrap();
        }
        assert_eq!(stream.next().await, Some(Err(BroadcastStreamRecvError::Lagged(1))));
        assert_eq!(stream.next().await, Some(Ok(1)));
        assert_eq!(stream.next().await, Some(Ok(2)));
        let waiting = minato_runtime::spawn(async move { stream.next().await });
        minato_runtime::task::yield_now().await;
        tx.send(3).unwrap();
        assert_eq!(waiting.await.unwrap(), Some(Ok(3)));

        let (tx, rx) = watch::channel(0);
        let mut changes = WatchStream::from_changes(rx.clone());
        let mut stream = WatchStream::new(rx);
        assert_eq!(stream.next().await, Some(0));
        tx.send(1).unwrap();
        tx.send(2).unwrap();
        assert_eq!((stream.next().await, changes.next().await), (Some(2), Some(2)));
        drop(tx);
        assert_eq!((stream.next().await, changes.next().await), (None, None));
        // The value that is there comes before the end.
        let (tx, rx) = watch::channel(7);
        drop(tx);
        assert_eq!(WatchStream::new(rx).collect::<Vec<_>>().await, [7]);
    });
}

#[test]
fn ticks_lines_and_tasks_are_streams() {
    run(async {
        let start = Instant::now();
        let ticks: Vec<_> = interval(10 * MS).take(3).collect().await;
        assert_eq!(ticks, [start, start + 10 * MS, start + 20 * MS]);
        assert_eq!(IntervalStream::new(interval(MS)).take(2).count().await, 2);

        let lines: Result<Vec<_>, _> = (&b"one\ntwo"[..]).lines().collect().await;
        assert_eq!(lines.unwrap(), ["one", "two"]);
        let pieces: Result<Vec<_>, _> = AsyncBufReadExt::split(&b"1,2"[..], b',').collect().await;
        assert_eq!(pieces.unwrap(), [b"1", b"2"]);
        assert_eq!(LinesStream::new((&b"one\ntwo"[..]).lines()).count().await, 2);
        assert_eq!(SplitStream::new(AsyncBufReadExt::split(&b"1,2,3"[..], b',')).count().await, 3);

        let mut set: JoinSet<u32> = (1..4).map(|n| async move { n }).collect();
        assert_eq!(set.next().await.unwrap().unwrap(), 1);
        let rest: Result<Vec<_>, _> = JoinSetStream::new(set).collect().await;
        assert_eq!(rest.unwrap(), [2, 3]);
    });
}

#[test]
fn signals_are_streams() {
    use minato_runtime::signal::unix::{SignalKind, signal};
    current_thread().block_on(async {
        let hangups = signal(SignalKind::hangup()).unwrap();
        let mut hangups = SignalStream::new(hangups);
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::HUP).unwrap();
        assert_eq!(hangups.next().await, Some(()));
        let mut interrupts = stream::wrappers::CtrlCStream::new().unwrap();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT).unwrap();
        assert_eq!(interrupts.next().await, Some(()));
    });
}

#[test]
fn steps_make_a_stream() {
    run(async {
        let (tx, rx) = oneshot::channel();
        let mut first = Some(rx);
        let mut stream = pin!(stream::unfold(0, move |n| {
            let first = first.take();
            async move {
                let start = match first {
                    Some(rx) => rx.await.unwrap(),
                    None => n,
                };
                (start < 3).then_some((start, start + 1))
            }
        }));
        assert!(stream.as_mut().poll_next(&mut Context::from_waker(Waker::noop())).is_pending());
        tx.send(1).unwrap();
        assert_eq!(stream.next().await, Some(1));
        assert_eq!(stream.next().await, Some(2));
        assert_eq!(stream.next().await, None);
        assert_eq!(stream.next().await, None);
    });
}

#[test]
fn a_long_iterator_does_not_hold_the_worker() {
    run(async {
        let (tx, rx) = oneshot::channel::<()>();
        let endless =
            minato_runtime::spawn(async { stream::iter(std::iter::repeat(0)).take_until(rx).count().await });
        minato_runtime::task::yield_now().await;
        drop(tx);
        assert!(endless.await.unwrap() > 0);
    });
}

#[test]
fn a_listing_is_a_stream_of_every_entry_and_then_ends() {
    let folder = std::env::temp_dir().join(format!("minato-read-dir-stream-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // More than one job fetches.
    let names: HashSet<_> = (0..300).map(|number| number.to_string()).collect();
    for name in &names {
        std::fs::write(folder.join(name), "").unwrap();
    }
    let runtime = current_thread();
    let (listed, rest, mut cut_off) = runtime.block_on(async {
        let mut entries = ReadDirStream::new(minato_runtime::fs::read_dir(&folder).await.unwrap());
        let mut listed = Vec::new();
        while let Some(entry) = entries.next().await {
            listed.push(entry.unwrap().file_name().into_string().unwrap());
        }
        let cut_off = ReadDirStream::new(minato_runtime::fs::read_dir(&folder).await.unwrap());
        (listed, entries.next().await.is_none(), cut_off)
    });
    let handle = runtime.handle().clone();
    drop(runtime);
    let _entered = handle.enter();
    let mut polls =
        std::iter::from_fn(|| match pin!(cut_off.next()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(entry) => entry,
            Poll::Pending => panic!("a listing waits for a runtime that is gone"),
        });
    assert_eq!(polls.by_ref().take_while(|entry| entry.is_ok()).count(), 128);
    assert!(polls.next().is_none(), "the error is told once");
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(listed.len(), names.len());
    assert_eq!(listed.into_iter().collect::<HashSet<_>>(), names);
    assert!(rest);
}
