//! Our client against hostile servers: each row is a server that breaks something, and what the caller gets to know of it.
//!
//! Whatever happens, the caller gets a typed error in bounded time, the connection is not used again, and the next request
//! is answered over another one. The clock is paused: what takes minutes here takes none.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, Request, Version};
use minato_http::{Body, Client, ClientBuilder, Error, ServerConfig, Timeout, handler_fn, serve_connection};
use minato_runtime::io::{AsyncWriteExt, duplex};
use minato_runtime::time::{sleep, timeout};

use crate::frame_kit::*;
use crate::kit::{PIPE_BYTES, Peer, run};

pub(crate) type Script = Pin<Box<dyn Future<Output = Peer> + Send>>;

/// What the caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// The server broke the rules.
    Fault,
    /// The connection ended.
    Closed,
    Late(Timeout),
    /// The stream or connection was ended with a code, by the server.
    Reset,
    /// The body is longer than asked for.
    Limit,
    /// Nothing is wrong with this response.
    Nothing,
}

pub(crate) fn told(result: &Result<String, Error>) -> Told {
    match result {
        Ok(_) => Told::Nothing,
        Err(error) if error.is_peer_fault() => Told::Fault,
        Err(error) if error.is_body_limit() => Told::Limit,
        Err(error) if error.is_closed() => Told::Closed,
        Err(error) if error.h2_reason().is_some() => Told::Reset,
        Err(error) => Told::Late(error.timeout().unwrap_or_else(|| panic!("{error:?}"))),
    }
}

/// A client whose first connection leads to this server and all others to a good one, and the number of them.
pub(crate) fn client(
    script: impl Fn(Peer) -> Script + Send + Sync + 'static,
    change: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> (Client, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let connect = move |_| {
        let (ours, theirs) = duplex(PIPE_BYTES);
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            let script = script(Peer::new(theirs));
            drop(minato_runtime::spawn(async move {
                // It holds on to the connection until the client lets go of it, so that one that is used again hangs.
                let mut peer = script.await;
                peer.rest().await;
            }));
        } else {
            let good = handler_fn(|request: Request<Body>| async move {
                drop(request.into_body().bytes(1 << 30).await);
                "good"
            });
            drop(minato_runtime::spawn(serve_connection(theirs, good, ServerConfig::default())));
        }
        std::future::ready(Ok::<_, std::io::Error>(ours))
    };
    (change(Client::builder()).connector(connect).build(), made)
}

pub(crate) async fn text(client: &Client, request: Request<Body>) -> Result<String, Error> {
    client.request(request).await?.into_body().text().await
}

pub(crate) fn get() -> Request<Body> {
    Request::get("http://a/").body(Body::empty()).unwrap()
}

/// Sends a request to a hostile server, and then another.
pub(crate) async fn check(
    row: &str,
    request: Request<Body>,
    change: impl FnOnce(ClientBuilder) -> ClientBuilder,
    script: impl Fn(Peer) -> Script + Send + Sync + 'static,
) -> Told {
    let version = request.version();
    let (client, made) = client(script, change);
    let result = timeout(Duration::from_secs(3600), text(&client, request)).await;
    let result = result.unwrap_or_else(|_| panic!("{row}: the caller waits for ever"));
    assert_eq!(made.load(Ordering::SeqCst), 1, "{row}: {result:?} is no reason to try again");
    let mut next = get();
    *next.version_mut() = version;
    let next = timeout(Duration::from_secs(10), text(&client, next)).await;
    let next = next.unwrap_or_else(|_| panic!("{row}: the connection was used again after {result:?}"));
    assert_eq!(next.unwrap_or_else(|error| panic!("{row}: {error:?}")), "good", "{row}");
    assert_eq!(made.load(Ordering::SeqCst), 2, "{row}");
    told(&result)
}

/// Says it, unless the client has gone already.
pub(crate) async fn say(peer: &mut Peer, bytes: &[u8]) {
    let _ = peer.io.write_all(bytes).await;
}

/// A server that reads the head of a request and answers with these bytes.
pub(crate) fn says(bytes: impl Into<Vec<u8>>) -> impl Fn(Peer) -> Script + Send + Sync + 'static {
    let bytes = bytes.into();
    move |mut peer| {
        let bytes = bytes.clone();
        Box::pin(async move {
            peer.head_of_request().await;
            say(&mut peer, &bytes).await;
            peer
        })
    }
}

/// As `says`, and ends the connection.
pub(crate) fn says_and_ends(bytes: impl Into<Vec<u8>>) -> impl Fn(Peer) -> Script + Send + Sync + 'static {
    let bytes = bytes.into();
    move |mut peer| {
        let bytes = bytes.clone();
        Box::pin(async move {
            peer.head_of_request().await;
            say(&mut peer, &bytes).await;
            let _ = peer.io.shutdown().await;
            peer
        })
    }
}

fn with_fields(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nok")
}

/// RUSTSEC-2021-0020, 2021-0078, 2021-0079, CVE-2022-32213 to 32215, CVE-2020-8287, CVE-2025-22871, CVE-2024-27982,
/// CVE-2023-30589, CVE-2025-23167, CVE-2019-9900 and the rest of that kind, turned against a client.
#[test]
fn responses_that_could_be_read_in_two_ways_are_faults() {
    run(async {
        for fields in [
            "content-length: 2\r\ntransfer-encoding: chunked",
            "transfer-encoding: chunked\r\ncontent-length: 2",
            "content-length: 2\r\ncontent-length: 3",
            "content-length: 2\r\ncontent-length: 2",
            "content-length: 2, 2",
            "content-length: +2",
            "content-length: -2",
            "content-length: 0x2",
            "content-length: 2 2",
            "content-length:",
            "content-length: 99999999999999999999",
            "content-length: 18446744073709551617",
            "transfer-encoding: chunked, chunked",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
            "transfer-encoding: chunked, identity",
            "transfer-encoding: ",
            "content-length : 2",
            " content-length: 2",
            "x: y\r\n continued\r\ncontent-length: 2",
            ": x\r\ncontent-length: 2",
            "x: a\0b\r\ncontent-length: 2",
            "x: a\rb\r\ncontent-length: 2",
            "x: y\ncontent-length: 2",
            "x\x7f: y\r\ncontent-length: 2",
            "content-length: 2\r\n\rx",
        ] {
            let told = check(fields, get(), |builder| builder, says(with_fields(fields))).await;
            assert_eq!(told, Told::Fault, "{fields:?}");
        }
        for head in [
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 099 OK\r\n\r\n",
            "HTTP/1.1 abc OK\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.1  200 OK\r\n\r\n",
            "http/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 O\0K\r\n\r\n",
            "ICY 200 OK\r\n\r\n",
            "220 mail.example ESMTP\r\n\r\n",
            "SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "\x16\x03\x01\x02\0\x01\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        ] {
            let told = check(head, get(), |builder| builder, says(head)).await;
            assert_eq!(told, Told::Fault, "{head:?}");
        }
    });
}

#[test]
fn chunks_that_break_the_rules_are_faults() {
    run(async {
        for body in [
            "x\r\n".to_owned(),
            "\r\nok\r\n0\r\n\r\n".to_owned(),
            "-1\r\n".to_owned(),
            "+2\r\nok\r\n0\r\n\r\n".to_owned(),
            "0x2\r\nok\r\n0\r\n\r\n".to_owned(),
            " 2\r\nok\r\n0\r\n\r\n".to_owned(),
            "2\nok\r\n0\r\n\r\n".to_owned(),
            "2\r\nokk\r\n0\r\n\r\n".to_owned(),
            "2\r\nok\n0\r\n\r\n".to_owned(),
            "10000000000000000\r\n".to_owned(),
            format!("2;{}\r\nok\r\n", "x".repeat(5000)),
            "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n".repeat(200),
            format!("0\r\nx: {}\r\n\r\n", "y".repeat(20_000)),
            format!("0\r\n{}\r\n", "x: y\r\n".repeat(200)),
            "0\r\nx : y\r\n\r\n".to_owned(),
            "0\r\nx: y\n\r\n".to_owned(),
        ] {
            let answer = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}");
            let told = check(&body, get(), |builder| builder, says(answer)).await;
            assert_eq!(told, Told::Fault, "{body:?}");
        }
    });
}

/// CVE-2021-31525, CVE-2023-24534: what a head may cost is bounded, whether or not it ever ends.
#[test]
fn heads_without_measure_are_faults() {
    run(async {
        for (row, head) in [
            ("a long field", format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(40_000))),
            ("a field without end", format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(200_000))),
            ("a name without end", format!("HTTP/1.1 200 OK\r\n{}", "y".repeat(200_000))),
            ("a reason without end", format!("HTTP/1.1 200 {}", "y".repeat(200_000))),
            ("many fields", format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(200))),
            ("fields without end", format!("HTTP/1.1 200 OK\r\n{}", "x: y\r\n".repeat(30_000))),
            ("blank lines", "\r\n".repeat(100_000)),
            ("no line at all", "x".repeat(200_000)),
        ] {
            let told = check(row, get(), |builder| builder, says(head)).await;
            assert_eq!(told, Told::Fault, "{row}");
        }
    });
}

#[test]
fn promises_without_an_answer_end() {
    run(async {
        for one in [
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
            "HTTP/1.1 199 X\r\n\r\n",
        ] {
            let told = check(one, get(), |builder| builder, says(one.repeat(1000))).await;
            assert_eq!(told, Told::Fault, "{one}");
        }
        // One a minute: the time for the head goes on.
        let drip = |mut peer: Peer| -> Script {
            Box::pin(async move {
                peer.head_of_request().await;
                for _ in 0..10 {
                    say(&mut peer, b"HTTP/1.1 102 Processing\r\n\r\n").await;
                    sleep(Duration::from_secs(60)).await;
                }
                peer
            })
        };
        assert_eq!(check("drip", get(), |builder| builder, drip).await, Told::Late(Timeout::Head));
    });
}

const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n";

#[test]
fn a_connection_that_ends_or_rests_at_any_byte_is_told_and_not_used_again() {
    run(async {
        for response in [WHOLE, CHUNKED] {
            let head = response.find("\r\n\r\n").unwrap() + 4;
            for len in 0..response.len() {
                let row = format!("{:?}", &response[..len]);
                let told = check(&row, get(), |builder| builder, says_and_ends(&response[..len])).await;
                assert_eq!(told, Told::Closed, "{row} and the end");
                let told = check(&row, get(), |builder| builder, says(&response[..len])).await;
                let clock = if len < head { Timeout::Head } else { Timeout::Body };
                assert_eq!(told, Told::Late(clock), "{row} and silence");
            }
        }
    });
}

#[test]
fn slowness_is_bounded_by_the_clock_for_the_head_and_by_the_total() {
    run(async {
        let drip = |text: &'static str| {
            move |mut peer: Peer| -> Script {
                Box::pin(async move {
                    peer.head_of_request().await;
                    for byte in text.bytes().cycle().take(2000) {
                        say(&mut peer, &[byte]).await;
                        sleep(Duration::from_secs(20)).await;
                    }
                    peer
                })
            }
        };
        assert_eq!(check("head", get(), |builder| builder, drip(WHOLE)).await, Told::Late(Timeout::Head));
        let body = |mut peer: Peer| -> Script {
            Box::pin(async move {
                peer.head_of_request().await;
                peer.send("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await;
                for _ in 0..2000 {
                    say(&mut peer, b"x").await;
                    sleep(Duration::from_secs(20)).await;
                }
                peer
            })
        };
        let total = |builder: ClientBuilder| {
            builder.timeouts(|timeouts| timeouts.total = Some(Duration::from_secs(600)))
        };
        assert_eq!(check("body", get(), total, body).await, Told::Late(Timeout::Total));
    });
}

/// Responses that are right, and more behind them: the next request must not get what was left (response splitting).
#[test]
fn a_connection_with_more_on_it_than_was_asked_for_is_not_used_again() {
    run(async {
        let evil = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
        for (method, head) in [
            (Method::GET, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
            (Method::GET, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
            (Method::GET, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
            (Method::GET, "HTTP/1.1 204 No Content\r\n\r\n"),
            (Method::GET, "HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\n"),
            (Method::HEAD, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"),
            (Method::HEAD, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
            (Method::GET, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        ] {
            let mut request = get();
            *request.method_mut() = method.clone();
            let told = check(head, request, |builder| builder, says(format!("{head}{evil}"))).await;
            assert_eq!(told, Told::Nothing, "{method} {head:?}");
        }
        // The same, come while the connection rests.
        let later = |mut peer: Peer| -> Script {
            Box::pin(async move {
                peer.head_of_request().await;
                peer.send(WHOLE).await;
                sleep(Duration::from_secs(1)).await;
                peer.send("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n").await;
                peer
            })
        };
        let (client, made) = client(later, |builder| builder);
        assert_eq!(text(&client, get()).await.unwrap(), "hello");
        sleep(Duration::from_secs(2)).await;
        assert_eq!(text(&client, get()).await.unwrap(), "good");
        assert_eq!(made.load(Ordering::SeqCst), 2);
    });
}

/// CVE-2024-24791 and its kind: an exchange whose request is not whole leaves no connection behind.
#[test]
fn uploads_that_are_not_taken_end_and_leave_nothing_behind() {
    run(async {
        let upload = |len: usize| Request::post("http://a/").body(Body::from(vec![b'x'; len])).unwrap();
        let silent = |mut peer: Peer| -> Script {
            Box::pin(async move {
                peer.head_of_request().await;
                sleep(Duration::from_secs(3000)).await;
                peer
            })
        };
        assert_eq!(
            check("nobody reads", upload(1 << 20), |builder| builder, silent).await,
            Told::Late(Timeout::Write)
        );
        assert_eq!(
            check("early answer", upload(1 << 20), |builder| builder, says(WHOLE)).await,
            Told::Nothing
        );
        let mut expects = upload(10);
        expects.headers_mut().insert("expect", "100-continue".parse().unwrap());
        assert_eq!(
            check("refused expectation", expects, |builder| builder, says(WHOLE)).await,
            Told::Nothing
        );
        let ends = says_and_ends("");
        assert_eq!(check("the end", upload(1 << 20), |builder| builder, ends).await, Told::Closed);
    });
}

#[test]
fn a_body_longer_than_the_reader_wants_is_given_up() {
    run(async {
        let endless = |mut peer: Peer| -> Script {
            Box::pin(async move {
                peer.head_of_request().await;
                peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
                let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
                while peer.io.write_all(chunk.as_bytes()).await.is_ok() {}
                peer
            })
        };
        assert_eq!(check("endless", get(), |builder| builder, endless).await, Told::Limit);
        let announced = says("HTTP/1.1 200 OK\r\ncontent-length: 9000000000000000000\r\n\r\nx");
        assert_eq!(check("announced", get(), |builder| builder, announced).await, Told::Limit);
    });
}

/// A server that reads preface, settings and the first request, and sends these frames.
fn frames(frames: impl Into<Vec<u8>>) -> impl Fn(Peer) -> Script + Send + Sync + 'static {
    let bytes = frames.into();
    move |mut peer| {
        let bytes = bytes.clone();
        Box::pin(async move {
            peer.through(PREFACE).await;
            say(&mut peer, &bytes).await;
            peer
        })
    }
}

pub(crate) fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[])
}

fn ok_head() -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, &block(&[(":status", "200")]))
}

pub(crate) fn get2() -> Request<Body> {
    Request::get("http://a/").version(Version::HTTP_2).body(Body::empty()).unwrap()
}

/// What a server does that breaks the connection for good.
#[test]
fn http2_connections_that_are_broken_end_with_an_error_and_are_not_used_again() {
    run(async {
        let setting = |id: u16, value: u32| {
            let mut payload = id.to_be_bytes().to_vec();
            payload.extend(value.to_be_bytes());
            frame(SETTINGS, 0, 0, &payload)
        };
        let promise = [
            &2u32.to_be_bytes()[..],
            &block(&[(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "a")]),
        ]
        .concat();
        let rows: Vec<(&str, Vec<u8>)> = vec![
            ("words of another protocol", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
            ("no settings first", ok_head()),
            ("a push", [settings(), frame(PUSH_PROMISE, END_HEADERS, 1, &promise)].concat()),
            ("settings of a wrong length", frame(SETTINGS, 0, 0, &[0; 5])),
            ("settings on a stream", [settings(), frame(SETTINGS, 0, 1, &[])].concat()),
            ("an acknowledgement with a payload", [settings(), frame(SETTINGS, ACK, 0, &[0; 6])].concat()),
            ("push switched on", setting(2, 1)),
            ("frames of no size (CVE-2026-33814)", setting(5, 0)),
            ("frames of any size", setting(5, 1 << 24)),
            ("a window of 2^31", setting(4, 1 << 31)),
            (
                "a window that overflows",
                [settings(), frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffffu32.to_be_bytes())].concat(),
            ),
            ("a window of nothing", [settings(), frame(WINDOW_UPDATE, 0, 0, &[0; 4])].concat()),
            ("a ping of a wrong length", [settings(), frame(PING, 0, 0, &[0; 7])].concat()),
            ("a ping on a stream", [settings(), frame(PING, 0, 1, &[0; 8])].concat()),
            ("data on stream 0", [settings(), frame(DATA, 0, 0, b"x")].concat()),
            ("a head on stream 0", [settings(), frame(HEADERS, END_HEADERS, 0, &[0x88])].concat()),
            (
                "a head on a stream of the server",
                [settings(), frame(HEADERS, END_HEADERS, 2, &[0x88])].concat(),
            ),
            (
                "a head on a stream that nobody opened",
                [settings(), frame(HEADERS, END_HEADERS, 99, &[0x88])].concat(),
            ),
            (
                "a reset of a stream that nobody opened",
                [settings(), frame(RST_STREAM, 0, 99, &[0; 4])].concat(),
            ),
            ("a continuation of nothing", [settings(), frame(CONTINUATION, END_HEADERS, 1, &[])].concat()),
            (
                "a head that is cut",
                [settings(), frame(HEADERS, 0, 1, &[0x88]), frame(PING, 0, 0, &[0; 8])].concat(),
            ),
            (
                "padding longer than its frame",
                [settings(), ok_head(), frame(DATA, PADDED, 1, &[9, 0])].concat(),
            ),
            ("a frame longer than was agreed", [settings(), frame(DATA, 0, 1, &[0; 20_000])].concat()),
            ("a broken header block", [settings(), frame(HEADERS, END_HEADERS, 1, &[0xff; 20])].concat()),
            ("an index that is not there", [settings(), frame(HEADERS, END_HEADERS, 1, &[0xfe])].concat()),
            ("a head without end (CVE-2024-27919 and others)", {
                let mut bytes = [settings(), frame(HEADERS, 0, 1, &[0x88])].concat();
                (0..2000).for_each(|_| bytes.extend(frame(CONTINUATION, 0, 1, &[0; 0])));
                bytes
            }),
            ("a flood of pings", {
                let mut bytes = settings();
                (0..12_000).for_each(|_| bytes.extend(frame(PING, ACK, 0, &[0; 8])));
                bytes
            }),
            ("a flood of settings", settings().repeat(12_000)),
            ("a flood of unknown frames", [settings(), frame(0xee, 0, 0, &[]).repeat(12_000)].concat()),
            (
                "a flood of priorities",
                [settings(), frame(PRIORITY, 0, 3, &[0, 0, 0, 1, 0]).repeat(12_000)].concat(),
            ),
            (
                "a flood of window updates",
                [settings(), frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]).repeat(12_000)].concat(),
            ),
        ];
        for (row, bytes) in rows {
            let told = check(row, get2(), |builder| builder, frames(bytes)).await;
            assert!(matches!(told, Told::Fault | Told::Reset | Told::Closed), "{row}: {told:?}");
        }
    });
}

/// What a server does to one stream: the caller is told, and the connection is as good as before.
#[test]
fn http2_streams_that_are_broken_end_with_an_error_and_leave_the_connection_alone() {
    run(async {
        let head = |fields: &[(&str, &str)]| frame(HEADERS, END_HEADERS, 1, &block(fields));
        let many: Vec<_> = (0..400)
            .map(|_| ("x-long", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"))
            .collect();
        let long = block(&[&[(":status", "200")], &many[..]].concat());
        let (first, rest) = long.split_at(16_000);
        for (row, bytes) in [
            ("no status", head(&[("x", "y")])),
            ("a status that is none", head(&[(":status", "2000")])),
            ("a request's field", head(&[(":status", "200"), (":path", "/")])),
            ("a pseudo field behind others", head(&[("x", "y"), (":status", "200")])),
            ("a name in capitals", head(&[(":status", "200"), ("X", "y")])),
            ("a field of the connection", head(&[(":status", "200"), ("connection", "close")])),
            ("a transfer coding", head(&[(":status", "200"), ("transfer-encoding", "chunked")])),
            ("a line end in a value", head(&[(":status", "200"), ("x", "a\r\nb: c")])),
            (
                "more data than announced",
                [head(&[(":status", "200"), ("content-length", "1")]), frame(DATA, END_STREAM, 1, b"xy")]
                    .concat(),
            ),
            (
                "less data than announced",
                [head(&[(":status", "200"), ("content-length", "3")]), frame(DATA, END_STREAM, 1, b"xy")]
                    .concat(),
            ),
            ("data before the head", frame(DATA, 0, 1, b"x")),
            ("a window of nothing", frame(WINDOW_UPDATE, 0, 1, &[0; 4])),
            ("a window that overflows", frame(WINDOW_UPDATE, 0, 1, &0x7fff_ffffu32.to_be_bytes())),
            (
                "a head larger than was agreed",
                [frame(HEADERS, 0, 1, first), frame(CONTINUATION, END_HEADERS, 1, rest)].concat(),
            ),
            ("a reset before the head", frame(RST_STREAM, 0, 1, &2u32.to_be_bytes())),
            ("a reset behind the head", [ok_head(), frame(RST_STREAM, 0, 1, &8u32.to_be_bytes())].concat()),
            (
                "a reset inside the body",
                [ok_head(), frame(DATA, 0, 1, b"x"), frame(RST_STREAM, 0, 1, &2u32.to_be_bytes())].concat(),
            ),
        ] {
            let script = move |bytes: Vec<u8>| {
                move |mut peer: Peer| -> Script {
                    let bytes = bytes.clone();
                    Box::pin(async move {
                        peer.through(PREFACE).await;
                        say(&mut peer, &settings()).await;
                        say(&mut peer, &bytes).await;
                        // And then a good answer to the next request, wherever that is a stream of this connection.
                        sleep(Duration::from_secs(5)).await;
                        say(&mut peer, &frame(HEADERS, END_HEADERS | END_STREAM, 3, &[0x88])).await;
                        peer
                    })
                }
            };
            let (client, _) = client(script(bytes), |builder| builder);
            let result =
                timeout(Duration::from_secs(3600), text(&client, get2())).await.expect("no waiting for ever");
            assert!(matches!(told(&result), Told::Fault | Told::Reset), "{row}: {result:?}");
            let next =
                timeout(Duration::from_secs(60), text(&client, get2())).await.expect("nothing is blocked");
            assert!(next.is_ok(), "{row}: {next:?}");
        }
    });
}

#[test]
fn http2_connections_that_end_or_rest_in_any_state_are_told() {
    run(async {
        let goaway =
            |last: u32, code: u32| frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat());
        let body = [settings(), ok_head(), frame(DATA, 0, 1, b"hello")].concat();
        for len in 0..body.len() {
            let (part, row) = (body[..len].to_vec(), format!("{len} bytes"));
            let ends = move |mut peer: Peer| -> Script {
                let part = part.clone();
                Box::pin(async move {
                    peer.through(PREFACE).await;
                    say(&mut peer, &part).await;
                    let _ = peer.io.shutdown().await;
                    peer
                })
            };
            let told = check(&row, get2(), |builder| builder, ends).await;
            assert!(matches!(told, Told::Closed | Told::Fault | Told::Reset), "{row}: {told:?}");
        }
        for (row, bytes, expected) in [
            ("silence", Vec::new(), Timeout::Head),
            ("silence behind the settings", settings(), Timeout::Head),
            ("silence behind the head", [settings(), ok_head()].concat(), Timeout::Body),
            ("silence inside the body", body.clone(), Timeout::Body),
        ] {
            let (client, _) = client(frames(bytes), |builder| builder);
            let result =
                timeout(Duration::from_secs(3600), text(&client, get2())).await.expect("no waiting for ever");
            assert_eq!(told(&result), Told::Late(expected), "{row}");
        }
        // GOAWAY: streams up to the last one may still be answered, and are waited for as any other.
        for (row, bytes, expected) in [
            ("behind the head", [settings(), ok_head(), goaway(1, 2)].concat(), Told::Late(Timeout::Body)),
            ("with an error", [settings(), goaway(1, 2)].concat(), Told::Late(Timeout::Head)),
            ("inside the body, which it takes back", [body.clone(), goaway(0, 2)].concat(), Told::Reset),
        ] {
            let told = check(row, get2(), |builder| builder, frames(bytes)).await;
            assert_eq!(told, expected, "{row}");
        }
        // No window for an upload, ever.
        let upload =
            Request::post("http://a/").version(Version::HTTP_2).body(Body::from(vec![0; 1 << 20])).unwrap();
        let (client, _) = client(frames(settings()), |builder| builder);
        let result =
            timeout(Duration::from_secs(3600), text(&client, upload)).await.expect("no waiting for ever");
        assert!(matches!(told(&result), Told::Reset | Told::Late(_)), "{result:?}");
    });
}

#[test]
fn a_proxy_that_says_anything_else_than_it_should_is_a_failure_to_connect() {
    run(async {
        use minato_http::{Proxies, Proxy};
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\n\r\nwords of the server before it was asked",
            "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 302 Found\r\nlocation: http://evil/\r\n\r\n",
            "HTTP/1.1 200 OK\ncontent-length: 2\n\n",
            "\x05\0",
            &format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(100_000)),
            &"HTTP/1.1 200 OK\r\n".repeat(5000),
        ] {
            for ends in [true, false] {
                let answer = answer.to_owned();
                let proxies = Proxies::new().all(Proxy::new("http://proxy:3128").unwrap());
                let connect = move |_| {
                    let (ours, theirs) = duplex(PIPE_BYTES);
                    let (mut peer, answer) = (Peer::new(theirs), answer.clone());
                    drop(minato_runtime::spawn(async move {
                        peer.head_of_request().await;
                        say(&mut peer, answer.as_bytes()).await;
                        if ends {
                            let _ = peer.io.shutdown().await;
                        }
                        peer.rest().await;
                    }));
                    std::future::ready(Ok::<_, std::io::Error>(ours))
                };
                let client = Client::builder().connector(connect).proxies(proxies).build();
                for uri in ["https://a/", "http://a/"] {
                    // In the clear a request is given to the proxy, unless it is one for HTTP/2.
                    let request = Request::get(uri).version(Version::HTTP_2).body(Body::empty()).unwrap();
                    let result = timeout(Duration::from_secs(60), text(&client, request)).await;
                    let error = result.expect("no waiting for ever").unwrap_err();
                    assert!(error.is_connect(), "{uri}: {error:?}");
                }
            }
        }
    });
}

#[test]
fn a_server_that_does_not_speak_tls_is_a_failure_to_connect() {
    run(async {
        for answer in
            ["", "HTTP/1.1 400 Bad Request\r\n\r\n", "\x15\x03\x01\0\x02\x02\x28", "\x16\x03\x03\x7f\x7f"]
        {
            for ends in [true, false] {
                let connect = move |_| {
                    let (ours, theirs) = duplex(PIPE_BYTES);
                    let mut peer = Peer::new(theirs);
                    drop(minato_runtime::spawn(async move {
                        peer.exactly(5).await;
                        say(&mut peer, answer.as_bytes()).await;
                        if ends {
                            let _ = peer.io.shutdown().await;
                        }
                        peer.rest().await;
                    }));
                    std::future::ready(Ok::<_, std::io::Error>(ours))
                };
                let connector =
                    minato_net::tls::TlsConnector::builder().roots(minato_net::tls::Roots::empty()).build();
                let client = Client::builder().connector(connect).tls(connector.unwrap()).build();
                let result = timeout(Duration::from_secs(60), client.get("https://a/")).await;
                let error = result.expect("no waiting for ever").unwrap_err();
                assert!(error.is_connect(), "{answer:?}: {error:?}");
            }
        }
    });
}
