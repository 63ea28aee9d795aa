//! How many allocations a request costs on a connection that has settled down.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::io::{Read, Write};
use std::net::SocketAddr;

use http::header::{CONTENT_TYPE, HeaderValue, SERVER};
use http::{Request, Response};
use minato_http::{Body, Client, ConnectionInfo, Server, ServerConfig, handler_fn, lean, serve_connection};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use minato_runtime::runtime::Builder;
use minato_runtime::sync::oneshot;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// Bytes asked for.
    static BYTES: Cell<usize> = const { Cell::new(0) };
    /// Bytes held.
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn note(bytes: usize) {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    BYTES.set(BYTES.get() + bytes);
    HELD.set(HELD.get() + bytes as isize);
}

// SAFETY: every call is handed to the system's allocator as it came; counting touches no memory of the caller.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller keeps to the contract of this method, which is that of the one called.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.set(HELD.get() - layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        HELD.set(HELD.get() - layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Clone)]
struct Hello;

impl tower_service::Service<Request<Body>> for Hello {
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    /// The header map of the request goes out with the response, so that nothing here allocates.
    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let mut headers = request.into_parts().0.headers;
        headers.clear();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        let mut response = Response::new(Body::from("hello"));
        *response.headers_mut() = headers;
        std::future::ready(Ok(response))
    }
}

const USUAL: &str =
    "GET /a/b?c=d HTTP/1.1\r\nHost: example.com\r\nUser-Agent: test\r\nAccept: */*\r\nX-Id: 7\r\n\r\n";

/// A request with thirteen fields that no standard lists.
fn custom() -> String {
    let fields: String = (0..13).map(|i| format!("X-Custom-Field-{i}: value {i}\r\n")).collect();
    format!("GET / HTTP/1.1\r\nHost: example.com\r\n{fields}\r\n")
}

fn config(info: ConnectionInfo) -> ServerConfig {
    let mut config = ServerConfig::default();
    config.connection_info = info;
    config
}

fn typed(io: DuplexStream, config: ServerConfig) {
    drop(minato_runtime::spawn(serve_connection(io, Hello, config)));
}

/// A lean service that looks at what it was asked, and at who asks.
fn lean(io: DuplexStream, config: ServerConfig) {
    let service = lean::handler_fn(|request: lean::Request| {
        assert!(request.header("host").is_some() && request.peer().is_none());
        std::future::ready(lean::Response::text("hello").with_header(SERVER, HeaderValue::from_static("x")))
    });
    drop(minato_runtime::spawn(lean::serve_connection(io, service, config)));
}

/// Allocations and bytes per request, over many batches of pipelined ones.
fn per_request(
    serve: fn(DuplexStream, ServerConfig),
    info: ConnectionInfo,
    request: &str,
    batch: usize,
) -> (f64, f64) {
    const BATCHES: usize = 100;
    let requests = request.repeat(batch);
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        // The first task to end, or to be measured, makes the table of spawn sites: which poll is measured is random.
        minato_runtime::spawn(async {}).await.unwrap();
        let (mut peer, io) = duplex(256 * 1024);
        serve(io, config(info));
        let mut len = 0;
        let mut answer = vec![0; 256 * 1024];
        let mut before = (0, 0);
        for round in 0..2 * BATCHES {
            if round == BATCHES {
                before = (ALLOCATIONS.get(), BYTES.get());
            }
            peer.write_all(requests.as_bytes()).await.unwrap();
            if len == 0 {
                // The length of one answer tells that of all.
                let arrived = peer.read(&mut answer).await.unwrap();
                len = answer[..arrived].windows(5).position(|text| text == b"hello").unwrap() + 5;
                peer.read_exact(&mut answer[..len * batch - arrived]).await.unwrap();
            } else {
                peer.read_exact(&mut answer[..len * batch]).await.unwrap();
            }
        }
        let requests = (BATCHES * batch) as f64;
        ((ALLOCATIONS.get() - before.0) as f64 / requests, (BYTES.get() - before.1) as f64 / requests)
    })
}

#[test]
fn a_request_costs_no_allocation() {
    let (pipelined, _) = per_request(typed, ConnectionInfo::Omit, USUAL, 16);
    assert!(pipelined <= 0.1, "{pipelined} per pipelined request");
    let (alone, _) = per_request(typed, ConnectionInfo::Omit, USUAL, 1);
    assert!(alone <= 0.1, "{alone} per request alone");
    let (custom, _) = per_request(typed, ConnectionInfo::Omit, &custom(), 1);
    assert!(custom <= 0.1, "{custom} per request with fields of its own");
}

#[test]
fn telling_the_handler_about_its_connection_costs_three() {
    for request in [USUAL, &custom()] {
        let (informed, bytes) = per_request(typed, ConnectionInfo::Insert, request, 16);
        assert!(informed <= 3.1 && bytes <= 700.0, "{informed} of {bytes} bytes per request");
    }
}

#[test]
fn a_lean_request_costs_no_allocation_with_all_defaults() {
    for request in [USUAL, &custom()] {
        for batch in [1, 16] {
            let (allocations, bytes) = per_request(lean, ConnectionInfo::default(), request, batch);
            assert!(
                allocations <= 0.01 && bytes <= 10.0,
                "{allocations} of {bytes} bytes, {batch} at a time"
            );
        }
    }
}

/// One HTTP/2 frame of a client.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Sends a batch of requests, one stream each, and reads until all of them are answered.
async fn exchange_http2(peer: &mut DuplexStream, requests: &mut [u8], next: &mut u32, answers: &mut [u8]) {
    const REQUEST_BYTES: usize = 9 + HTTP2_HEAD.len();
    for request in requests.chunks_mut(REQUEST_BYTES) {
        request[5..9].copy_from_slice(&next.to_be_bytes());
        *next += 2;
    }
    peer.write_all(requests).await.unwrap();
    let (mut open, mut at, mut arrived) = (requests.len() / REQUEST_BYTES, 0, 0);
    while open > 0 {
        arrived += peer.read(&mut answers[arrived..]).await.unwrap();
        while let Some(&[high, middle, low, kind, flags, ..]) = answers[at..arrived].get(..9) {
            let end = at + 9 + u32::from_be_bytes([0, high, middle, low]) as usize;
            if end > arrived {
                break;
            }
            assert!(!matches!(kind, 3 | 7), "ended: {:?}", &answers[at..end]);
            let is_first = answers[at + 5..at + 9] == [0, 0, 0, 1];
            open -= usize::from(kind <= 1 && flags & 1 == 1 && !is_first);
            at = end;
        }
    }
}

/// `GET http://example.com/`, of which the authority is to be kept.
const HTTP2_FIRST: &[u8] = b"\x82\x86\x84\x41\x0bexample.com";

/// The same again: four bytes that refer to what is known.
const HTTP2_HEAD: &[u8] = b"\x82\x86\x84\xbe";

/// A connection over which one request was answered, and the identifier of the next.
async fn connect_http2<S>(service: S, config: ServerConfig) -> (DuplexStream, u32)
where
    S: tower_service::Service<Request<Body>, Response = Response<Body>> + Send + 'static,
    S::Error: Into<minato_http::BoxError>,
    S::Future: Send,
{
    let (mut peer, io) = duplex(256 * 1024);
    drop(minato_runtime::spawn(serve_connection(io, service, config)));
    peer.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    peer.write_all(&[frame(4, 0, 0, &[]), frame(4, 1, 0, &[])].concat()).await.unwrap();
    // All that is ever answered finds window.
    peer.write_all(&frame(8, 0, 0, &(1u32 << 30).to_be_bytes())).await.unwrap();
    peer.write_all(&frame(1, 5, 1, HTTP2_FIRST)).await.unwrap();
    (peer, 3)
}

#[test]
fn an_http2_connection_keeps_the_room_of_a_burst_for_a_second_and_no_longer() {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (mut peer, mut next) = connect_http2(Hello, config(ConnectionInfo::Omit)).await;
        let mut requests = frame(1, 5, 0, HTTP2_HEAD).repeat(200);
        let mut answers = vec![0; 256 * 1024];
        let mut held = [0; 3];
        for round in 0..2 {
            exchange_http2(&mut peer, &mut requests, &mut next, &mut answers).await;
            minato_runtime::time::sleep(std::time::Duration::from_millis(900)).await;
            held[1] = HELD.get();
            minato_runtime::time::sleep(std::time::Duration::from_millis(200)).await;
            held[2 * round] = HELD.get();
        }
        let [before, burst, after] = held;
        assert!(burst - before > 20_000, "{} bytes for 200 streams", burst - before);
        assert!(after - before < 500, "{} bytes are never given up", after - before);
    });
}

/// Allocations and bytes per request, over many batches of streams.
fn per_stream<S>(service: S, info: ConnectionInfo, batch: usize) -> (f64, f64)
where
    S: tower_service::Service<Request<Body>, Response = Response<Body>> + Send + 'static,
    S::Error: Into<minato_http::BoxError>,
    S::Future: Send,
{
    const BATCHES: usize = 100;
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        minato_runtime::spawn(async {}).await.unwrap();
        let (mut peer, mut next) = connect_http2(service, config(info)).await;
        let mut requests = frame(1, 5, 0, HTTP2_HEAD).repeat(batch);
        let mut answers = vec![0; 256 * 1024];
        let mut before = (0, 0);
        for round in 0..2 * BATCHES {
            if round == BATCHES {
                before = (ALLOCATIONS.get(), BYTES.get());
            }
            exchange_http2(&mut peer, &mut requests, &mut next, &mut answers).await;
        }
        let requests = (BATCHES * batch) as f64;
        ((ALLOCATIONS.get() - before.0) as f64 / requests, (BYTES.get() - before.1) as f64 / requests)
    })
}

/// Says hello without a field of its own.
async fn plain(_: Request<Body>) -> Response<Body> {
    Response::new(Body::from("hello"))
}

#[test]
fn a_request_over_http2_costs_the_map_of_its_fields_and_what_tells_of_the_connection() {
    for batch in [1, 100] {
        // Whoever lets its header map go out with the response has it used again.
        let (informed, bytes) = per_stream(Hello, ConnectionInfo::Insert, batch);
        let (omitted, omitted_bytes) = per_stream(Hello, ConnectionInfo::Omit, batch);
        let (usual, usual_bytes) = per_stream(handler_fn(plain), ConnectionInfo::default(), batch);
        assert!(informed <= 3.1 && bytes <= 350.0, "{informed} of {bytes} bytes, {batch} at a time");
        assert!(
            omitted <= 0.1 && omitted_bytes <= 50.0,
            "{omitted} of {omitted_bytes} bytes, {batch} at a time"
        );
        assert!(usual <= 5.1 && usual_bytes <= 1100.0, "{usual} of {usual_bytes} bytes, {batch} at a time");
    }
}

/// Requests of a client, one after the other over a connection that is kept, to a server that allocates nothing.
#[test]
fn a_request_of_a_client_costs_four_allocations_and_no_buffer() {
    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nserver: x\r\ncontent-length: 5\r\n\r\nhello";
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (allocations, bytes) = runtime.block_on(async {
        let connect = |_| {
            let (ours, mut theirs) = duplex(64 * 1024);
            drop(minato_runtime::spawn(async move {
                let mut request = [0; 4096];
                while theirs.read(&mut request).await.is_ok_and(|len| len > 0) {
                    theirs.write_all(ANSWER).await.unwrap();
                }
            }));
            std::future::ready(Ok::<_, std::io::Error>(ours))
        };
        let client = Client::builder().connector(connect).build();
        let uri: http::Uri = "http://example.com/a/b?c=d".parse().unwrap();
        let mut before = (0, 0);
        for round in 0..2000 {
            if round == 1000 {
                before = (ALLOCATIONS.get(), BYTES.get());
            }
            let mut request = Request::new(Body::empty());
            *request.uri_mut() = uri.clone();
            let mut body = client.request(request).await.unwrap().into_body();
            assert_eq!(body.data().await.unwrap().unwrap(), "hello");
            assert!(body.data().await.is_none());
        }
        assert_eq!(client.pool().status().connects(), 1);
        ((ALLOCATIONS.get() - before.0) as f64 / 1000.0, (BYTES.get() - before.1) as f64 / 1000.0)
    });
    assert!(allocations <= 4.1 && bytes <= 1500.0, "{allocations} of {bytes} bytes");
}

/// Bytes of the heap that a connection holds which has been answered and waits for another request.
fn idle<F: Future>(serve: impl FnOnce(SocketAddr, oneshot::Sender<SocketAddr>) -> F) -> f64 {
    const CONNECTIONS: usize = 500;
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (tell, address) = oneshot::channel();
        let mut serving = std::pin::pin!(serve(SocketAddr::from(([127, 0, 0, 1], 0)), tell));
        let measured = async {
            let address = address.await.unwrap();
            let mut held = [0; 2];
            // The first lot grows what all connections share.
            let mut open = Vec::new();
            for held in &mut held {
                let (done, answered) = oneshot::channel();
                // What this thread allocates is counted for itself.
                let clients = std::thread::spawn(move || {
                    let streams: Vec<_> = (0..CONNECTIONS)
                        .map(|_| {
                            let mut stream = std::net::TcpStream::connect(address).unwrap();
                            stream.write_all(USUAL.as_bytes()).unwrap();
                            let mut answer = Vec::new();
                            while !answer.ends_with(b"hello") {
                                let mut byte = [0; 256];
                                let len = stream.read(&mut byte).unwrap();
                                answer.extend_from_slice(&byte[..len]);
                            }
                            stream
                        })
                        .collect();
                    done.send(streams).unwrap();
                });
                open.push(answered.await.unwrap());
                clients.join().unwrap();
                *held = HELD.get();
            }
            (held[1] - held[0]) as f64 / CONNECTIONS as f64
        };
        minato_runtime::select! {
            measured = measured => measured,
            _ = &mut serving => unreachable!("the server goes on"),
        }
    })
}

#[test]
fn an_idle_connection_holds_little_more_than_a_kilobyte() {
    let typed = idle(|address, tell| async move {
        let server = Server::bind(address).listen().await.unwrap();
        tell.send(server.local_addr().unwrap()).unwrap();
        server.serve(Hello).await
    });
    let lean = idle(|address, tell| async move {
        let server = Server::bind(address).listen().await.unwrap();
        tell.send(server.local_addr().unwrap()).unwrap();
        let hello = lean::handler_fn(|_: lean::Request| std::future::ready(lean::Response::text("hello")));
        server.serve_lean(hello).await
    });
    assert!(typed <= 1150.0 && lean <= 1110.0, "{typed} and {lean} bytes");
}
