//! Routing, gRPC and HTTP on one port, middleware around both, health.

use std::time::Duration;

use http::{Request, Response, StatusCode};
use minato_grpc::client::Channel;
use minato_grpc::health::{self, HealthCheckRequest, HealthClient, ServingStatus};
use minato_grpc::server::RecoverLayer;
use minato_grpc::{Code, Routes};
use minato_http::{Body, BoxError, handler_fn};
use minato_service::limit::RateLimitLayer;
use minato_service::{Service, ServiceBuilder, service_fn};

use crate::kit::{self, Peer, frame, msg, routes, run};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn http_and_grpc_share_a_port() {
    run(async {
        let http =
            handler_fn(|request: Request<Body>| async move { format!("page {}", request.uri().path()) });
        let mut peer = Peer::connect(routes().fallback(http)).await;
        let page = peer.call(Request::get("http://test/index"), kit::Body::None).await.unwrap();
        assert_eq!((page.status, page.data.as_slice()), (StatusCode::OK, &b"page /index"[..]));
        let call = peer.ask("Unary", kit::Body::message(&msg("call"))).await;
        assert_eq!((call.code(), call.messages()[0].text.as_str()), (Code::Ok, "call"));
        let unknown = Request::post("http://test/no.Such/Method").header("content-type", "application/grpc");
        let unknown = peer.call(unknown, kit::Body::Whole(vec![frame(&msg(""))])).await.unwrap();
        assert_eq!(unknown.code(), Code::Unimplemented);
    });
}

#[test]
fn without_a_fallback_the_rest_is_not_found() {
    run(async {
        let mut peer = Peer::connect(routes()).await;
        let page = peer.call(Request::get("http://test/"), kit::Body::None).await.unwrap();
        assert_eq!(page.status, StatusCode::NOT_FOUND);
    });
}

/// Asks once as gRPC and once as HTTP.
async fn ask_both(peer: &mut Peer) -> (kit::Answer, kit::Answer) {
    let call = peer.ask("Unary", kit::Body::message(&kit::wish("hang", 0))).await;
    let page = peer.call(Request::get("http://test/hang"), kit::Body::None).await.unwrap();
    (call, page)
}

fn hanging() -> Routes<
    impl Service<Request<Body>, Response = Response<Body>, Error: Into<BoxError>, Future: Send> + Clone + Send,
> {
    routes().fallback(handler_fn(|_: Request<Body>| std::future::pending::<Response<Body>>()))
}

#[test]
fn a_timeout_of_middleware_is_answered_in_the_language_of_the_request() {
    run(async {
        let stack = ServiceBuilder::new().layer(RecoverLayer::new()).timeout(SECOND).service(hanging());
        let (call, page) = ask_both(&mut Peer::connect(stack).await).await;
        assert_eq!((call.code(), call.status), (Code::DeadlineExceeded, StatusCode::OK));
        assert_eq!(page.status, StatusCode::GATEWAY_TIMEOUT);
    });
}

#[test]
fn overload_is_answered_in_the_language_of_the_request() {
    run(async {
        let limit = RateLimitLayer::rejecting(1, 90 * SECOND);
        let stack = ServiceBuilder::new().layer(RecoverLayer::new()).layer(limit).service(routes());
        let mut peer = Peer::connect(stack).await;
        assert_eq!(peer.ask("Unary", kit::Body::message(&msg(""))).await.code(), Code::Ok);
        let (call, page) = ask_both(&mut peer).await;
        assert_eq!(call.code(), Code::Unavailable);
        let pushback: u32 = call.field("grpc-retry-pushback-ms").parse().unwrap();
        assert!((89_000..=90_000).contains(&pushback), "{pushback}");
        assert_eq!((page.status, page.field("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "90"));
    });
}

#[test]
fn other_errors_say_nothing_of_themselves() {
    run(async {
        let broken = service_fn(|_: Request<Body>| async {
            Err::<Response<Body>, BoxError>("the password is 1234".into())
        });
        let stack = ServiceBuilder::new().layer(RecoverLayer::new()).service(broken);
        let (call, page) = ask_both(&mut Peer::connect(stack).await).await;
        assert_eq!((call.code(), call.field("grpc-message")), (Code::Unknown, "the service failed"));
        assert_eq!((page.status, page.data.len()), (StatusCode::INTERNAL_SERVER_ERROR, 0));
        let refusing = service_fn(|_: Request<Body>| async {
            Err::<Response<Body>, BoxError>(minato_grpc::Status::unauthenticated("who are you?").into())
        });
        let stack = ServiceBuilder::new().layer(RecoverLayer::new()).service(refusing);
        let (call, _) = ask_both(&mut Peer::connect(stack).await).await;
        assert_eq!((call.code(), call.field("grpc-message")), (Code::Unauthenticated, "who are you?"));
    });
}

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

#[test]
fn health_is_checked() {
    run(async {
        let (reporter, service) = health::service();
        let client = HealthClient::new(Channel::in_process(Routes::new().add_service(service)));
        let status = async |name: &str| client.check(about(name)).await.map(|response| response.status());
        assert_eq!(status("").await.unwrap(), ServingStatus::Serving);
        assert_eq!(status("unknown").await.unwrap_err().code(), Code::NotFound);
        reporter.set("mine", ServingStatus::Serving);
        assert_eq!(status("mine").await.unwrap(), ServingStatus::Serving);
        reporter.set_all_not_serving();
        assert_eq!(status("mine").await.unwrap(), ServingStatus::NotServing);
        assert_eq!(status("").await.unwrap(), ServingStatus::NotServing);
        reporter.clear("mine");
        assert_eq!(status("mine").await.unwrap_err().code(), Code::NotFound);
    });
}

#[test]
fn health_is_watched() {
    run(async {
        let (reporter, service) = health::service();
        let client = HealthClient::new(Channel::in_process(Routes::new().add_service(service)));
        let mut watch = client.watch(about("late")).await.unwrap();
        let mut next = async || watch.next().await.unwrap().unwrap().status();
        assert_eq!(next().await, ServingStatus::ServiceUnknown);
        reporter.set("other", ServingStatus::Serving);
        reporter.set("late", ServingStatus::NotServing);
        assert_eq!(next().await, ServingStatus::NotServing);
        reporter.set("late", ServingStatus::NotServing);
        reporter.set("late", ServingStatus::Serving);
        assert_eq!(next().await, ServingStatus::Serving);
        reporter.clear("late");
        assert_eq!(next().await, ServingStatus::ServiceUnknown);
    });
}
