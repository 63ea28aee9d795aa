//! Response heads, as a client reads them.

use bytes::Bytes;
use http::Method;

use super::super::{Framing, response};
use super::Fault;

fn read(method: &Method, status: &str, lines: &str) -> Result<(Framing, bool), Fault> {
    let head = Bytes::from(format!("HTTP/1.1 {status}\r\n{lines}\r\n"));
    response::parse(head, method).map(|head| (head.framing, head.is_persistent))
}

#[test]
fn the_framing_of_a_response_follows_method_status_and_fields() {
    let get = &Method::GET;
    for (method, status, lines, expected) in [
        (get, "200 OK", "Content-Length: 5\r\n", (Framing::Length(5), true)),
        (get, "200 OK", "Transfer-Encoding: chunked\r\n", (Framing::Chunked, true)),
        (get, "200 OK", "", (Framing::UntilClose, false)),
        (get, "200 ", "Content-Length: 0\r\nConnection: close\r\n", (Framing::Length(0), false)),
        (get, "204 No Content", "Content-Length: 5\r\n", (Framing::Length(0), true)),
        (get, "304 Not Modified", "Content-Length: 5\r\n", (Framing::Length(0), true)),
        (get, "100 Continue", "", (Framing::Length(0), true)),
        (get, "101 Switching Protocols", "", (Framing::Length(0), false)),
        (&Method::HEAD, "200 OK", "Content-Length: 5\r\n", (Framing::Length(0), true)),
        (&Method::CONNECT, "200 OK", "Transfer-Encoding: chunked\r\n", (Framing::Length(0), true)),
        (&Method::CONNECT, "400 Bad Request", "Content-Length: 5\r\n", (Framing::Length(5), true)),
    ] {
        assert_eq!(read(method, status, lines), Ok(expected), "{method} {status} {lines:?}");
    }
}

#[test]
fn a_response_that_is_ambiguous_is_a_fault() {
    let get = &Method::GET;
    for (status, lines, fault) in [
        ("200 OK", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Fault::FramedTwice),
        ("200 OK", "Content-Length: 5\r\nContent-Length: 6\r\n", Fault::ContentLength),
        ("200 OK", "Content-Length: 5x\r\n", Fault::ContentLength),
        ("200 OK", "Transfer-Encoding: gzip\r\n", Fault::TransferCodingUnsupported),
        ("2000 OK", "", Fault::Status),
        ("20 OK", "", Fault::Status),
        ("abc OK", "", Fault::Status),
        ("099 OK", "", Fault::Status),
        ("200 OK", "a b: c\r\n", Fault::FieldName),
    ] {
        assert_eq!(read(get, status, lines), Err(fault), "{status} {lines:?}");
    }
}
