//! Request and response bodies of HTTP/1: framing, trailers, expectations, and what happens when they break off.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use minato_http::{Body, BodySender, Error, Reason, ServerConfig, handler_fn};
use minato_runtime::sync::oneshot;

use crate::kit::{run, serve};

async fn echo(request: Request<Body>) -> Response<Body> {
    Response::new(request.into_body())
}

async fn whole(request: Request<Body>) -> Result<Bytes, Error> {
    request.into_body().bytes(1 << 20).await
}

#[test]
fn a_chunked_body_is_echoed_with_its_trailers() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(echo), ServerConfig::default());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        assert_eq!(peer.head().await.field("transfer-encoding"), Some("chunked"));
        peer.send("5\r\nhello\r\n").await;
        peer.expect("5\r\nhello\r\n").await;
        peer.send("1;x=y\r\n \r\n5\r\nworld\r\n0\r\nx-sum: 1\r\n\r\n").await;
        // What arrives together is handed on together.
        peer.expect("6\r\n world\r\n0\r\nx-sum: 1\r\n\r\n").await;
    });
}

#[test]
fn trailers_are_not_sent_to_those_who_do_not_look_at_them() {
    run(async {
        let service = handler_fn(|_| async {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", "1".parse().unwrap());
            Body::full_with_trailers("data", trailers)
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(peer.answer().await.field("content-length"), Some("4"));
        peer.send("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n").await;
        peer.head().await;
        peer.expect("4\r\ndata\r\n0\r\nx-sum: 1\r\n\r\n").await;
    });
}

#[test]
fn a_client_that_waits_is_told_to_go_on_when_the_body_is_wanted() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        for _ in 0..2 {
            peer.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
                .await;
            peer.expect("HTTP/1.1 100 Continue\r\n\r\n").await;
            peer.send("hello").await;
            assert_eq!(peer.answer().await.text(), "hello");
        }
    });
}

#[test]
fn a_client_that_waits_is_not_told_to_go_on_for_nothing() {
    run(async {
        let (mut peer, _server) =
            serve(handler_fn(|_| async { StatusCode::FORBIDDEN }), ServerConfig::default());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").await;
        let answer = peer.answer().await;
        // Nobody can know whether the body will come: the connection is of no further use.
        assert_eq!((answer.status, answer.closes()), (403, true));
        peer.expect_end().await;
    });
}

#[test]
fn a_body_that_came_with_its_head_needs_no_continue() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
            .await;
        assert_eq!(peer.answer().await.text(), "hello");
    });
}

#[test]
fn a_response_made_of_the_request_body_is_preceded_by_continue() {
    run(async {
        let echo = handler_fn(|request: Request<Body>| async move { Response::new(request.into_body()) });
        let (mut peer, _server) = serve(echo, ServerConfig::default());
        for _ in 0..2 {
            peer.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
                .await;
            peer.expect("HTTP/1.1 100 Continue\r\n\r\n").await;
            peer.send("hello").await;
            let answer = peer.answer().await;
            assert_eq!((answer.text(), answer.closes()), ("hello", false));
        }
    });
}

#[test]
fn another_expectation_is_refused() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: more\r\nContent-Length: 5\r\n\r\nhello").await;
        assert_eq!(peer.answer().await.status, 417);
        peer.expect_end().await;
    });
}

#[test]
fn a_head_request_gets_the_head_alone() {
    run(async {
        let service = handler_fn(|request: Request<Body>| async move {
            match request.uri().path() {
                "/known" => Body::from("hello"),
                _ => Body::channel().1,
            }
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        peer.send("HEAD /known HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(peer.head().await.field("content-length"), Some("5"));
        peer.send("HEAD /unknown HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let head = peer.head().await;
        assert_eq!((head.field("content-length"), head.field("transfer-encoding")), (None, None));
        peer.send("GET /known HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(peer.answer().await.text(), "hello");
    });
}

#[test]
fn a_1_0_client_gets_a_body_that_ends_with_the_connection() {
    run(async {
        let service = handler_fn(|_| async {
            let (mut sender, body) = Body::channel();
            sender.send("hello").await.unwrap();
            sender.finish();
            body
        });
        // The sender is done before the head is written, so that the length is known after all.
        let (mut peer, _server) = serve(service, ServerConfig::default());
        peer.send("GET / HTTP/1.0\r\n\r\n").await;
        assert_eq!(peer.answer().await.field("content-length"), Some("5"));

        let (sender, rest) = oneshot::channel::<BodySender>();
        let mut sender = Some(sender);
        let service = handler_fn(move |_| {
            let (body_sender, body) = Body::channel();
            assert!(sender.take().unwrap().send(body_sender).is_ok());
            async { body }
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await;
        let head = peer.head().await;
        assert!(head.closes());
        assert_eq!((head.field("content-length"), head.field("transfer-encoding")), (None, None));
        let mut sender = rest.await.unwrap();
        sender.send("hello").await.unwrap();
        sender.finish();
        assert_eq!(peer.rest().await, b"hello");
    });
}

#[test]
fn a_response_that_is_aborted_does_not_look_complete() {
    run(async {
        let service = handler_fn(|request: Request<Body>| async move {
            let (mut sender, body) = Body::channel();
            sender.send("hello").await.unwrap();
            match request.uri().path() {
                "/abort" => sender.abort(Error::reset(Reason::CANCEL)),
                _ => drop(sender),
            }
            body
        });
        for path in ["/abort", "/drop"] {
            let (mut peer, _server) = serve(service, ServerConfig::default());
            peer.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
            peer.head().await;
            assert_eq!(peer.rest().await, b"5\r\nhello\r\n");
        }
    });
}

#[test]
fn a_body_that_is_not_as_long_as_announced_ends_the_connection() {
    run(async {
        for (announced, expected) in [("3", ""), ("9", "hello")] {
            let service = handler_fn(move |_| async move {
                let (mut sender, body) = Body::channel();
                sender.send("hello").await.unwrap();
                let late = minato_runtime::spawn(async move {
                    minato_runtime::task::yield_now().await;
                    sender.finish();
                });
                drop(late);
                Response::builder().header("content-length", announced).body(body).unwrap()
            });
            let (mut peer, _server) = serve(service, ServerConfig::default());
            peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
            assert_eq!(peer.head().await.field("content-length"), Some(announced));
            assert_eq!(peer.rest().await, expected.as_bytes());
        }
    });
}

#[test]
fn a_broken_body_is_told_to_the_handler_whose_answer_stands() {
    run(async {
        let service = handler_fn(|request: Request<Body>| async move {
            match request.into_body().bytes(100).await {
                Ok(_) => "fine".to_owned(),
                Err(error) => format!("peer fault: {}", error.is_peer_fault()),
            }
        });
        for body in ["Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", "Content-Length: 5\r\n\r\nhel"] {
            let (mut peer, _server) = serve(service, ServerConfig::default());
            peer.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{body}")).await;
            peer.finish().await;
            let answer = peer.answer().await;
            assert_eq!((answer.text(), answer.closes()), ("peer fault: true", true));
            peer.expect_end().await;
        }
    });
}

#[test]
fn a_broken_body_is_answered_400_where_the_handler_has_no_answer() {
    run(async {
        let service = handler_fn(|request: Request<Body>| async move {
            let _ = request.into_body().bytes(100).await;
            std::future::pending::<()>().await;
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").await;
        assert_eq!(peer.answer().await.status, 400);
        peer.expect_end().await;
    });
}

#[test]
fn a_long_body_is_held_back_until_the_handler_reads() {
    run(async {
        let (go, gone) = oneshot::channel::<()>();
        let mut gone = Some(gone);
        let service = handler_fn(move |request: Request<Body>| {
            let gone = gone.take();
            async move {
                gone.unwrap().await.unwrap();
                let len = request.into_body().bytes(10 << 20).await.map(|bytes| bytes.len());
                len.map(|len| len.to_string())
            }
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n").await;
        let body = vec![b'x'; 5_000_000];
        let upload = minato_runtime::io::AsyncWriteExt::write_all(&mut peer.io, &body);
        // The pipe fills up, and nothing takes from it: the clock runs on to its end.
        let waited = minato_runtime::time::timeout(std::time::Duration::from_secs(5), upload).await;
        assert!(waited.is_err());
        go.send(()).unwrap();
        drop(peer);
    });
}
