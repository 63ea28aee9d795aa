//! How long bodies, heads and connections may take, on both protocols.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use http::{Request, StatusCode};
use minato_http::{Body, BodyLimits, Error, IntoResponse, ServerConfig, handler_fn};
use minato_runtime::time::sleep;

use crate::frame_kit::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, SETTINGS, block, code, connect_to,
    expect, frame, get,
};
use crate::kit::{run, serve, timed};

const SECOND: Duration = Duration::from_secs(1);

async fn whole(request: Request<Body>) -> Result<String, Error> {
    request.into_body().text().await
}

async fn patient(mut request: Request<Body>) -> Result<String, Error> {
    request.body_mut().set_limits(BodyLimits::none());
    whole(request).await
}

fn config(change: impl FnOnce(&mut ServerConfig)) -> ServerConfig {
    let mut config = ServerConfig::default();
    change(&mut config);
    config
}

const UPLOAD: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";

fn post(stream: u32) -> Vec<u8> {
    let fields = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
    frame(HEADERS, END_HEADERS, stream, &block(&fields))
}

#[test]
fn a_body_that_drips_is_given_up_when_its_time_is_used() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        peer.send(UPLOAD).await;
        let drip = async {
            loop {
                peer.send([b'x'; 24]).await;
                sleep(10 * SECOND).await;
                if let Ok(answer) = minato_runtime::time::timeout(Duration::ZERO, peer.head()).await {
                    break answer;
                }
            }
        };
        // Thirty seconds, and one for each 240 bytes: less than three minutes, however steadily they come.
        let (answer, took) = timed(drip).await;
        assert_eq!(answer.status, 408);
        assert!((30..45).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn a_body_that_comes_fast_enough_may_take_as_long_as_it_takes() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n").await;
        for _ in 0..100 {
            peer.send([b'x'; 300]).await;
            sleep(SECOND).await;
        }
        assert_eq!(peer.answer().await.body.len(), 30_000);
    });
}

#[test]
fn the_time_a_handler_takes_is_not_the_clients() {
    run(async {
        let slow = handler_fn(|request: Request<Body>| async {
            let mut body = request.into_body();
            let mut len = 0;
            while let Some(data) = body.data().await {
                len += data?.len();
                sleep(20 * SECOND).await;
            }
            Ok::<_, Error>(len.to_string())
        });
        let (mut peer, _server) = serve(slow, ServerConfig::default());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n").await;
        for _ in 0..10 {
            peer.send("x").await;
            sleep(20 * SECOND).await;
        }
        assert_eq!(peer.answer().await.text(), "10");
    });
}

/// As a `select!` does in which another branch wins, and then takes its time.
#[test]
fn the_time_of_a_handler_that_has_asked_and_looks_elsewhere_is_not_the_clients() {
    use http_body::Body as _;
    run(async {
        let service = || {
            handler_fn(|request: Request<Body>| async {
                let mut body = request.into_body();
                for _ in 0..3 {
                    let first = poll_fn(|cx| Poll::Ready(Pin::new(&mut body).poll_frame(cx))).await;
                    assert!(first.is_pending());
                    sleep(40 * SECOND).await;
                    body.data().await.expect("there since long")?;
                }
                body.text().await
            })
        };
        let (mut peer, _server) = serve(service(), ServerConfig::default());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n").await;
        for data in ["a", "b", "c", "def"] {
            sleep(SECOND).await;
            peer.send(data).await;
            sleep(40 * SECOND).await;
        }
        assert_eq!(peer.answer().await.text(), "def");

        let mut peer = connect_to(service(), ServerConfig::default()).await;
        peer.send(post(1)).await;
        for (data, flags) in [("a", 0), ("b", 0), ("c", 0), ("def", END_STREAM)] {
            sleep(SECOND).await;
            peer.send(frame(DATA, flags, 1, data.as_bytes())).await;
            sleep(40 * SECOND).await;
        }
        assert_eq!(expect(&mut peer, DATA).await.payload, b"def");
    });
}

#[test]
fn a_handler_may_be_more_patient_and_take_more() {
    run(async {
        let config = || config(|config| config.limits.body_bytes = Some(3));
        let (mut peer, _server) = serve(handler_fn(patient), config());
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        for _ in 0..3 {
            sleep(300 * SECOND).await;
            peer.send("2\r\nab\r\n").await;
        }
        peer.send("0\r\n\r\n").await;
        assert_eq!(peer.answer().await.text(), "ababab");

        let mut peer = connect_to(handler_fn(patient), config()).await;
        peer.send(post(1)).await;
        for _ in 0..3 {
            sleep(300 * SECOND).await;
            peer.send(frame(DATA, 0, 1, b"ab")).await;
        }
        peer.send(frame(DATA, END_STREAM, 1, b"")).await;
        assert_eq!(expect(&mut peer, DATA).await.payload, b"ababab");
    });
}

#[test]
fn over_http2_a_body_that_stops_or_drips_is_given_up_and_its_neighbours_go_on() {
    run(async {
        for drip in [0, 24] {
            let mut peer = connect_to(handler_fn(whole), ServerConfig::default()).await;
            peer.send(post(1)).await;
            let (answer, took) = timed(async {
                loop {
                    if drip > 0 {
                        peer.send(frame(DATA, 0, 1, &vec![b'x'; drip])).await;
                    }
                    let answer = expect(&mut peer, HEADERS);
                    if let Ok(answer) = minato_runtime::time::timeout(10 * SECOND, answer).await {
                        break answer;
                    }
                }
            })
            .await;
            assert_eq!(answer.stream, 1);
            // 408, as an indexed name and a literal value.
            assert!(answer.payload.windows(3).any(|text| text == b"408") || answer.payload.len() > 1);
            assert!((30..45).contains(&took.as_secs()), "{took:?}");
            peer.send(get(3, &[(":authority", "a")])).await;
            loop {
                if expect(&mut peer, HEADERS).await.stream == 3 {
                    break;
                }
            }
        }
    });
}

#[test]
fn over_http2_a_head_that_is_begun_and_not_ended_ends_the_connection() {
    run(async {
        let fields = block(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")]);
        let open = frame(HEADERS, END_STREAM, 1, &fields);
        let starts = [
            open.clone(),
            open[..5].to_vec(),
            open[..12].to_vec(),
            [open.clone(), frame(CONTINUATION, 0, 1, b"")[..4].to_vec()].concat(),
        ];
        for start in starts {
            let mut peer = connect_to(handler_fn(whole), ServerConfig::default()).await;
            expect(&mut peer, SETTINGS).await;
            sleep(20 * SECOND).await;
            peer.send(&start).await;
            let (goaway, took) = timed(expect(&mut peer, GOAWAY)).await;
            assert_eq!(code(&goaway.payload), 11);
            assert!((10..12).contains(&took.as_secs()), "{took:?}");
            peer.expect_end().await;
        }
    });
}

#[test]
fn a_connection_serves_so_many_requests_and_no_more() {
    run(async {
        let config = || config(|config| config.limits.requests_per_connection = Some(2));
        let (mut peer, _server) = serve(handler_fn(whole), config());
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3)).await;
        assert!(!peer.answer().await.closes());
        assert!(peer.answer().await.closes());
        peer.expect_end().await;

        let mut peer = connect_to(handler_fn(|_| async { "hello" }), config()).await;
        peer.send(get(1, &[(":authority", "a")])).await;
        assert_eq!(expect(&mut peer, DATA).await.stream, 1);
        peer.send(get(3, &[(":authority", "a")])).await;
        let goaway = expect(&mut peer, GOAWAY).await;
        assert_eq!(code(&goaway.payload), 0);
        // The request that was the last is answered all the same.
        assert_eq!(expect(&mut peer, DATA).await.stream, 3);
    });
}

#[test]
fn a_connection_that_is_too_old_is_closed_between_two_requests() {
    run(async {
        let config = || config(|config| config.timeouts.connection_age = Some(60 * SECOND));
        let (mut peer, _server) = serve(handler_fn(whole), config());
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(!peer.answer().await.closes());
        let (_, took) = timed(peer.expect_end()).await;
        assert!((59..62).contains(&took.as_secs()), "{took:?}");

        let slow = handler_fn(|_| async {
            sleep(100 * SECOND).await;
            StatusCode::OK.into_response()
        });
        let (mut peer, _server) = serve(slow, config());
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(peer.answer().await.closes());

        let mut peer = connect_to(slow, config()).await;
        peer.send(get(1, &[(":authority", "a")])).await;
        let (goaway, took) = timed(expect(&mut peer, GOAWAY)).await;
        assert_eq!(code(&goaway.payload), 0);
        assert!((59..62).contains(&took.as_secs()), "{took:?}");
        assert_eq!(expect(&mut peer, HEADERS).await.stream, 1);
    });
}

#[test]
fn the_preface_must_come_in_time_too() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(whole), ServerConfig::default());
        peer.send(&PREFACE[..10]).await;
        let (_, took) = timed(peer.rest()).await;
        assert!((10..12).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn over_http2_a_body_that_outlives_its_handler_keeps_the_connection_from_being_idle() {
    run(async {
        let (tell, told) = minato_runtime::sync::oneshot::channel();
        let tell = std::sync::Arc::new(std::sync::Mutex::new(Some(tell)));
        let service = handler_fn(move |request: Request<Body>| {
            let tell = tell.lock().unwrap().take().unwrap();
            drop(minato_runtime::spawn(async move { tell.send(whole(request).await) }));
            async { "taken" }
        });
        let mut peer = connect_to(service, ServerConfig::default()).await;
        peer.send(post(1)).await;
        for _ in 0..10 {
            peer.send(frame(DATA, 0, 1, &[b'x'; 16_000])).await;
            sleep(10 * SECOND).await;
        }
        peer.send(frame(DATA, END_STREAM, 1, b"x")).await;
        assert_eq!(told.await.unwrap().unwrap().len(), 160_001);
        // From here on it is.
        let (_, took) = timed(expect(&mut peer, GOAWAY)).await;
        assert!((70..80).contains(&took.as_secs()), "{took:?}");
    });
}
