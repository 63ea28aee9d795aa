//! `kill -9` of the client, in every state a connection can be in: the connection ends, its handler is dropped, and not one
//! descriptor is left.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use minato_http::{Body, Drain, Error, Report, Server, handler_fn, upgrade};
use minato_runtime::io::AsyncReadExt;
use minato_runtime::runtime::Runtime;
use minato_runtime::sync::oneshot;

use crate::client::{Client, sockets, turn, until};

/// Handlers, bodies and upgraded connections that live.
static LIVE: AtomicUsize = AtomicUsize::new(0);

struct Live;

impl Live {
    fn begin() -> Self {
        LIVE.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Chunks without end.
struct Endless(Live);

impl futures_core::Stream for Endless {
    type Item = Result<Bytes, Error>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(Some(Ok(Bytes::from_static(&[b'x'; 16 * 1024]))))
    }
}

async fn handle(mut request: Request<Body>) -> Response<Body> {
    let live = Live::begin();
    match request.uri().path() {
        "/never" => std::future::pending().await,
        "/unread" => {
            let _request = request;
            std::future::pending().await
        }
        "/endless" => Response::new(Body::from_stream(Endless(live))),
        "/upgrade" => {
            let upgraded = upgrade::on(&mut request);
            drop(minato_runtime::spawn(async move {
                let _live = live;
                let mut upgraded = upgraded.await?;
                let mut bytes = Vec::new();
                let _ = upgraded.read_to_end(&mut bytes).await;
                Ok::<_, Error>(())
            }));
            let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
            response.header("upgrade", "test").body(Body::empty()).unwrap()
        }
        _ => {
            let mut body = request.into_body();
            while let Some(Ok(_)) = body.data().await {}
            Response::new(Body::from("hello"))
        }
    }
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: std::thread::JoinHandle<Report>,
}

fn start() -> Running {
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = std::thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            let server = Server::bind("127.0.0.1:0").listen().await.unwrap();
            tell.send(server.local_addr().unwrap()).unwrap();
            let signal = async { stopped.await.unwrap() };
            let server = server.graceful(signal, Drain::within(Duration::from_secs(30)));
            server.serve(handler_fn(handle)).await.unwrap()
        })
    });
    Running { address: told.recv().unwrap(), stop, server }
}

fn is_answering(address: SocketAddr) {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("hello"), "{answer}");
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u32;
    [&len.to_be_bytes()[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A connection of HTTP/2 with these frames behind its beginning.
fn http2(frames: &[Vec<u8>]) -> Vec<u8> {
    [PREFACE, &SETTINGS, &frames.concat()].concat()
}

/// The head of a request, of the static table but for its path.
fn head(method: u8, path: &str, flags: u8) -> Vec<u8> {
    let block = [&[method, 0x86, 0x41, 1, b'a', 0x04, path.len() as u8], path.as_bytes()].concat();
    frame(1, flags, 1, &block)
}

#[test]
fn in_every_state() {
    const GET: u8 = 0x82;
    const POST: u8 = 0x83;
    const END_STREAM: u8 = 1;
    const END_HEADERS: u8 = 4;
    let text = |text: &str| text.as_bytes().to_vec();
    let upload = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf";
    let unread = "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: ";
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    // What is said, how many bytes of the answer are read, and whether a handler or body lives meanwhile.
    let states: Vec<(&str, Vec<u8>, usize, usize)> = vec![
        ("before the first byte", vec![], 0, 0),
        ("in the method", text("GE"), 0, 0),
        ("in a field", text("GET / HTTP/1.1\r\nHost: a\r\nX: "), 0, 0),
        ("while the handler works", text("GET /never HTTP/1.1\r\nHost: a\r\n\r\n"), 0, 1),
        ("while nobody reads its body", text(&format!("{unread}9\r\n\r\nhalf")), 0, 1),
        ("behind a body nobody reads", text(&format!("{unread}9\r\n\r\nwhole one")), 0, 1),
        // More than is read with a head, and no more than the socket holds: behind more than that, no end can be seen.
        (
            "behind a long body nobody reads",
            text(&format!("{unread}100000\r\n\r\n{}", "x".repeat(40_000))),
            0,
            1,
        ),
        (
            "while the handler works and a request waits",
            text(&"GET /never HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2)),
            0,
            1,
        ),
        ("in a body of known length", text(upload), 0, 1),
        ("in a chunk size", text(&format!("{chunked}5")), 0, 1),
        ("in a chunk", text(&format!("{chunked}5\r\nhe")), 0, 1),
        ("in the trailers", text(&format!("{chunked}0\r\nX: ")), 0, 1),
        (
            "holding a body back",
            text("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"),
            25,
            1,
        ),
        ("in a response it does not read", text("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n"), 0, 1),
        ("in a response it reads", text("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n"), 1 << 20, 1),
        ("between two requests", text("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 60, 0),
        ("with more requests behind", text(&"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5)), 0, 1),
        (
            "after an upgrade",
            text("GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n"),
            60,
            1,
        ),
        ("in the preface", PREFACE[..9].to_vec(), 0, 0),
        ("before its settings", PREFACE.to_vec(), 9, 0),
        ("in a frame", http2(&[vec![0, 0]]), 9, 0),
        ("in a head", http2(&[head(GET, "/", END_STREAM)]), 9, 0),
        ("without a stream", http2(&[]), 18, 0),
        (
            "while the handler of a stream works",
            http2(&[head(GET, "/never", END_STREAM | END_HEADERS)]),
            9,
            1,
        ),
        ("in the body of a stream", http2(&[head(POST, "/", END_HEADERS), frame(0, 0, 1, b"half")]), 9, 1),
        (
            "in a stream whose window is used up",
            http2(&[head(GET, "/endless", END_STREAM | END_HEADERS)]),
            60_000,
            1,
        ),
    ];
    let _turn = turn();
    let running = start();
    let before = sockets();
    is_answering(running.address);
    for (name, says, reads, live) in states {
        for connections in [1, 10] {
            let mut client = Client::start(running.address, connections, &says, reads);
            client.is_settled();
            until(&format!("{name}: the handlers"), || LIVE.load(Ordering::SeqCst) == live * connections);
            is_answering(running.address);
            client.kill();
            until(&format!("{name}: the end of the handlers"), || LIVE.load(Ordering::SeqCst) == 0);
            until(&format!("{name}: the end of the sockets"), || sockets() <= before);
        }
    }
    is_answering(running.address);
    running.stop.send(()).unwrap();
    assert_eq!(running.server.join().unwrap().cut, 0);
}

#[test]
fn in_the_middle_of_a_tls_handshake() {
    let _turn = turn();
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let identity = minato_net::tls::Identity::from_pem(
        certified.cert.pem().as_bytes(),
        certified.signing_key.serialize_pem().as_bytes(),
    )
    .unwrap();
    let acceptor =
        minato_net::tls::TlsAcceptor::builder(minato_net::tls::IdentityStore::new(identity)).build().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = std::thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            let server = Server::bind("127.0.0.1:0").tls(acceptor).listen().await.unwrap();
            tell.send(server.local_addr().unwrap()).unwrap();
            let signal = async { stopped.await.unwrap() };
            let server = server.graceful(signal, Drain::within(Duration::from_secs(30)));
            server.serve(handler_fn(handle)).await.unwrap()
        })
    });
    let address = told.recv().unwrap();
    let hello = Arc::new([0x16, 3, 1, 0x02, 0, 1, 0, 1, 0xfc, 3, 3]);
    for says in [&[][..], &hello[..3], &hello[..]] {
        let before = sockets();
        let mut client = Client::start(address, 10, says, 0);
        client.is_settled();
        until(&format!("the connections, above {before}, of {says:?}"), || sockets() >= before + 10);
        client.kill();
        until("the end of the sockets", || sockets() <= before);
    }
    stop.send(()).unwrap();
    assert_eq!(server.join().unwrap().cut, 0);
}
