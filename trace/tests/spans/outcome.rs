//! What a span says about the end of a request.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, pending};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Response, StatusCode};
use http_body::Body as _;
use minato_http::{Body, handler_fn};
use minato_service::service_fn;
use tracing::Level;

use crate::capture::{request, run, send};

#[derive(Debug)]
struct OutOfInk;

impl fmt::Display for OutOfInk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of ink")
    }
}

impl std::error::Error for OutOfInk {}

#[test]
fn the_span_lasts_until_the_body_has_ended() {
    run(|capture| async move {
        let (mut sender, body) = Body::channel();
        let mut body = Some(body);
        let service = handler_fn(move |_| {
            let body = body.take().unwrap();
            async move { body }
        });
        let response = send(request("GET", "/", &[]), service).await.unwrap();
        let mut body = Body::wrap(response.into_body());
        sender.send("one").await.unwrap();
        assert_eq!(body.data().await.unwrap().unwrap(), "one");
        assert!(!capture.span().is_closed);

        minato_runtime::time::advance(Duration::from_millis(1500)).await;
        sender.finish();
        assert!(body.data().await.is_none());
        capture.closed().expect(&[("http.server.request.duration", "1.5"), ("error.type", "")]);
    });
}

#[test]
fn a_status_of_the_server_is_an_error_and_one_of_the_client_is_not() {
    for (status, error, level) in [
        (StatusCode::SERVICE_UNAVAILABLE, "503", Level::ERROR),
        (StatusCode::NOT_FOUND, "", Level::INFO),
        (StatusCode::NO_CONTENT, "", Level::INFO),
    ] {
        run(|capture| async move {
            drop(send(request("GET", "/", &[]), handler_fn(move |_| async move { status })).await.unwrap());
            let span = capture.closed();
            span.expect(&[
                ("http.response.status_code", status.as_str()),
                ("error.type", error),
                ("otel.status_code", if error.is_empty() { "" } else { "ERROR" }),
            ]);
            assert_eq!(span.events.last().unwrap().0, level);
        });
    }
}

#[test]
fn an_error_of_the_service_is_told_by_its_type() {
    run(|capture| async move {
        let service = service_fn(|_| async { Err::<Response<Body>, _>(OutOfInk) });
        assert!(send(request("GET", "/", &[]), service).await.is_err());
        let span = capture.closed();
        assert!(span.field("error.type").unwrap().ends_with("OutOfInk"), "{span:?}");
        span.expect(&[("http.response.status_code", ""), ("otel.status_code", "ERROR")]);
    });
}

#[test]
fn an_error_of_the_body_is_told_by_its_type() {
    run(|capture| async move {
        let (sender, body) = Body::channel();
        drop(sender);
        let mut body = Some(body);
        let service = service_fn(move |_| {
            let response = Response::new(body.take().unwrap());
            async { Ok::<_, Infallible>(response) }
        });
        let response = send(request("GET", "/", &[]), service).await.unwrap();
        assert!(Body::wrap(response.into_body()).text().await.is_err());
        capture.closed().expect(&[
            ("error.type", std::any::type_name::<minato_http::Error>()),
            ("http.response.status_code", "200"),
            ("otel.status_code", "ERROR"),
        ]);
    });
}

#[test]
fn a_client_that_leaves_before_the_head_has_cancelled() {
    run(|capture| async move {
        let call = send(request("GET", "/", &[]), handler_fn(|_| pending::<()>()));
        {
            let mut call = pin!(call);
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            assert!(!capture.span().is_closed);
        }
        let span = capture.closed();
        span.expect(&[
            ("error.type", "cancelled"),
            ("http.response.status_code", ""),
            ("otel.status_code", ""),
        ]);
        assert_eq!(span.events, [(Level::INFO, "request cancelled by the client".to_owned())]);
    });
}

#[test]
fn a_client_that_leaves_before_the_end_has_cancelled() {
    run(|capture| async move {
        let (mut sender, body) = Body::channel();
        let mut body = Some(body);
        let service = handler_fn(move |_| {
            let body = body.take().unwrap();
            async move { body }
        });
        let response = send(request("GET", "/", &[]), service).await.unwrap();
        sender.send("half").await.unwrap();
        let mut body = Body::wrap(response.into_body());
        body.data().await.unwrap().unwrap();
        drop(body);
        capture.closed().expect(&[("error.type", "cancelled"), ("http.response.status_code", "200")]);
    });
}

#[test]
fn a_body_nobody_has_to_read_is_not_cancelled() {
    for (method, status) in [("HEAD", StatusCode::OK), ("GET", StatusCode::NOT_MODIFIED)] {
        run(|capture| async move {
            let service = handler_fn(move |_| async move { (status, "never read") });
            let response = send(request(method, "/", &[]), service).await.unwrap();
            assert!(!response.body().is_end_stream());
            drop(response);
            capture.closed().expect(&[("error.type", ""), ("http.response.status_code", status.as_str())]);
        });
    }
}

#[test]
fn a_body_read_to_its_last_byte_is_not_cancelled() {
    run(|capture| async move {
        let response = send(request("GET", "/", &[]), handler_fn(|_| async { "all" })).await.unwrap();
        let mut body = response.into_body();
        let frame = pin!(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(frame, Poll::Ready(Some(Ok(_)))));
        capture.closed().expect(&[("error.type", "")]);
    });
}

#[test]
fn a_handler_that_panics_has_not_been_cancelled() {
    run(|capture| async move {
        let service = handler_fn(|_| async { std::panic::resume_unwind(Box::new("in the handler")) as () });
        let mut call = Box::pin(send(request("GET", "/", &[]), service));
        // As a server does: the panic is caught first, and the call dropped later.
        let poll = || call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        assert!(std::panic::catch_unwind(AssertUnwindSafe(poll)).is_err());
        drop(call);
        capture.closed().expect(&[("error.type", "panic"), ("otel.status_code", "ERROR")]);
    });
}
