//! Every interleaving of owners, thieves, senders and sleepers.

use std::future::ready;
use std::panic::Location;
use std::ptr;

use super::idle::Idle;
use super::mailbox::{Mailbox, Push};
use super::parker::Parker;
use super::queue;
use super::remote::{Remote, TimerOrder, TimerOrders};
use crate::limits::RUN_QUEUE_CAPACITY;
use crate::shim::atomic::{AtomicBool, Ordering::Relaxed};
use crate::shim::{Arc, thread};
use crate::task::{Id, JoinHandle, TaskRef, allocate};
use crate::time::{Nanos, Ticks, Wheel};

fn new_task() -> TaskRef {
    let task = allocate(ready(()), Id::next(), ptr::null(), Location::caller().into());
    // SAFETY: new, and the output is the future's.
    drop(unsafe { JoinHandle::<()>::new(task) });
    task
}

/// Runs a task to its end and frees it: doing so twice would be found by loom or by the state's assertions.
fn finish(task: TaskRef) {
    task.cancel_queued();
    // SAFETY: cancelled, and never in a registry.
    unsafe { task.retire() };
}

#[test]
fn loom_a_task_in_the_ring_goes_to_the_owner_or_to_one_thief() {
    loom::model(|| {
        let (owner, stealer) = queue::new();
        let thieves: Vec<_> = (0..2)
            .map(|_| {
                let stealer = stealer.clone();
                thread::spawn(move || {
                    let (own, _) = queue::new();
                    let mut count = 0;
                    for task in stealer.steal_into(&own).into_iter().chain(std::iter::from_fn(|| own.pop())) {
                        finish(task);
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let mut taken = 0;
        for _ in 0..2 {
            owner.push(new_task()).unwrap();
        }
        if let Some(task) = owner.pop() {
            finish(task);
            taken += 1;
        }
        owner.push(new_task()).unwrap();
        while let Some(task) = owner.pop() {
            finish(task);
            taken += 1;
        }
        let stolen: usize = thieves.into_iter().map(|thief| thief.join().unwrap()).sum();
        assert_eq!(taken + stolen, 3);
    });
}

#[test]
fn loom_a_full_ring_wraps_around_under_theft() {
    loom::model(|| {
        let (owner, stealer) = queue::new();
        for _ in 0..RUN_QUEUE_CAPACITY {
            owner.push(new_task()).unwrap();
        }
        let thief = thread::spawn(move || {
            let (own, _) = queue::new();
            stealer.steal_into(&own).into_iter().chain(std::iter::from_fn(|| own.pop())).map(finish).count()
        });
        let mut taken = 0;
        for _ in 0..2 {
            let task = new_task();
            if let Err(task) = owner.push(task) {
                finish(owner.pop().unwrap());
                taken += 1;
                owner.push(task).unwrap();
            }
        }
        while let Some(task) = owner.pop() {
            finish(task);
            taken += 1;
        }
        assert_eq!(taken + thief.join().unwrap(), RUN_QUEUE_CAPACITY + 2);
    });
}

#[test]
fn loom_the_task_to_run_next_goes_to_the_owner_or_to_the_thief() {
    loom::model(|| {
        let (owner, stealer) = queue::new();
        let thief = thread::spawn(move || stealer.steal_next().map(finish).is_some());
        let mut taken = 0;
        for _ in 0..2 {
            if let Some(displaced) = owner.push_next(new_task()) {
                finish(displaced);
                taken += 1;
            }
        }
        if let Some(task) = owner.take_next() {
            finish(task);
            taken += 1;
        }
        assert_eq!(taken + usize::from(thief.join().unwrap()), 2);
    });
}

#[test]
fn loom_a_sender_that_is_not_first_need_not_tell() {
    loom::model(|| {
        let shared = Arc::new((Mailbox::new(), Parker::new(), AtomicBool::new(false)));
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || {
                    if shared.0.push(new_task()) == Push::First && shared.1.tell() {
                        shared.2.store(true, Relaxed);
                    }
                })
            })
            .collect();
        let mut got = shared.0.drain(ptr::null()).map(finish).count();
        let sleeps = shared.1.announce();
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        // All is sent. If the worker sleeps and was not woken, nothing may be left for it.
        let left = shared.0.drain(ptr::null()).map(finish).count();
        assert!(left == 0 || !sleeps || shared.2.load(Relaxed), "a task waits for a sleeper");
        got += left;
        assert_eq!(got, 2);
    });
}

#[test]
fn loom_a_closed_mailbox_takes_nothing() {
    loom::model(|| {
        let mailbox = Arc::new(Mailbox::new());
        let sender = {
            let mailbox = mailbox.clone();
            thread::spawn(move || {
                let task = new_task();
                let is_refused = mailbox.push(task) == Push::Closed;
                if is_refused {
                    finish(task);
                }
                is_refused
            })
        };
        let taken = mailbox.close(ptr::null()).map(finish).count();
        let is_refused = sender.join().unwrap();
        assert_eq!(taken + usize::from(is_refused), 1);
        assert!(mailbox.is_empty());
    });
}

#[test]
fn loom_a_sleeper_is_woken_or_does_not_sleep() {
    loom::model(|| {
        let shared = Arc::new((Parker::new(), AtomicBool::new(false)));
        let teller = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.1.store(true, Relaxed);
                shared.0.tell()
            })
        };
        let sleeps = shared.0.announce();
        let sees = shared.1.load(Relaxed);
        let wakes = teller.join().unwrap();
        assert!(sees || (sleeps && wakes), "told, but asleep and not woken");
    });
}

#[test]
fn loom_a_sleeper_is_called_by_one_or_wakes_by_itself() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(1));
        idle.fall_asleep(0);
        let callers: Vec<_> = (0..2)
            .map(|_| {
                let idle = idle.clone();
                thread::spawn(move || idle.pick_sleeper().is_some())
            })
            .collect();
        idle.wake_up(0);
        let calls = callers.into_iter().filter_map(|caller| caller.join().unwrap().then_some(())).count();
        assert!(calls <= 1);
        // Counted once as asleep, and once as not.
        assert!(!idle.has_helpers());
    });
}

#[test]
fn loom_a_timer_dropped_elsewhere_leaves_the_wheel_of_its_owner() {
    loom::model(|| {
        let orders = Arc::new(TimerOrders::default());
        let mut wheel = Wheel::new(Ticks::Milliseconds, 0);
        let keys = [1, 2].map(|at| wheel.insert(Nanos(at), std::task::Waker::noop().clone()));
        let droppers: Vec<_> = keys
            .into_iter()
            .map(|key| {
                let orders = orders.clone();
                thread::spawn(move || orders.push(TimerOrder::Cancel(key)).unwrap())
            })
            .collect();
        let mut take = || {
            for order in orders.take() {
                if let TimerOrder::Cancel(key) = order {
                    assert!(wheel.remove(key).is_some(), "taken out twice");
                }
            }
        };
        take();
        droppers.into_iter().for_each(|dropper| assert!(dropper.join().unwrap() > 0));
        take();
        assert!(wheel.is_empty());
    });
}

#[test]
fn loom_a_timer_asked_for_at_the_end_is_refused_or_found() {
    loom::model(|| {
        let orders = Arc::new(TimerOrders::default());
        let mut wheel = Wheel::new(Ticks::Milliseconds, 0);
        let key = wheel.insert(Nanos(1), std::task::Waker::noop().clone());
        let asker = {
            let orders = orders.clone();
            thread::spawn(move || orders.push(TimerOrder::Cancel(key)).is_err())
        };
        let found = orders.take().len() + orders.close().len();
        let is_refused = asker.join().unwrap();
        assert_eq!(found + usize::from(is_refused), 1);
    });
}

#[test]
fn loom_a_worker_that_comes_to_rest_leaves_no_call() {
    loom::model(|| {
        let shared = Arc::new((Idle::new(1), Remote::new(None, Wheel::new(Ticks::Milliseconds, 0))));
        shared.1.is_running.store(true, Relaxed);
        let caller = {
            let shared = shared.clone();
            thread::spawn(move || shared.1.call(&shared.0))
        };
        shared.1.come_to_rest(&shared.0);
        caller.join().unwrap();
        assert!(!shared.0.has_searchers());
    });
}
