use std::future::Future;
use std::task::Context;

use super::*;
use crate::runtime::Builder;
use crate::test_support::CountingWaker;
use crate::time::advance;

const MS: Duration = Duration::from_millis(1);

fn run<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread().start_paused(true).build().unwrap().block_on(future)
}

#[test]
fn values_come_out_in_time_and_in_order() {
    run(async {
        let start = Instant::now();
        let mut queue = DelayQueue::with_capacity(4);
        for (value, delay) in [("c", 30), ("a", 10), ("b", 20), ("a too", 10)] {
            queue.insert(value, delay * MS);
        }
        assert_eq!((queue.len(), queue.capacity() >= 4), (4, true));
        for (value, at) in [("a", 10), ("a too", 10), ("b", 20), ("c", 30)] {
            let expired = queue.expired().await.unwrap();
            assert_eq!((*expired.get_ref(), expired.deadline()), (value, start + at * MS));
            assert_eq!(start.elapsed(), at * MS);
        }
        assert!(queue.expired().await.is_none() && queue.is_empty());
    });
}

#[test]
fn a_value_put_in_before_the_first_wakes_whoever_waits() {
    run(async {
        let mut queue = DelayQueue::new();
        let (count, waker) = CountingWaker::new();
        let mut cx = Context::from_waker(&waker);
        assert!(matches!(queue.poll_expired(&mut cx), Poll::Ready(None)));
        let late = queue.insert("late", 100 * MS);
        assert_eq!(count.count(), 1);
        assert!(queue.poll_expired(&mut cx).is_pending());
        let later = queue.insert("later", 200 * MS);
        assert_eq!(count.count(), 1);
        queue.insert("soon", 10 * MS);
        assert_eq!(count.count(), 2);
        assert!(queue.poll_expired(&mut cx).is_pending());
        queue.reset(&later, 5 * MS);
        assert_eq!(count.count(), 3);
        assert!(queue.poll_expired(&mut cx).is_pending());
        advance(5 * MS).await;
        assert_eq!(count.count(), 4);
        let Poll::Ready(Some(expired)) = queue.poll_expired(&mut cx) else { panic!("due") };
        assert_eq!(expired.into_inner(), "later");
        assert_eq!(queue.remove(&late).get_mut(), &mut "late");
    });
}

#[test]
fn the_wait_goes_on_when_the_first_is_put_off_or_taken_out() {
    run(async {
        let start = Instant::now();
        let mut queue = DelayQueue::new();
        let first = queue.insert("first", 10 * MS);
        let second = queue.insert("second", 20 * MS);
        let (_, waker) = CountingWaker::new();
        let mut cx = Context::from_waker(&waker);
        assert!(queue.poll_expired(&mut cx).is_pending());
        queue.reset_at(&first, start + 40 * MS);
        assert_eq!((queue.peek(), queue.deadline(&first)), (Some(second), start + 40 * MS));
        queue.remove(&second);
        assert_eq!(queue.expired().await.unwrap().key(), first);
        assert_eq!(start.elapsed(), 40 * MS);
    });
}

#[test]
fn a_key_names_nothing_after_its_value_has_left() {
    run(async {
        let mut queue = DelayQueue::new();
        let key = queue.insert(1, MS);
        queue.expired().await.unwrap();
        let other = queue.insert(2, MS);
        assert!(queue.try_remove(&key).is_none());
        queue.clear();
        queue.compact();
        let third = queue.insert(3, MS);
        assert!(queue.try_remove(&key).is_none() && queue.try_remove(&other).is_none());
        assert_eq!(queue.try_remove(&third).unwrap().into_inner(), 3);
        queue.insert(4, Duration::MAX);
        assert_eq!(queue.len(), 1);
    });
}

#[test]
#[should_panic(expected = "has left the queue")]
fn removing_what_has_left_panics() {
    let mut queue = DelayQueue::new();
    let key = queue.insert_at((), Instant::now());
    queue.remove(&key);
    queue.remove(&key);
}

#[test]
fn an_empty_queue_is_small() {
    assert!(size_of::<DelayQueue<u64>>() <= 128, "{}", size_of::<DelayQueue<u64>>());
}
