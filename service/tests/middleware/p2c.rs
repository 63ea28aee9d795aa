//! What tower's balancer is made of: the cache of what is ready, loads, discovery and makers of connections.

use std::convert::Infallible;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use minato_runtime::time::sleep;
use minato_service::balance::p2c::{Balance, MakeBalanceLayer};
use minato_service::balance::{Change, NoEndpoints, ServiceList};
use minato_service::fail_fast::FailFastLayer;
use minato_service::load::{
    CompleteOnResponse, Constant, Load, PeakEwma, PeakEwmaDiscover, PendingRequests, PendingRequestsDiscover,
    TrackCompletion,
};
use minato_service::make::MakeConnection;
use minato_service::ready_cache::ReadyCache;
use minato_service::{Layer, Rejection, Service, ServiceExt, service_fn};

use crate::support::{Act, Failed, Probe, Task, now, paused, poll_ready};

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

#[test]
fn a_cache_keeps_what_is_ready_apart_and_asks_what_was_woken() {
    let mut cache: ReadyCache<&str, Probe, u32> = ReadyCache::default();
    let waits = Probe::new(&[Act::Wait], &[]);
    let observer = waits.observer();
    cache.push("waits", waits);
    cache.push("well", Probe::well());
    assert!(cache.poll_pending(&mut cx()).is_pending());
    assert_eq!((cache.ready_len(), cache.pending_len(), cache.len()), (1, 1, 2));
    assert!(cache.pending_contains("waits") && cache.get_ready("well").is_some());
    let asked = observer.asked();
    assert!(cache.poll_pending(&mut cx()).is_pending());
    assert_eq!(observer.asked(), asked, "it has not woken us");
    observer.release();
    assert!(matches!(cache.poll_pending(&mut cx()), Poll::Ready(Ok(()))));
    assert_eq!(cache.iter_ready().count(), 2);
    assert_eq!(now(cache.call_ready("well", 1)), Ok(2));
    assert!(cache.pending_contains("well"), "a service that was called is asked anew");
    assert!(cache.evict("well") && !cache.evict("well"));
    assert_eq!(now(cache.call_ready_index(0, 5)), Ok(6));
    assert!(cache.evict("waits") && cache.is_empty());
    assert!(matches!(cache.poll_pending(&mut cx()), Poll::Ready(Ok(()))));
}

#[test]
fn a_cache_tells_what_fails_and_goes_on() {
    let mut cache = ReadyCache::default();
    cache.push(1, Probe::new(&[Act::Fail], &[]));
    cache.push(2, Probe::new(&[Act::Succeed, Act::Hang, Act::Succeed, Act::Fail], &[]));
    let Poll::Ready(Err(failed)) = cache.poll_pending(&mut cx()) else { panic!("one fails") };
    assert_eq!((failed.0, failed.1.downcast_ref()), (1, Some(&Failed("not ready"))));
    assert!(matches!(cache.poll_pending(&mut cx()), Poll::Ready(Ok(()))));
    assert!(matches!(cache.check_ready(&mut cx(), &2), Ok(false)), "it has changed its mind");
    assert!(matches!(cache.poll_pending(&mut cx()), Poll::Ready(Ok(()))));
    assert!(cache.check_ready(&mut cx(), &2).is_err());
    assert!(cache.is_empty() && matches!(cache.check_ready(&mut cx(), &2), Ok(false)));
}

#[test]
fn a_successor_takes_over_when_it_is_ready() {
    let mut cache = ReadyCache::default();
    let (old, new) = (Probe::well(), Probe::new(&[Act::Wait], &[]));
    let (old_observer, new_observer) = (old.observer(), new.observer());
    cache.push(1, old);
    assert!(cache.poll_pending(&mut cx()).is_ready());
    cache.push(1, new);
    assert!(cache.poll_pending(&mut cx()).is_pending());
    assert_eq!(now(cache.call_ready(&1, 1)), Ok(2));
    assert_eq!((old_observer.calls(), cache.len()), (1, 1), "it was used once more and is gone");
    new_observer.release();
    assert!(cache.poll_pending(&mut cx()).is_ready());
    assert_eq!(now(cache.call_ready(&1, 1)), Ok(2));
    assert_eq!((old_observer.calls(), new_observer.calls()), (1, 1));
}

#[test]
fn loads_tell_calls_under_way_and_their_latency() {
    paused(async {
        let mut counted =
            PendingRequests::new(Probe::new(&[], &[Act::Hang; 3]), CompleteOnResponse::default());
        let idle = counted.load();
        let clone = counted.clone();
        assert!(poll_ready(&mut counted).is_ready());
        let call = counted.call(1);
        assert!(counted.load() > idle && clone.load() == counted.load());
        drop(call);
        assert!(counted.load() == idle);

        let slow = service_fn(|millis: u64| async move {
            sleep(Duration::from_millis(millis)).await;
            Ok::<_, Failed>(())
        });
        let make = || PeakEwma::new(slow, Duration::from_millis(30), 10e9, CompleteOnResponse::default());
        let (quick, lame) = (make(), make());
        quick.clone().oneshot(10).await.unwrap();
        lame.clone().oneshot(500).await.unwrap();
        assert!(quick.load() < lame.load());
        for _ in 0..5 {
            sleep(Duration::from_secs(30)).await;
            lame.clone().oneshot(1).await.unwrap();
        }
        quick.clone().oneshot(10).await.unwrap();
        assert!(lame.load() < quick.load(), "what is long ago is forgotten");
        assert_eq!(Constant::new((), 7).load(), 7);
    });
}

#[test]
fn who_tracks_completion_decides_when_a_call_is_over() {
    #[derive(Clone)]
    struct WithTheResponse;
    impl<H, V> TrackCompletion<H, V> for WithTheResponse {
        type Output = (V, H);

        fn track_completion(&self, handle: H, value: V) -> (V, H) {
            (value, handle)
        }
    }
    let mut service = PendingRequests::new(Probe::well(), WithTheResponse);
    assert!(poll_ready(&mut service).is_ready());
    let (answer, handle) = now(service.call(1)).unwrap();
    let busy = service.load();
    drop(handle);
    assert!(answer == 2 && service.load() < busy);
}

fn discover(
    services: Vec<Probe>,
) -> impl minato_service::balance::Discover<Key = usize, Service = PendingRequests<Probe>, Error = Infallible>
+ Unpin {
    PendingRequestsDiscover::new::<u32>(ServiceList::new(services), CompleteOnResponse::default())
}

#[test]
fn the_balancer_calls_what_is_ready_and_waits_for_what_is_not() {
    let waits = Probe::new(&[Act::Wait], &[]);
    let observer = waits.observer();
    let mut service = Balance::new(discover(vec![waits])).seed(1);
    let mut task = Task::new(async { service.ready().await.map(|_| ()) });
    assert!(task.poll().is_pending() && !task.is_woken());
    observer.release();
    assert!(task.is_woken());
    assert!(matches!(task.poll(), Poll::Ready(Ok(()))));
    drop(task);
    assert_eq!(now(service.call(1)).unwrap(), 2);
    assert_eq!((service.len(), service.is_empty()), (1, false));
}

#[test]
fn the_balancer_prefers_the_less_loaded_of_two() {
    let probes: Vec<_> = (0..2).map(|_| Probe::new(&[], &[Act::Hang; 100])).collect();
    let observers: Vec<_> = probes.iter().map(Probe::observer).collect();
    let mut service = Balance::new(discover(probes));
    let mut calls = Vec::new();
    for n in 0..100 {
        assert!(poll_ready(&mut service).is_ready());
        calls.push(service.call(n));
    }
    let loads: Vec<_> = observers.iter().map(|observer| observer.calls()).collect();
    assert!(loads.iter().all(|calls| (49..=51).contains(calls)), "{loads:?}");
}

#[test]
fn the_balancer_follows_the_discovery_and_drops_what_fails() {
    let weigh = |probe| Constant::new(probe, 1);
    let changes = [
        Change::Insert(1, weigh(Probe::new(&[Act::Fail], &[]))),
        Change::Insert(2, weigh(Probe::well())),
        Change::Insert(3, weigh(Probe::well())),
        Change::Reset(vec![(3, weigh(Probe::new(&[], &[Act::Fail]))), (4, weigh(Probe::well()))]),
        Change::Remove(4),
    ];
    let told = stream::iter(changes.map(Ok::<_, Failed>)).chain(stream::pending());
    let mut service = Balance::new(told);
    assert!(poll_ready::<_, u32>(&mut service).is_ready());
    assert_eq!(service.len(), 1);
    assert_eq!(now(service.call(1)).unwrap(), 2, "what is there under a key that stays is kept");
    let broken = stream::iter([Err::<Change<u8, Constant<Probe, u8>>, _>(Failed("lost"))]);
    let error = now(Balance::<_, u32>::new(broken).oneshot(1)).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Failed("lost")));
}

#[test]
fn with_nobody_the_balancer_fails_where_nobody_can_come_and_fail_fast_covers_the_rest() {
    paused(async {
        let error = Balance::new(discover(vec![])).oneshot(1).await.unwrap_err();
        assert!(error.is::<NoEndpoints>() && Rejection::of(&*error).unwrap().is_unavailable());
        let nobody_yet = stream::pending::<Result<Change<u8, Constant<Probe, u8>>, Failed>>();
        let service = FailFastLayer::new(Duration::from_secs(1)).layer(Balance::<_, u32>::new(nobody_yet));
        assert!(service.oneshot(1).await.is_err_and(|error| error.is_unready()));
    });
}

#[test]
fn makers_of_discoveries_become_makers_of_balancers() {
    let make = service_fn(|services: usize| async move {
        let list = ServiceList::new((0..services).map(|_| Probe::well()));
        let (rtt, decay) = (Duration::from_millis(30), Duration::from_secs(10));
        Ok::<_, Failed>(PeakEwmaDiscover::new::<u32>(list, rtt, decay, CompleteOnResponse::default()))
    });
    let balanced = now(MakeBalanceLayer::<_, u32>::new().layer(make).oneshot(3)).unwrap();
    assert_eq!(now(balanced.oneshot(1)).unwrap(), 2);
}

#[test]
fn a_maker_of_what_reads_and_writes_is_a_maker_of_connections() {
    async fn connected<M>(mut make: M) -> bool
    where
        M: MakeConnection<&'static str, Error = Infallible>,
    {
        std::future::poll_fn(|cx| make.poll_ready(cx)).await.is_ok()
            && make.make_connection("peer").await.is_ok()
    }
    let make = service_fn(|_| async { Ok::<_, Infallible>(minato_runtime::io::duplex(8).0) });
    assert!(now(connected(make)));
}
