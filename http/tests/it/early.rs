//! What a handler may ask of its exchange: to send responses before the final one, and to be told of the end.

use std::sync::{Arc, Mutex};

use http::{HeaderMap, Request, StatusCode};
use minato_http::{Body, ConnInfo, Informational, ServerConfig, handler_fn, serve_connection};
use minato_runtime::io::duplex;
use minato_runtime::io::tokio_compat::Compat;
use minato_runtime::sync::{Notify, oneshot};

use crate::kit::{PIPE_BYTES, run, serve};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

fn info(request: &Request<Body>) -> ConnInfo {
    request.extensions().get::<ConnInfo>().unwrap().clone()
}

fn hints(link: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("link", link.parse().unwrap());
    headers.insert("connection", "close".parse().unwrap());
    headers.insert("content-length", "5".parse().unwrap());
    headers
}

fn send(early: &Informational, link: &'static str) {
    early.send(StatusCode::EARLY_HINTS, hints(link)).unwrap();
}

#[test]
fn early_hints_come_before_the_response_and_without_fields_that_frame() {
    run(async {
        let service = handler_fn(|request: Request<Body>| {
            send(&info(&request).informational(), "</a>");
            async { "done" }
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        for _ in 0..2 {
            peer.send(GET).await;
            peer.expect("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").await;
            assert_eq!(peer.answer().await.text(), "done");
        }
        // RFC 9110 §15.2: not to a client of HTTP/1.0.
        peer.send("GET / HTTP/1.0\r\n\r\n").await;
        assert_eq!(peer.answer().await.status, 200);
    });
}

#[test]
fn early_hints_leave_while_the_handler_works_whoever_sends_them() {
    run(async {
        let go = Arc::new(Notify::new());
        let (told, go_on) = oneshot::channel();
        let told = Arc::new(Mutex::new(Some(told)));
        let service = {
            let go = go.clone();
            handler_fn(move |request: Request<Body>| {
                let info = info(&request);
                let tell = told.lock().unwrap().take().unwrap();
                let go = go.clone();
                async move {
                    send(&info.informational(), "</1>");
                    let _ = tell.send(info);
                    go.notified().await;
                    "done"
                }
            })
        };
        let (mut peer, _server) = serve(service, ServerConfig::default());
        peer.send(GET).await;
        peer.expect("HTTP/1.1 103 Early Hints\r\nlink: </1>\r\n\r\n").await;
        let info = go_on.await.unwrap();
        // From another task, while the connection waits for its handler.
        send(&info.informational(), "</2>");
        peer.expect("HTTP/1.1 103 Early Hints\r\nlink: </2>\r\n\r\n").await;
        go.notify_one();
        assert_eq!(peer.answer().await.text(), "done");
        assert!(
            info.informational().send(StatusCode::EARLY_HINTS, HeaderMap::new()).unwrap_err().is_canceled()
        );
    });
}

#[test]
fn only_informational_responses_are_taken_and_not_without_bound() {
    run(async {
        let service = handler_fn(|request: Request<Body>| {
            let early = info(&request).informational();
            for status in [StatusCode::OK, StatusCode::SWITCHING_PROTOCOLS, StatusCode::NOT_FOUND] {
                assert!(early.send(status, HeaderMap::new()).is_err());
            }
            let taken =
                (0..100).filter(|_| early.send(StatusCode::PROCESSING, HeaderMap::new()).is_ok()).count();
            async move { taken.to_string() }
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        peer.send(GET).await;
        for _ in 0..16 {
            assert_eq!(peer.head().await.status, 102);
        }
        assert_eq!(peer.answer().await.text(), "16");
    });
}

#[test]
fn the_end_of_an_exchange_is_told_to_work_that_outlives_the_handler() {
    run(async {
        let (tell, told) = oneshot::channel();
        let tell = Arc::new(Mutex::new(Some(tell)));
        let service = handler_fn(move |request: Request<Body>| {
            let ended = info(&request).ended();
            let tell = tell.lock().unwrap().take().unwrap();
            drop(minato_runtime::spawn(async move {
                ended.await;
                let _ = tell.send(());
            }));
            std::future::pending::<&str>()
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        peer.send(GET).await;
        minato_runtime::task::yield_now().await;
        peer.finish().await;
        told.await.unwrap();
    });
}

#[test]
fn over_http2_early_hints_and_resets_belong_to_their_stream() {
    run(async {
        let (ours, theirs) = duplex(PIPE_BYTES);
        let ended = Arc::new(Mutex::new(Vec::new()));
        let service = {
            let ended = ended.clone();
            handler_fn(move |request: Request<Body>| {
                let info = info(&request);
                let path = request.uri().path().to_owned();
                if path == "/hinted" {
                    send(&info.informational(), "</a>");
                }
                let ended = ended.clone();
                let watching = info.ended();
                let watched = path.clone();
                drop(minato_runtime::spawn(async move {
                    watching.await;
                    ended.lock().unwrap().push(watched);
                }));
                async move {
                    match path.as_str() {
                        "/stuck" => std::future::pending().await,
                        _ => "done",
                    }
                }
            })
        };
        drop(minato_runtime::spawn(serve_connection(theirs, service, ServerConfig::default())));
        let (mut client, connection) = h2::client::handshake(Compat::new(ours)).await.unwrap();
        drop(minato_runtime::spawn(connection));
        let get = |path: &str| Request::get(format!("http://a{path}")).body(()).unwrap();
        let (_stuck, mut stuck_send) = client.send_request(get("/stuck"), true).unwrap();
        let (mut hinted, _) = client.send_request(get("/hinted"), true).unwrap();
        let early = std::future::poll_fn(|cx| hinted.poll_informational(cx)).await.unwrap().unwrap();
        assert_eq!(
            (early.status(), early.headers()["link"].to_str().unwrap()),
            (StatusCode::EARLY_HINTS, "</a>")
        );
        assert!(!early.headers().contains_key("connection"));
        assert_eq!(hinted.await.unwrap().status(), 200);
        while *ended.lock().unwrap() != ["/hinted"] {
            minato_runtime::task::yield_now().await;
        }
        stuck_send.send_reset(h2::Reason::CANCEL);
        while *ended.lock().unwrap() != ["/hinted", "/stuck"] {
            minato_runtime::task::yield_now().await;
        }
    });
}
