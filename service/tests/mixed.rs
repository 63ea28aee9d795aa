//! Stacks of tower's layers, tower-http's and ours, in both nestings.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use minato_service::limit::ConcurrencyLimitLayer;
use minato_service::retry::AdaptedPolicy;
use minato_service::{BoxError, Layer, Overloaded, Service, ServiceExt, service_fn, timeout};

/// Runs a future that never has to wait.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

fn hello() -> impl Service<Request<String>, Response = Response<String>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    service_fn(|request: Request<String>| async move {
        Ok::<_, Infallible>(Response::new(format!("hello {}", request.into_body())))
    })
}

/// Calls the same service twice, through a clone and itself.
fn answers<S, E>(service: S)
where
    S: Service<Request<String>, Response = Response<String>, Error = E> + Clone,
    E: std::fmt::Debug,
{
    for service in [service.clone(), service] {
        let response = now(service.oneshot(Request::new("you".to_owned()))).unwrap();
        assert_eq!(response.body(), "hello you");
        assert_eq!(response.status(), StatusCode::OK);
    }
}

fn ours() -> impl Layer<BoxedHttp, Service: HttpService> + Clone {
    minato_service::ServiceBuilder::new()
        .box_errors()
        .load_shed()
        .concurrency_limit(2)
        .timeout(Duration::from_secs(1))
        .map_request(|request: Request<String>| request)
        .into_inner()
}

type BoxedHttp = minato_service::BoxCloneSyncService<Request<String>, Response<String>, BoxError>;

/// What a server asks of its service.
trait HttpService: Service<Request<String>, Response = Response<String>, Error = BoxError> + Clone {}

impl<S> HttpService for S where
    S: Service<Request<String>, Response = Response<String>, Error = BoxError> + Clone
{
}

fn boxed<S>(service: S) -> BoxedHttp
where
    S: Service<Request<String>, Response = Response<String>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    service.map_err(Into::into).boxed_clone_sync()
}

#[test]
fn our_builder_takes_towers_layers() {
    let service = minato_service::ServiceBuilder::new()
        .layer(tower::util::MapRequestLayer::new(|request: Request<String>| request))
        .concurrency_limit(1)
        .layer(tower::util::MapResponseLayer::new(|response: Response<String>| response))
        .timeout(Duration::from_secs(1))
        .service(hello());
    answers(service);
}

#[test]
fn towers_builder_takes_our_layers() {
    let service = tower::ServiceBuilder::new()
        .layer(ConcurrencyLimitLayer::new(1))
        .map_response(|response: Response<String>| response)
        .layer(timeout::TimeoutLayer::new(Duration::from_secs(1)))
        .service(hello());
    answers(service);
}

#[test]
fn ours_inside_of_towers_and_outside_of_it() {
    let inside = tower::ServiceBuilder::new().load_shed().service(ours().layer(boxed(hello())));
    answers(inside);
    let outside = tower::ServiceBuilder::new().load_shed().concurrency_limit(2).service(hello());
    answers(ours().layer(boxed(outside)));
}

#[test]
fn tower_http_inside_and_outside() {
    let header = || {
        tower_http::set_header::SetResponseHeaderLayer::overriding(
            http::header::SERVER,
            http::HeaderValue::from_static("test"),
        )
    };
    answers(header().layer(ours().layer(boxed(hello()))));
    answers(ours().layer(boxed(header().layer(hello()))));
    let service = minato_service::ServiceBuilder::new()
        .layer(header())
        .concurrency_limit(1)
        .layer(header())
        .service(hello());
    let response = now(service.oneshot(Request::new("you".to_owned()))).unwrap();
    assert_eq!(response.headers()[http::header::SERVER], "test");
}

#[test]
fn towers_balance_steer_and_boxes_hold_our_services() {
    let service = ConcurrencyLimitLayer::new(1).layer(hello());
    answers(tower::util::BoxCloneService::new(service.clone()));
    let called = tower::ServiceExt::oneshot(service, Request::new("you".to_owned()));
    assert_eq!(now(called).unwrap().body(), "hello you");
}

#[test]
fn our_refusals_are_found_behind_towers_erasure() {
    let limit = ConcurrencyLimitLayer::rejecting(1);
    let handle = limit.handle();
    let service = tower::ServiceBuilder::new()
        .map_err(|error: BoxError| error)
        .service(limit.layer(boxed(hello())).box_errors());
    handle.set_max(1);
    let mut holder = limit.layer(service_fn(|(): ()| std::future::pending::<Result<(), Infallible>>()));
    let _ = Service::<()>::poll_ready(&mut holder, &mut Context::from_waker(Waker::noop()));
    let held = holder.call(());
    let error = now(service.oneshot(Request::new(String::new()))).unwrap_err();
    assert!(error.is::<Overloaded>());
    drop(held);
}

#[test]
fn new_layers_stand_among_towers_and_tower_https() {
    use minato_service::breaker::BreakerLayer;
    use minato_service::fail_fast::FailFastLayer;
    use minato_service::limit::{BulkheadLayer, RateLimitLayer};
    use minato_service::throttle::ThrottleLayer;
    let second = Duration::from_secs(1);
    let header = || {
        tower_http::set_header::SetResponseHeaderLayer::if_not_present(
            http::header::SERVER,
            http::HeaderValue::from_static("test"),
        )
    };
    let key = |request: &Request<String>| request.uri().path().to_owned();
    // Ours, tower's and tower-http's by turns, from the outside in.
    let outside = minato_service::ServiceBuilder::new()
        .box_errors()
        .layer(FailFastLayer::new(second))
        .layer(tower::util::MapRequestLayer::new(|request: Request<String>| request))
        .layer(BreakerLayer::new(0.5))
        .layer(header())
        .layer(BulkheadLayer::rejecting(4, key))
        .layer(tower::limit::ConcurrencyLimitLayer::new(4))
        .layer(ThrottleLayer::new(2.0))
        .service(hello());
    answers(outside.clone());
    answers(tower::ServiceBuilder::new().load_shed().concurrency_limit(3).service(outside));
    // The other way around.
    let inside = tower::ServiceBuilder::new()
        .layer(header())
        .layer(RateLimitLayer::rejecting(100, second))
        .map_response(|response: Response<String>| response)
        .layer(FailFastLayer::new(second))
        .concurrency_limit(4)
        .layer(BulkheadLayer::rejecting(4, key))
        .service(hello());
    answers(inside);
}

#[test]
fn our_balancers_hold_towers_services_and_towers_hold_ours() {
    use minato_service::balance::{Balance, Endpoints, Load, P2c, p2c};
    use minato_service::discover::ServiceList;
    use minato_service::load::Constant;
    let endpoints = Endpoints::new(Load::Pending);
    endpoints.insert(1, tower::ServiceBuilder::new().load_shed().service(hello()));
    answers(Balance::new(endpoints, P2c::new()));
    // Only ours can be cloned, so tower's is called once.
    let ours = Constant::new(ConcurrencyLimitLayer::new(1).layer(hello()), 1);
    let balanced = p2c::Balance::new(ServiceList::new([ours]));
    let response = now(tower::ServiceExt::oneshot(balanced, Request::new("you".to_owned()))).unwrap();
    assert_eq!(response.body(), "hello you");
    let weighed = tower::load::Constant::new(ConcurrencyLimitLayer::new(1).layer(hello()), 1);
    let list = tower::discover::ServiceList::new::<Request<String>>(vec![weighed]);
    let theirs = tower::balance::p2c::Balance::new(list);
    let response = now(theirs.oneshot(Request::new("you".to_owned()))).unwrap();
    assert_eq!(response.body(), "hello you");
}

#[test]
fn towers_stateful_services_are_called_as_they_want_to_be() {
    use minato_service::buffer::Buffer;
    use minato_service::reconnect::Reconnect;
    use minato_service::single_flight::SingleFlightLayer;
    // tower's limit panics where an unready clone is called.
    let limited = || tower::limit::ConcurrencyLimit::new(hello(), 1);
    answers(Buffer::new(limited(), 2));
    let make = service_fn(move |()| std::future::ready(Ok::<_, Infallible>(limited())));
    answers(Reconnect::new(make, ()).shared());
    let text = limited().map_response(Response::into_body).map_request(|name: String| Request::new(name));
    let once = SingleFlightLayer::new(|name: &String| name.clone()).layer(text);
    assert_eq!(now(once.oneshot("you".to_owned())), Ok("hello you".to_owned()));
}

/// A policy that knows tower's trait and not ours.
#[derive(Clone)]
struct TowersAttempts(u32);

impl tower::retry::Policy<u32, u32, &'static str> for TowersAttempts {
    type Future = std::future::Ready<()>;

    fn retry(&mut self, request: &mut u32, result: &mut Result<u32, &'static str>) -> Option<Self::Future> {
        if result.is_ok() || self.0 == 0 {
            return None;
        }
        self.0 -= 1;
        *request += 1;
        Some(std::future::ready(()))
    }

    fn clone_request(&mut self, request: &u32) -> Option<u32> {
        Some(*request)
    }
}

#[test]
fn towers_policies_are_taken_by_their_methods() {
    let service = || service_fn(|n: u32| async move { if n < 3 { Err("too small") } else { Ok(n) } });
    let policy = |attempts| {
        let policy = TowersAttempts(attempts);
        AdaptedPolicy::new(policy, tower::retry::Policy::retry, tower::retry::Policy::clone_request)
    };
    let retrying =
        |attempts| minato_service::ServiceBuilder::new().retry(policy(attempts)).service(service());
    for (attempts, expected) in [(0, Err("too small")), (2, Err("too small")), (3, Ok(3))] {
        assert_eq!(now(ServiceExt::oneshot(retrying(attempts), 0)), expected);
        let theirs = tower::ServiceBuilder::new().retry(TowersAttempts(attempts)).service(service());
        assert_eq!(now(tower::ServiceExt::oneshot(theirs, 0)), expected);
    }
}
