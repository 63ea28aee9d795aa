//! What a handle tells of the servers it was given to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use minato_http::{
    Body, Drain, Ending, Error, Protocol, Refusal, Server, ServerConfig, ServerEvent, ServerHandle,
    ServerStats, Timeout, Violation, handler_fn, upgrade,
};
use minato_net::TcpStream;
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::sync::oneshot;
use minato_runtime::task::yield_now;

use crate::frame_kit::{END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, SETTINGS, block, frame};
use crate::kit::{Peer, run, serve};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn get() -> Vec<u8> {
    block(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")])
}

async fn answer(mut request: Request<Body>) -> Result<Response<Body>, Error> {
    let status = match request.uri().path() {
        "/upgrade" => {
            let upgraded = upgrade::on(&mut request);
            drop(minato_runtime::spawn(async move {
                let mut rest = Vec::new();
                let _ = upgraded.await?.read_to_end(&mut rest).await;
                Ok::<_, Error>(())
            }));
            let switching =
                Response::builder().status(101).header("connection", "upgrade").header("upgrade", "x");
            return Ok(switching.body(Body::empty()).unwrap());
        }
        "/read" => return Ok(Response::new(request.into_body().bytes(1 << 20).await?.into())),
        "/never" => std::future::pending().await,
        path => path[1..].parse().unwrap_or(StatusCode::OK),
    };
    Ok(Response::builder().status(status).body(Body::from("body")).unwrap())
}

/// What a handle tells after one connection, on which `talk` is had.
fn stats_of(change: impl FnOnce(&mut ServerConfig), talk: impl AsyncFnOnce(&mut Peer)) -> ServerStats {
    let mut config = ServerConfig::default();
    let handle = ServerHandle::new();
    config.handle = Some(handle.clone());
    change(&mut config);
    run(async {
        let (mut peer, server) = serve(handler_fn(answer), config);
        talk(&mut peer).await;
        drop(peer);
        let _ = server.await.unwrap();
        // What was upgraded is closed by another task.
        while handle.stats().open > 0 {
            yield_now().await;
        }
        handle.stats()
    })
}

#[test]
fn requests_responses_and_bytes_are_counted_while_the_connection_is_open() {
    let handle = ServerHandle::new();
    let mut config = ServerConfig::default();
    config.handle = Some(handle.clone());
    run(async {
        let (mut peer, server) = serve(handler_fn(answer), config);
        let mut sent = 0;
        let mut received = 0;
        for (version, path, status) in [
            ("1.1", "/", 200),
            ("1.1", "/301", 301),
            ("1.1", "/404", 404),
            ("1.1", "/503", 503),
            ("1.0", "/", 200),
        ] {
            let keep = if version == "1.0" { "Connection: keep-alive\r\n" } else { "" };
            let request = format!("GET {path} HTTP/{version}\r\nHost: a\r\n{keep}\r\n");
            sent += request.len() as u64;
            peer.send(request).await;
            let head = peer.through(b"\r\n\r\n").await;
            received += head.len() as u64 + 4;
            assert!(head.starts_with(format!("HTTP/1.1 {status}").as_bytes()));
            peer.expect("body").await;
        }
        yield_now().await;
        let stats = handle.stats();
        assert_eq!((stats.accepted, stats.open, stats.http1_connections), (1, 1, 1));
        assert_eq!((stats.http10_requests, stats.http11_requests, stats.requests()), (1, 4, 5));
        assert_eq!(stats.responses, [0, 2, 1, 1, 1]);
        assert_eq!((stats.bytes_in, stats.bytes_out), (sent, received));
        let [connection] = handle.connections_open()[..] else { panic!("one is open") };
        assert_eq!((connection.requests, connection.ending), (5, Ending::Open));
        assert_eq!(connection.protocol, Some(Protocol::Http1));
        drop(peer);
        server.await.unwrap().unwrap();
        // Closed or open, the sum is the same.
        let mut closed = stats;
        closed.open = 0;
        assert_eq!(handle.stats(), closed);
    });
}

#[test]
fn over_http2_they_are_counted_too() {
    let handle = ServerHandle::new();
    let mut config = ServerConfig::default();
    config.handle = Some(handle.clone());
    run(async {
        let (mut peer, server) = serve(handler_fn(answer), config);
        let mut said = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
        for stream in [1, 3, 5] {
            said.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, &get()));
        }
        // Behind their answers comes that to the PING.
        said.extend(frame(PING, 0, 0, b"the end!"));
        peer.send(&said).await;
        peer.through(b"the end!").await;
        yield_now().await;
        let stats = handle.stats();
        assert_eq!((stats.accepted, stats.open, stats.http2_connections), (1, 1, 1));
        assert_eq!((stats.http2_requests, stats.requests()), (3, 3));
        assert_eq!(stats.responses, [0, 3, 0, 0, 0]);
        assert_eq!(stats.bytes_in, said.len() as u64);
        assert!(stats.bytes_out > 100, "{}", stats.bytes_out);
        drop(peer);
        let _ = server.await.unwrap();
        assert_eq!(handle.stats().requests(), 3);
    });
}

#[test]
fn what_peers_do_wrong_is_told_apart() {
    let kilobytes = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    let chunked = "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let cases: [(&str, Violation, StatusCode); 10] = [
        ("GET / HTTP/1.1\nHost: a\r\n\r\n", Violation::Syntax, StatusCode::BAD_REQUEST),
        ("GET / HTTP/1.1\r\n\r\n", Violation::Host, StatusCode::BAD_REQUEST),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            Violation::Framing,
            StatusCode::BAD_REQUEST,
        ),
        ("GET / HTTP/2.2\r\nHost: a\r\n\r\n", Violation::Unsupported, StatusCode::HTTP_VERSION_NOT_SUPPORTED),
        (&kilobytes, Violation::HeadLimit, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        (
            "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n",
            Violation::BodyLimit,
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        (&format!("{chunked}g\r\n"), Violation::Chunk, StatusCode::BAD_REQUEST),
        (&format!("{chunked}0\r\nx y: z\r\n\r\n"), Violation::Syntax, StatusCode::BAD_REQUEST),
        // Nobody is told 400 whose connection has ended, but it is what is answered.
        (&format!("{chunked}5\r\nhel"), Violation::Truncated, StatusCode::BAD_REQUEST),
        (
            "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;\"\r\n",
            Violation::Chunk,
            StatusCode::BAD_REQUEST,
        ),
    ];
    for (said, violation, status) in cases {
        let stats = stats_of(
            |_| {},
            async |peer: &mut Peer| {
                peer.send(said).await;
                peer.finish().await;
                assert_eq!(peer.head().await.status, status, "{said}");
            },
        );
        for other in Violation::ALL {
            assert_eq!(stats.violations(other), u64::from(other == violation), "{other:?} of {said}");
        }
        let mut responses = [0; 5];
        responses[usize::from(status.as_u16() / 100) - 1] = 1;
        assert_eq!(stats.responses, responses, "{said}");
    }
}

#[test]
fn rules_of_http2_and_floods_are_told_apart() {
    let broken = frame(HEADERS, END_STREAM | END_HEADERS, 2, &get());
    let flood = frame(PING, 0, 0, &[0; 8]).repeat(11_000);
    for (said, violation) in [(broken, Violation::Http2), (flood, Violation::Flood)] {
        let stats = stats_of(
            |_| {},
            async |peer: &mut Peer| {
                peer.send([PREFACE, &frame(SETTINGS, 0, 0, &[]), &said].concat()).await;
                peer.rest().await;
            },
        );
        for other in Violation::ALL {
            assert_eq!(stats.violations(other), u64::from(other == violation), "{other:?}");
        }
    }
}

#[test]
fn clocks_that_run_out_are_told_apart() {
    let upload = "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf";
    let http2 = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
    let cases: [(&[u8], Timeout); 8] = [
        (b"", Timeout::Head),
        (b"GET / HT", Timeout::Head),
        (GET.as_bytes(), Timeout::Idle),
        (upload.as_bytes(), Timeout::Body),
        (&PREFACE[..5], Timeout::Head),
        (PREFACE, Timeout::Head),
        (&http2, Timeout::Idle),
        (&[&http2[..], &[0, 0]].concat(), Timeout::Head),
    ];
    for (said, timeout) in cases {
        let stats = stats_of(
            |_| {},
            async |peer: &mut Peer| {
                peer.send(said).await;
                peer.rest().await;
            },
        );
        for other in [Timeout::Head, Timeout::Idle, Timeout::Body, Timeout::Write, Timeout::KeepAlive] {
            assert_eq!(stats.timeouts(other), u64::from(other == timeout), "{other:?} of {said:?}");
        }
        assert_eq!(stats.timeouts(Timeout::Connect), 0);
    }
    let stats = stats_of(|config| config.http2.keep_alive_interval = Some(Duration::from_secs(1)), {
        async |peer: &mut Peer| {
            peer.send(&http2).await;
            peer.rest().await;
        }
    });
    assert_eq!(stats.timeouts(Timeout::KeepAlive), 1);
    // A peer that asks and never reads.
    let stats = stats_of(
        |_| {},
        async |peer: &mut Peer| {
            let request = GET.repeat(1000);
            while minato_runtime::time::timeout(
                Duration::from_secs(100),
                peer.io.write_all(request.as_bytes()),
            )
            .await
            .is_ok_and(|written| written.is_ok())
            {}
        },
    );
    assert_eq!(stats.timeouts(Timeout::Write), 1);
}

type Told = Arc<Mutex<Vec<(Option<SocketAddr>, ServerEvent)>>>;

#[test]
fn an_observer_is_told_of_connections_and_its_panic_is_its_own() {
    let told = Told::default();
    let handle = ServerHandle::observed({
        let told = Arc::clone(&told);
        move |peer: Option<SocketAddr>, event: &ServerEvent| {
            told.lock().unwrap().push((peer, event.clone()));
            std::panic::resume_unwind(Box::new("the observer's affair"));
        }
    });
    let (stop, stopped) = oneshot::channel::<()>();
    minato_runtime::runtime::Runtime::new().unwrap().block_on(async {
        let server = Server::bind("127.0.0.1:0").limits(|limits| {
            limits.connections = 2;
            limits.connections_per_ip = Some(1);
        });
        let server = server.handle(&handle).listen().await.unwrap();
        let address = server.local_addr().unwrap();
        let signal = async { stopped.await.unwrap() };
        let server = server.graceful(signal, Drain::within(Duration::ZERO));
        let server = minato_runtime::spawn(server.serve(handler_fn(answer)));
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        while handle.stats().requests() < 1 {
            yield_now().await;
        }
        let mut second = TcpStream::connect(address).await.unwrap();
        let _ = second.read_to_end(&mut Vec::new()).await;
        assert_eq!(handle.stats().refused(Refusal::Address), 1);
        stop.send(()).unwrap();
        assert_eq!(server.await.unwrap().unwrap().cut, 1);
        assert_eq!((handle.stats().cut, handle.stats().drained), (1, 0));
        let peer = Some(first.local_addr().unwrap());
        let told = told.lock().unwrap();
        let of_first: Vec<_> =
            told.iter().filter(|(from, _)| *from == peer).map(|(_, event)| event).collect();
        let [ServerEvent::Opened, ServerEvent::Speaks(Protocol::Http1), ServerEvent::Closed(stats)] =
            of_first[..]
        else {
            panic!("{told:?}")
        };
        assert_eq!((stats.requests, stats.ending, stats.peer), (1, Ending::Cut, peer));
        let from_second = second.local_addr().ok();
        assert!(told.contains(&(from_second, ServerEvent::Refused(Refusal::Address))), "{told:?}");
    });
}

#[test]
fn upgrades_and_full_servers_are_counted() {
    let stats = stats_of(
        |_| {},
        async |peer: &mut Peer| {
            peer.send("GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").await;
            assert_eq!(peer.head().await.status, 101);
            peer.finish().await;
        },
    );
    assert_eq!((stats.upgrades, stats.responses[0]), (1, 1));
    let handle = ServerHandle::new();
    minato_runtime::runtime::Runtime::new().unwrap().block_on(async {
        let server = Server::bind("127.0.0.1:0").limits(|limits| limits.connections = 1).handle(&handle);
        let server = server.listen().await.unwrap();
        let address = server.local_addr().unwrap();
        drop(minato_runtime::spawn(server.serve(handler_fn(answer))));
        let held = TcpStream::connect(address).await.unwrap();
        while handle.stats().times_full < 1 {
            yield_now().await;
        }
        drop(held);
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut text = String::new();
        next.read_to_string(&mut text).await.unwrap();
        assert!(text.ends_with("body"), "{text}");
        assert_eq!(handle.stats().accepted, 2);
    });
}
