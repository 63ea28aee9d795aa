//! Wakers that come back while they are cloned, called or dropped, and wakers that panic.
//!
//! # Safety
//!
//! 1. The data of a waker made here is an `Arc<Visitor>` turned into a pointer, and each waker owns one.
#![cfg(not(loom))]

mod support;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::time::Duration;

use minato_runtime::runtime::Builder;
use minato_runtime::sync::{
    Barrier, CancellationToken, Mutex, Notify, Semaphore, broadcast, mpmc, mpsc, watch,
};
use minato_runtime::time::{advance, sleep};
use support::current_thread;

/// Runs its function whenever a waker is cloned, called or dropped.
struct Visitor {
    visit: Box<dyn Fn() + Send + Sync>,
    visits: AtomicUsize,
}

impl Visitor {
    fn come(&self) {
        // A visit may cause another.
        if self.visits.fetch_add(1, SeqCst) < 100 {
            (self.visit)();
        }
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: (1).
    unsafe {
        (*data.cast::<Visitor>()).come();
        Arc::increment_strong_count(data.cast::<Visitor>());
    }
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: (1).
    unsafe {
        wake_by_ref(data);
        drop_waker(data);
    }
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: (1).
    unsafe { (*data.cast::<Visitor>()).come() };
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: (1); the waker's own is given up.
    let visitor = unsafe { Arc::from_raw(data.cast::<Visitor>()) };
    visitor.come();
}

fn visiting(visit: impl Fn() + Send + Sync + 'static) -> Waker {
    let visitor = Arc::new(Visitor { visit: Box::new(visit), visits: AtomicUsize::new(0) });
    // SAFETY: (1).
    unsafe { Waker::from_raw(RawWaker::new(Arc::into_raw(visitor).cast(), &VTABLE)) }
}

/// Polls what `make` makes twice, with two wakers that run `visit`, lets `wake` wake it, and drops it.
fn visit_while_waiting<F: Future>(
    future: F,
    visit: impl Fn() + Clone + Send + Sync + 'static,
    wake: impl FnOnce(),
) {
    let mut future = pin!(future);
    for _ in 0..2 {
        let waker = visiting(visit.clone());
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            break;
        }
    }
    wake();
}

#[test]
fn a_waker_may_come_back_to_what_it_waits_for() {
    let semaphore = Arc::new(Semaphore::new(0));
    let visit = {
        let semaphore = semaphore.clone();
        move || {
            semaphore.add_permits(1);
            semaphore.forget_permits(1);
        }
    };
    visit_while_waiting(semaphore.acquire_many(2), visit.clone(), || semaphore.add_permits(2));
    visit_while_waiting(semaphore.acquire_many(50), visit.clone(), || semaphore.close());

    let notify = Arc::new(Notify::new());
    let visit = {
        let notify = notify.clone();
        move || {
            notify.notify_waiters();
            notify.notify_one();
        }
    };
    visit_while_waiting(notify.notified(), visit, || notify.notify_one());

    let mutex = Arc::new(Mutex::new(()));
    let held = mutex.try_lock().unwrap();
    let visit = {
        let mutex = mutex.clone();
        move || {
            let mut other = pin!(mutex.lock());
            let _ = other.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    };
    visit_while_waiting(mutex.lock(), visit, || drop(held));

    let barrier = Arc::new(Barrier::new(50));
    let visit = {
        let barrier = barrier.clone();
        move || {
            let mut other = pin!(barrier.wait());
            let _ = other.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    };
    visit_while_waiting(barrier.wait(), visit, || {});

    let (tx, mut rx) = broadcast::channel(4);
    let visit = {
        let tx = tx.clone();
        move || {
            let _ = tx.send(1);
        }
    };
    visit_while_waiting(rx.recv(), visit, || {
        let _ = tx.send(2);
    });

    let (tx, mut rx) = watch::channel(0);
    let tx = Arc::new(tx);
    let visit = {
        let tx = tx.clone();
        move || {
            let _ = tx.send(1);
        }
    };
    visit_while_waiting(rx.changed(), visit, || {
        let _ = tx.send(2);
    });

    let (tx, rx) = mpmc::bounded(1);
    let visit = {
        let (tx, rx) = (tx.clone(), rx.clone());
        move || {
            let _ = (tx.try_send(1), rx.try_recv());
            let mut other = pin!(rx.recv());
            let _ = other.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    };
    visit_while_waiting(rx.recv(), visit, || {
        let _ = tx.try_send(2);
    });
    let (tx, rx) = mpmc::bounded(1);
    tx.try_send(0).unwrap();
    let visit = {
        let (tx, rx) = (tx.clone(), rx.clone());
        move || {
            let _ = (rx.try_recv(), tx.try_send(1));
            let mut other = pin!(tx.send(2));
            let _ = other.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    };
    visit_while_waiting(tx.send(3), visit, || {
        let _ = rx.try_recv();
    });

    let (tx, rx) = mpsc::channel(1);
    tx.try_send(0).unwrap();
    let visit = {
        let tx = tx.clone();
        move || {
            let mut other = pin!(tx.send(1));
            let _ = other.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    };
    visit_while_waiting(tx.send(1), visit.clone(), || {});
    visit_while_waiting(tx.closed(), visit, || drop(rx));

    let token = CancellationToken::new();
    let visit = {
        let token = token.clone();
        move || token.child_token().cancel()
    };
    visit_while_waiting(token.cancelled(), visit, || token.cancel());
}

#[test]
fn a_waker_may_come_back_to_the_timers_of_its_worker() {
    current_thread().block_on(async {
        let visit = || {
            let mut other = pin!(sleep(Duration::from_secs(5)));
            let _ = other.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        };
        visit_while_waiting(sleep(Duration::from_secs(1)), visit, || {});
    });
}

/// Counts how often it is called, and panics every other time.
struct Panicking(AtomicUsize);

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        assert!(self.0.fetch_add(1, SeqCst) % 2 == 1, "a waker panics");
    }
}

fn silence_panics() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() != Some(&"a waker panics") {
            previous(info);
        }
    }));
}

#[test]
fn a_waker_that_panics_keeps_none_of_the_others_of_its_batch() {
    silence_panics();
    let calls = Arc::new(Panicking(AtomicUsize::new(0)));
    let waker = Waker::from(calls.clone());
    let poll = |future: Pin<&mut dyn Future<Output = ()>>| {
        assert!(future.poll(&mut Context::from_waker(&waker)).is_pending());
    };

    // Timers of one tick.
    let rt = Builder::new_current_thread().start_paused(true).build().unwrap();
    rt.block_on(async {
        let mut sleeps: Vec<_> = (0..100).map(|_| Box::pin(sleep(Duration::from_millis(7)))).collect();
        sleeps.iter_mut().for_each(|sleep| poll(sleep.as_mut()));
        advance(Duration::from_millis(8)).await;
        assert_eq!(calls.0.swap(0, SeqCst), 100);
    });

    // Everybody who waits for a notice; the caller gets the panic.
    let notify = Notify::new();
    let mut waiting: Vec<_> = (0..10).map(|_| Box::pin(notify.notified())).collect();
    waiting.iter_mut().for_each(|waiting| poll(waiting.as_mut()));
    assert!(catch_unwind(AssertUnwindSafe(|| notify.notify_waiters())).is_err());
    assert_eq!(calls.0.swap(0, SeqCst), 10);
}

#[test]
fn a_waker_that_panics_keeps_no_other_event_from_its_descriptor() {
    use minato_runtime::io::AsyncFd;
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    silence_panics();
    let calls = Arc::new(Panicking(AtomicUsize::new(0)));
    let waker = Waker::from(calls.clone());
    current_thread().block_on(async {
        let pairs: Vec<_> = (0..10)
            .map(|_| {
                let (near, far) = UnixStream::pair().unwrap();
                near.set_nonblocking(true).unwrap();
                (AsyncFd::new(near).unwrap(), far)
            })
            .collect();
        let mut waiting: Vec<_> = pairs.iter().map(|(near, _)| Box::pin(near.readable())).collect();
        for waiting in &mut waiting {
            assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        for (_, far) in &pairs {
            (&*far).write_all(b"x").unwrap();
        }
        while calls.0.load(SeqCst) < 10 {
            sleep(Duration::from_millis(1)).await;
        }
        for waiting in &mut waiting {
            assert!(matches!(waiting.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(Ok(_))));
        }
    });
}
