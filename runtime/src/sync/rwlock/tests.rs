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

#[test]
fn a_part_is_read_while_the_lock_is_held_for_reading() {
    let lock = RwLock::new((1, [2, 3]));
    let part = RwLockReadGuard::map(lock.try_read().unwrap(), |value| &value.1);
    let last = RwLockReadGuard::map(part, |pair| &pair[1]);
    let last = RwLockReadGuard::try_map(last, |_| None::<&u8>).unwrap_err();
    let last = RwLockReadGuard::try_map(last, |value| Some(value)).unwrap();
    assert!(lock.try_write().is_err());
    assert_eq!((*last, *lock.try_read().unwrap()), (3, (1, [2, 3])));
    drop(last);
    assert!(lock.try_write().is_ok());
}

#[test]
fn a_part_is_written_while_the_lock_is_held_for_writing() {
    let lock = RwLock::with_max_readers((1, [2, 3]), 4);
    let part = RwLockWriteGuard::map(lock.try_write().unwrap(), |value| &mut value.1);
    let mut last = RwLockMappedWriteGuard::map(part, |pair| &mut pair[1]);
    *last += 1;
    assert_eq!(format!("{last} {last:?}"), "4 4");
    let last = RwLockMappedWriteGuard::try_map(last, |_| None::<&mut i32>).unwrap_err();
    let last = RwLockMappedWriteGuard::try_map(last, |value| Some(value)).unwrap();
    assert!(lock.try_read().is_err());
    drop(last);
    let whole = RwLockWriteGuard::try_map(lock.try_write().unwrap(), |_| None::<&mut u8>).unwrap_err();
    let whole = RwLockWriteGuard::into_mapped(whole);
    assert!(lock.try_read().is_err());
    drop(whole);
    assert_eq!(lock.permits.available(), 4);
}

#[test]
fn a_writer_may_go_on_reading_a_part() {
    let lock = RwLock::with_max_readers((1, 2), 4);
    let whole = RwLockWriteGuard::try_downgrade_map(lock.try_write().unwrap(), |_| None::<&u8>).unwrap_err();
    assert!(lock.try_read().is_err());
    let part = RwLockWriteGuard::try_downgrade_map(whole, |value| Some(&value.1)).unwrap();
    assert_eq!((*part, *lock.try_read().unwrap()), (2, (1, 2)));
    assert!(lock.try_write().is_err());
    drop(part);
    let part = RwLockWriteGuard::downgrade_map(lock.try_write().unwrap(), |value| &value.0);
    assert_eq!(lock.permits.available(), 3);
    drop(part);
    assert_eq!(lock.permits.available(), 4);
}

#[test]
fn owned_parts_keep_the_lock_alive_and_free_it_once() {
    let alive = Arc::new(());
    let lock = Arc::new(RwLock::with_max_readers((Arc::clone(&alive), [1, 2]), 4));
    let part = OwnedRwLockWriteGuard::map(Arc::clone(&lock).try_write_owned().unwrap(), |value| &mut value.1);
    let mut part = OwnedRwLockMappedWriteGuard::map(part, |pair| &mut pair[1]);
    *part += 1;
    assert!(OwnedRwLockMappedWriteGuard::rwlock(&part).try_read().is_err());
    drop(part);
    let whole = Arc::clone(&lock).try_write_owned().unwrap();
    let whole = OwnedRwLockWriteGuard::try_map(whole, |_| None::<&mut u8>).unwrap_err();
    let part = OwnedRwLockWriteGuard::downgrade_map(whole, |value| &value.1);
    let part = OwnedRwLockReadGuard::map(part, |pair| &pair[1]);
    let part = OwnedRwLockReadGuard::try_map(part, |_| None::<&u8>).unwrap_err();
    assert_eq!((*part, lock.permits.available()), (3, 3));
    drop(lock);
    assert_eq!(Arc::strong_count(&alive), 2);
    drop(part);
    assert_eq!(Arc::strong_count(&alive), 1);
}
