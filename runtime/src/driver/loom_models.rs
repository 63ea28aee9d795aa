//! Every interleaving of an event with those who wait for it.

use std::future::poll_fn;

use loom::future::block_on;

use super::cell::{Direction, IoCell};
use super::ready::{Interest, Ready};
use crate::shim::{Arc, thread};

fn set_readable(cell: &IoCell) {
    cell.set_ready(cell.generation(), Ready::READABLE, &mut |waker| waker.wake());
}

#[test]
fn loom_an_event_reaches_the_task_in_the_slot() {
    loom::model(|| {
        let cell = Arc::new(IoCell::new());
        let driver = {
            let cell = cell.clone();
            thread::spawn(move || set_readable(&cell))
        };
        let seen = block_on(poll_fn(|cx| cell.poll_ready(Direction::Read, cx)));
        assert!(seen.ready.is_readable());
        driver.join().unwrap();
    });
}

#[test]
fn loom_an_event_reaches_a_task_in_the_list() {
    loom::model(|| {
        let cell = Arc::new(IoCell::new());
        let driver = {
            let cell = cell.clone();
            thread::spawn(move || set_readable(&cell))
        };
        let mut key = None;
        let seen = block_on(poll_fn(|cx| cell.poll_ready_shared(Interest::READABLE, &mut key, cx)));
        assert!(seen.ready.is_readable());
        driver.join().unwrap();
    });
}

#[test]
fn loom_clearing_after_a_blocked_operation_keeps_an_event_that_came_since() {
    loom::model(|| {
        let cell = Arc::new(IoCell::new());
        set_readable(&cell);
        let seen = cell.look(Interest::READABLE);
        let driver = {
            let cell = cell.clone();
            thread::spawn(move || set_readable(&cell))
        };
        cell.clear(seen);
        driver.join().unwrap();
        assert!(cell.look(Interest::READABLE).ready.is_readable());
    });
}

#[test]
fn loom_the_end_of_the_runtime_reaches_a_task_that_waits() {
    loom::model(|| {
        let cell = Arc::new(IoCell::new());
        let driver = {
            let cell = cell.clone();
            thread::spawn(move || cell.shut_down(&mut |waker| waker.wake()))
        };
        let seen = block_on(poll_fn(|cx| cell.poll_ready(Direction::Write, cx)));
        assert!(seen.is_shut_down);
        driver.join().unwrap();
    });
}

#[test]
fn loom_a_late_event_does_not_reach_the_next_descriptor() {
    loom::model(|| {
        let cell = Arc::new(IoCell::new());
        let meant = cell.generation();
        let driver = {
            let cell = cell.clone();
            thread::spawn(move || cell.set_ready(meant, Ready::READ_CLOSED, &mut |waker| waker.wake()))
        };
        cell.renew();
        assert_ne!(cell.generation(), meant);
        driver.join().unwrap();
        assert!(cell.look(Interest::READABLE).ready.is_empty());
    });
}
