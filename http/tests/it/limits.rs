//! What a peer may send, and how long it may take: each bound is hit.

use std::time::Duration;

use http::{Request, Response};
use minato_http::{Body, ServerConfig, handler_fn};

use crate::kit::{run, serve, timed};

async fn whole(request: Request<Body>) -> Result<String, minato_http::Error> {
    request.into_body().text().await
}

fn config(change: impl FnOnce(&mut ServerConfig)) -> ServerConfig {
    let mut config = ServerConfig::default();
    change(&mut config);
    config
}

/// Sends bytes, and expects to be refused with this status and then nothing more.
async fn refused(config: ServerConfig, bytes: &[u8], status: u16) {
    let (mut peer, server) = serve(handler_fn(whole), config);
    peer.send(bytes).await;
    let answer = peer.answer().await;
    assert_eq!((answer.status, answer.closes()), (status, true), "{:?}", String::from_utf8_lossy(bytes));
    peer.finish().await;
    peer.expect_end().await;
    server.await.unwrap().unwrap();
}

#[test]
fn each_bad_head_gets_its_status() {
    run(async {
        let long = |len| "x".repeat(len);
        for (bytes, status) in [
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/1.1\nHost: a\n\n".to_owned(), 400),
            ("\u{16}\u{3}\u{1}\u{2}".to_owned(), 400),
            (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", long(9000)), 414),
            (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", long(33_000)), 431),
            (format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "x: y\r\n".repeat(100)), 431),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".to_owned(), 501),
            (format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", long(33)), 501),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(), 505),
            ("PRI * HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400),
        ] {
            refused(ServerConfig::default(), bytes.as_bytes(), status).await;
        }
    });
}

#[test]
fn the_limits_of_a_head_can_be_set() {
    run(async {
        let small = || {
            config(|config| {
                config.limits.head_bytes = 100;
                config.limits.head_fields = 2;
                config.limits.uri_bytes = 10;
            })
        };
        refused(
            small(),
            format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(100)).as_bytes(),
            431,
        )
        .await;
        refused(small(), b"GET / HTTP/1.1\r\nHost: a\r\nx: y\r\nx: y\r\n\r\n", 431).await;
        refused(small(), b"GET /123456789a HTTP/1.1\r\nHost: a\r\n\r\n", 414).await;
    });
}

#[test]
fn a_body_over_the_limit_is_answered_413() {
    run(async {
        let small = || config(|config| config.limits.body_bytes = Some(5));
        refused(small(), b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhello!", 413).await;
        refused(
            small(),
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n",
            413,
        )
        .await;
        let (mut peer, _server) = serve(handler_fn(whole), small());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .await;
        assert_eq!(peer.answer().await.text(), "hello");
    });
}

#[test]
fn an_early_refusal_is_not_lost_to_what_is_still_arriving() {
    run(async {
        let (mut peer, _server) =
            serve(handler_fn(whole), config(|config| config.limits.body_bytes = Some(5)));
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n").await;
        peer.send(vec![b'x'; 200_000]).await;
        assert_eq!(peer.answer().await.status, 413);
        peer.expect_end().await;
    });
}

#[test]
fn a_connection_without_a_request_is_closed_after_the_head_timeout() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        let ((), took) = timed(peer.expect_end()).await;
        assert!((10..12).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn the_head_timeout_covers_the_look_for_the_protocol() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        peer.send("PRI * HT").await;
        let ((), took) = timed(peer.expect_end()).await;
        assert!((10..12).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn a_slow_head_is_answered_408_however_steadily_it_comes() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        let (answer, took) = timed(async {
            for byte in "GET / HTT".bytes() {
                peer.send([byte]).await;
                minato_runtime::time::sleep(Duration::from_secs(1)).await;
            }
            peer.answer().await
        })
        .await;
        assert_eq!((answer.status, answer.closes()), (408, true));
        assert!((10..12).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        peer.answer().await;
        let ((), took) = timed(peer.expect_end()).await;
        assert!((75..77).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn the_clock_of_a_second_head_starts_with_its_first_byte() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        peer.answer().await;
        minato_runtime::time::sleep(Duration::from_secs(60)).await;
        peer.send("G").await;
        let (answer, took) = timed(peer.answer()).await;
        assert_eq!(answer.status, 408);
        assert!((10..12).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn a_body_that_stops_is_answered_408() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n").await;
        for _ in 0..3 {
            minato_runtime::time::sleep(Duration::from_secs(20)).await;
            peer.send([b'x'; 10_000]).await;
        }
        let (answer, took) = timed(peer.answer()).await;
        assert_eq!((answer.status, answer.closes()), (408, true));
        assert!((30..32).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn a_peer_that_does_not_read_is_given_up() {
    run(async {
        let service = handler_fn(|_| async { vec![b'x'; 1 << 20] });
        let (mut peer, server) = serve(service, ServerConfig::default());
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (ended, took) = timed(server).await;
        assert!(ended.unwrap().unwrap_err().is_timeout());
        assert!((30..32).contains(&took.as_secs()), "{took:?}");
        assert!(peer.rest().await.len() < 1 << 20);
    });
}

#[test]
fn a_peer_that_reads_slowly_is_not_given_up() {
    run(async {
        let service = handler_fn(|_| async { vec![b'x'; 1 << 20] });
        let (mut peer, server) = serve(service, ServerConfig::default());
        peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        peer.head().await;
        for _ in 0..(1 << 20) / 65_536 {
            minato_runtime::time::sleep(Duration::from_secs(20)).await;
            peer.exactly(65_536).await;
        }
        peer.expect_end().await;
        server.await.unwrap().unwrap();
    });
}

#[test]
fn timeouts_can_be_switched_off() {
    run(async {
        let patient = config(|config| {
            config.timeouts.head = None;
            config.timeouts.idle = None;
        });
        let (mut peer, _server) = serve(handler_fn(whole), patient);
        for _ in 0..2 {
            minato_runtime::time::sleep(Duration::from_secs(100_000)).await;
            peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
            assert_eq!(peer.answer().await.status, 200);
        }
    });
}

#[test]
fn an_unread_body_has_a_second_to_end_and_then_two_to_see_the_end() {
    let unread = handler_fn(|_| async { Response::new(Body::empty()) });
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n";
    for (unread_body, seconds) in [(None, 60..=60), (Some(Duration::from_secs(5)), 7..=7)] {
        run(async {
            let config = config(|config| config.timeouts.unread_body = unread_body);
            let (mut peer, server) = serve(unread, config);
            peer.send(post).await;
            assert_eq!(peer.answer().await.status, 200);
            let (ended, took) = timed(minato_runtime::time::timeout(Duration::from_secs(60), server)).await;
            assert_eq!(ended.is_ok(), unread_body.is_some());
            assert!(seconds.contains(&took.as_secs()), "{took:?}");
        });
    }
    run(async {
        let (mut peer, server) = serve(unread, ServerConfig::default());
        peer.send(post).await;
        assert_eq!(peer.answer().await.status, 200);
        // Our side ends after a second, and theirs is read for two more.
        let ((), took) = timed(peer.expect_end()).await;
        assert_eq!(took.as_secs(), 1, "{took:?}");
        peer.send("some of it").await;
        let (ended, took) = timed(server).await;
        ended.unwrap().unwrap();
        assert_eq!(took.as_secs(), 2, "{took:?}");
    });
    run(async {
        let (mut peer, _server) = serve(unread, ServerConfig::default());
        peer.send(post).await;
        assert!(!peer.answer().await.closes());
        // What comes in time is no loss to the connection.
        minato_runtime::time::sleep(Duration::from_millis(900)).await;
        peer.send([b'x'; 100]).await;
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(peer.answer().await.status, 200);
    });
}

#[test]
fn a_client_is_told_beforehand_that_its_body_is_too_long_to_be_thrown_away() {
    run(async {
        let limited = || config(|config| config.limits.unread_body_bytes = 10);
        for (length, closes) in [(10, false), (11, true)] {
            let (mut peer, _server) = serve(handler_fn(|_| async { "unread" }), limited());
            peer.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")).await;
            assert_eq!(peer.answer().await.closes(), closes);
        }
        // One that is read after all may be as long as it likes.
        let echo = handler_fn(|request: Request<Body>| async move { Response::new(request.into_body()) });
        let (mut peer, _server) = serve(echo, limited());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n").await;
        assert!(!peer.head().await.closes());
        // Of one whose length is not known, it shows.
        let (mut peer, server) = serve(handler_fn(|_| async { "unread" }), limited());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n")
            .await;
        assert!(!peer.answer().await.closes());
        peer.expect_end().await;
        server.await.unwrap().unwrap();
    });
}

#[test]
fn settings_beyond_reason_do_no_harm() {
    run(async {
        let boundless = || {
            config(|config| {
                config.limits.head_bytes = usize::MAX;
                config.limits.head_fields = usize::MAX;
                config.limits.uri_bytes = usize::MAX;
                config.timeouts.head = Some(Duration::MAX);
                config.timeouts.idle = Some(Duration::MAX);
                config.timeouts.body = Some(Duration::MAX);
                config.timeouts.write = Some(Duration::MAX);
            })
        };
        // A header map holds only so many fields.
        let fields = |count| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "x: y\r\n".repeat(count));
        refused(boundless(), fields(4096).as_bytes(), 431).await;
        // A URI holds only so many bytes.
        refused(
            boundless(),
            format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(70_000)).as_bytes(),
            400,
        )
        .await;
        let (mut peer, _server) = serve(handler_fn(whole), boundless());
        peer.send(fields(4095)).await;
        assert_eq!(peer.answer().await.status, 200);
    });
}
