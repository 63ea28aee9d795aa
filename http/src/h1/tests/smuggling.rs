//! Requests that two implementations could read differently: each is refused, with its status.

use super::super::Framing;
use super::{Fault, read};

/// A GET with these lines after a good Host.
fn get(lines: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n").into_bytes()
}

/// A POST with these framing lines.
fn post(lines: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n").into_bytes()
}

#[test]
fn framing_that_is_ambiguous_is_refused() {
    let cases: &[(&str, u16)] = &[
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", 400),
        ("Content-Length: 5\r\nContent-Length: 5\r\n", 400),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", 400),
        ("Content-Length: 5, 5\r\n", 400),
        ("Content-Length: +5\r\n", 400),
        ("Content-Length: -5\r\n", 400),
        ("Content-Length: 0x5\r\n", 400),
        ("Content-Length: 5 5\r\n", 400),
        ("Content-Length:\r\n", 400),
        ("Content-Length: 9223372036854775808\r\n", 400),
        ("Content-Length: 18446744073709551616\r\n", 400),
        ("Content-Length: 00000000000000000000005\r\n", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked, chunked\r\n", 400),
        ("Transfer-Encoding: xchunked\r\nTransfer-Encoding: chunked\r\n", 501),
        ("Transfer-Encoding: gzip, chunked\r\n", 501),
        ("Transfer-Encoding: chunked, gzip\r\n", 400),
        ("Transfer-Encoding: gzip\r\n", 400),
        ("Transfer-Encoding: identity\r\n", 400),
        ("Transfer-Encoding: chunkedchunked\r\n", 400),
        ("Transfer-Encoding: xchunked\r\n", 400),
        ("Transfer-Encoding: chunked;q=1\r\n", 400),
        ("Transfer-Encoding: \"chunked\"\r\n", 400),
        ("Transfer-Encoding: ,chunked\r\n", 400),
        ("Transfer-Encoding: chunked,\r\n", 400),
        ("Transfer-Encoding:\r\n", 400),
        ("Transfer-Encoding:\x0bchunked\r\n", 400),
        ("Transfer-Encoding: chunked\x0b\r\n", 400),
        ("Transfer-Encoding : chunked\r\n", 400),
        (" Transfer-Encoding: chunked\r\n", 400),
        ("X: y\r\n Transfer-Encoding: chunked\r\n", 400),
        ("X: y\r\n\tz\r\n", 400),
        ("Transfer\u{2d}Encoding\r\n: chunked\r\n", 400),
    ];
    for (lines, status) in cases {
        let fault = read(&post(lines)).expect_err(lines);
        assert_eq!(fault.status().as_u16(), *status, "{lines:?}: {fault:?}");
    }
}

#[test]
fn framing_that_is_clear_is_taken() {
    let cases = [
        ("", Framing::Length(0)),
        ("Content-Length: 0\r\n", Framing::Length(0)),
        ("Content-Length: 005\r\n", Framing::Length(5)),
        ("content-length:  5  \r\n", Framing::Length(5)),
        ("Content-Length: 9223372036854775807\r\n", Framing::Length(i64::MAX as u64)),
        ("Transfer-Encoding: chunked\r\n", Framing::Chunked),
        ("TRANSFER-ENCODING: Chunked\r\n", Framing::Chunked),
    ];
    for (lines, framing) in cases {
        assert_eq!(read(&post(lines)).expect(lines).facts.framing, framing, "{lines:?}");
    }
}

#[test]
fn a_1_0_request_has_no_transfer_codings() {
    let request = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(read(request).unwrap_err().status(), 400);
}

#[test]
fn lines_end_with_cr_lf_and_nothing_else() {
    let cases: &[&[u8]] = &[
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX:\n\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n",
        b"GET / HTTP/1.1\rHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
        b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    for case in cases {
        let fault = read(case).expect_err(&String::from_utf8_lossy(case));
        assert_eq!(fault.status(), 400, "{:?}", String::from_utf8_lossy(case));
    }
    assert!(read(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").is_ok());
}

#[test]
fn the_host_is_there_once_and_well_formed() {
    let with = |host: &str| read(format!("GET / HTTP/1.1\r\n{host}\r\n").as_bytes());
    for host in ["Host: a\r\n", "Host: a.b-c_d:80\r\n", "Host: [::1]:80\r\n", "Host:\r\n", "hOST: a:\r\n"] {
        assert!(with(host).is_ok(), "{host:?}");
    }
    for host in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a b\r\n",
        "Host: a, b\r\n",
        "Host: u@a\r\n",
        "Host: a/b\r\n",
        "Host: a:port\r\n",
        "Host: a:123456\r\n",
        "Host: a:99999\r\n",
        "Host: http://a\r\n",
        "Host: [::1\r\n",
        "Host: a\\b\r\n",
    ] {
        assert_eq!(with(host).err(), Some(Fault::Host), "{host:?}");
    }
    assert!(read(b"GET / HTTP/1.0\r\n\r\n").is_ok());
    assert_eq!(read(b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n").err(), Some(Fault::Host));
}

#[test]
fn field_names_are_tokens() {
    for line in
        [": x\r\n", "a b: x\r\n", "a\0: x\r\n", "a(: x\r\n", "caf\u{e9}: x\r\n", "a\t: x\r\n", "no colon\r\n"]
    {
        assert_eq!(read(&get(line)).expect_err(line).status(), 400, "{line:?}");
    }
}

#[test]
fn field_values_have_no_control_characters() {
    for byte in (0..=0xff).filter(|byte| !matches!(byte, b'\r' | b'\n')) {
        let mut request = get("");
        request.truncate(request.len() - 2);
        request.extend([b'x', b':', b' ', b'a', byte, b'b', b'\r', b'\n', b'\r', b'\n']);
        let is_good = byte == b'\t' || (byte >= 0x20 && byte != 0x7f);
        assert_eq!(read(&request).is_ok(), is_good, "{byte:#x}");
    }
}
