//! Which connections live on after a response, and in what order responses come.

use crate::kit::{run, serve};
use http::header::CONNECTION;
use http::{Request, Response};
use minato_http::{Body, NameCase, ServerConfig, handler_fn};
use minato_runtime::sync::oneshot;

async fn path(request: Request<Body>) -> String {
    request.uri().path().to_owned()
}

#[test]
fn one_connection_serves_one_request_after_another() {
    run(async {
        let (mut peer, server) = serve(handler_fn(path), ServerConfig::default());
        for _ in 0..3 {
            peer.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").await;
            let answer = peer.answer().await;
            assert_eq!((answer.status, answer.text()), (200, "/a"));
            assert_eq!(answer.field("connection"), None);
            assert_eq!(answer.field("content-type"), Some("text/plain; charset=utf-8"));
        }
        peer.finish().await;
        peer.expect_end().await;
        server.await.unwrap().unwrap();
    });
}

#[test]
fn close_is_heeded_from_either_side() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(path), ServerConfig::default());
        peer.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        assert!(peer.answer().await.closes());
        peer.expect_end().await;

        let closing = handler_fn(|_| async {
            Response::builder().header(CONNECTION, "x, Close").body(Body::empty()).unwrap()
        });
        let (mut peer, _server) = serve(closing, ServerConfig::default());
        peer.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(peer.answer().await.closes());
        peer.expect_end().await;

        let mut config = ServerConfig::default();
        config.http1.keep_alive = false;
        let (mut peer, _server) = serve(handler_fn(path), config);
        peer.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(peer.answer().await.closes());
        peer.expect_end().await;
    });
}

#[test]
fn a_1_0_connection_lives_on_only_if_asked_to() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(path), ServerConfig::default());
        peer.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await;
        assert_eq!(peer.answer().await.field("connection"), Some("keep-alive"));
        peer.send("GET /b HTTP/1.0\r\n\r\n").await;
        let answer = peer.answer().await;
        assert!(answer.closes());
        assert_eq!(answer.text(), "/b");
        peer.expect_end().await;
    });
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(path), ServerConfig::default());
        let requests: String = (0..1000).map(|i| format!("GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n")).collect();
        peer.send(requests).await;
        for i in 0..1000 {
            assert_eq!(peer.answer().await.text(), format!("/{i}"));
        }
    });
}

#[test]
fn a_slow_handler_holds_up_the_requests_behind_it_and_not_the_response_before() {
    run(async {
        let (release, released) = oneshot::channel::<()>();
        let mut released = Some(released);
        let service = handler_fn(move |request: Request<Body>| {
            let wait = if request.uri().path() == "/slow" { released.take() } else { None };
            async move {
                if let Some(wait) = wait {
                    wait.await.unwrap();
                }
                request.uri().path().to_owned()
            }
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        for path in ["/first", "/slow", "/last"] {
            peer.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        }
        assert_eq!(peer.answer().await.text(), "/first");
        release.send(()).unwrap();
        assert_eq!(peer.answer().await.text(), "/slow");
        assert_eq!(peer.answer().await.text(), "/last");
    });
}

#[test]
fn an_unread_body_does_not_become_the_next_request() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(path), ServerConfig::default());
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
        peer.send(format!(
            "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{smuggled}",
            smuggled.len()
        ))
        .await;
        peer.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(peer.answer().await.text(), "/a");
        assert_eq!(peer.answer().await.text(), "/b");
        peer.finish().await;
        peer.expect_end().await;
    });
}

#[test]
fn a_long_unread_body_ends_the_connection_after_the_response() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(path), ServerConfig::default());
        peer.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n").await;
        assert_eq!(peer.answer().await.text(), "/a");
        let mut sent = 0;
        // The server reads on for a while, so that the response is not lost to a reset, and then no more.
        while minato_runtime::io::AsyncWriteExt::write_all(&mut peer.io, &[b'x'; 1000]).await.is_ok() {
            sent += 1000;
            assert!(sent < 10_000_000);
        }
        assert!(sent >= 256 * 1024, "{sent}");
    });
}

#[test]
fn names_may_be_written_with_capitals_and_responses_go_without_a_date() {
    run(async {
        let mut config = ServerConfig::default();
        config.http1.name_case = NameCase::Title;
        config.http1.date = false;
        let service = handler_fn(|_| async {
            let mut response = http::Response::new(Body::from("a: b"));
            response.headers_mut().insert("x-request-id", "c-d: e".parse().unwrap());
            response
        });
        let (mut peer, _server) = serve(service, config);
        peer.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        peer.expect(
            "HTTP/1.1 200 OK\r\nX-Request-Id: c-d: e\r\nContent-Length: 4\r\nConnection: close\r\n\r\na: b",
        )
        .await;
    });
}
