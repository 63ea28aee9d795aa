//! HTTP/2 frames, written and read by hand.

use http::{Request, Response};
use minato_http::{Body, BoxError, ServerConfig, handler_fn};
use tower_service::Service;

use crate::kit::{Peer, serve};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
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
    let head = peer.exactly(9).await;
    let len = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Frame { kind: head[3], flags: head[4], stream, payload: peer.exactly(len as usize).await }
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
