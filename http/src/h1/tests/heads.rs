//! Request heads: what is taken, what is refused, and where the limits lie.

use http::{Method, Version};

use super::super::{HeadLimits, Scan, Section};
use super::{Fault, LIMITS, read};
use crate::limits::{BLANK_BYTES, HEAD_BYTES, HEAD_FIELDS, METHOD_BYTES, TARGET_BYTES};

#[test]
fn a_head_is_taken_apart() {
    let head = read(
        b"POST /a/b?c=d HTTP/1.1\r\nHost: example.com\r\nTE: gzip, trailers\r\nX-One: 1\r\nx-one:\t2 \r\n\
          Expect: 100-Continue\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n",
    )
    .unwrap();
    assert_eq!((head.method, head.facts.asked.version), (Method::POST, Version::HTTP_11));
    assert_eq!(head.uri, "/a/b?c=d");
    let ones: Vec<_> = head.headers.get_all("x-one").iter().collect();
    assert_eq!(ones, ["1", "2"]);
    assert!(head.facts.is_persistent && head.facts.expects_continue && head.facts.asked.accepts_trailers);
}

#[test]
fn the_form_of_the_target_fits_the_method() {
    let with = |method: &str, target: &str| {
        read(format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
    };
    for (method, target) in [
        ("GET", "/"),
        ("GET", "/a%20b?x=[1]"),
        ("GET", "http://b:80/c"),
        ("GET", "http://b"),
        ("OPTIONS", "*"),
        ("OPTIONS", "/"),
        ("CONNECT", "b:443"),
        ("CONNECT", "[::1]:443"),
    ] {
        assert!(with(method, target).is_ok(), "{method} {target}: {:?}", with(method, target));
    }
    for (method, target) in [
        ("GET", "*"),
        ("GET", "b:80"),
        ("GET", "b"),
        ("GET", "a/b"),
        ("GET", "/a#b"),
        ("GET", "/caf\u{e9}"),
        ("GET", "/a\x7f"),
        ("GET", "/a\0"),
        ("GET", "/a\tb"),
        ("GET", "http://u:p@b/"),
        ("GET", "http:///a"),
        ("GET", "ftp://b/"),
        ("CONNECT", "/"),
        ("CONNECT", "b"),
        ("CONNECT", "http://b:80/"),
        ("CONNECT", "u@b:80"),
        ("POST", "*"),
        ("GET", "http://b c/"),
    ] {
        let fault = with(method, target).expect_err(target);
        assert_eq!(fault.status(), 400, "{method} {target}: {fault:?}");
    }
}

#[test]
fn versions_other_than_1_0_and_1_1_are_refused() {
    for (line, status) in [
        ("GET / HTTP/1.2", 505),
        ("GET / HTTP/2.0", 505),
        ("GET / HTTP/0.9", 505),
        ("GET / HTTP/9.9", 505),
        ("GET / HTTP/1.10", 400),
        ("GET / HTTP/11", 400),
        ("GET / http/1.1", 400),
        ("GET / HTTPS/1.1", 400),
        ("GET / HTTP /1.1", 400),
        ("GET / HTTP/1.1 ", 400),
        ("GET /", 400),
        ("GET  / HTTP/1.1", 400),
        ("GET /  HTTP/1.1", 400),
        (" GET / HTTP/1.1", 400),
        ("GET", 400),
        ("\u{16}\u{3}\u{1}", 400),
    ] {
        let fault = read(format!("{line}\r\nHost: a\r\n\r\n").as_bytes()).expect_err(line);
        assert_eq!(fault.status().as_u16(), status, "{line:?}: {fault:?}");
    }
}

#[test]
fn connections_persist_as_both_sides_say() {
    for (version, lines, expected) in [
        ("1.1", "", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.1", "Connection: Keep-Alive\r\n", true),
        ("1.1", "Connection: close\r\nConnection: keep-alive\r\n", false),
        ("1.1", "Connection: keep-alive, CLOSE\r\n", false),
        ("1.1", "Connection: closed\r\n", true),
        ("1.0", "", false),
        ("1.0", "Connection: keep-alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
    ] {
        let head = read(format!("GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\n").as_bytes()).unwrap();
        assert_eq!(head.facts.is_persistent, expected, "{version} {lines:?}");
    }
}

#[test]
fn an_expectation_other_than_continue_is_refused() {
    let with = |version: &str, expect: &str| {
        read(
            format!("PUT / HTTP/{version}\r\nHost: a\r\nContent-Length: 1\r\nExpect: {expect}\r\n\r\n")
                .as_bytes(),
        )
    };
    assert_eq!(with("1.1", "something").unwrap_err().status(), 417);
    assert!(with("1.1", "100-continue").unwrap().facts.expects_continue);
    assert!(!with("1.0", "100-continue").unwrap().facts.expects_continue);
    assert!(with("1.0", "something").is_ok());
    let empty = read(b"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").unwrap();
    assert!(!empty.facts.expects_continue);
}

/// A head of exactly `len` bytes.
fn head_of(len: usize) -> Vec<u8> {
    let mut head = b"GET / HTTP/1.1\r\nHost: a\r\nX: ".to_vec();
    head.resize(len - 4, b'x');
    head.extend_from_slice(b"\r\n\r\n");
    head
}

#[test]
fn a_head_may_have_just_so_many_bytes() {
    assert!(read(&head_of(HEAD_BYTES)).is_ok());
    assert_eq!(read(&head_of(HEAD_BYTES + 1)).err(), Some(Fault::HeadTooLong));
    // Also where the end never comes.
    let endless = &head_of(2 * HEAD_BYTES)[..HEAD_BYTES + 1];
    assert_eq!(read(endless).err(), Some(Fault::HeadTooLong));
}

#[test]
fn a_head_may_have_just_so_many_fields() {
    let with = |count: usize| {
        let fields: String = (1..count).map(|i| format!("x{i}: y\r\n")).collect();
        read(format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").as_bytes())
    };
    assert_eq!(with(HEAD_FIELDS).unwrap().headers.len(), HEAD_FIELDS);
    assert_eq!(with(HEAD_FIELDS + 1).err(), Some(Fault::TooManyFields));
}

#[test]
fn more_fields_can_be_allowed() {
    let limits = HeadLimits { fields_max: 500, ..LIMITS };
    let fields: String = (0..499).map(|i| format!("x{i}: y\r\n")).collect();
    let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").into_bytes();
    let span = Scan::new(Section::Head).advance(&bytes, &limits).unwrap().unwrap();
    let head = super::request::parse(
        bytes.into(),
        span.fields,
        http::HeaderMap::new(),
        TARGET_BYTES,
        &crate::Lenient::default(),
    )
    .unwrap();
    assert_eq!(head.headers.len(), 500);
}

#[test]
fn a_target_may_have_just_so_many_bytes() {
    let with = |len: usize, end: &str| {
        let target = format!("/{}", "x".repeat(len - 1));
        read(format!("GET {target}{end}").as_bytes())
    };
    let end = " HTTP/1.1\r\nHost: a\r\n\r\n";
    assert!(with(TARGET_BYTES, end).is_ok());
    assert_eq!(with(TARGET_BYTES + 1, end).err(), Some(Fault::TargetTooLong));
    // Also where the line never ends.
    assert_eq!(with(TARGET_BYTES + 1, "").err(), Some(Fault::TargetTooLong));
    assert_eq!(Fault::TargetTooLong.status(), 414);
}

#[test]
fn a_method_may_have_just_so_many_bytes() {
    let with = |len: usize| read(format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "M".repeat(len)).as_bytes());
    assert!(with(METHOD_BYTES).is_ok());
    assert_eq!(with(METHOD_BYTES + 1).err(), Some(Fault::MethodTooLong));
    assert_eq!(read(&[b'M'; METHOD_BYTES + 1]).err(), Some(Fault::MethodTooLong));
}

#[test]
fn blank_lines_before_a_head_are_few() {
    let with =
        |pairs: usize| read(format!("{}GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n".repeat(pairs)).as_bytes());
    assert!(with(BLANK_BYTES / 2).is_ok());
    assert_eq!(with(BLANK_BYTES / 2 + 1).err(), Some(Fault::LineEnd));
}
