//! Response heads, as a client reads them.

use bytes::Bytes;
use http::Method;

use super::super::lenient::LenientResponses;
use super::super::spelling::ReasonPhrase;
use super::super::{Framing, response};
use super::Fault;

fn read(method: &Method, status: &str, lines: &str) -> Result<(Framing, bool), Fault> {
    let head = Bytes::from(format!("HTTP/1.1 {status}\r\n{lines}\r\n"));
    response::parse(head, method, &LenientResponses::default()).map(|head| (head.framing, head.is_persistent))
}

#[test]
fn each_breach_is_a_fault_unless_it_is_allowed() {
    type Allow = fn(&mut LenientResponses);
    let table: [(&str, Allow, (Framing, bool)); 6] = [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            |lenient| lenient.equal_content_lengths = true,
            (Framing::Length(5), true),
        ),
        (
            "HTTP/1.1 200 OK\r\nX: a\r\n \tb\r\nContent-Length: 5\r\n\r\n",
            |lenient| lenient.folded_lines = true,
            (Framing::Length(5), true),
        ),
        (
            "HTTP/1.1 200 OK\r\nno field\r\nContent-Length: 5\r\n\r\n",
            |lenient| lenient.invalid_fields = true,
            (Framing::Length(5), true),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            |lenient| lenient.length_beside_chunks = true,
            (Framing::Chunked, false),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n",
            |lenient| lenient.spaces_after_names = true,
            (Framing::Length(5), true),
        ),
        (
            "HTTP/1.1  200  OK\r\nContent-Length: 5\r\n\r\n",
            |lenient| lenient.status_line_spaces = true,
            (Framing::Length(5), true),
        ),
    ];
    for (head, allow, expected) in table {
        let parse = |lenient: &LenientResponses| response::parse(Bytes::from(head), &Method::GET, lenient);
        let mut lenient = LenientResponses::default();
        assert!(parse(&lenient).is_err(), "{head:?}");
        allow(&mut lenient);
        let parsed = parse(&lenient).unwrap_or_else(|fault| panic!("{head:?}: {fault:?}"));
        assert_eq!((parsed.framing, parsed.is_persistent), expected, "{head:?}");
        if lenient.folded_lines {
            assert_eq!(parsed.headers["x"], "a   \tb");
        }
        if lenient.length_beside_chunks {
            assert!(!parsed.headers.contains_key("content-length"), "it would be passed on");
        }
    }
}

#[test]
fn words_that_are_not_the_usual_ones_are_kept() {
    let phrase = |status: &str| {
        let head = Bytes::from(format!("HTTP/1.1 {status}\r\n\r\n"));
        let head = response::parse(head, &Method::GET, &LenientResponses::default()).unwrap();
        head.extensions.get::<ReasonPhrase>().map(|reason| reason.as_bytes().to_vec())
    };
    assert_eq!(phrase("200 OK"), None);
    assert_eq!(phrase("200 "), None);
    assert_eq!(phrase("200"), None);
    assert_eq!(phrase("200 Quite All Right"), Some(b"Quite All Right".to_vec()));
    assert_eq!(phrase("599 OK"), Some(b"OK".to_vec()));
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
