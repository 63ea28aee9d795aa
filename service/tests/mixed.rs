//! Stacks of tower's layers, tower-http's and ours, in both nestings.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use minato_service::limit::ConcurrencyLimitLayer;
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
