//! Every interleaving of an event with those who wait for it.

use std::future::poll_fn;
use std::task::Poll;

use loom::future::block_on;

use super::cell::{Direction, IoCell, Seen};
use super::ready::{Interest, Ready};
use crate::shim::{Arc, Mutex, thread};

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
fn loom_the_end_of_a_stream_reaches_the_task_that_waits_for_it_behind_bytes() {
    loom::model(|| {
        let cell = Arc::new(IoCell::new());
        let driver = {
            let cell = cell.clone();
            thread::spawn(move || {
                let tell = |ready| cell.set_ready(cell.generation(), ready, &mut |waker| waker.wake());
                tell(Ready::READABLE);
                tell(Ready::READABLE | Ready::READ_CLOSED);
            })
        };
        block_on(poll_fn(|cx| cell.poll_read_closed(cx)));
        driver.join().unwrap();
        assert!(cell.look(Interest::READABLE).ready.is_readable());
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

/// What a socket is to the kernel: whether it has room, and whether it is to tell of that.
#[derive(Default)]
struct Socket {
    has_room: bool,
    is_asked: bool,
}

impl Socket {
    /// Changes it, and tells if it is to.
    fn change(socket: &Mutex<Self>, cell: &IoCell, change: impl FnOnce(&mut Self)) {
        let mut socket = socket.lock();
        change(&mut socket);
        let is_told = socket.has_room && socket.is_asked;
        drop(socket);
        if is_told {
            cell.set_ready(cell.generation(), Ready::WRITABLE, &mut |waker| waker.wake());
        }
    }
}

#[test]
fn loom_room_that_comes_while_the_kernel_is_asked_about_it_reaches_the_writer() {
    loom::model(|| {
        let cell = Arc::new(IoCell::new());
        let socket = Arc::new(Mutex::new(Socket::default()));
        let peer = {
            let (cell, socket) = (cell.clone(), socket.clone());
            thread::spawn(move || Socket::change(&socket, &cell, |socket| socket.has_room = true))
        };
        // As a registration does: what was not asked about is assumed, and who finds it blocked asks.
        let mut is_asked = false;
        block_on(poll_fn(|cx| {
            loop {
                let event = match is_asked {
                    false => Seen { ready: Ready::WRITABLE, tick: usize::MAX, is_shut_down: false },
                    true => std::task::ready!(cell.poll_ready(Direction::Write, cx)),
                };
                if socket.lock().has_room {
                    return Poll::Ready(());
                }
                if !is_asked {
                    Socket::change(&socket, &cell, |socket| socket.is_asked = true);
                    is_asked = true;
                }
                cell.clear_blocked(event);
            }
        }));
        peer.join().unwrap();
    });
}
