//! Random lists there and back, beside an implementation of others that is slow and plain; and blocks that are broken.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::noise::{Noise, rounds};
use super::*;

type List = Vec<(Vec<u8>, Vec<u8>)>;

const NAMES: [&str; 16] = [
    "accept",
    "accept-encoding",
    "authorization",
    "cache-control",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "etag",
    "grpc-status",
    "server",
    "set-cookie",
    "te",
    "user-agent",
    "www-authenticate",
    "x-custom-name-of-some-length",
];

const VALUES: [&str; 10] = [
    "",
    "0",
    "13",
    "gzip, deflate",
    "trailers",
    "Mon, 21 Oct 2013 20:13:21 GMT",
    "no-cache",
    "a=1; b=2; c=a value that is longer than others",
    "\u{e4}\u{20ac}\u{1f600}",
    "~|^{}<>\\`!\"#$%&'()*+,-./:;=?@[]_",
];

const PSEUDO: [(&str, &[&str]); 6] = [
    (":method", &["GET", "POST", "PUT", "G T"]),
    (":scheme", &["http", "https", "x+y", "1"]),
    (":authority", &["a.example", "a.example:80", "u@a", ""]),
    (":path", &["/", "/index.html", "/a/b?c=d", "*", "", "a", "/#"]),
    (":status", &["200", "204", "404", "302", "99", "1000"]),
    (":protocol", &["websocket"]),
];

const ODD_NAMES: [&str; 8] =
    ["", "Accept", "a b", ":unknown", "connection", "transfer-encoding", "upgrade", "host"];

fn value(noise: &mut Noise) -> Vec<u8> {
    match noise.below(4) {
        0 => (0..noise.below(60)).map(|_| noise.below(256) as u8).collect(),
        1 => noise.below(1000).to_string().into_bytes(),
        _ => noise.pick(&VALUES).as_bytes().to_vec(),
    }
}

fn header_map(noise: &mut Noise) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for _ in 0..noise.below(12) {
        if let Ok(mut value) = HeaderValue::from_bytes(&value(noise)) {
            value.set_sensitive(noise.one_in(16));
            headers.append(HeaderName::from_static(noise.pick(&NAMES)), value);
        }
    }
    headers
}

fn expected(pseudo: &[(&str, &str)], headers: &HeaderMap) -> List {
    let pseudo = pseudo.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    let headers = headers.iter().filter(|(name, value)| **name != "te" || **value == "trailers");
    let fields = headers.map(|(name, value)| (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec()));
    pseudo.chain(fields).collect()
}

#[test]
fn what_we_encode_others_decode() {
    rounds(25, |noise| {
        let mut encoder = Encoder::new();
        let mut others = loona_hpack::Decoder::new();
        others.set_max_allowed_table_size(4096);
        for _ in 0..30 {
            if noise.one_in(8) {
                encoder.set_table_size(noise.pick(&[0, 40, 100, 300, 4096, 1 << 20]));
            }
            let headers = header_map(noise);
            let mut block = Vec::new();
            let list = match noise.below(3) {
                0 => {
                    let status = noise.pick(&[200, 204, 206, 304, 400, 404, 500, 201, 418]);
                    let status = StatusCode::from_u16(status).unwrap();
                    encoder.encode_response(&mut block, status, &headers);
                    expected(&[(":status", status.as_str())], &headers)
                }
                1 => {
                    let method = noise.pick(&["GET", "POST", "PUT"]);
                    let scheme = noise.pick(&["http", "https", "x"]);
                    let authority = noise.pick(&["a.example", "b.example"]);
                    let path = noise.pick(&["/", "/index.html", "/other"]);
                    let pseudo = RequestPseudo {
                        method: &Method::from_bytes(method.as_bytes()).unwrap(),
                        scheme: Some(scheme),
                        authority: Some(authority),
                        path: Some(path),
                        protocol: Some("p"),
                    };
                    encoder.encode_request(&mut block, &pseudo, &headers);
                    let pseudo = [
                        (":method", method),
                        (":scheme", scheme),
                        (":authority", authority),
                        (":path", path),
                        (":protocol", "p"),
                    ];
                    expected(&pseudo, &headers)
                }
                _ => {
                    encoder.encode_trailers(&mut block, &headers);
                    expected(&[], &headers)
                }
            };
            if list.is_empty() {
                // They take a block of nothing but a change of size for an error, and it is none.
                block.push(0x82);
                assert_eq!(others.decode(&block).unwrap().len(), 1);
            } else {
                assert_eq!(others.decode(&block).unwrap(), list);
            }
        }
    });
}

/// A block of random representations; those that refer to entries of the table may refer to none.
fn block(noise: &mut Noise) -> Vec<u8> {
    let mut block = Vec::new();
    if noise.one_in(6) {
        integer::encode(noise.pick(&[0, 33, 64, 100, 300, 4096]), 0x20, 5, &mut block);
    }
    let string = |plain: &[u8], noise: &mut Noise, block: &mut Vec<u8>| match noise.one_in(2) {
        true => {
            integer::encode(huffman::encoded_len(plain), 0x80, 7, block);
            huffman::encode(plain, block);
        }
        false => {
            integer::encode(plain.len(), 0, 7, block);
            block.extend_from_slice(plain);
        }
    };
    for _ in 0..=noise.below(10) {
        if noise.one_in(3) {
            let most = noise.pick(&[63, 66, 70]);
            integer::encode(1 + noise.below(most), 0x80, 7, &mut block);
            continue;
        }
        let (first, prefix) = noise.pick(&[(0x40, 6), (0x40, 6), (0x00, 4), (0x10, 4)]);
        if noise.one_in(3) {
            integer::encode(1 + noise.below(64), first, prefix, &mut block);
            string(&value(noise), noise, &mut block);
            continue;
        }
        let (name, value) = match noise.below(8) {
            0 => (noise.pick(&ODD_NAMES), value(noise)),
            1 | 2 => {
                let (name, values) = noise.pick(&PSEUDO);
                (name, noise.pick(values).as_bytes().to_vec())
            }
            _ => (noise.pick(&NAMES), value(noise)),
        };
        integer::encode(0, first, prefix, &mut block);
        string(name.as_bytes(), noise, &mut block);
        string(&value, noise, &mut block);
    }
    block
}

/// Whether a block can be read as far as the two implementations differ about it: whether changes of size stand only
/// before the fields and no number is longer than ours may be.
fn is_of_our_shape(block: &[u8]) -> bool {
    fn number(rest: &mut &[u8], prefix: u32) -> Option<usize> {
        let first = *rest.first()?;
        *rest = &rest[1..];
        integer::decode(first, prefix, rest).ok()
    }
    fn string(rest: &mut &[u8]) -> Option<()> {
        let len = number(rest, 7)?;
        *rest = rest.get(len..)?;
        Some(())
    }
    fn field(rest: &mut &[u8], first: u8) -> Option<()> {
        match first {
            0x80.. => number(rest, 7).map(|_| ()),
            0x20..0x40 => None,
            _ => {
                let prefix = if first & 0x40 != 0 { 6 } else { 4 };
                if number(rest, prefix)? == 0 {
                    string(rest)?;
                }
                string(rest)
            }
        }
    }
    let mut rest = block;
    while let Some(0x20..0x40) = rest.first() {
        if number(&mut rest, 5).is_none() {
            return false;
        }
    }
    while let Some(&first) = rest.first() {
        if field(&mut rest, first).is_none() {
            return false;
        }
    }
    true
}

/// Whether a list breaks RFC 9113 §8.2 and §8.3, told slowly.
fn is_malformed(list: &List) -> bool {
    let mut seen: Vec<&[u8]> = Vec::new();
    let mut lengths = Vec::new();
    for (name, value) in list {
        let text = str::from_utf8(value).ok();
        let is_pseudo = name.first() == Some(&b':');
        let is_control = |byte: &u8| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f;
        let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
        let is_value = !value.iter().any(is_control) && !is_blank(value.first()) && !is_blank(value.last());
        let is_host = |text: &str| text.parse::<http::uri::Authority>().is_ok() && !text.contains('@');
        let is_good = match str::from_utf8(name) {
            Ok(":method") => Method::from_bytes(value).is_ok() && value.len() <= 32,
            Ok(":scheme") => text.is_some_and(|text| {
                text.starts_with(|first: char| first.is_ascii_alphabetic())
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
                    && text.len() <= 64
            }),
            Ok(":authority") => text.is_some_and(is_host),
            Ok(":path") => text.is_some_and(|text| {
                let is_plain = text.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'#');
                is_plain && (text == "*" || text.starts_with('/'))
            }),
            Ok(":status") => StatusCode::from_bytes(value).is_ok(),
            Ok(":protocol") => is_value,
            Ok("connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade") => false,
            Ok("te") => value.eq_ignore_ascii_case(b"trailers"),
            Ok("host") => value.is_empty() || (is_value && text.is_some_and(is_host)),
            Ok("content-length") => {
                lengths.extend(text.and_then(|text| text.parse::<u64>().ok()));
                text.is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                    && text.is_some_and(|text| text.parse::<u64>().is_ok())
            }
            Ok(name) => {
                is_value
                    && !name.is_empty()
                    && name.bytes().all(|byte| {
                        byte.is_ascii_lowercase()
                            || byte.is_ascii_digit()
                            || b"!#$%&'*+-.^_`|~".contains(&byte)
                    })
            }
            Err(_) => false,
        };
        let is_late = is_pseudo && seen.iter().any(|name| name.first() != Some(&b':'));
        let is_twice = (is_pseudo || name == b"host") && seen.contains(&&name[..]);
        if !is_good || is_late || is_twice {
            return true;
        }
        seen.push(name);
    }
    lengths.iter().any(|length| *length != lengths[0])
}

/// The fields of a good list by name, as a section has them.
fn by_name(list: &List) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut fields: Vec<(String, Vec<Vec<u8>>)> = Vec::new();
    for (name, value) in list {
        let name = String::from_utf8(name.clone()).unwrap();
        match fields.iter_mut().find(|(other, _)| *other == name) {
            Some((_, _)) if name == "content-length" => {}
            Some((_, values)) if name == "cookie" => {
                values[0].extend_from_slice(b"; ");
                values[0].extend_from_slice(value);
            }
            Some((_, values)) => values.push(value.clone()),
            None => fields.push((name, vec![value.clone()])),
        }
    }
    fields.sort();
    fields
}

fn said(section: &Section) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut list: List = Vec::new();
    let mut pseudo = |name: &str, value: Option<&[u8]>| {
        list.extend(value.map(|value| (name.as_bytes().to_vec(), value.to_vec())));
    };
    pseudo(":method", section.method.as_ref().map(|method| method.as_str().as_bytes()));
    pseudo(":scheme", section.scheme.as_ref().map(|scheme| scheme.as_str().as_bytes()));
    pseudo(":authority", section.authority.as_ref().map(|authority| authority.as_str().as_bytes()));
    pseudo(":path", section.path.as_ref().map(|path| path.as_str().as_bytes()));
    pseudo(":status", section.status.as_ref().map(|status| status.as_str().as_bytes()));
    pseudo(":protocol", section.protocol.as_deref());
    let headers = section.headers.iter();
    list.extend(headers.map(|(name, value)| (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec())));
    by_name(&list)
}

/// Plays blocks to both decoders until one is an error; answers how many were none.
fn play(noise: &mut Noise, next: impl Fn(&mut Noise) -> Vec<u8>) -> usize {
    let mut ours = Decoder::new();
    let mut others = loona_hpack::Decoder::new();
    others.set_max_allowed_table_size(4096);
    for played in 0..40 {
        let block = next(noise);
        let section = ours.decode(&block, &ROOMY);
        if !is_of_our_shape(&block) {
            assert!(section.is_err(), "{block:x?}");
            return played;
        }
        // They take a block of nothing but changes of size for an error, and no number of more than five bytes.
        let mut shown = block.clone();
        shown.push(0x82);
        let list = others.decode(&shown);
        match (section, list) {
            (Ok(section), Ok(mut list)) => {
                list.pop();
                assert_eq!(section.is_malformed, is_malformed(&list), "{list:x?}");
                if !section.is_malformed {
                    assert_eq!(said(&section), by_name(&list));
                }
            }
            (Err(_), Err(_)) => return played,
            (Ok(_), Err(loona_hpack::decoder::DecoderError::IntegerDecodingError(_))) => return played,
            (ours, theirs) => panic!("{block:x?}: {ours:?}, {theirs:?}"),
        }
    }
    40
}

#[test]
fn what_others_encode_we_decode() {
    rounds(25, |noise| {
        let mut encoder = loona_hpack::Encoder::new();
        let mut decoder = Decoder::new();
        for _ in 0..30 {
            let list = expected(&[(":status", "404")], &header_map(noise));
            let block = encoder.encode(list.iter().map(|(name, value)| (&name[..], &value[..])));
            let section = decoder.decode(&block, &ROOMY).unwrap();
            assert_eq!(section.is_malformed, is_malformed(&list), "{list:x?}");
            if !section.is_malformed {
                assert_eq!(said(&section), by_name(&list));
            }
        }
    });
}

#[test]
fn blocks_of_every_representation_say_what_others_say_they_do() {
    let blocks = std::cell::Cell::new(0);
    rounds(80, |noise| blocks.set(blocks.get() + play(noise, block)));
    assert!(blocks.get() > 300, "{blocks:?} blocks were read");
}

#[test]
fn broken_blocks_are_errors_where_others_say_they_are() {
    rounds(120, |noise| {
        play(noise, |noise| {
            let mut block = block(noise);
            if noise.one_in(2) {
                noise.disturb(&mut block, &[0, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xbe, 0xff]);
            }
            block
        });
    });
    rounds(120, |noise| {
        play(noise, |noise| (0..noise.below(40)).map(|_| noise.below(256) as u8).collect());
    });
}

#[test]
fn huffman_says_what_others_say() {
    rounds(200, |noise| {
        let coded: Vec<u8> = match noise.one_in(2) {
            true => (0..noise.below(20)).map(|_| noise.below(256) as u8).collect(),
            false => {
                let mut coded = Vec::new();
                huffman::encode(&value(noise), &mut coded);
                noise.disturb(&mut coded, &[0xff, 0xfe, 0xf8, 0]);
                coded
            }
        };
        let mut out = Vec::new();
        let ours = huffman::decode(&coded, &mut out).map(|()| out);
        let theirs = loona_hpack::huffman::HuffmanDecoder::new().decode(&coded);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
            (ours, theirs) => assert!(ours.is_err() && theirs.is_err(), "{coded:x?}: {ours:?} {theirs:?}"),
        }
    });
}
