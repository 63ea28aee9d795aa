//! The rules of RFC 7541 and of RFC 9113 §8, one by one.

use http::header::HeaderValue;

use super::*;

fn decode(block: &[u8]) -> Result<Section, CompressionError> {
    Decoder::new().decode(block, &ROOMY)
}

/// A literal that is not indexed, its strings as they are.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut block = vec![0];
    for string in [name, value] {
        integer::encode(string.len(), 0, 7, &mut block);
        block.extend_from_slice(string.as_bytes());
    }
    block
}

fn section(fields: &[(&str, &str)]) -> Section {
    let block: Vec<u8> = fields.iter().flat_map(|(name, value)| literal(name, value)).collect();
    decode(&block).unwrap()
}

#[test]
fn what_cannot_be_read_is_a_compression_error() {
    let cases: &[(&str, &[u8])] = &[
        ("index zero", b"\x80"),
        ("an index beyond both tables", b"\xbe"),
        ("a name index beyond both tables", b"\x7e\x01x"),
        ("a number that does not end", b"\xff\x80\x80\x80\x80\x80\x00"),
        ("a number too large", b"\xff\xff\xff\xff\xff\x7f"),
        ("a number cut off", b"\xff\x80"),
        ("a string cut off", b"\x00\x02ab\x05a"),
        ("a string of more than there is", b"\x00\x7f\xff\xff\xff\xff\x0fab"),
        ("no value", b"\x00\x01a"),
        ("a change of size behind a field", b"\x82\x20"),
        ("a size above ours", b"\x3f\xe2\x1f"),
        // RFC 7541 §5.2.
        ("EOS", b"\x00\x84\xff\xff\xff\xff\x01a"),
        ("padding longer than seven bits", b"\x00\x82\x1f\xff\x01a"),
        ("padding of other bits than ones", b"\x00\x81\x18\x01a"),
    ];
    for (what, block) in cases {
        assert!(decode(block).is_err(), "{what}");
    }
    // The same but for the fault.
    for block in [&b"\xbd"[..], b"\x3f\xe1\x1f", b"\x00\x81\x1f\x01a", b"", b"\x20\x3f\xe1\x1f\x82"] {
        assert!(decode(block).is_ok(), "{block:x?}");
    }
}

#[test]
fn huffman_takes_every_byte_and_every_padding_that_is_right() {
    for byte in 0..=u8::MAX {
        for len in 1..20 {
            let plain = vec![byte; len];
            let mut coded = Vec::new();
            huffman::encode(&plain, &mut coded);
            let mut out = Vec::new();
            assert_eq!(huffman::decode(&coded, &mut out), Ok(()));
            assert_eq!(out, plain);
            // One byte of padding more is too much, and one less cuts a code or its padding off.
            coded.push(0xff);
            assert_eq!(huffman::decode(&coded, &mut Vec::new()), Err(CompressionError));
        }
    }
}

#[test]
fn what_no_message_may_say_is_malformed_and_the_table_stays_in_step() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("an upper-case letter", &[("Accept", "x")]),
        ("an empty name", &[("", "x")]),
        ("a name with a space", &[("a b", "x")]),
        ("a name with a colon", &[("a:b", "x")]),
        ("a name that is not ASCII", &[("\u{e4}", "x")]),
        ("an unknown pseudo field", &[(":unknown", "x")]),
        ("a pseudo field twice", &[(":method", "GET"), (":method", "GET")]),
        ("a pseudo field behind another", &[("accept", "x"), (":method", "GET")]),
        ("a pseudo field behind a cookie", &[("cookie", "x"), (":method", "GET")]),
        ("a line end", &[("x", "a\nb")]),
        ("a carriage return", &[("x", "a\rb")]),
        ("a zero", &[("x", "a\0b")]),
        ("a space first", &[("x", " a")]),
        ("a tab last", &[("x", "a\t")]),
        ("connection", &[("connection", "x")]),
        ("keep-alive", &[("keep-alive", "x")]),
        ("proxy-connection", &[("proxy-connection", "x")]),
        ("transfer-encoding", &[("transfer-encoding", "chunked")]),
        ("upgrade", &[("upgrade", "x")]),
        ("te that says more", &[("te", "trailers, gzip")]),
        ("a length that is none", &[("content-length", "+1")]),
        ("no length", &[("content-length", "")]),
        ("a length too large", &[("content-length", "18446744073709551616")]),
        ("two lengths", &[("content-length", "1"), ("content-length", "2")]),
        ("two hosts", &[("host", "a"), ("host", "a")]),
        ("a host with a user", &[("host", "u@a")]),
        ("an empty path", &[(":path", "")]),
        ("a path without a slash", &[(":path", "a")]),
        ("a path with a space", &[(":path", "/a b")]),
        ("a path with a fragment", &[(":path", "/#a")]),
        ("an authority with a user", &[(":authority", "u@a")]),
        ("an empty authority", &[(":authority", "")]),
        ("a method with a space", &[(":method", "G T")]),
        ("an endless method", &[(":method", &"A".repeat(33))]),
        ("a scheme that is none", &[(":scheme", "1")]),
        ("a status of two digits", &[(":status", "20")]),
    ];
    for (what, fields) in cases {
        let section = section(fields);
        assert!(section.is_malformed && !section.is_too_large, "{what}");
        // Indexed, the same is malformed each time it is referred to, and so is its name with another value.
        let (name, value) = fields[fields.len() - 1];
        let mut decoder = Decoder::new();
        let mut block = literal(name, value);
        block[0] = 0x40;
        decoder.decode(&block, &ROOMY).unwrap();
        assert_eq!(decoder.table().bytes(), name.len() + value.len() + 32, "{what}");
        if fields.len() == 1 {
            assert!(decoder.decode(b"\xbe", &ROOMY).unwrap().is_malformed, "{what}");
        }
    }
}

#[test]
fn what_is_unusual_and_allowed_is_taken() {
    let section = section(&[
        (":path", "*"),
        ("te", "trailers"),
        ("content-length", "10"),
        ("content-length", "10"),
        ("x", ""),
        ("y", "a\u{e4} \tb"),
        ("y", "again"),
    ]);
    assert!(!section.is_malformed);
    assert_eq!(section.content_length, Some(10));
    assert_eq!(section.headers["content-length"], "10");
    assert_eq!(section.headers.get_all("y").iter().count(), 2);
    assert_eq!(section.headers["x"], "");
}

#[test]
fn crumbs_of_a_cookie_are_one_cookie() {
    assert_eq!(section(&[("cookie", "a=1")]).headers["cookie"], "a=1");
    let section = section(&[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3")]);
    assert_eq!(section.headers.get_all("cookie").iter().collect::<Vec<_>>(), ["a=1; b=2; c=3"]);
}

#[test]
fn a_list_too_large_is_told_and_the_table_stays_in_step() {
    let mut block = Vec::new();
    for i in 0..20 {
        let mut field = literal(&format!("x-{i:02}"), "value");
        field[0] = 0x40;
        block.extend(field);
    }
    let size = 4 + 5 + 32;
    for (limits, is_too_large, taken) in [
        (FieldLimits { list_bytes: 20 * size, fields: 20 }, false, 20),
        (FieldLimits { list_bytes: 20 * size - 1, fields: 20 }, true, 19),
        (FieldLimits { list_bytes: 20 * size, fields: 19 }, true, 19),
        (FieldLimits { list_bytes: 0, fields: 20 }, true, 0),
    ] {
        let mut decoder = Decoder::new();
        let section = decoder.decode(&block, &limits).unwrap();
        assert_eq!((section.is_too_large, section.headers.len()), (is_too_large, taken));
        assert!(!section.is_malformed);
        assert_eq!((decoder.table().len(), decoder.table().bytes()), (20, 20 * size));
        let section = decoder.decode(b"\xbe", &ROOMY).unwrap();
        assert_eq!(section.headers["x-19"], "value");
    }
}

#[test]
fn a_reduced_table_is_acknowledged_before_the_next_field() {
    let fill = |decoder: &mut Decoder| {
        let mut block = literal("x", "y");
        block[0] = 0x40;
        decoder.decode(&block, &ROOMY).unwrap();
    };
    let mut decoder = Decoder::new();
    fill(&mut decoder);
    decoder.set_table_size_max(0);
    assert!(decoder.decode(b"\x82", &ROOMY).is_err());

    let mut decoder = Decoder::new();
    fill(&mut decoder);
    decoder.set_table_size_max(0);
    assert!(decoder.decode(b"\x20\x82", &ROOMY).is_ok());
    assert_eq!(decoder.table().len(), 0);
    // There it stays until the peer says otherwise, whatever we allow.
    decoder.set_table_size_max(4096);
    fill(&mut decoder);
    assert_eq!(decoder.table().len(), 0);
    assert!(decoder.decode(b"\x3f\xe1\x1f", &ROOMY).is_ok());
    fill(&mut decoder);
    assert_eq!(decoder.table().len(), 1);
}

#[test]
fn an_entry_may_refer_to_the_one_that_it_pushes_out() {
    let mut decoder = Decoder::with_table_size(40);
    decoder.decode(b"\x40\x01a\x01b", &ROOMY).unwrap();
    let section = decoder.decode(b"\x7e\x03xyz\xbe", &ROOMY).unwrap();
    assert_eq!(section.headers.get_all("a").iter().collect::<Vec<_>>(), ["xyz", "xyz"]);
    assert_eq!(decoder.table().len(), 1);
    // One too large for the table empties it, and is no error.
    assert!(decoder.decode(b"\x40\x01a\x08xxxxxxxx", &ROOMY).is_ok());
    assert_eq!((decoder.table().len(), decoder.table().bytes()), (0, 0));
}

#[test]
fn a_request_has_what_its_method_asks_for() {
    let ordinary = [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/p?q")];
    let head = section(&ordinary).into_request().unwrap();
    assert_eq!((head.method, head.uri.to_string()), (http::Method::GET, "http://a/p?q".to_owned()));
    for missing in [0, 1, 3] {
        let mut fields = ordinary.to_vec();
        fields.remove(missing);
        assert!(section(&fields).into_request().is_none(), "without {:?}", ordinary[missing]);
    }
    let is_good = |fields: &[(&str, &str)]| section(fields).into_request().is_some();
    let with = |fields: &[(&'static str, &'static str)]| is_good(&[&ordinary, fields].concat());
    assert!(with(&[("host", "A")]));
    assert!(!with(&[("host", "b")]));
    assert!(!with(&[(":status", "200")]));
    assert!(!with(&[(":protocol", "websocket")]));
    let tunnel = [(":method", "CONNECT"), (":authority", "a:443")];
    assert!(is_good(&tunnel));
    assert!(!is_good(&[(":method", "CONNECT"), (":authority", "a")]));
    assert!(!is_good(&[(":method", "CONNECT")]));
    assert!(!is_good(&[&tunnel[..], &[(":path", "/")]].concat()));
    assert!(!is_good(&[&tunnel[..], &[(":scheme", "http")]].concat()));
    let extended = [&tunnel[..], &[(":path", "/"), (":scheme", "http"), (":protocol", "websocket")]].concat();
    let head = section(&extended).into_request().unwrap();
    assert_eq!(head.protocol.as_deref(), Some(&b"websocket"[..]));
    let all = |method| [(":method", method), (":scheme", "http"), (":authority", "a"), (":path", "*")];
    assert!(is_good(&all("OPTIONS")));
    assert!(!is_good(&all("GET")));
    // Without an authority the host says it.
    let head = section(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), ("host", "a")]);
    assert_eq!(head.into_request().unwrap().uri, "/");
}

#[test]
fn a_response_has_a_status_and_trailers_have_no_pseudo_field() {
    assert_eq!(section(&[(":status", "404")]).into_response().unwrap().status, 404);
    assert!(section(&[("x", "y")]).into_response().is_none());
    assert!(section(&[(":status", "101")]).into_response().is_none());
    assert!(section(&[(":status", "200"), (":path", "/")]).into_response().is_none());
    assert_eq!(section(&[("x", "y")]).into_trailers().unwrap()["x"], "y");
    assert!(section(&[(":status", "200")]).into_trailers().is_none());
    assert!(section(&[(":path", "/"), ("x", "y")]).into_trailers().is_none());
}

fn response(encoder: &mut Encoder, fields: &[(&'static str, &str)]) -> Vec<u8> {
    let mut headers = http::HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    let mut out = Vec::new();
    encoder.encode_response(&mut out, http::StatusCode::OK, &headers);
    out
}

#[test]
fn what_is_sent_again_and_again_becomes_a_byte() {
    let mut encoder = Encoder::new();
    let fields = [("content-type", "text/html"), ("x-custom", "a value of some length")];
    let first = response(&mut encoder, &fields).len();
    assert_eq!(encoder.table().bytes(), 0);
    assert!(response(&mut encoder, &fields).len() <= first);
    assert!(encoder.table().bytes() > 0);
    assert_eq!(response(&mut encoder, &fields).len(), 3);
}

#[test]
fn what_is_other_each_time_takes_no_place() {
    let mut encoder = Encoder::new();
    for i in 0..1000 {
        let id = format!("{i:08}");
        response(&mut encoder, &[("x-request-id", &id), ("content-length", "13"), ("etag", "same")]);
    }
    assert_eq!(encoder.table().bytes(), 0);
}

#[test]
fn secrets_are_marked_never_to_be_indexed() {
    let mut encoder = Encoder::new();
    let mut secret = HeaderValue::from_static("x");
    secret.set_sensitive(true);
    let fields: [(&str, HeaderValue); 4] = [
        ("authorization", HeaderValue::from_static("Basic x")),
        ("proxy-authorization", HeaderValue::from_static("Basic x")),
        ("cookie", HeaderValue::from_static("short=1")),
        ("x", secret),
    ];
    for (name, value) in fields {
        for _ in 0..3 {
            let mut out = Vec::new();
            let headers = [(name.parse().unwrap(), value.clone())].into_iter().collect();
            encoder.encode_trailers(&mut out, &headers);
            assert_eq!(out[0] & 0xf0, 0x10, "{name}");
        }
    }
    assert_eq!(encoder.table().bytes(), 0);
}

#[test]
fn fields_of_a_connection_are_not_sent() {
    let mut encoder = Encoder::new();
    let fields = [
        ("connection", "x"),
        ("keep-alive", "x"),
        ("proxy-connection", "x"),
        ("te", "gzip"),
        ("transfer-encoding", "x"),
        ("upgrade", "x"),
    ];
    assert_eq!(response(&mut encoder, &fields), b"\x88");
    assert!(response(&mut encoder, &[("te", "trailers")]).len() > 1);
}

#[test]
fn the_table_has_the_size_that_the_peer_allows() {
    let mut encoder = Encoder::new();
    let fields = [("content-type", "text/html")];
    (0..2).for_each(|_| drop(response(&mut encoder, &fields)));
    assert_eq!(response(&mut encoder, &fields), b"\x88\xbe");
    // More than we want changes nothing.
    encoder.set_table_size(1 << 20);
    assert_eq!(response(&mut encoder, &fields), b"\x88\xbe");
    // RFC 7541 §4.2: the least size, then the last.
    encoder.set_table_size(100);
    encoder.set_table_size(0);
    encoder.set_table_size(4096);
    let block = response(&mut encoder, &fields);
    assert_eq!(block[..5], *b"\x20\x3f\xe1\x1f\x88");
    assert_eq!(encoder.table().bytes(), 12 + 9 + 32);
    encoder.set_table_size(40);
    assert_eq!(response(&mut encoder, &fields)[..3], *b"\x3f\x09\x88");
    assert_eq!(encoder.table().bytes(), 0);
}

#[test]
fn a_literal_that_comes_again_says_the_same_each_time() {
    // Of one string, of names of the static table, with the value as it is and coded.
    let literal = |index: usize, value: &str, is_coded: bool| {
        let mut block = Vec::new();
        integer::encode(index, 0, 4, &mut block);
        match is_coded {
            true => {
                integer::encode(huffman::encoded_len(value.as_bytes()), 0x80, 7, &mut block);
                huffman::encode(value.as_bytes(), &mut block);
            }
            false => {
                integer::encode(value.len(), 0, 7, &mut block);
                block.extend_from_slice(value.as_bytes());
            }
        }
        block
    };
    let long = format!("/{}", "x".repeat(1000));
    let mut decoder = Decoder::new();
    for _ in 0..5 {
        for value in ["/a", "/b", "/aa", "/bb", "/same/a", "/same/b", &long] {
            for is_coded in [false, true] {
                let block = [literal(4, value, is_coded), literal(58, value, is_coded)].concat();
                let section = decoder.decode(&block, &ROOMY).unwrap();
                assert_eq!(section.path.unwrap(), value);
                assert_eq!(section.headers["user-agent"], value);
                let block = [literal(58, value, is_coded), literal(4, value, is_coded)].concat();
                assert!(decoder.decode(&block, &ROOMY).unwrap().is_malformed);
            }
        }
        assert_eq!(decoder.decode(&literal(28, "13", false), &ROOMY).unwrap().content_length, Some(13));
        assert!(decoder.decode(&literal(28, "1x", false), &ROOMY).unwrap().is_malformed);
        let limits = FieldLimits { list_bytes: 14 + 2 + 31, fields: 1 };
        assert!(decoder.decode(&literal(28, "13", false), &limits).unwrap().is_too_large);
        // The bytes 0x1f mean one letter where they are coded, and a control character where they are not.
        let section = decoder.decode(b"\x0f\x2b\x81\x1f", &ROOMY).unwrap();
        assert_eq!(section.headers["user-agent"], "a");
        assert!(decoder.decode(b"\x0f\x2b\x01\x1f", &ROOMY).unwrap().is_malformed);
    }
}

#[test]
fn what_is_never_indexed_stays_so_when_it_is_passed_on() {
    // Twice the same, never indexed: by its name's index, by its name, and as the crumb of a cookie.
    for block in
        [&b"\x1f\x08\x06secret"[..], b"\x10\x01x\x06secret", b"\x1f\x11\x01a", b"\x0f\x11\x01a\x1f\x11\x01b"]
    {
        let (mut decoder, mut encoder) = (Decoder::new(), Encoder::new());
        for _ in 0..3 {
            let section = decoder.decode(block, &ROOMY).unwrap();
            assert!(section.headers.values().all(HeaderValue::is_sensitive), "{block:x?}");
            let mut out = Vec::new();
            encoder.encode_trailers(&mut out, &section.headers);
            assert_eq!(out[0] & 0xf0, 0x10, "{block:x?}");
        }
    }
    let section = decode(b"\x0f\x11\x01a\x0f\x11\x01b").unwrap();
    assert!(!section.headers["cookie"].is_sensitive());
}
