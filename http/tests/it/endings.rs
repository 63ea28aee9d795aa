//! How connections and exchanges over HTTP/2 end, and what those who used them are told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Version};
use minato_http::{Body, Error, Initiator, Reason, Scope, ServerConfig, Timeout, handler_fn};
use minato_runtime::sync::oneshot;
use minato_runtime::time::{Instant, sleep, timeout};

use crate::exchanges::Servers;
use crate::frame_kit::*;
use crate::hostile::{Script, client, get2, say, settings, text};
use crate::kit::{Peer, run, timed};

/// A request that can be sent once only, since nobody knows its body beforehand.
fn once() -> (Request<Body>, minato_http::BodySender) {
    let (sender, body) = Body::channel();
    (Request::post("http://a/").version(Version::HTTP_2).body(body).unwrap(), sender)
}

#[test]
fn a_server_that_stops_answering_pings_is_told_by_its_clock() {
    run(async {
        let silent = |mut peer: Peer| -> Script {
            Box::pin(async move {
                peer.through(PREFACE).await;
                say(&mut peer, &settings()).await;
                peer
            })
        };
        let (client, made) = client(silent, |builder| {
            builder.http2(|http2| {
                http2.keep_alive_interval = Some(Duration::from_secs(10));
                http2.keep_alive_timeout = Duration::from_secs(5);
            })
        });
        let (result, took) = timed(timeout(Duration::from_secs(60), client.request(get2()))).await;
        let error = result.unwrap().unwrap_err();
        assert_eq!(error.timeout(), Some(Timeout::KeepAlive), "{error:?}");
        assert!(!error.is_closed() && !error.is_retry_safe(), "{error:?}");
        assert!((15..17).contains(&took.as_secs()), "{took:?}");
        assert_eq!(made.load(std::sync::atomic::Ordering::SeqCst), 1, "it may have been processed");
    });
}

/// What a caller can match on: the clock; else the code, who said it and of what; and whether nothing was processed.
type Told = (Option<Timeout>, Option<(Reason, Initiator, Scope)>, bool);

fn told(error: &Error) -> Told {
    let reset = error.h2_reason().map(|reset| (reset.reason, reset.initiator, reset.scope));
    assert_eq!(error.is_goaway(), reset.is_some_and(|(_, _, scope)| scope == Scope::Connection));
    assert_eq!(error.is_closed(), reset.is_none() && error.timeout().is_none(), "{error:?}");
    (error.timeout(), reset, error.is_retry_safe())
}

#[test]
fn every_end_of_an_exchange_can_be_told_from_the_others() {
    run(async {
        let reset = |code: u32| frame(RST_STREAM, 0, 1, &code.to_be_bytes());
        let goaway =
            |last: u32, code: u32| frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat());
        let by = |reason, scope| Some((reason, Initiator::Remote, scope));
        let rows: [(&str, Vec<u8>, bool, Told); 7] = [
            ("refused", reset(7), false, (None, by(Reason::REFUSED_STREAM, Scope::Stream), true)),
            ("canceled", reset(8), false, (None, by(Reason::CANCEL, Scope::Stream), false)),
            ("calmed", reset(11), false, (None, by(Reason::ENHANCE_YOUR_CALM, Scope::Stream), false)),
            ("gone before", goaway(0, 0), false, (None, by(Reason::NO_ERROR, Scope::Connection), true)),
            (
                "failed before",
                goaway(0, 2),
                false,
                (None, by(Reason::INTERNAL_ERROR, Scope::Connection), true),
            ),
            ("lost", Vec::new(), true, (None, None, false)),
            ("silent", Vec::new(), false, (Some(Timeout::KeepAlive), None, false)),
        ];
        for (row, bytes, is_end, expected) in rows {
            let script = move |mut peer: Peer| -> Script {
                let bytes = bytes.clone();
                Box::pin(async move {
                    peer.through(PREFACE).await;
                    say(&mut peer, &settings()).await;
                    sleep(Duration::from_secs(1)).await;
                    say(&mut peer, &bytes).await;
                    if is_end {
                        peer.finish().await;
                    }
                    peer
                })
            };
            let (client, _) = client(script, |builder| {
                builder.http2(|http2| http2.keep_alive_interval = Some(Duration::from_secs(10)))
            });
            let (request, sender) = once();
            let error = timeout(Duration::from_secs(60), text(&client, request)).await;
            let error = error.unwrap_or_else(|_| panic!("{row}: nobody is told")).unwrap_err();
            assert_eq!(told(&error), expected, "{row}: {error:?}");
            drop(sender);
        }
    });
}

#[test]
fn a_body_that_left_its_handler_learns_that_its_connection_was_given_up() {
    run(async {
        let (tell, learnt) = oneshot::channel();
        let tell = Arc::new(Mutex::new(Some(tell)));
        let service = handler_fn(move |request: Request<Body>| {
            let tell = tell.lock().unwrap().take().unwrap();
            drop(minato_runtime::spawn(async move {
                let mut body = request.into_body();
                let _ = tell.send(body.data().await);
            }));
            std::future::pending::<&'static str>()
        });
        let mut config = ServerConfig::default();
        config.http2.keep_alive_interval = Some(Duration::from_secs(10));
        config.http2.keep_alive_timeout = Duration::from_secs(5);
        config.timeouts.body = None;
        let mut peer = connect_to(service, config).await;
        let head = block(&[(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")]);
        peer.send(frame(HEADERS, END_HEADERS, 1, &head)).await;
        let error = timeout(Duration::from_secs(60), learnt).await.unwrap().unwrap().unwrap().unwrap_err();
        assert_eq!(error.timeout(), Some(Timeout::KeepAlive), "{error:?}");
    });
}

#[test]
fn a_connection_whose_requests_are_answered_at_once_is_not_idle() {
    run(async {
        let mut config = ServerConfig::default();
        config.timeouts.idle = Some(Duration::from_secs(10));
        let mut peer = connect(config).await;
        for at in 0..10 {
            peer.send(get(2 * at + 1, &[(":authority", "a")])).await;
            while expect(&mut peer, DATA).await.flags & END_STREAM == 0 {}
            sleep(Duration::from_secs(6)).await;
        }
        let (goaway, took) = timed(expect(&mut peer, GOAWAY)).await;
        assert_eq!(code(&goaway.payload), 0);
        assert!((3..6).contains(&took.as_secs()), "{took:?}");
    });
}

/// Answers the next request on a connection.
async fn answer(peer: &mut Peer, stream: u32) {
    while expect(peer, HEADERS).await.stream != stream {}
    peer.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&[(":status", "200")]))).await;
}

/// Reads up to the end of a connection; answers how long that took, and whether it was announced.
async fn end(peer: &mut Peer) -> (Duration, bool) {
    let since = Instant::now();
    let mut is_told = false;
    while let Some(frame) = try_read_frame(peer).await {
        is_told |= frame.kind == GOAWAY && code(&frame.payload) == 0;
    }
    (since.elapsed(), is_told)
}

#[test]
fn closing_idle_connections_closes_those_of_http2_at_once_and_others_with_their_last_exchange() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder.http2_prior_knowledge());
        let first = minato_runtime::spawn(text_of(&client));
        let mut server = servers.accept().await;
        server.through(PREFACE).await;
        server.send(settings()).await;
        answer(&mut server, 1).await;
        first.await.unwrap().unwrap();
        // One that is in use stays.
        let second = minato_runtime::spawn(text_of(&client));
        while expect(&mut server, HEADERS).await.stream != 3 {}
        client.pool().close_idle();
        sleep(Duration::from_secs(1)).await;
        server.send(frame(HEADERS, END_HEADERS | END_STREAM, 3, &block(&[(":status", "200")]))).await;
        second.await.unwrap().unwrap();
        client.pool().close_idle();
        let (took, is_told) = end(&mut server).await;
        assert!(is_told && took < Duration::from_millis(10), "{took:?}");
        // The next request has a connection of its own.
        drop(minato_runtime::spawn(text_of(&client)));
        servers.accept().await.through(PREFACE).await;
    });
}

fn text_of(client: &minato_http::Client) -> impl Future<Output = Result<String, Error>> + Send + 'static {
    let client = client.clone();
    async move { text(&client, get2()).await }
}

#[test]
fn a_connection_of_http2_that_is_too_old_is_closed_when_nobody_uses_it() {
    run(async {
        for is_busy in [false, true] {
            let servers = Servers::default();
            let client = servers.client(|builder| {
                let builder = builder.http2_prior_knowledge();
                builder.pool(|pool| {
                    pool.max_age = Some(Duration::from_secs(20));
                    pool.idle_timeout = Duration::from_secs(1000);
                })
            });
            let exchange = minato_runtime::spawn(text_of(&client));
            let mut server = servers.accept().await;
            server.through(PREFACE).await;
            server.send(settings()).await;
            // What has begun goes on for as long as it takes.
            sleep(Duration::from_secs(if is_busy { 30 } else { 5 })).await;
            answer(&mut server, 1).await;
            exchange.await.unwrap().unwrap();
            let (took, is_told) = end(&mut server).await;
            let expected = if is_busy { 0..1 } else { 14..17 };
            assert!(is_told && expected.contains(&took.as_secs()), "{is_busy}: {took:?}");
        }
    });
}
