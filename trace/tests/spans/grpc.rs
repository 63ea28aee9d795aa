//! What a span says about a gRPC call.

use http::Response;
use http::header::HeaderMap;
use minato_http::{Body, handler_fn};
use minato_trace::TracedBody;
use tracing::Level;

use crate::capture::{Capture, Span, call, grpc_status, request, run, send};

/// The span of a call that was answered with a message and trailers, and read to the end.
fn answered(trailers: HeaderMap) -> Span {
    run(|capture| async move {
        let service = handler_fn(move |_| {
            let body = Body::full_with_trailers("message", trailers.clone());
            async move { body }
        });
        let response = send(call(), service).await.unwrap();
        read(response).await;
        capture.closed()
    })
}

async fn read(response: Response<TracedBody<Body>>) {
    let mut body = Body::wrap(response.into_body());
    while let Some(frame) = body.frame().await {
        frame.unwrap();
    }
}

#[test]
fn the_call_is_named_by_service_and_method() {
    answered(grpc_status("0")).expect(&[
        ("otel.name", "pkg.Greeter/SayHello"),
        ("rpc.system.name", "grpc"),
        ("rpc.method", "pkg.Greeter/SayHello"),
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
    ]);
}

#[test]
fn the_outcome_is_the_status_in_the_trailers() {
    for (code, name, error) in [
        ("0", "OK", ""),
        ("1", "CANCELLED", ""),
        ("2", "UNKNOWN", "UNKNOWN"),
        ("3", "INVALID_ARGUMENT", ""),
        ("4", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
        ("5", "NOT_FOUND", ""),
        ("12", "UNIMPLEMENTED", "UNIMPLEMENTED"),
        ("13", "INTERNAL", "INTERNAL"),
        ("14", "UNAVAILABLE", "UNAVAILABLE"),
        ("15", "DATA_LOSS", "DATA_LOSS"),
        ("16", "UNAUTHENTICATED", ""),
        ("17", "UNKNOWN", "UNKNOWN"),
        ("+5", "UNKNOWN", "UNKNOWN"),
        ("05", "UNKNOWN", "UNKNOWN"),
        ("x", "UNKNOWN", "UNKNOWN"),
    ] {
        let span = answered(grpc_status(code));
        span.expect(&[
            ("rpc.response.status_code", name),
            ("error.type", error),
            ("otel.status_code", if error.is_empty() { "" } else { "ERROR" }),
        ]);
        let level = if error.is_empty() { Level::INFO } else { Level::ERROR };
        assert_eq!(span.events.last().unwrap().0, level, "{code}");
    }
}

#[test]
fn a_call_without_a_status_is_unknown() {
    answered(HeaderMap::new()).expect(&[("rpc.response.status_code", "UNKNOWN"), ("error.type", "UNKNOWN")]);
}

#[test]
fn a_response_that_is_only_a_head_has_its_status_there() {
    run(|capture| async move {
        let service = handler_fn(|_| async {
            let mut response = Response::new(Body::empty());
            *response.headers_mut() = grpc_status("5");
            response
        });
        drop(send(call(), service).await.unwrap());
        capture.closed().expect(&[("rpc.response.status_code", "NOT_FOUND"), ("error.type", "")]);
    });
}

#[test]
fn a_call_dropped_before_its_trailers_was_cancelled() {
    run(|capture: Capture| async move {
        let service = handler_fn(|_| async { Body::full_with_trailers("message", grpc_status("0")) });
        let mut body = Body::wrap(send(call(), service).await.unwrap().into_body());
        body.frame().await.unwrap().unwrap();
        drop(body);
        capture.closed().expect(&[("rpc.response.status_code", "CANCELLED"), ("error.type", "cancelled")]);
    });
}

#[test]
fn only_grpc_content_types_are_calls() {
    for (content_type, is_call) in [
        ("application/grpc", true),
        ("application/grpc+proto", true),
        ("application/grpc;charset=utf-8", true),
        ("application/grpc-web", false),
        ("application/grpcish", false),
        ("application/json", false),
    ] {
        run(|capture| async move {
            let post = request("POST", "/pkg.Greeter/SayHello", &[("content-type", content_type)]);
            drop(send(post, handler_fn(|_| async {})).await.unwrap());
            let name = if is_call { "pkg.Greeter/SayHello" } else { "POST" };
            capture
                .closed()
                .expect(&[("otel.name", name), ("rpc.system.name", if is_call { "grpc" } else { "" })]);
        });
    }
}
