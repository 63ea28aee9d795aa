//! Routing: gRPC and HTTP on one port, health.

use http::{Request, StatusCode};
use minato_grpc::health::{self, HealthCheckRequest, HealthClient, ServingStatus};
use minato_grpc::{Code, Routes, client::Channel};
use minato_http::{Body, handler_fn};

use crate::kit::{self, Peer, frame, msg, routes, run};

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
