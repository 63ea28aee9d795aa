//! Services that many share, and that are made again.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use minato_runtime::time::{Instant, sleep};
use minato_service::buffer::{Buffer, BufferLayer};
use minato_service::deadline::Deadline;
use minato_service::error::OverloadReason;
use minato_service::observe::Event;
use minato_service::reconnect::{Reconnect, ReconnectError};
use minato_service::retry::Jitter;
use minato_service::{Backoff, BoxService, Layer, OverloadError, Service, ServiceExt, service_fn};

use crate::support::{Act, Failed, Probe, Task, now, paused, poll_ready};

#[test]
fn a_service_that_cannot_be_cloned_is_shared() {
    let mut count = 0;
    let counter = BoxService::new(service_fn(move |n: u32| {
        count += n;
        std::future::ready(Ok::<_, Failed>(count))
    }));
    let shared = Buffer::new(counter, 4);
    let sums: Vec<_> = (1..5).map(|n| now(shared.clone().oneshot(n)).unwrap()).collect();
    assert_eq!(sums, [1, 3, 6, 10]);
}

#[test]
fn those_who_wait_are_served_in_order_when_the_service_is_ready() {
    let probe = Probe::new(&[Act::Wait], &[]);
    let observer = probe.observer();
    let shared = Buffer::new(probe, 4);
    let mut tasks: Vec<_> = (0..3).map(|n| Task::new(shared.clone().oneshot(n))).collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    assert!(tasks.iter().all(|task| !task.is_woken()));
    observer.release();
    assert!(tasks[0].is_woken() && !tasks[1].is_woken());
    for (n, task) in tasks.iter_mut().enumerate() {
        assert!(task.is_woken(), "{n}");
        assert_eq!(task.poll(), Poll::Ready(Ok(n as u32 + 1)));
    }
}

#[test]
fn one_who_goes_away_passes_its_turn_on() {
    let probe = Probe::new(&[Act::Wait], &[]);
    let observer = probe.observer();
    let shared = Buffer::new(probe, 4);
    let mut first = Task::new(shared.clone().oneshot(1));
    let mut second = Task::new(shared.clone().oneshot(2));
    assert!(first.poll().is_pending() && second.poll().is_pending());
    observer.release();
    drop(first);
    assert!(second.is_woken());
    assert_eq!(second.poll(), Poll::Ready(Ok(3)));
}

#[test]
fn no_more_wait_than_may_and_the_next_waits_for_room() {
    let probe = Probe::new(&[Act::Wait], &[]);
    let observer = probe.observer();
    let shared = Buffer::new(probe, 2);
    let mut waiting: Vec<_> = (0..2).map(|n| Task::new(shared.clone().oneshot(n))).collect();
    assert!(waiting.iter_mut().all(|task| task.poll().is_pending()));
    let mut other = shared.clone();
    assert!(poll_ready::<_, u32>(&mut other).is_pending());
    assert_eq!((shared.handle().in_flight(), shared.handle().waiting()), (2, 1));
    observer.release();
    assert_eq!(waiting[0].poll(), Poll::Ready(Ok(1)));
    assert!(poll_ready::<_, u32>(&mut other).is_ready());
}

#[test]
fn an_error_of_readiness_belongs_to_one_call_and_poisons_nothing() {
    let shared = Buffer::new(Probe::new(&[Act::Fail], &[]), 4);
    assert_eq!(now(shared.clone().oneshot(1)), Err(OverloadError::Inner(Failed("not ready"))));
    assert_eq!(now(shared.oneshot(1)), Ok(2));
}

#[test]
fn a_service_that_panics_is_put_back() {
    let mut calls = 0;
    let service = service_fn(move |()| {
        calls += 1;
        assert!(calls != 1, "the first call panics");
        std::future::ready(Ok::<_, Failed>(calls))
    });
    let shared = Buffer::new(service, 4);
    let first = std::panic::AssertUnwindSafe(|| now(shared.clone().oneshot(())));
    assert!(std::panic::catch_unwind(first).is_err());
    assert_eq!(now(shared.oneshot(())), Ok(2));
}

#[test]
fn a_call_does_not_hold_the_service_while_it_runs() {
    let shared = Buffer::new(Probe::new(&[], &[Act::Hang]), 1);
    let mut running = Task::new(shared.clone().oneshot(1));
    assert!(running.poll().is_pending());
    assert_eq!(now(shared.oneshot(1)), Ok(2));
}

#[test]
fn what_has_expired_is_not_delivered() {
    paused(async {
        let probe = Probe::new(&[Act::Wait], &[]);
        let observer = probe.observer();
        let shared = Buffer::new(probe, 4);
        let mut late = shared.clone();
        assert!(poll_ready::<_, u32>(&mut late).is_ready());
        let call = Deadline::after(Duration::from_secs(1)).sync_scope(|| late.call(1));
        let mut task = Task::new(call);
        assert!(task.poll().is_pending());
        sleep(Duration::from_secs(2)).await;
        observer.release();
        assert!(matches!(task.poll(), Poll::Ready(Err(OverloadError::Overloaded(_)))));
        assert_eq!(observer.calls(), 0);
    });
}

#[test]
fn an_observer_hears_of_what_a_buffer_does_not_deliver_and_of_its_bound() {
    paused(async {
        let (tell, told) = std::sync::mpsc::channel();
        let probe = Probe::new(&[Act::Wait], &[]);
        let release = probe.observer();
        let layer = BufferLayer::new(4).observer(move |event: Event| tell.send(event).unwrap());
        let shared = layer.layer(probe);
        shared.handle().set_max(3);
        let mut late = Task::new(Deadline::after(Duration::from_secs(1)).scope(shared.clone().oneshot(1)));
        let mut other = Task::new(shared.oneshot(2));
        assert!(late.poll().is_pending() && other.poll().is_pending());
        sleep(Duration::from_secs(2)).await;
        release.release();
        assert!(late.poll().is_ready());
        assert_eq!(other.poll(), Poll::Ready(Ok(3)));
        let expected =
            [Event::LimitChanged { from: 4, to: 3 }, Event::Refused { reason: OverloadReason::QueueDelay }];
        assert_eq!(told.try_iter().collect::<Vec<_>>(), expected);
    });
}

#[test]
fn threads_share_a_service_that_is_often_not_ready() {
    /// Ready at every other question, and says so from another thread.
    struct Fickle {
        asked: u32,
        ask: std::sync::mpsc::Sender<Waker>,
        calls: Arc<AtomicU32>,
    }
    impl Service<u32> for Fickle {
        type Response = u32;
        type Error = Failed;
        type Future = std::future::Ready<Result<u32, Failed>>;

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
            self.asked += 1;
            if self.asked % 2 == 1 {
                self.ask.send(cx.waker().clone()).unwrap();
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, n: u32) -> Self::Future {
            self.calls.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok(n))
        }
    }
    let (ask, asked) = std::sync::mpsc::channel::<Waker>();
    let calls = Arc::new(AtomicU32::new(0));
    let waker = std::thread::spawn(move || asked.into_iter().for_each(Waker::wake));
    let shared = Buffer::new(Fickle { asked: 0, ask, calls: calls.clone() }, 2);
    let runtime = minato_runtime::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let shared = shared.clone();
                minato_runtime::spawn(async move {
                    for n in 0..500 {
                        assert_eq!(shared.clone().oneshot(n).await, Ok(n));
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(calls.load(Ordering::Relaxed), 4000);
    drop(runtime);
    drop(shared);
    waker.join().unwrap();
}

type Made = std::future::Ready<Result<Probe, Failed>>;
type Times = Arc<Mutex<Vec<u64>>>;

/// Makes what the script says, and notes when it was asked.
fn maker(
    script: Vec<Result<Probe, Failed>>,
) -> (impl Service<(), Response = Probe, Error = Failed, Future = Made>, Times) {
    let start = Instant::now();
    let times = Arc::new(Mutex::new(Vec::new()));
    let noted = times.clone();
    let mut script = script.into_iter();
    let make = service_fn(move |()| {
        noted.lock().unwrap().push(start.elapsed().as_secs());
        std::future::ready(script.next().expect("no more than the script has"))
    });
    (make, times)
}

fn seconds() -> Backoff {
    Backoff::new(Duration::from_secs(1), Duration::from_secs(60)).jitter(Jitter::None)
}

#[test]
fn a_service_that_breaks_is_made_again_after_a_pause() {
    paused(async {
        let first = Probe::new(&[Act::Succeed, Act::Fail], &[]);
        let (make, times) = maker(vec![Ok(first), Ok(Probe::well())]);
        let mut service = Reconnect::new(make, ()).backoff(seconds());
        for n in 0..4 {
            assert_eq!(service.ready().await.unwrap().call(n).await, Ok(n + 1));
        }
        assert_eq!(*times.lock().unwrap(), [0, 1]);
    });
}

#[test]
fn failed_attempts_are_told_to_calls_and_made_ever_more_rarely() {
    paused(async {
        let failed = || Err(Failed("refused"));
        let (make, times) = maker(vec![failed(), failed(), failed(), Ok(Probe::well())]);
        let mut service = Reconnect::new(make, ()).backoff(seconds());
        for n in 0..3 {
            let error = service.ready().await.unwrap().call(n).await.unwrap_err();
            assert_eq!(error, ReconnectError::Connect(Failed("refused")));
            assert!(error.is_connect());
        }
        assert_eq!(service.ready().await.unwrap().call(1).await, Ok(2));
        assert_eq!(*times.lock().unwrap(), [0, 1, 3, 7]);
    });
}

#[test]
fn a_buffer_shares_one_connection_and_its_attempts() {
    paused(async {
        let (make, times) = maker(vec![Err(Failed("refused")), Ok(Probe::well())]);
        let shared = Buffer::new(Reconnect::new(make, ()).backoff(seconds()), 16);
        let calls: Vec<_> = (0..5).map(|n| shared.clone().oneshot(n)).collect();
        let mut failures = 0;
        for call in calls {
            failures += u32::from(call.await.is_err());
        }
        assert_eq!((failures, times.lock().unwrap().len()), (1, 2));
    });
}
