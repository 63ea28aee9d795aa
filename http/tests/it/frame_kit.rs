//! HTTP/2 frames, written and read by hand.

use http::{Request, Response};
use minato_http::{Body, BoxError, ServerConfig, handler_fn};
use tower_service::Service;

use crate::kit::{Peer, serve};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const PADDED: u8 = 8;
pub(crate) const PRIORITY_FLAG: u8 = 0x20;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// As it stood on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        frame(self.kind, self.flags, self.stream, &self.payload)
    }
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header block without compression: every field literal, never indexed.
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0x10);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).ok().filter(|len| *len < 127).unwrap());
            block.extend(text.bytes());
        }
    }
    block
}

pub(crate) fn get(stream: u32, more: &[(&str, &str)]) -> Vec<u8> {
    let mut fields = vec![(":method", "GET"), (":scheme", "http"), (":path", "/")];
    fields.extend(more);
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&fields))
}

pub(crate) async fn read_frame(peer: &mut Peer) -> Frame {
    try_read_frame(peer).await.expect("another frame")
}

/// The next frame, unless the connection has ended. Nothing is lost when this is dropped.
pub(crate) async fn try_read_frame(peer: &mut Peer) -> Option<Frame> {
    let head = peer.peek(9).await?;
    let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    peer.peek(9 + len).await?;
    let frame = peer.exactly(9 + len).await;
    let stream = u32::from_be_bytes(frame[5..9].try_into().unwrap());
    Some(Frame { kind: frame[3], flags: frame[4], stream, payload: frame[9..].to_vec() })
}

/// Reads up to a frame of this kind.
pub(crate) async fn expect(peer: &mut Peer, kind: u8) -> Frame {
    loop {
        let frame = read_frame(peer).await;
        if frame.kind == kind {
            return frame;
        }
    }
}

/// The error code in the payload of RST_STREAM, or behind the last stream in that of GOAWAY.
pub(crate) fn code(payload: &[u8]) -> u32 {
    let at = if payload.len() == 4 { 0 } else { 4 };
    u32::from_be_bytes(payload[at..at + 4].try_into().unwrap())
}

pub(crate) async fn hello(_: Request<Body>) -> &'static str {
    "hello"
}

/// A connection that says hello.
pub(crate) async fn connect(config: ServerConfig) -> Peer {
    connect_to(handler_fn(hello), config).await
}

/// A connection to a service, on which the preface and empty settings have been sent.
pub(crate) async fn connect_to<S, B>(service: S, config: ServerConfig) -> Peer
where
    S: Service<Request<Body>, Response = Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (mut peer, server) = serve(service, config);
    drop(server);
    peer.send(PREFACE).await;
    peer.send(frame(SETTINGS, 0, 0, &[])).await;
    peer
}
