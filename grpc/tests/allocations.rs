//! How many allocations a call costs above HTTP.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::{BufMut, Bytes};
use generated::{Echo, EchoServer, Msg};
use http::{Request, Response};
use http_body::Body as _;
use minato_grpc::{Cx, Outbound, Result, Routes};
use minato_http::Body;
use minato_service::Service;
use prost::Message;

#[path = "calls/generated/mod.rs"]
mod generated;

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

struct Plain;

impl Echo for Plain {
    async fn unary(&self, _: &mut Cx<'_>, request: Msg) -> Result<Msg> {
        Ok(request)
    }

    async fn expand(&self, _: &mut Cx<'_>, request: Msg, output: &mut Outbound<Msg>) -> Result<()> {
        for count in 0..request.count {
            output.send(Msg { count, ..Msg::default() }).await?;
        }
        Ok(())
    }
}

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// Reads a response to its end and says how many frames its body had.
fn drain(response: Response<Body>) -> usize {
    let mut body = response.into_body();
    let mut frames = 0;
    while let Poll::Ready(Some(frame)) =
        Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()))
    {
        frame.unwrap();
        frames += 1;
    }
    frames
}

/// The allocations of one call, after a few that warm up the pool.
fn allocations(method: &str, message: &Msg) -> usize {
    let mut data = Vec::new();
    data.put_u8(0);
    data.put_u32(message.encoded_len() as u32);
    message.encode(&mut data).unwrap();
    let data = Bytes::from(data);
    let mut routes = Routes::new().add_service(EchoServer::new(Plain));
    let mut spent = 0;
    for _ in 0..4 {
        let request = Request::post(format!("http://test/minato.test.Echo/{method}"))
            .header("content-type", "application/grpc")
            .body(Body::from(data.clone()))
            .unwrap();
        let before = ALLOCATIONS.get();
        let Ok(response) = now(routes.call(request));
        assert!(drain(response) >= 2);
        spent = ALLOCATIONS.get() - before;
    }
    spent
}

#[test]
fn a_unary_call_costs_five_and_its_strings() {
    // The handler, the message, the trailers and their box.
    let spent = allocations("Unary", &Msg::default());
    assert!(spent <= 5, "{spent}");
    let spent = allocations("Unary", &Msg { text: "one string".to_owned(), ..Msg::default() });
    assert!(spent <= 6, "{spent}");
}

#[test]
fn a_message_of_a_stream_costs_next_to_nothing() {
    let few = allocations("Expand", &Msg { count: 1000, ..Msg::default() });
    let many = allocations("Expand", &Msg { count: 11_000, ..Msg::default() });
    assert!(many - few <= 40, "{few} for 1000 messages, {many} for 11000");
}
