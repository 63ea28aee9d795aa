//! What is written, byte for byte.

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version};

use super::super::encode::{self, Asked, NameCase, Persistence, ResponseFraming, response_framing};
use super::super::framing::Verb;
use super::super::{Date, Framing};

fn asked(method: Method, version: Version) -> Asked {
    Asked { verb: Verb::of(&method), version, accepts_trailers: true }
}

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
}

#[test]
fn a_response_is_framed_by_what_is_known_of_its_body() {
    let (get, head) = (Method::GET, Method::HEAD);
    let length = |length| ResponseFraming { body: Some(Framing::Length(length)), announced: Some(length) };
    let unannounced = |body| ResponseFraming { body, announced: None };
    let bodiless = |announced| ResponseFraming { body: None, announced };
    for (method, version, status, declared, exact, expected) in [
        (&get, Version::HTTP_11, 200, None, Some(5), length(5)),
        (&get, Version::HTTP_11, 200, Some("7"), Some(5), length(5)),
        (&get, Version::HTTP_11, 200, Some("7"), None, length(7)),
        (&get, Version::HTTP_11, 200, None, None, unannounced(Some(Framing::Chunked))),
        (&get, Version::HTTP_10, 200, None, None, unannounced(Some(Framing::UntilClose))),
        (&get, Version::HTTP_11, 204, Some("7"), Some(5), bodiless(None)),
        (&get, Version::HTTP_11, 304, Some("7"), Some(0), bodiless(Some(7))),
        (&get, Version::HTTP_11, 304, None, Some(0), bodiless(None)),
        (&head, Version::HTTP_11, 200, Some("7"), Some(0), bodiless(Some(7))),
        (&head, Version::HTTP_11, 200, None, Some(5), bodiless(Some(5))),
        (&head, Version::HTTP_11, 200, None, Some(0), bodiless(None)),
        (&head, Version::HTTP_11, 200, None, None, bodiless(None)),
        // RFC 9110 §8.6: not even for HEAD.
        (&head, Version::HTTP_11, 204, Some("7"), Some(5), bodiless(None)),
        (&Method::CONNECT, Version::HTTP_11, 200, None, Some(5), bodiless(None)),
    ] {
        let fields = headers(declared.map(|length| ("content-length", length)).as_slice());
        let status = StatusCode::from_u16(status).unwrap();
        let framing = response_framing(&asked(method.clone(), version), status, &fields, exact, false);
        assert_eq!(framing, expected, "{method} {version:?} {status} {declared:?} {exact:?}");
    }
}

#[test]
fn known_trailers_are_sent_in_chunks_to_those_who_look_at_them() {
    let modern = asked(Method::GET, Version::HTTP_11);
    let framing = |asked| response_framing(&asked, StatusCode::OK, &HeaderMap::new(), Some(5), true).body;
    assert_eq!(framing(modern), Some(Framing::Chunked));
    assert_eq!(framing(Asked { accepts_trailers: false, ..modern }), Some(Framing::Length(5)));
}

#[test]
fn a_response_head_has_one_framing_and_no_fields_of_other_connections() {
    let fields = headers(&[
        ("content-length", "99"),
        ("transfer-encoding", "gzip"),
        ("connection", "x-private"),
        ("keep-alive", "timeout=5"),
        ("x-one", "1"),
    ]);
    let framing = ResponseFraming { body: Some(Framing::Length(5)), announced: Some(5) };
    for (persistence, line) in [
        (Persistence::Implied, ""),
        (Persistence::Announced, "connection: keep-alive\r\n"),
        (Persistence::Close, "connection: close\r\n"),
    ] {
        let mut out = Vec::new();
        let date = Some(&Date::new());
        let case = NameCase::Lower;
        encode::response_head(&mut out, StatusCode::NOT_FOUND, &fields, framing, persistence, date, case);
        let expected = format!(
            "HTTP/1.1 404 Not Found\r\nx-one: 1\r\ncontent-length: 5\r\n{line}\
             date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n"
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn a_date_set_by_the_handler_stands() {
    let mut out = Vec::new();
    let framing = ResponseFraming { body: None, announced: None };
    let fields = headers(&[("date", "today")]);
    let (date, implied) = (Some(&Date::new()), Persistence::Implied);
    encode::response_head(&mut out, StatusCode::OK, &fields, framing, implied, date, NameCase::Lower);
    assert_eq!(String::from_utf8(out).unwrap(), "HTTP/1.1 200 OK\r\ndate: today\r\n\r\n");
}

#[test]
fn a_request_head_has_its_host_first_and_its_framing_last() {
    let request =
        Request::post("http://user@example.com:81/a?b").header("content-length", "7").header("x", "y");
    let mut out = Vec::new();
    encode::request_head(&mut out, &request.body(()).unwrap(), Some(Framing::Length(5)), None);
    let expected = "POST /a?b HTTP/1.1\r\nhost: example.com:81\r\nx: y\r\ncontent-length: 5\r\n\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn chunks_are_written_as_they_are_read() {
    for len in [1, 9, 10, 15, 16, 255, 256, 4095, 65_536, usize::MAX] {
        let mut out = Vec::new();
        encode::chunk_head(&mut out, len);
        assert_eq!(String::from_utf8(out).unwrap(), format!("{len:x}\r\n"));
    }
    let mut out = Vec::new();
    encode::last_chunk(&mut out, Some(&headers(&[("x-sum", "1"), ("content-length", "5")])));
    assert_eq!(String::from_utf8(out).unwrap(), "0\r\nx-sum: 1\r\n\r\n");
}
