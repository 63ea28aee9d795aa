//! How many allocations a request costs on a connection that has settled down.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use minato_http::{Body, ConnectionInfo, ServerConfig, serve_connection};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt, duplex};
use minato_runtime::runtime::Builder;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is handed to the system's allocator as it came; counting touches no memory of the caller.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps to the contract of this method, which is that of the one called.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
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

/// Allocations per request, over many batches of pipelined ones.
fn per_request(info: ConnectionInfo, batch: usize) -> f64 {
    const BATCHES: usize = 100;
    let request =
        "GET /a/b?c=d HTTP/1.1\r\nHost: example.com\r\nUser-Agent: test\r\nAccept: */*\r\nX-Id: 7\r\n\r\n";
    let requests = request.repeat(batch);
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (mut peer, io) = duplex(256 * 1024);
        let mut config = ServerConfig::default();
        config.connection_info = info;
        drop(minato_runtime::spawn(serve_connection(io, Hello, config)));
        let mut len = 0;
        let mut answer = vec![0; 256 * 1024];
        let mut before = 0;
        for round in 0..2 * BATCHES {
            if round == BATCHES {
                before = ALLOCATIONS.get();
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
        (ALLOCATIONS.get() - before) as f64 / (BATCHES * batch) as f64
    })
}

#[test]
fn a_request_costs_no_allocation() {
    let pipelined = per_request(ConnectionInfo::Omit, 16);
    assert!(pipelined <= 0.1, "{pipelined} per pipelined request");
    let alone = per_request(ConnectionInfo::Omit, 1);
    assert!(alone <= 0.1, "{alone} per request alone");
}

#[test]
fn telling_the_handler_about_its_connection_costs_three() {
    let informed = per_request(ConnectionInfo::Insert, 16);
    assert!(informed <= 3.1, "{informed} per request");
}
