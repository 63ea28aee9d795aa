//! What a strict server makes of the bytes of an HTTP/1 connection that ends after them, read plainly: with the whole
//! input at hand, a line at a time, and no thought for speed.

/// A request, as its handler sees it; no body where that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) body: Option<Vec<u8>>,
}

/// How the connection ends after its last request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With an answer that refuses what came next.
    Refused,
    /// Without a word.
    Silent,
    /// Something is begun and not complete; whether it is refused depends on what of it is here.
    Incomplete,
}

/// Reads a connection.
pub(crate) fn read(mut input: &[u8]) -> (Vec<Seen>, End) {
    let mut seen = Vec::new();
    loop {
        let blank = input.chunks(2).take_while(|pair| pair == b"\r\n").count();
        if blank > 4 {
            return (seen, End::Refused);
        }
        input = &input[2 * blank..];
        if input.is_empty() {
            return (seen, End::Silent);
        }
        let Some((head, rest)) = split_head(input) else { return (seen, End::Incomplete) };
        let Some(head) = head.and_then(parse_head) else { return (seen, End::Refused) };
        let (body, rest) = match read_body(&head, rest) {
            Body::Whole(body, rest) => (Some(body), rest),
            Body::Broken => (None, &[][..]),
        };
        let is_broken = body.is_none();
        let lasts = head.lasts;
        let Head { method, target, fields, .. } = head;
        seen.push(Seen { method, target, fields, body });
        if is_broken || !lasts {
            return (seen, End::Silent);
        }
        input = rest;
    }
}

/// The head at the beginning and what follows it, if the head is complete. One with a bad line end is none.
fn split_head(input: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let mut start = 0;
    loop {
        let end = start + input[start..].iter().position(|byte| *byte == b'\n')?;
        if end == start || input[end - 1] != b'\r' {
            return Some((None, &[]));
        }
        if end - start == 1 {
            return Some((Some(&input[..end + 1]), &input[end + 1..]));
        }
        start = end + 1;
    }
}

struct Head {
    method: String,
    target: String,
    fields: Vec<(String, Vec<u8>)>,
    framing: Framing,
    lasts: bool,
}

enum Framing {
    Length(u64),
    Chunked,
}

fn is_token(text: &[u8]) -> bool {
    !text.is_empty()
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

fn parse_head(head: &[u8]) -> Option<Head> {
    let text = head.strip_suffix(b"\r\n\r\n")?;
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
        lines.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    lines.push(rest);
    let words: Vec<&[u8]> = lines[0].split(|byte| *byte == b' ').collect();
    let [method, target, version] = words[..] else { return None };
    let is_modern = match version {
        b"HTTP/1.1" => true,
        b"HTTP/1.0" => false,
        _ => return None,
    };
    if !is_token(method) || method.len() > 32 || !is_target(method, target) {
        return None;
    }
    let mut fields = Vec::new();
    for line in &lines[1..] {
        fields.push(parse_field(line)?);
    }
    let all = |name: &str| -> Vec<&[u8]> {
        fields.iter().filter(|(field, _)| field == name).map(|(_, value)| &value[..]).collect()
    };
    match all("host")[..] {
        [] if !is_modern => {}
        [host] if is_host(host) => {}
        _ => return None,
    }
    if is_modern && all("expect").iter().any(|value| !value.eq_ignore_ascii_case(b"100-continue")) {
        return None;
    }
    let framing = match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => Framing::Length(0),
        ([length], []) => {
            let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit) && length.len() <= 19;
            let length = std::str::from_utf8(length).ok()?.parse().ok()?;
            Framing::Length(Some(length).filter(|length| is_number && *length <= i64::MAX as u64)?)
        }
        ([], [coding]) if is_modern && coding.eq_ignore_ascii_case(b"chunked") => Framing::Chunked,
        _ => return None,
    };
    let options: Vec<Vec<u8>> = all("connection")
        .iter()
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(|option| trim(option).to_ascii_lowercase())
        .collect();
    let says = |option: &[u8]| options.iter().any(|said| said == option);
    let lasts = !says(b"close") && (is_modern || says(b"keep-alive")) && method != b"CONNECT";
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    Some(Head { method: text(method)?, target: text(target)?, fields, framing, lasts })
}

fn parse_field(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    let is_value = value.iter().all(|byte| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..));
    (is_token(name) && is_value)
        .then(|| (String::from_utf8(name.to_ascii_lowercase()).unwrap(), value.to_vec()))
}

/// The forms these tests use; what else a target may be is tested beside the parser.
fn is_target(method: &[u8], target: &[u8]) -> bool {
    if !target.iter().all(|byte| matches!(byte, 0x21..=0x7e) && *byte != b'#') {
        return false;
    }
    match target {
        [b'/', ..] => method != b"CONNECT",
        b"*" => method == b"OPTIONS",
        _ => false,
    }
}

/// The hosts these tests use.
fn is_host(host: &[u8]) -> bool {
    let (name, port) = match host.iter().position(|byte| *byte == b':') {
        Some(at) => (&host[..at], &host[at + 1..]),
        None => (host, &[][..]),
    };
    let is_port = port.len() <= 5 && port.iter().all(u8::is_ascii_digit);
    let value: u32 = std::str::from_utf8(port).ok().and_then(|port| port.parse().ok()).unwrap_or(0);
    // RFC 3986 §3.2.2: unreserved and sub-delims. These tests encode nothing by percent.
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(byte);
    is_port && value <= 65_535 && name.iter().all(is_name)
}

enum Body<'a> {
    Whole(Vec<u8>, &'a [u8]),
    Broken,
}

fn read_body<'a>(head: &Head, rest: &'a [u8]) -> Body<'a> {
    match head.framing {
        Framing::Length(length) => {
            match usize::try_from(length).ok().filter(|length| *length <= rest.len()) {
                Some(length) => Body::Whole(rest[..length].to_vec(), &rest[length..]),
                None => Body::Broken,
            }
        }
        Framing::Chunked => read_chunks(rest).map_or(Body::Broken, |(body, rest)| Body::Whole(body, rest)),
    }
}

fn read_chunks(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut body = Vec::new();
    let mut extensions = 0;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = rest[..end].strip_suffix(b"\r")?;
        rest = &rest[end + 1..];
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (size, extension) = line.split_at(digits);
        if digits == 0 || digits > 16 || !is_extension(extension) {
            return None;
        }
        extensions += extension.len();
        if extensions > 4096 {
            return None;
        }
        let size = usize::from_str_radix(std::str::from_utf8(size).unwrap(), 16).ok()?;
        if size == 0 {
            break;
        }
        if rest.len() < size.checked_add(2)? || rest[size..size + 2] != *b"\r\n" {
            return None;
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = rest[..end].strip_suffix(b"\r")?;
        rest = &rest[end + 1..];
        if line.is_empty() {
            return Some((body, rest));
        }
        parse_field(line)?;
    }
}

fn is_extension(extension: &[u8]) -> bool {
    if !matches!(extension, [] | [b';', ..]) {
        return false;
    }
    let mut at = 0;
    while at < extension.len() {
        if extension[at] == b'"' {
            at += 1;
            loop {
                match extension.get(at) {
                    None => return false,
                    Some(b'"') => break,
                    Some(b'\\') => at += 1,
                    Some(_) => {}
                }
                match extension.get(at) {
                    Some(b'\t' | 0x20..=0x7e | 0x80..) => at += 1,
                    _ => return false,
                }
            }
        } else if !matches!(extension[at], b';' | b'=' | b' ' | b'\t') && !is_token(&extension[at..=at]) {
            return false;
        }
        at += 1;
    }
    true
}

#[test]
fn the_oracle_knows_a_request_when_it_sees_one() {
    let (seen, end) = read(b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x=\"y\"\r\nhi\r\n0\r\nz: 1\r\n\r\nGET / ");
    assert_eq!((seen.len(), end), (1, End::Incomplete));
    assert_eq!(seen[0].body.as_deref(), Some(&b"hi"[..]));
    assert_eq!(read(b"GET / HTTP/1.1\r\n\r\n").1, End::Refused);
}
