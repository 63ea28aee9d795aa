//! Connections of HTTP/2.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, StatusCode};
use minato_http::{Body, ServerConfig, handler_fn};
use minato_runtime::io::AsyncWriteExt;
use minato_runtime::time::sleep;

use crate::frame_kit::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, PRIORITY, RST_STREAM,
    SETTINGS, WINDOW_UPDATE, block, code, frame, try_read_frame,
};
use crate::kit::{run, serve};
use crate::noise::{Noise, Steps, rounds};

/// What became of a connection.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    /// Bodies that were read whole, by the path that was asked for.
    seen: BTreeMap<String, Vec<u8>>,
    /// How streams were answered: with the first byte of a head, or a code.
    streams: BTreeMap<u32, (u8, u32)>,
    goaway: Option<u32>,
}

impl Outcome {
    /// Whether it can be that of the same bytes, cut otherwise. Without a fault it must be the same. A fault that ends the
    /// connection takes along what arrived with it; where the stream it is on has been answered and forgotten meanwhile,
    /// it ends the stream instead; and a client that has said GOAWAY may be gone before its fault is read. A request that
    /// arrives with what its client had no right to say behind its end is reset before anybody sees it.
    fn is_like(&self, finer: &Self) -> bool {
        let is_over = finer.goaway.is_some() || finer.streams.values().any(|(status, _)| *status == 0);
        let is_reset = |path: &str| {
            let stream = path.rsplit('/').next().and_then(|id| id.parse::<u32>().ok());
            stream.and_then(|id| self.streams.get(&id)).is_some_and(|(status, _)| *status == 0)
        };
        let seen = finer.seen.iter().filter(|(path, _)| self.seen.contains_key(*path) || !is_reset(path));
        let is_same = seen.eq(&self.seen) && self.streams == finer.streams && self.goaway == finer.goaway;
        is_same || (self.goaway.is_some_and(|code| code != 0) && is_over)
    }
}

fn play(bytes: &[u8], steps: &Steps, noise: &mut Noise) -> Outcome {
    run(async {
        let seen: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
        let service = {
            let seen = Arc::clone(&seen);
            handler_fn(move |request: Request<Body>| {
                let seen = Arc::clone(&seen);
                async move {
                    let path = request.uri().to_string();
                    match request.into_body().bytes(1 << 20).await {
                        Ok(body) => {
                            seen.lock().unwrap().insert(path, body.to_vec());
                            StatusCode::OK
                        }
                        Err(_) => StatusCode::BAD_REQUEST,
                    }
                }
            })
        };
        let (mut peer, server) = serve(service, ServerConfig::default());
        let mut rest = bytes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(steps.next(noise, rest.len()).min(rest.len()));
            if peer.io.write_all(now).await.is_err() {
                break;
            }
            rest = later;
            // By then the server has done all it can: a connection that has ended has nobody to answer to.
            sleep(Duration::from_millis(1)).await;
        }
        let _ = peer.io.shutdown().await;
        let mut outcome = Outcome::default();
        while let Some(frame) = try_read_frame(&mut peer).await {
            match frame.kind {
                GOAWAY => outcome.goaway = Some(code(&frame.payload)),
                HEADERS => drop(outcome.streams.insert(frame.stream, (frame.payload[0], 0))),
                RST_STREAM => drop(outcome.streams.insert(frame.stream, (0, code(&frame.payload)))),
                _ => {}
            }
        }
        // However it ends, it ends.
        let _ = server.await.unwrap();
        outcome.seen = std::mem::take(&mut *seen.lock().unwrap());
        outcome
    })
}

fn head(noise: &mut Noise, stream: u32) -> Vec<u8> {
    let path = format!("/{stream}");
    let mut fields = vec![
        (":method", noise.pick(&["GET", "POST", "POST", "HEAD"])),
        (":scheme", "http"),
        (":path", path.as_str()),
        (":authority", "a"),
    ];
    if noise.one_in(6) {
        fields.push(noise.pick(&[
            ("x", "y"),
            ("content-length", "5"),
            ("te", "trailers"),
            ("connection", "close"),
            ("X", "y"),
            (":path", "/"),
            ("x", " y"),
        ]));
    }
    if noise.one_in(12) {
        let at = noise.below(fields.len());
        fields.remove(at);
    }
    block(&fields)
}

fn connection(noise: &mut Noise) -> Vec<u8> {
    let mut bytes = PREFACE.to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    let mut stream = 1;
    for _ in 0..1 + noise.below(8) {
        let some = if noise.one_in(4) { noise.below(12) as u32 } else { stream };
        match noise.below(10) {
            0..=3 => {
                let head = head(noise, stream);
                let end = if noise.one_in(2) { END_STREAM } else { 0 };
                if noise.one_in(4) {
                    let (first, second) = head.split_at(noise.below(head.len()));
                    bytes.extend(frame(HEADERS, end, stream, first));
                    bytes.extend(frame(CONTINUATION, END_HEADERS, stream, second));
                } else {
                    bytes.extend(frame(HEADERS, END_HEADERS | end, stream, &head));
                }
                if end == 0 {
                    let len = noise.below(10);
                    bytes.extend(frame(DATA, 0, stream, &vec![b'x'; len]));
                    bytes.extend(match noise.one_in(4) {
                        true => frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&[("x", "y")])),
                        false => frame(DATA, END_STREAM, stream, b"end"),
                    });
                }
                stream += 2;
            }
            4 => bytes.extend(frame(PING, 0, 0, &[7; 8])),
            5 => bytes.extend(frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 9])),
            6 => bytes.extend(frame(PRIORITY, 0, some | 1, &[0, 0, 0, 0, 9])),
            7 => bytes.extend(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0xff, 0xff])),
            8 => bytes.extend(frame(0xef, 3, some, b"unknown")),
            _ if noise.one_in(3) => {
                let kind = noise.below(10) as u8;
                let payload: Vec<u8> = (0..noise.below(12)).map(|_| noise.below(256) as u8).collect();
                bytes.extend(frame(kind, noise.below(256) as u8, some, &payload));
            }
            _ => {}
        }
    }
    if noise.one_in(4) {
        let mut frames = bytes.split_off(PREFACE.len() + 9);
        noise.disturb(&mut frames, &[0, 1, 4, 5, 0x80, 0xff]);
        bytes.extend(frames);
    }
    bytes
}

#[test]
fn a_connection_comes_to_the_same_however_it_is_cut() {
    let (whole, broken) = (std::cell::Cell::new(0u64), std::cell::Cell::new(0u64));
    let are_many = rounds(400, |noise| {
        let bytes = connection(noise);
        let outcome = play(&bytes, &Steps::Whole, noise);
        for steps in [Steps::Bytes, Steps::Random] {
            let finer = play(&bytes, &steps, noise);
            assert!(outcome.is_like(&finer), "{bytes:?}\n{outcome:?}\n{finer:?}");
        }
        whole.set(whole.get() + outcome.seen.len() as u64);
        broken.set(broken.get() + u64::from(outcome.goaway.is_some_and(|code| code != 0)));
    });
    let has_both = whole.get() > 0 && broken.get() > 0;
    assert!(!are_many || has_both, "noise that is all good or all bad tests nothing");
}
