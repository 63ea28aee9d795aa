use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::thread;

use super::*;
use crate::test_support::{CountingWaker, poll_once, ready};

#[test]
fn readers_share_and_a_writer_is_alone() {
    let lock = RwLock::new(1);
    let one = ready(lock.read());
    let other = lock.try_read().unwrap();
    assert!(lock.try_write().is_err());
    drop((one, other));
    let mut writing = lock.try_write().unwrap();
    *writing += 1;
    assert!(lock.try_read().is_err());
    assert!(lock.try_write().is_err());
    drop(writing);
    assert_eq!(*ready(lock.read()), 2);
}

#[test]
fn readers_do_not_overtake_a_waiting_writer() {
    let lock = RwLock::new(());
    let reading = ready(lock.read());
    let mut writer = pin!(lock.write());
    assert!(poll_once(writer.as_mut()).is_pending());
    assert!(lock.try_read().is_err());
    let mut late = pin!(lock.read());
    assert!(poll_once(late.as_mut()).is_pending());
    drop(reading);
    assert!(poll_once(late.as_mut()).is_pending());
    drop(ready(writer));
    drop(ready(late));
}

#[test]
fn a_writer_that_gives_up_lets_the_readers_behind_it_in() {
    let lock = RwLock::new(());
    let _reading = ready(lock.read());
    let (count, waker) = CountingWaker::new();
    let mut late = pin!(lock.read());
    {
        let mut writer = pin!(lock.write());
        assert!(poll_once(writer.as_mut()).is_pending());
        assert!(late.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(count.count(), 1);
    drop(ready(late));
}

#[test]
fn a_downgraded_writer_is_a_reader() {
    let lock = Arc::new(RwLock::new(1));
    let reading = ready(lock.write()).downgrade();
    assert_eq!(*reading, *lock.try_read().unwrap());
    assert!(lock.try_write().is_err());
    drop(reading);
    let reading = ready(Arc::clone(&lock).write_owned()).downgrade();
    assert_eq!(*reading, *lock.try_read().unwrap());
    assert!(lock.try_write().is_err());
    drop(reading);
    assert!(lock.try_write().is_ok());
}

#[test]
fn a_downgrade_does_not_let_a_waiting_writer_in() {
    let lock = RwLock::new(());
    let writing = ready(lock.write());
    let mut writer = pin!(lock.write());
    assert!(poll_once(writer.as_mut()).is_pending());
    let reading = writing.downgrade();
    assert!(poll_once(writer.as_mut()).is_pending());
    drop(reading);
    drop(ready(writer));
}

#[test]
fn more_readers_than_there_is_room_for_wait() {
    let lock = RwLock::with_max_readers((), 1);
    let reading = ready(lock.write()).downgrade();
    assert!(lock.try_read().is_err());
    drop(reading);
    assert!(lock.try_read().is_ok());
}

#[test]
fn owned_guards_keep_the_lock_alive() {
    let lock = Arc::new(RwLock::new(3));
    let one = ready(Arc::clone(&lock).read_owned());
    let other = Arc::clone(&lock).try_read_owned().unwrap();
    assert!(Arc::clone(&lock).try_write_owned().is_err());
    drop(one);
    drop(lock);
    assert_eq!(*other, 3);
    let lock = Arc::clone(OwnedRwLockReadGuard::rwlock(&other));
    drop(other);
    let mut writing = lock.try_write_owned().unwrap();
    *writing = 4;
    assert!(OwnedRwLockWriteGuard::rwlock(&writing).try_read().is_err());
}

#[test]
fn the_value_is_reached_without_a_lock_by_its_owner() {
    let mut lock = RwLock::from(1);
    *lock.get_mut() += 1;
    assert_eq!(format!("{lock:?}"), "RwLock { value: 2 }");
    assert_eq!(lock.into_inner(), 2);
    let locked = RwLock::<u8>::default();
    let _writing = locked.blocking_write();
    assert_eq!(format!("{locked:?}"), "RwLock { value: <locked> }");
}

#[test]
fn threads_count_to_the_sum_of_their_steps() {
    let lock = RwLock::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    *lock.blocking_write() += 1;
                    assert!(*lock.blocking_read() > 0);
                }
            });
        }
    });
    assert_eq!(lock.into_inner(), 2000);
}
