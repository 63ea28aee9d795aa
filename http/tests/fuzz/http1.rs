//! Connections of HTTP/1.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, StatusCode};
use minato_http::{Body, ServerConfig, handler_fn};
use minato_runtime::io::AsyncWriteExt;
use minato_runtime::time::sleep;

use crate::kit::{run, serve};
use crate::noise::{Noise, Steps, rounds};
use crate::oracle::{self, End, Seen};

/// What became of a connection.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    seen: Vec<Seen>,
    /// The final responses.
    statuses: Vec<u16>,
}

/// Plays a connection that ends after these bytes.
fn play(bytes: &[u8], steps: &Steps, noise: &mut Noise) -> Outcome {
    run(async {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let service = {
            let seen = Arc::clone(&seen);
            handler_fn(move |request: Request<Body>| {
                let seen = Arc::clone(&seen);
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.bytes(1 << 20).await;
                    let status = if body.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
                    let mut fields: Vec<_> = head
                        .headers
                        .iter()
                        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                        .collect();
                    fields.sort();
                    seen.lock().unwrap().push(Seen {
                        method: head.method.to_string(),
                        target: head.uri.to_string(),
                        fields,
                        body: body.ok().map(|body| body.to_vec()),
                    });
                    status
                }
            })
        };
        let mut config = ServerConfig::default();
        config.http1.date = false;
        let (mut peer, server) = serve(service, config);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(steps.next(noise, rest.len()).min(rest.len()));
            // A server that has said its last word reads no more.
            if peer.io.write_all(now).await.is_err() {
                break;
            }
            rest = later;
            if !rest.is_empty() {
                // By then the server has done all it can.
                sleep(Duration::from_millis(1)).await;
            }
        }
        let _ = peer.io.shutdown().await;
        let answer = String::from_utf8(peer.rest().await).unwrap();
        let _ = server.await.unwrap();
        let statuses = answer
            .split_terminator("\r\n\r\n")
            .map(|head| head.strip_prefix("HTTP/1.1 ").expect(head)[..3].parse().unwrap())
            .filter(|status| *status != 100)
            .collect();
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        Outcome { seen, statuses }
    })
}

/// Whether that is what the oracle says.
fn agrees(outcome: &Outcome, bytes: &[u8]) -> bool {
    let (mut seen, end) = oracle::read(bytes);
    for seen in &mut seen {
        seen.fields.sort();
    }
    let mut statuses = outcome.statuses.iter();
    let answered = seen.iter().all(|seen| {
        let expected = if seen.body.is_some() { 200 } else { 400 };
        // A body that breaks off with the connection leaves nobody to answer.
        statuses.next().map_or(seen.body.is_none(), |status| *status == expected)
    });
    let rest: Vec<u16> = statuses.copied().collect();
    let is_refused = rest.len() == 1 && rest[0] >= 400;
    let ended = match end {
        End::Refused => is_refused,
        End::Silent => rest.is_empty(),
        End::Incomplete => rest.is_empty() || is_refused,
    };
    outcome.seen == seen && answered && ended
}

const METHODS: &[&str] = &["GET", "POST", "PUT", "OPTIONS", "BREW", "DELETE"];
const TARGETS: &[&str] = &["/", "/a/b?c=d", "*", "/%20", "/x#y", "a", "/~!$&'()*+,;=:@"];
const VERSIONS: &[&str] =
    &["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1"];
const FIELDS: &[&str] = &[
    "X-Custom: 1",
    "x-empty:",
    "X-Tabs:\t a b \t",
    "Accept: */*",
    "Connection: close",
    "Connection: keep-alive",
    "Connection: foo, Close",
    "Expect: 100-continue",
    "Content-Length: 3",
    "Content-Length: 0",
    "Content-Length: +1",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "TE: trailers",
    "Host: b",
    " folded: x",
    "bad name: x",
    "X: caf\u{e9}",
];
/// Bytes that mean something.
const SPICE: &[u8] = b"\r\n :;\t,\"\\\0\x7f\x800aFg=";

fn request(noise: &mut Noise) -> Vec<u8> {
    let is_plain = !noise.one_in(3);
    let (target, version) = match is_plain {
        true => ("/", "HTTP/1.1"),
        false => (noise.pick(TARGETS), noise.pick(VERSIONS)),
    };
    let mut text = format!("{} {target} {version}\r\n", noise.pick(METHODS));
    if is_plain || !noise.one_in(8) {
        text.push_str("Host: a\r\n");
    }
    for _ in 0..noise.below(3) {
        let field = if is_plain { noise.below(4) } else { noise.below(FIELDS.len()) };
        text.push_str(FIELDS[field]);
        text.push_str("\r\n");
    }
    let mut body = Vec::new();
    match noise.below(4) {
        0 => {
            let len = noise.below(40);
            text.push_str(&format!("Content-Length: {len}\r\n"));
            body = (0..len).map(|_| noise.below(256) as u8).collect();
        }
        1 => {
            text.push_str("Transfer-Encoding: chunked\r\n");
            body = chunks(noise);
        }
        _ => {}
    }
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(b"\r\n");
    bytes.extend(body);
    bytes
}

fn chunks(noise: &mut Noise) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..noise.below(4) {
        let len = 1 + noise.below(20);
        let extension = noise.pick(&["", "", ";", ";a=b", ";a=\"b\\\"c\"", " ;a", ";a;b = c"]);
        body.extend(format!("{len:x}{extension}\r\n").into_bytes());
        body.extend((0..len).map(|_| noise.below(256) as u8));
        body.extend(b"\r\n");
    }
    body.extend(
        noise
            .pick(&[
                "0\r\n\r\n",
                "0\r\n\r\n",
                "000\r\n\r\n",
                "0;x\r\nA: b\r\n\r\n",
                "0\r\nbad name: b\r\n\r\n",
            ])
            .bytes(),
    );
    body
}

fn connection(noise: &mut Noise) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=noise.below(3) {
        if noise.one_in(5) {
            bytes.extend(b"\r\n".repeat(1 + noise.below(5)));
        }
        bytes.extend(request(noise));
    }
    if noise.one_in(2) {
        noise.disturb(&mut bytes, SPICE);
    }
    bytes
}

#[test]
fn a_connection_is_what_the_oracle_says_however_it_is_cut() {
    let (whole, broken) = (std::cell::Cell::new(0u64), std::cell::Cell::new(0u64));
    let are_many = rounds(400, |noise| {
        let bytes = connection(noise);
        let outcome = play(&bytes, &Steps::Whole, noise);
        let text = String::from_utf8_lossy(&bytes);
        assert!(agrees(&outcome, &bytes), "{text:?}\n{outcome:?}\n{:?}", oracle::read(&bytes));
        for steps in [Steps::Bytes, Steps::Random] {
            assert_eq!(play(&bytes, &steps, noise), outcome, "{text:?}");
        }
        whole.set(whole.get() + outcome.seen.len() as u64);
        broken.set(broken.get() + outcome.statuses.iter().filter(|status| **status >= 400).count() as u64);
    });
    let has_both = whole.get() > 0 && broken.get() > 0;
    assert!(!are_many || has_both, "noise that is all good or all bad tests nothing");
}
