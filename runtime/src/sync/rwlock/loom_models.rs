//! A value that counts its own accesses, under readers and writers.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::future::block_on;

use super::RwLock;
use crate::shim::thread;

/// loom's cell panics where a write meets another access without an order between them.
fn add_one(value: &UnsafeCell<u32>) {
    // SAFETY: the caller holds the write lock; loom checks it.
    value.with_mut(|value| unsafe { *value += 1 });
}

fn look(value: &UnsafeCell<u32>) -> u32 {
    // SAFETY: the caller holds the lock; loom checks it.
    value.with(|value| unsafe { *value })
}

#[test]
fn loom_a_writer_is_alone() {
    loom::model(|| {
        let lock = Arc::new(RwLock::new(Cell(UnsafeCell::new(0))));
        let writing = Arc::clone(&lock);
        let writer = thread::spawn(move || add_one(&block_on(writing.write()).0));
        add_one(&block_on(lock.write()).0);
        let seen = look(&block_on(lock.read()).0);
        assert!((1..=2).contains(&seen));
        writer.join().unwrap();
        assert_eq!(look(&block_on(lock.read()).0), 2);
    });
}

#[test]
fn loom_a_writer_sees_what_two_readers_have_left() {
    loom::model(|| {
        let lock = Arc::new(RwLock::with_max_readers(Cell(UnsafeCell::new(0)), 2));
        let reading = Arc::clone(&lock);
        let reader = thread::spawn(move || look(&block_on(reading.read()).0));
        look(&block_on(lock.read()).0);
        add_one(&block_on(lock.write()).0);
        assert!(reader.join().unwrap() <= 1);
    });
}

#[test]
fn loom_a_downgrade_lets_readers_in_and_no_writer() {
    loom::model(|| {
        let lock = Arc::new(RwLock::with_max_readers(Cell(UnsafeCell::new(0)), 2));
        let writing = Arc::clone(&lock);
        let writer = thread::spawn(move || add_one(&block_on(writing.write()).0));
        let guard = block_on(lock.write());
        let before = look(&guard.0);
        let guard = guard.downgrade();
        assert_eq!(look(&guard.0), before);
        drop(guard);
        writer.join().unwrap();
    });
}

/// Shared between the threads of a model.
struct Cell(UnsafeCell<u32>);

// SAFETY: every access is checked by loom.
unsafe impl Sync for Cell {}
