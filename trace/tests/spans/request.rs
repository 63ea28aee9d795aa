//! What a span says about the head of a request.

use std::convert::Infallible;

use http::{Response, Version};
use minato_http::{Body, ConnInfo, ServerConfig, handler_fn, serve_connection};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt, duplex};
use minato_service::{Layer, service_fn};
use minato_trace::{TraceContext, TraceLayer};
use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::capture::{request, run, run_at, send};

#[test]
fn the_head_is_told_in_the_words_of_the_conventions() {
    run(|capture| async move {
        let mut get = request("GET", "/orders/7?token=secret", &[]);
        *get.version_mut() = Version::HTTP_2;
        get.extensions_mut().insert(ConnInfo::new(Some("192.0.2.1:5000".parse().unwrap()), None));
        let response = send(get, handler_fn(|_| async { "seven" })).await.unwrap();
        assert_eq!(Body::wrap(response.into_body()).text().await.unwrap(), "seven");

        let span = capture.closed();
        assert_eq!(span.name, "request");
        span.expect(&[
            ("otel.name", "GET"),
            ("otel.kind", "server"),
            ("http.request.method", "GET"),
            ("url.path", "/orders/7"),
            ("url.scheme", "http"),
            ("network.protocol.version", "2"),
            ("client.address", "192.0.2.1"),
            ("http.response.status_code", "200"),
            ("http.server.request.duration", "0.0"),
            ("rpc.system.name", ""),
            ("error.type", ""),
            ("otel.status_code", ""),
            ("parent_span_id", ""),
        ]);
        assert!(span.fields.values().all(|value| !value.contains("secret")));
        assert_eq!(span.events, [(Level::INFO, "request finished".to_owned())]);
    });
}

#[test]
fn a_peer_does_not_choose_names() {
    run(|capture| async move {
        drop(send(request("BREW", "/", &[]), handler_fn(|_| async {})).await.unwrap());
        capture.closed().expect(&[("otel.name", "HTTP"), ("http.request.method", "_OTHER")]);
    });
}

#[test]
fn protocol_versions_have_their_numbers() {
    for (version, number) in [(Version::HTTP_10, "1.0"), (Version::HTTP_11, "1.1"), (Version::HTTP_2, "2")] {
        run(|capture| async move {
            let mut get = request("GET", "/", &[]);
            *get.version_mut() = version;
            drop(send(get, handler_fn(|_| async {})).await.unwrap());
            capture.closed().expect(&[("network.protocol.version", number)]);
        });
    }
}

#[test]
fn the_handler_runs_inside_the_span() {
    run(|capture| async move {
        let service = handler_fn(|_| async {
            minato_runtime::task::yield_now().await;
            tracing::debug!("working");
        });
        drop(send(request("GET", "/", &[]), service).await.unwrap());
        assert_eq!(capture.closed().events[0], (Level::DEBUG, "working".to_owned()));
    });
}

#[test]
fn a_span_that_is_turned_off_leaves_the_request_alone() {
    run_at(LevelFilter::WARN, |capture| async move {
        let service = service_fn(|request: http::Request<Body>| async move {
            assert!(request.extensions().get::<TraceContext>().is_none());
            assert_eq!(TraceContext::current(), None);
            Ok::<_, Infallible>(Response::new(Body::from("hello")))
        });
        let response = send(request("GET", "/", &[]), service).await.unwrap();
        assert_eq!(Body::wrap(response.into_body()).text().await.unwrap(), "hello");
        assert!(capture.spans().is_empty());
    });
}

#[test]
fn requests_on_a_connection_have_their_spans() {
    run(|capture| async move {
        let (mut client, server) = duplex(64 * 1024);
        let service = TraceLayer::new().layer(handler_fn(|_| async { "hello" }));
        let connection = minato_runtime::spawn(serve_connection(server, service, ServerConfig::default()));
        client.write_all(b"HEAD /a HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        client.write_all(b"GET /b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answers = String::new();
        client.read_to_string(&mut answers).await.unwrap();
        assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "{answers}");
        connection.await.unwrap().unwrap();

        let spans = capture.spans();
        let paths: Vec<_> = spans.iter().map(|span| span.field("url.path").unwrap()).collect();
        assert_eq!(paths, ["/a", "/b"]);
        for span in spans {
            assert!(span.is_closed);
            assert_eq!(span.events, [(Level::INFO, "request finished".to_owned())]);
        }
    });
}
