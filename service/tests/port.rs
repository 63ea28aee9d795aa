//! The same source, compiled against tower and against this crate: what differs is the first word of the paths.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future that never has to wait.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

macro_rules! ported {
    ($krate:ident, $discover:expr) => {
        use super::{now, *};
        use $krate::balance::p2c::{Balance, MakeBalance};
        use $krate::discover::{Change, Discover};
        use $krate::layer::util::{Identity, Stack};
        use $krate::layer::{Layer, layer_fn};
        use $krate::limit::{ConcurrencyLimit, ConcurrencyLimitLayer, RateLimitLayer};
        use $krate::load::{CompleteOnResponse, Constant, Load, PendingRequests};
        use $krate::make::Shared;
        use $krate::ready_cache::ReadyCache;
        use $krate::retry::{Policy, Retry, RetryLayer};
        use $krate::steer::Steer;
        use $krate::timeout::Timeout;
        use $krate::util::{
            BoxCloneService, BoxCloneSyncService, BoxService, MapRequestLayer, MapResponse, ServiceExt,
            UnsyncBoxService, future_service, option_layer,
        };
        use $krate::{MakeService, Service, ServiceBuilder, service_fn};

        type Answer = Result<u32, Infallible>;

        fn echo() -> impl Service<u32, Response = u32, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
        {
            service_fn(|n: u32| async move { Ok::<_, Infallible>(n) })
        }

        #[derive(Clone)]
        struct Attempts(usize);

        impl<E> Policy<u32, u32, E> for Attempts {
            type Future = Ready<()>;

            fn retry(&mut self, request: &mut u32, result: &mut Result<u32, E>) -> Option<Ready<()>> {
                if self.0 == 0 || matches!(result, Ok(n) if *n > 2) {
                    return None;
                }
                self.0 -= 1;
                *request += 1;
                Some(ready(()))
            }

            fn clone_request(&mut self, request: &u32) -> Option<u32> {
                Some(*request)
            }
        }

        #[test]
        fn builders_with_every_method_that_needs_no_clock() {
            let service = ServiceBuilder::new()
                .layer(Identity::new())
                .option_layer(None::<Identity>)
                .layer_fn(|service| service)
                .concurrency_limit(2)
                .retry(Attempts(3))
                .map_request(|n: u32| n)
                .map_response(|n: u32| n)
                .map_err(|error: Infallible| error)
                .map_result(|result: Answer| result)
                .and_then(|n: u32| async move { Ok::<_, Infallible>(n) })
                .then(|result: Answer| async move { result })
                .check_clone()
                .service(echo());
            assert_eq!(now(service.oneshot(0)).ok(), Some(3));
            let boxed = ServiceBuilder::new().boxed_clone::<_, u32>().service(echo());
            assert_eq!(now(boxed.clone().oneshot(1)), Ok(1));
            let function = ServiceBuilder::new().concurrency_limit(1).service_fn(|n: u32| ready(Answer::Ok(n)));
            assert_eq!(now(function.oneshot(1)), Ok(1));
            let stack: Stack<Identity, Identity> = ServiceBuilder::new().layer(Identity::new()).into_inner();
            let _: Identity = stack.layer(Identity::new());
        }

        #[test]
        fn extensions_of_services() {
            let mut service = echo();
            assert_eq!(now(now(ServiceExt::<u32>::ready(&mut service)).unwrap().call(1)), Ok(1));
            let readied = now(ServiceExt::<u32>::ready_oneshot(echo()));
            assert!(readied.is_ok());
            let changed = echo().map_request(|text: &str| text.len() as u32).map_response(|n| n + 1);
            assert_eq!(now(changed.oneshot("four")), Ok(5));
            let answers = futures_util::StreamExt::collect::<Vec<_>>(
                echo().call_all(futures_util::stream::iter([1, 2])).unordered(),
            );
            assert_eq!(now(answers).len(), 2);
            let erased: BoxService<u32, u32, Infallible> = echo().boxed();
            let clones: BoxCloneService<u32, u32, Infallible> = echo().boxed_clone();
            let shared = BoxCloneSyncService::new(echo());
            let local = UnsyncBoxService::new(echo());
            assert_eq!(now(erased.oneshot(1)), Ok(1));
            assert_eq!(now(clones.clone().oneshot(1)), Ok(1));
            assert_eq!(now(shared.clone().oneshot(1)), Ok(1));
            assert_eq!(now(local.oneshot(1)), Ok(1));
            let made = future_service(ready(Ok::<_, Infallible>(echo())));
            assert_eq!(now(made.oneshot(1)), Ok(1));
            let steered = Steer::new([echo(), echo()], |n: &u32, _: &[_]| *n as usize);
            assert!(now(steered.oneshot(1)).is_ok());
        }

        #[test]
        fn layers_and_services_by_hand() {
            let limit = ConcurrencyLimitLayer::new(1).layer(echo());
            assert_eq!(now(limit.oneshot(1)), Ok(1));
            let limit = ConcurrencyLimit::new(echo(), 1);
            assert_eq!(now(limit.oneshot(1)), Ok(1));
            let timed = Timeout::new(echo(), std::time::Duration::from_secs(1));
            let _ = (timed.get_ref().clone(), timed.into_inner());
            let retried = Retry::new(Attempts(1), echo());
            assert_eq!(now(retried.oneshot(0)), Ok(1));
            assert_eq!(now(RetryLayer::new(Attempts(1)).layer(echo()).oneshot(0)), Ok(1));
            let mapped = MapRequestLayer::new(|n: u32| n + 1).layer(MapResponse::new(echo(), |n| n));
            assert_eq!(now(mapped.oneshot(0)), Ok(1));
            assert_eq!(now(MapResponse::<(), _>::layer(|n: u32| n + 1).layer(echo()).oneshot(0)), Ok(1));
            let _ = (RateLimitLayer::new(1, std::time::Duration::from_secs(1)), layer_fn(|n: u32| n));
            let _ = option_layer(Some(Identity::new()));
            let mut make = Shared::new(echo());
            let made = now(MakeService::<(), u32>::make_service(&mut make, ())).unwrap();
            assert_eq!(now(made.oneshot(1)), Ok(1));
        }

        #[test]
        fn balancing_over_readiness() {
            let list: Vec<_> = (0..3).map(|_| PendingRequests::new(echo(), CompleteOnResponse::default())).collect();
            assert!(list[0].load() == list[1].load());
            let discover = $discover(list);
            let mut balance = Balance::new(discover);
            assert!(now(std::future::poll_fn(|cx| Service::<u32>::poll_ready(&mut balance, cx))).is_ok());
            assert_eq!(balance.len(), 3);
            assert_eq!(now(balance.call(1)).unwrap(), 1);
            let make = MakeBalance::<_, u32>::new(service_fn(|()| {
                ready(Ok::<_, Infallible>($discover(vec![Constant::new(echo(), 1)])))
            }));
            assert_eq!(now(now(make.oneshot(())).unwrap().oneshot(1)).unwrap(), 1);
            let mut cache: ReadyCache<u8, _, u32> = ReadyCache::default();
            cache.push(1, echo());
            assert!(now(std::future::poll_fn(|cx| cache.poll_pending(cx))).is_ok());
            assert_eq!(now(cache.call_ready(&1, 7)), Ok(7));
            assert!(cache.evict(&1));
            fn key_of<D: Discover<Key = u8>>(change: Change<D::Key, D::Service>) -> Option<u8> {
                match change {
                    Change::Insert(key, _) => Some(key),
                    _ => None,
                }
            }
            type Told = futures_util::stream::Pending<Result<Change<u8, ()>, Infallible>>;
            assert_eq!(key_of::<Told>(Change::Insert(1, ())), Some(1));
        }
    };
}

mod on_tower {
    ported!(tower, tower::discover::ServiceList::new::<u32>);
}

mod on_this_crate {
    ported!(minato_service, minato_service::discover::ServiceList::new);
}
