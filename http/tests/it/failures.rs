//! Handlers that panic or fail, services that are not ready, and peers that go away in every state.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use minato_http::{Body, ConnInfo, ServerConfig, handler_fn};
use minato_runtime::sync::oneshot;
use tower_service::Service;

use crate::kit::{run, serve};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_panic_is_answered_500_and_ends_the_connection() {
    run(async {
        let service = handler_fn(|request: Request<Body>| async move {
            assert_eq!(request.uri().path(), "/fine", "on purpose");
            "fine"
        });
        let (mut peer, server) = serve(service, ServerConfig::default());
        peer.send("GET /fine HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(peer.answer().await.text(), "fine");
        peer.send(GET).await;
        let answer = peer.answer().await;
        assert_eq!((answer.status, answer.closes()), (500, true));
        peer.expect_end().await;
        server.await.unwrap().unwrap();
    });
}

/// A service that fails in a way that the test chooses.
#[derive(Clone)]
struct Failing {
    unready: Arc<AtomicUsize>,
}

impl tower_service::Service<Request<Body>> for Failing {
    type Response = Response<Body>;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Response<Body>, std::io::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), std::io::Error>> {
        let left = self.unready.load(Ordering::Relaxed);
        if left == 0 {
            return Poll::Ready(Ok(()));
        }
        self.unready.store(left - 1, Ordering::Relaxed);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        std::future::ready(match request.uri().path() {
            "/" => Ok(Response::new(Body::from("fine"))),
            _ => Err(std::io::Error::other("on purpose")),
        })
    }
}

#[test]
fn an_error_of_the_service_is_answered_500_and_the_connection_lives_on() {
    run(async {
        let (mut peer, _server) = serve(Failing { unready: Arc::default() }, ServerConfig::default());
        peer.send("GET /fail HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(peer.answer().await.status, 500);
        peer.send(GET).await;
        assert_eq!(peer.answer().await.text(), "fine");
    });
}

#[test]
fn a_service_that_is_not_ready_is_waited_for() {
    run(async {
        let unready = Arc::new(AtomicUsize::new(5));
        let (mut peer, _server) = serve(Failing { unready: unready.clone() }, ServerConfig::default());
        peer.send(GET).await;
        peer.send(GET).await;
        assert_eq!(peer.answer().await.text(), "fine");
        assert_eq!(peer.answer().await.text(), "fine");
        assert_eq!(unready.load(Ordering::Relaxed), 0);
    });
}

/// Tells when it is dropped.
struct Told(Option<oneshot::Sender<()>>);

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.0.take().unwrap().send(());
    }
}

#[test]
fn a_handler_is_dropped_when_its_peer_goes_away() {
    run(async {
        let (dropped, is_dropped) = oneshot::channel();
        let mut told = Some(Told(Some(dropped)));
        let service = handler_fn(move |_| {
            let told = told.take();
            async move {
                let _told = told;
                std::future::pending::<()>().await;
            }
        });
        let (mut peer, server) = serve(service, ServerConfig::default());
        peer.send(GET).await;
        drop(peer);
        is_dropped.await.unwrap();
        server.await.unwrap().unwrap();
    });
}

/// What stands on the wire before the end of a peer that goes away.
const UNREAD: [&str; 6] = [
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthe",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
];

#[test]
fn a_peer_that_goes_away_is_noticed_behind_what_nobody_reads() {
    for sent in UNREAD {
        // A handler that keeps the body, one that drops it, and one that has begun to answer.
        for kind in ["keeps", "drops", "answers"] {
            run(async {
                let (dropped, is_dropped) = oneshot::channel();
                let (ended, has_ended) = oneshot::channel();
                let mut told = Some((Told(Some(dropped)), ended));
                let service = handler_fn(move |request: Request<Body>| {
                    let (told, tell) = told.take().expect("one request");
                    let ended = request.extensions().get::<ConnInfo>().unwrap().ended();
                    drop(minato_runtime::spawn(async move {
                        ended.await;
                        let _ = tell.send(());
                    }));
                    async move {
                        if kind == "answers" {
                            let (mut sender, body) = Body::channel();
                            sender.send("begun").await.unwrap();
                            drop(minato_runtime::spawn(async move {
                                let _told = (told, request);
                                sender.closed().await;
                            }));
                            return body;
                        }
                        let _kept = (told, (kind == "keeps").then_some(request));
                        std::future::pending().await
                    }
                });
                let (mut peer, server) = serve(service, ServerConfig::default());
                // In one piece, or so that the handler waits already when it comes.
                peer.send(sent).await;
                minato_runtime::time::sleep(Duration::from_secs(1)).await;
                peer.finish().await;
                is_dropped.await.unwrap();
                has_ended.await.unwrap();
                server.await.unwrap().unwrap();
            });
        }
    }
}

#[test]
fn a_peer_that_goes_away_while_the_service_is_not_ready_is_not_kept() {
    /// Never ready.
    struct Busy;

    impl Service<Request<Body>> for Busy {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Pending
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            unreachable!("it is never ready")
        }
    }

    for sent in UNREAD {
        run(async {
            let (mut peer, server) = serve(Busy, ServerConfig::default());
            peer.send(sent).await;
            minato_runtime::time::sleep(Duration::from_secs(1)).await;
            peer.finish().await;
            server.await.unwrap().unwrap();
        });
    }
}

#[test]
fn a_peer_that_goes_away_gets_what_was_answered_before() {
    run(async {
        let service = handler_fn(|request: Request<Body>| async move {
            match request.uri().path() {
                "/slow" => std::future::pending().await,
                _ => "at once",
            }
        });
        let (mut peer, server) = serve(service, ServerConfig::default());
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
        peer.finish().await;
        assert_eq!(peer.answer().await.text(), "at once");
        peer.expect_end().await;
        server.await.unwrap().unwrap();
    });
}

#[test]
fn where_a_peer_may_end_its_side_a_body_nobody_reads_yet_is_read_to_its_end() {
    run(async {
        let mut config = ServerConfig::default();
        config.http1.half_close = true;
        let service = handler_fn(|request: Request<Body>| async move {
            minato_runtime::time::sleep(Duration::from_secs(1)).await;
            request.into_body().text().await.unwrap()
        });
        let (mut peer, _server) = serve(service, config);
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nlate").await;
        peer.finish().await;
        assert_eq!(peer.answer().await.text(), "late");
        peer.expect_end().await;
    });
}

#[test]
fn a_response_is_dropped_when_its_peer_goes_away_between_two_parts() {
    run(async {
        let (give, given) = oneshot::channel();
        let mut give = Some(give);
        let service = handler_fn(move |_| {
            let (sender, body) = Body::channel();
            assert!(give.take().unwrap().send(sender).is_ok());
            async { body }
        });
        let (mut peer, server) = serve(service, ServerConfig::default());
        peer.send(GET).await;
        let mut sender = given.await.unwrap();
        sender.send("one").await.unwrap();
        peer.head().await;
        peer.expect("3\r\none\r\n").await;
        drop(peer);
        sender.closed().await;
        server.await.unwrap().unwrap();
    });
}

#[test]
fn a_peer_that_ends_its_side_is_answered_if_that_is_allowed() {
    run(async {
        let mut config = ServerConfig::default();
        config.http1.half_close = true;
        let service = handler_fn(|_| async {
            minato_runtime::time::sleep(std::time::Duration::from_secs(1)).await;
            "late"
        });
        let (mut peer, _server) = serve(service, config);
        peer.send(GET).await;
        peer.finish().await;
        assert_eq!(peer.answer().await.text(), "late");
        peer.expect_end().await;
    });
}

#[test]
fn a_peer_may_vanish_at_any_byte() {
    run(async {
        let request = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n\
                       5\r\nhello\r\n0\r\nx: y\r\n\r\n";
        let echo = handler_fn(|request: Request<Body>| async move { Response::new(request.into_body()) });
        for len in 0..=request.len() {
            let (mut peer, server) = serve(echo, ServerConfig::default());
            peer.send(&request[..len]).await;
            drop(peer);
            // That it ends, without a panic, is the point; with what result is the peer's doing.
            let _ = server.await.unwrap();
        }
    });
}
