//! Trace context in by the server's layer, out by the client's.

use std::convert::Infallible;

use http::header::HeaderMap;
use http::{Request, Response};
use minato_http::{Body, handler_fn};
use minato_service::{Layer, ServiceExt, service_fn};
use minato_trace::{PropagateLayer, Sampling, TraceContext};

use crate::capture::{request, run, run_at, send};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

fn traced(method: &str) -> Request<Body> {
    let traceparent = format!("00-{TRACE}-{CALLER}-00");
    request(method, "/", &[("traceparent", &traceparent), ("tracestate", "vendor=x")])
}

/// What a client of ours sends for a request.
async fn sent(request: Request<Body>) -> HeaderMap {
    let client = service_fn(|request: Request<Body>| async move {
        Ok::<_, Infallible>(Response::new(request.headers().clone()))
    });
    PropagateLayer::new().layer(client).oneshot(request).await.unwrap().into_body()
}

#[test]
fn the_trace_of_the_caller_goes_on_through_the_handler() {
    run(|capture| async move {
        let service = handler_fn(|request: Request<Body>| async move {
            let context = request.extensions().get::<TraceContext>().cloned().unwrap();
            minato_runtime::task::yield_now().await;
            assert_eq!(TraceContext::current().as_ref(), Some(&context));
            assert_eq!(context.sampling(), Sampling::NotSampled);

            let expected = format!("00-{TRACE}-{}-00", context.span_id());
            let fields = sent(Request::default()).await;
            assert_eq!(fields["traceparent"], expected);
            assert_eq!(fields["tracestate"], "vendor=x");
        });
        drop(send(traced("GET"), service).await.unwrap());

        assert_eq!(TraceContext::current(), None);
        let span = capture.closed();
        span.expect(&[("trace_id", TRACE), ("parent_span_id", CALLER), ("error.type", "")]);
        assert_ne!(span.field("span_id"), Some(CALLER));
    });
}

#[test]
fn a_malformed_context_begins_a_new_trace() {
    run(|capture| async move {
        let bad = format!("ff-{TRACE}-{CALLER}-01");
        let get = request("GET", "/", &[("traceparent", &bad), ("tracestate", "vendor=x")]);
        let service = handler_fn(|_| async {
            assert!(TraceContext::current().unwrap().state().is_empty());
        });
        drop(send(get, service).await.unwrap());
        let span = capture.closed();
        span.expect(&[("parent_span_id", ""), ("error.type", "")]);
        assert_ne!(span.field("trace_id"), Some(TRACE));
    });
}

#[test]
fn the_extensions_of_a_request_come_before_the_current_context() {
    run(|_| async {
        let (current, own) = (TraceContext::new_root(), TraceContext::new_root());
        let mut request = traced("GET");
        request.extensions_mut().insert(own.clone());
        let fields = current.scope(sent(request)).await;
        assert_eq!(TraceContext::extract(&fields), Some(own));
        assert!(!fields.contains_key("tracestate"), "the stale field does not go with another trace");
    });
}

#[test]
fn without_a_context_requests_leave_as_they_are() {
    run(|_| async {
        assert!(sent(Request::default()).await.is_empty());
        assert_eq!(sent(traced("GET")).await, *traced("GET").headers());
    });
}

#[test]
fn a_handler_whose_span_is_turned_off_has_no_context() {
    run_at(tracing::level_filters::LevelFilter::OFF, |_| async {
        let service = handler_fn(|_| async { assert!(sent(Request::default()).await.is_empty()) });
        drop(send(traced("GET"), service).await.unwrap());
    });
}
