//! Requests over HTTP/2 with prior knowledge, and gRPC calls, as frames made by hand.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::connect;
use crate::Work;

/// The payload of a gRPC call.
const PAYLOAD_BYTES: usize = 1024;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

const WINDOW_MAX: u32 = i32::MAX as u32;

/// One request at a time.
pub(crate) fn http2_1(address: SocketAddr) -> Work {
    Connection::open(address, get(), Vec::new(), 13).work(1)
}

/// 100 requests at a time.
pub(crate) fn http2_100(address: SocketAddr) -> Work {
    Connection::open(address, get(), Vec::new(), 13).work(100)
}

/// One call at a time.
pub(crate) fn grpc_1(address: SocketAddr) -> Work {
    let (head, message) = call();
    let len = message.len();
    Connection::open(address, head, message, len).work(1)
}

/// 100 calls at a time.
pub(crate) fn grpc_100(address: SocketAddr) -> Work {
    let (head, message) = call();
    let len = message.len();
    Connection::open(address, head, message, len).work(100)
}

/// The fields of a GET request: indexes of the static table (RFC 7541 A), and a literal authority.
fn get() -> Vec<u8> {
    let mut head = vec![0x82, 0x86, 0x84];
    literal(&mut head, &[0x01], b"localhost");
    head
}

/// The fields and the message of a call.
fn call() -> (Vec<u8>, Vec<u8>) {
    let mut head = vec![0x83, 0x86];
    literal(&mut head, &[0x04], b"/minato.bench.Bench/Unary");
    literal(&mut head, &[0x01], b"localhost");
    literal(&mut head, &[0x0f, 31 - 15], b"application/grpc");
    literal(&mut head, b"\x00\x02te", b"trailers");

    // A message of the field 1, whose length takes two bytes.
    let field = [0x0a, (PAYLOAD_BYTES & 0x7f) as u8 | 0x80, (PAYLOAD_BYTES >> 7) as u8];
    let mut message = vec![0];
    message.extend_from_slice(&((field.len() + PAYLOAD_BYTES) as u32).to_be_bytes());
    message.extend_from_slice(&field);
    message.resize(message.len() + PAYLOAD_BYTES, 0x5a);
    (head, message)
}

fn literal(head: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    head.extend_from_slice(name);
    head.push(value.len() as u8);
    head.extend_from_slice(value);
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

struct Connection {
    socket: TcpStream,
    head: Vec<u8>,
    /// The data of a request; empty for none.
    body: Vec<u8>,
    /// The length of the data of a response.
    answer_len: usize,
    next_stream: u32,
    /// Bytes the server lets us send.
    window: i64,
    /// Bytes of data read since the server was last let send more.
    taken: u32,
    arrived: Vec<u8>,
    out: Vec<u8>,
    answered: usize,
    answer_bytes: usize,
}

impl Connection {
    fn open(address: SocketAddr, head: Vec<u8>, body: Vec<u8>, answer_len: usize) -> Self {
        let mut out = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        let mut initial_window = vec![0, 4];
        initial_window.extend_from_slice(&WINDOW_MAX.to_be_bytes());
        frame(&mut out, SETTINGS, 0, 0, &initial_window);
        frame(&mut out, WINDOW_UPDATE, 0, 0, &(WINDOW_MAX - 65_535).to_be_bytes());
        Self {
            socket: connect(address),
            head,
            body,
            answer_len,
            next_stream: 1,
            window: 65_535,
            taken: 0,
            arrived: Vec::new(),
            out,
            answered: 0,
            answer_bytes: 0,
        }
    }

    fn work(mut self, streams: usize) -> Work {
        Box::new(move |operations| {
            let mut left = operations as usize;
            while left > 0 {
                let active = left.min(streams);
                self.batch(active);
                left -= active;
            }
        })
    }

    /// Sends requests and reads their responses.
    fn batch(&mut self, requests: usize) {
        (self.answered, self.answer_bytes) = (0, 0);
        for _ in 0..requests {
            while self.window < self.body.len() as i64 {
                self.flush();
                self.read();
            }
            let stream = self.next_stream;
            self.next_stream += 2;
            if self.body.is_empty() {
                frame(&mut self.out, HEADERS, END_HEADERS | END_STREAM, stream, &self.head);
            } else {
                frame(&mut self.out, HEADERS, END_HEADERS, stream, &self.head);
                frame(&mut self.out, DATA, END_STREAM, stream, &self.body);
                self.window -= self.body.len() as i64;
            }
        }
        self.flush();
        while self.answered < requests {
            self.read();
        }
        assert_eq!(self.answer_bytes, requests * self.answer_len, "every request was answered in full");
    }

    fn flush(&mut self) {
        self.socket.write_all(&self.out).expect("the server reads");
        self.out.clear();
    }

    /// Reads once and handles every whole frame.
    fn read(&mut self) {
        let mut buf = [0; 64 * 1024];
        let len = self.socket.read(&mut buf).expect("the server writes");
        assert!(len > 0, "the server keeps the connection");
        let mut arrived = std::mem::take(&mut self.arrived);
        arrived.extend_from_slice(&buf[..len]);
        let mut rest = &arrived[..];
        while let Some((head, after)) = rest.split_first_chunk::<9>() {
            let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let Some((payload, after)) = after.split_at_checked(len) else { break };
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            self.handle(head[3], head[4], stream, payload);
            rest = after;
        }
        let used = arrived.len() - rest.len();
        arrived.drain(..used);
        self.arrived = arrived;
        if !self.out.is_empty() && self.answered > 0 {
            self.flush();
        }
    }

    fn handle(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        match kind {
            DATA => {
                self.answer_bytes += payload.len();
                self.taken += payload.len() as u32;
                if self.taken > WINDOW_MAX / 2 {
                    frame(&mut self.out, WINDOW_UPDATE, 0, 0, &self.taken.to_be_bytes());
                    self.taken = 0;
                }
            }
            SETTINGS if flags & ACK == 0 => frame(&mut self.out, SETTINGS, ACK, 0, &[]),
            PING if flags & ACK == 0 => frame(&mut self.out, PING, ACK, 0, payload),
            WINDOW_UPDATE if stream == 0 => {
                let more = payload.try_into().map(u32::from_be_bytes).expect("four bytes");
                self.window += i64::from(more);
            }
            RST_STREAM | GOAWAY => panic!("the server refused: frame {kind}, {payload:?}"),
            _ => {}
        }
        if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            self.answered += 1;
        }
    }
}
