//! Identical calls made once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use minato_runtime::time::sleep;
use minato_service::deadline::Deadline;
use minato_service::error::SharedError;
use minato_service::observe::Event;
use minato_service::single_flight::SingleFlightLayer;
use minato_service::{BoxError, Layer, Rejection, Service, ServiceExt, service_fn, timeout};

use crate::support::{Act, Failed, Probe, Task, now, paused};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn calls_of_one_key_are_one_call_and_those_of_others_their_own() {
    let probe = Probe::new(&[], &[Act::Wait; 2]);
    let observer = probe.observer();
    let layer = SingleFlightLayer::new(|n: &u32| *n);
    let service = layer.layer(probe);
    let mut calls: Vec<_> = [1, 2, 1, 1, 2].map(|n| Task::new(service.clone().oneshot(n))).into();
    assert!(calls.iter_mut().all(|call| call.poll().is_pending()));
    assert_eq!((observer.calls(), layer.handle().in_flight(), layer.handle().joined()), (2, 2, 3));
    observer.release();
    assert_eq!(calls.iter().filter(|call| call.is_woken()).count(), 2, "one wake for each inner call");
    // Whoever is woken drives the call and wakes the others.
    let answers: Vec<_> = calls.iter_mut().map(Task::poll).collect();
    assert_eq!(answers, [2, 3, 2, 2, 3].map(|n| Poll::Ready(Ok(n))));
    assert_eq!((observer.live(), layer.handle().in_flight()), (0, 0));
    assert_eq!(now(service.oneshot(1)), Ok(2), "nothing is kept");
    assert_eq!(observer.calls(), 3);
}

#[test]
fn those_who_wait_are_woken_when_the_call_ends() {
    let probe = Probe::new(&[], &[Act::Wait]);
    let observer = probe.observer();
    let service = SingleFlightLayer::new(|n: &u32| *n).layer(probe);
    let mut calls: Vec<_> = (0..3).map(|_| Task::new(service.clone().oneshot(1))).collect();
    assert!(calls.iter_mut().all(|call| call.poll().is_pending()));
    observer.release();
    assert_eq!(calls[0].poll(), Poll::Ready(Ok(2)));
    assert!(calls[1].is_woken() && calls[2].is_woken());
    assert_eq!(calls[2].poll(), Poll::Ready(Ok(2)));
    assert_eq!(calls[1].poll(), Poll::Ready(Ok(2)));
}

#[test]
fn who_goes_away_hands_the_call_on_and_the_last_one_drops_it() {
    let probe = Probe::new(&[], &[Act::Wait]);
    let observer = probe.observer();
    let layer = SingleFlightLayer::new(|n: &u32| *n);
    let service = layer.layer(probe);
    let mut leader = Task::new(service.clone().oneshot(1));
    let mut other = Task::new(service.clone().oneshot(1));
    assert!(leader.poll().is_pending() && other.poll().is_pending());
    drop(leader);
    assert_eq!(observer.live(), 1, "the call goes on");
    observer.release();
    assert!(other.is_woken());
    assert_eq!(other.poll(), Poll::Ready(Ok(2)));
    assert_eq!(observer.calls(), 1);

    let probe = Probe::new(&[], &[Act::Hang]);
    let observer = probe.observer();
    let service = layer.layer(probe);
    let mut calls: Vec<_> = (0..3).map(|_| Task::new(service.clone().oneshot(1))).collect();
    assert!(calls.iter_mut().all(|call| call.poll().is_pending()));
    drop(calls);
    assert_eq!((observer.live(), layer.handle().in_flight()), (0, 0));
}

#[test]
fn who_is_woken_and_goes_away_passes_the_wake_on() {
    let probe = Probe::new(&[], &[Act::Wait]);
    let observer = probe.observer();
    let service = SingleFlightLayer::new(|n: &u32| *n).layer(probe);
    let mut calls: Vec<_> = (0..3).map(|_| Task::new(service.clone().oneshot(1))).collect();
    assert!(calls.iter_mut().all(|call| call.poll().is_pending()));
    observer.release();
    let woken = calls.iter().position(Task::is_woken).expect("one of them");
    drop(calls.remove(woken));
    let next = calls.iter().position(Task::is_woken).expect("the next");
    assert_eq!(calls[next].poll(), Poll::Ready(Ok(2)));
}

#[test]
fn errors_are_for_everybody() {
    let probe = Probe::new(&[], &[Act::Fail, Act::Succeed]);
    let mut service = SingleFlightLayer::new(|n: &u32| *n).layer(probe);
    let mut calls: Vec<_> = (0..3).map(|_| Task::new(service.call(1))).collect();
    assert!(calls.iter_mut().all(|call| call.poll() == Poll::Ready(Err(Failed("call failed")))));
    assert_eq!(now(service.oneshot(1)), Ok(2));
}

#[test]
fn an_error_that_cannot_be_cloned_is_shared() {
    let service = service_fn(|()| async {
        Err::<(), BoxError>(timeout::TimeoutError::<BoxError>::Elapsed(timeout::Elapsed::new()).into())
    });
    let service = SingleFlightLayer::new(|()| ()).layer(service.map_err(SharedError::new));
    let error = now(service.oneshot(())).unwrap_err();
    assert!(error.get_ref().is::<timeout::Elapsed>());
    assert!(Rejection::of(&error).unwrap().is_timeout());
}

#[test]
fn a_panic_is_the_leaders_and_the_others_begin_again() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let release = Arc::new(AtomicU32::new(0));
    let released = release.clone();
    let service = service_fn(move |()| {
        let call = counted.fetch_add(1, Ordering::Relaxed);
        let released = released.clone();
        std::future::poll_fn(move |_| {
            if released.load(Ordering::Relaxed) == 0 {
                return Poll::Pending;
            }
            assert!(call > 0, "the first call panics");
            Poll::Ready(Ok::<_, Failed>(call))
        })
    });
    let layer = SingleFlightLayer::new(|()| 0);
    let service = layer.layer(service);
    let mut leader = Task::new(service.clone().oneshot(()));
    let mut others: Vec<_> = (0..3).map(|_| Task::new(service.clone().oneshot(()))).collect();
    assert!(leader.poll().is_pending() && others.iter_mut().all(|call| call.poll().is_pending()));
    release.store(1, Ordering::Relaxed);
    // One of the others meets the panic. It is not theirs.
    assert_eq!(others[0].poll(), Poll::Ready(Ok(1)));
    let payload = catch_unwind(AssertUnwindSafe(|| leader.poll())).expect_err("the panic is the leader's");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"the first call panics"));
    assert!(others[1..].iter_mut().all(|call| call.poll().is_ready()));
    assert_eq!(layer.handle().in_flight(), 0);
}

#[test]
fn who_may_wait_longer_does_not_join_a_call_that_may_end_before() {
    paused(async {
        let probe = Probe::new(&[], &[Act::Hang, Act::Hang, Act::Hang]);
        let observer = probe.observer();
        let service = SingleFlightLayer::new(|n: &u32| *n).layer(probe);
        let begin = |seconds: u32| {
            let service = service.clone();
            let mut task = Task::new(Deadline::after(SECOND * seconds).scope(service.oneshot(1)));
            assert!(task.poll().is_pending());
            task
        };
        let _short = begin(2);
        let _shorter = begin(1);
        assert_eq!(observer.calls(), 1);
        let _long = begin(5);
        assert_eq!(observer.calls(), 2);
        let _between = begin(3);
        assert_eq!(observer.calls(), 2, "the newer one is found");
        let mut unbound = Task::new(service.oneshot(1));
        assert!(unbound.poll().is_pending());
        assert_eq!(observer.calls(), 3);
    });
}

#[test]
fn the_inner_call_has_the_deadline_of_the_one_that_began_it_whoever_drives() {
    paused(async {
        let seen = service_fn(|()| async {
            sleep(SECOND).await;
            Ok::<_, Failed>(Deadline::current())
        });
        let service = SingleFlightLayer::new(|()| ()).layer(seen);
        let deadline = Deadline::after(10 * SECOND);
        let mut leader = Task::new(deadline.scope(service.clone().oneshot(())));
        let other = minato_runtime::spawn(Deadline::after(5 * SECOND).scope(service.oneshot(())));
        assert!(leader.poll().is_pending());
        minato_runtime::task::yield_now().await;
        drop(leader);
        assert_eq!(other.await.unwrap(), Ok(Some(deadline)));
    });
}

#[test]
fn an_observer_hears_of_those_who_join() {
    let (tell, told) = std::sync::mpsc::channel();
    let layer = SingleFlightLayer::new(|n: &u32| *n).observer(move |event: Event| tell.send(event).unwrap());
    let mut service = layer.layer(Probe::new(&[], &[Act::Hang]));
    let calls: Vec<_> = (0..3).map(|_| service.call(1)).collect();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [Event::Coalesced, Event::Coalesced]);
    drop(calls);
}

#[test]
fn threads_make_far_fewer_calls_than_they_ask_for_and_lose_no_wake() {
    let made = Arc::new(AtomicU32::new(0));
    let counted = made.clone();
    let service = service_fn(move |n: u32| {
        let counted = counted.clone();
        async move {
            counted.fetch_add(1, Ordering::Relaxed);
            for _ in 0..8 {
                minato_runtime::task::yield_now().await;
            }
            Ok::<_, Failed>(n)
        }
    });
    let service = SingleFlightLayer::new(|n: &u32| *n).layer(service);
    let runtime = minato_runtime::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..64_u32)
            .map(|task| {
                let service = service.clone();
                minato_runtime::spawn(async move {
                    for n in 0..50 {
                        let mut call = std::pin::pin!(service.clone().oneshot(n));
                        if (task + n) % 7 == 0 {
                            // Goes away after its first poll.
                            std::future::poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_ready())).await;
                        } else {
                            assert_eq!(call.await, Ok(n));
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    let made = made.load(Ordering::Relaxed);
    assert!((50..3200).contains(&made), "{made}");
}
