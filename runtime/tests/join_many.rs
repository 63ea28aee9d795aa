//! Tasks under keys, tasks in order, and no more than so many at once.

mod support;

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minato_runtime::stream::StreamExt;
use minato_runtime::sync::oneshot;
use minato_runtime::task::{JoinMap, JoinQueue, JoinSet, LocalSet, yield_now};
use support::{Live, all_flavors, current_thread};

#[test]
fn outputs_come_with_the_keys_of_their_tasks() {
    for runtime in all_flavors() {
        runtime.block_on(async {
            let mut map = JoinMap::with_capacity(4);
            for n in 0..50_u32 {
                map.spawn(n, async move { n * n });
            }
            map.spawn_blocking(50, || 2_500);
            assert_eq!((map.len(), map.contains_key(&7), map.contains_key(&51)), (51, true, false));
            let mut seen = [false; 51];
            while let Some((key, output)) = map.join_next().await {
                assert_eq!(output.unwrap(), key * key);
                assert!(!std::mem::replace(&mut seen[key as usize], true));
            }
            assert!(seen.iter().all(|seen| *seen) && map.is_empty());
        });
    }
}

#[test]
fn a_task_under_a_taken_key_replaces_the_one_before() {
    current_thread().block_on(async {
        let count = Arc::new(AtomicUsize::new(0));
        let mut map = JoinMap::new();
        let live = Live::new(&count);
        map.spawn("key", async move {
            let _live = live;
            pending::<u8>().await
        });
        yield_now().await;
        map.spawn("key", async { 2 });
        assert_eq!(map.len(), 1);
        let (key, output) = map.join_next().await.unwrap();
        assert_eq!((key, output.unwrap()), ("key", 2));
        assert!(map.join_next().await.is_none());
        yield_now().await;
        assert_eq!(count.load(Ordering::SeqCst), 0);
        assert!(map.try_join_next().is_none());
    });
}

#[test]
fn tasks_of_a_map_are_aborted_one_several_or_all() {
    current_thread().block_on(async {
        let mut map = JoinMap::new();
        for n in 0..6 {
            map.spawn(n, pending::<()>());
        }
        assert!(map.abort(&0) && !map.abort(&9));
        let (key, output) = map.join_next().await.unwrap();
        assert!(key == 0 && output.unwrap_err().is_cancelled());
        map.abort_matching(|n| n % 2 == 1);
        let mut keys = Vec::new();
        for _ in 0..3 {
            keys.push(map.next().await.unwrap().0);
        }
        keys.sort_unstable();
        assert_eq!(keys, [1, 3, 5]);
        map.spawn(6, async { panic!("boom") });
        let (key, output) = map.join_next().await.unwrap();
        assert!(key == 6 && output.unwrap_err().is_panic());
        map.shutdown().await;
        assert!(map.is_empty() && map.keys().next().is_none());
        map.shrink_to_fit();
        map.reserve(3);
    });
}

#[test]
fn a_map_that_goes_takes_its_tasks_along_unless_they_were_detached() {
    current_thread().block_on(async {
        let (tx, rx) = oneshot::channel::<()>();
        let (ended, mut goes_on) = oneshot::channel();
        let mut map = JoinMap::new();
        map.spawn(1, async move {
            rx.await.unwrap();
            ended.send(()).unwrap();
        });
        map.detach_all();
        map.spawn(2, pending());
        let aborted = Arc::new(AtomicUsize::new(0));
        let live = Live::new(&aborted);
        map.spawn(3, async move {
            let _live = live;
            pending().await
        });
        drop(map);
        tx.send(()).unwrap();
        (&mut goes_on).await.unwrap();
        assert_eq!(aborted.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn a_queue_joins_in_order_whatever_order_its_tasks_end_in() {
    current_thread().block_on(async {
        let mut queue = JoinQueue::new();
        let (tx, rx) = oneshot::channel();
        let first = queue.spawn(async move { rx.await.unwrap() });
        queue.spawn(async { 2 });
        queue.spawn_blocking(|| 3);
        yield_now().await;
        assert!(queue.try_join_next().is_none());
        tx.send(1).unwrap();
        let (id, output) = queue.join_next_with_id().await.unwrap().unwrap();
        assert_eq!((id, output), (first.id(), 1));
        assert_eq!(queue.try_join_next().unwrap().unwrap(), 2);
        assert_eq!(queue.next().await.unwrap().unwrap(), 3);
        assert!(queue.join_next().await.is_none());
        queue.spawn(pending());
        queue.spawn(async { panic!("boom") });
        queue.abort_all();
        assert!(queue.join_next().await.unwrap().unwrap_err().is_cancelled());
        queue.shutdown().await;
        assert!(queue.is_empty());
        queue.spawn(async { 4 });
        queue.detach_all();
        assert_eq!(queue.len(), 0);
    });
}

#[test]
fn local_tasks_have_keys_and_an_order_too() {
    let runtime = current_thread();
    let set = LocalSet::new();
    set.block_on(&runtime, async {
        let sum = Rc::new(Cell::new(0));
        let mut map = JoinMap::new();
        let mut queue = JoinQueue::new();
        for n in 1..4 {
            let (one, other) = (Rc::clone(&sum), Rc::clone(&sum));
            map.spawn_local(n, async move { one.set(one.get() + n) });
            queue.spawn_local(async move { other.set(other.get() + 10 * n) });
        }
        while map.join_next().await.is_some() {}
        queue.join_all().await;
        assert_eq!(sum.get(), 66);
    });
}

#[test]
fn no_more_than_the_limit_of_tasks_are_there_at_once() {
    for runtime in all_flavors() {
        runtime.block_on(async {
            let running = Arc::new(AtomicUsize::new(0));
            let mut set = JoinSet::new();
            let mut joined = 0;
            for _ in 0..200 {
                let running = Arc::clone(&running);
                let job = async move {
                    let live = Live::new(&running);
                    assert!(running.load(Ordering::SeqCst) <= 5);
                    yield_now().await;
                    drop(live);
                };
                joined += usize::from(set.spawn_limited(5, job).await.transpose().unwrap().is_some());
                assert!(set.len() <= 5);
            }
            assert_eq!(joined + set.len(), 200);
            assert!(set.try_spawn_limited(5, async {}).is_err());
            assert!(set.try_spawn_limited(6, async {}).is_ok());
            set.join_all().await;
        });
    }
}
