//! The short way through a head and the long one come to the same.

use bytes::Bytes;
use http::Request;

use super::super::usual::{self, Lines};
use super::{LIMITS, Noise, read};
use crate::h1::HeadLimits;
use crate::h1::request::RequestHead;

/// Heads that go the short way.
const USUAL: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /a/b?c=d%20e HTTP/1.1\r\nhost:a:8080\r\naccept:  */*  \r\nx-empty:\r\nx-blank:   \r\n\r\n",
    "POST /x HTTP/1.1\r\nHOST: a\r\nContent-Length: 5\r\nX: y z\r\nConnection: close\r\n\r\nhello",
    "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nExpect: 100-continue\r\n\r\n",
    "DELETE /x HTTP/1.1\r\nHost: a\r\nx-a-name-that-is-longer-than-the-longest-that-is-known: 1\r\n\r\n",
    "OPTIONS /x HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\ncookie: c=d\r\nUser-Agent: caf\u{e9}\r\n\r\n",
    "PATCH /x HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: x\r\nIf-None-Match: \"a:b\"\r\nz:12\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\nGET / HTTP/1.1\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nPragma: no-cache\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nCache-Control: max-age=0\r\nUpgrade-Insecure-Requests: 1\r\nContent-Type: application/json\r\n\r\n",
];

/// The head at the beginning of these bytes, in a form that can be compared, and its length.
fn short(bytes: &[u8], limits: &HeadLimits) -> Option<(String, usize)> {
    let mut lines = Lines::default();
    let head = usual::scan(bytes, limits, &mut lines)?;
    let len = head.len();
    let held = Bytes::copy_from_slice(&bytes[..len]);
    let facts = head.facts;
    let mut request = Request::new(());
    head.fill(&held, &lines, &mut request)?;
    let (typed, ()) = request.into_parts();
    let head = RequestHead { method: typed.method, uri: typed.uri, headers: typed.headers, facts };
    Some((format!("{head:?}"), len))
}

fn long(bytes: &[u8]) -> Option<String> {
    read(bytes).ok().map(|head| format!("{head:?}"))
}

#[test]
fn usual_heads_go_the_short_way() {
    for bytes in USUAL {
        let (head, len) = short(bytes.as_bytes(), &LIMITS).expect(bytes);
        assert_eq!(Some(head), long(bytes.as_bytes()), "{bytes:?}");
        assert!(bytes[..len].ends_with("\r\n\r\n") && bytes[..len].matches("\r\n\r\n").count() == 1);
    }
}

#[test]
fn a_head_cut_short_is_left_to_the_long_way() {
    for bytes in USUAL {
        let (_, len) = short(bytes.as_bytes(), &LIMITS).expect(bytes);
        for cut in 0..len {
            assert_eq!(short(&bytes.as_bytes()[..cut], &LIMITS), None, "{bytes:?} cut at {cut}");
        }
    }
}

#[test]
fn what_goes_the_short_way_is_what_the_long_way_makes_of_it() {
    let mut noise = Noise(0x5eed_0002);
    let (mut taken, mut left) = (0, 0);
    for round in super::rounds(200_000) {
        let mut bytes = USUAL[noise.below(USUAL.len())].as_bytes().to_vec();
        for _ in 0..noise.below(4) {
            let at = noise.below(bytes.len());
            match noise.below(5) {
                0 => bytes[at] = noise.below(256) as u8,
                1 => bytes.insert(at, b"\r\n :\t,;\0@"[noise.below(9)]),
                2 if bytes.len() > 1 => drop(bytes.remove(at)),
                3 => bytes[at] ^= 0x20,
                _ => bytes.truncate(at + 1),
            }
        }
        match short(&bytes, &LIMITS) {
            Some((head, _)) => {
                let said = String::from_utf8_lossy(&bytes);
                assert_eq!(Some(head), long(&bytes), "round {round}: {said:?}");
                taken += 1;
            }
            None => left += 1,
        }
    }
    assert!(taken > 20_000 && left > 20_000, "the noise tests nothing: {taken} taken, {left} left");
}

#[test]
fn heads_over_a_limit_are_left_to_the_long_way() {
    let head = USUAL[1].as_bytes();
    let (_, len) = short(head, &LIMITS).expect("a usual head");
    let with = |bytes_max, fields_max, target_bytes_max| {
        short(head, &HeadLimits { bytes_max, fields_max, target_bytes_max }).is_some()
    };
    assert!(with(len, 4, 12));
    assert!(!with(len - 1, 4, 12) && !with(len, 3, 12) && !with(len, 4, 11));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "x: y\r\n".repeat(32));
    assert!(short(many.as_bytes(), &LIMITS).is_none() && long(many.as_bytes()).is_some());
}
