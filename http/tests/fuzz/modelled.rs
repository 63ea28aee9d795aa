//! Frames at random, each answered as the model of the streams allows.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Request, StatusCode};
use minato_http::{Body, ServerConfig, handler_fn};
use minato_runtime::io::AsyncWriteExt;
use minato_runtime::time::timeout;

use crate::frame_kit::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, PADDED, PING, PREFACE,
    PRIORITY, PRIORITY_FLAG, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, block, code, frame,
    try_read_frame,
};
use crate::kit::{Peer, run, serve};
use crate::noise::{Noise, rounds};
use crate::stream_model::{Model, Reaction};

fn head(noise: &mut Noise) -> Vec<u8> {
    let mut fields = vec![
        (":method", noise.pick(&["GET", "POST"])),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "a"),
    ];
    for _ in 0..noise.below(3) {
        fields.push(noise.pick(&[
            ("x", "y"),
            ("cookie", "a=b"),
            ("te", "trailers"),
            ("host", "a"),
            ("content-length", "0"),
            ("content-length", "5"),
        ]));
    }
    fields.dedup_by_key(|(name, _)| *name);
    if noise.one_in(8) {
        let odd = noise.pick(&[
            ("connection", "close"),
            ("transfer-encoding", "chunked"),
            ("te", "gzip"),
            ("X", "y"),
            ("x", " y"),
            ("x", "y\r\nz: a"),
            ("", "y"),
            (":path", "/"),
            (":status", "200"),
            (":unknown", "x"),
            ("host", "b"),
            ("content-length", "x"),
            ("content-length", "7"),
        ]);
        fields.insert(noise.below(fields.len() + 1), odd);
    }
    if noise.one_in(12) {
        fields.remove(noise.below(fields.len()));
    }
    fields_block(noise, &fields)
}

fn fields_block(noise: &mut Noise, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = block(fields);
    if noise.one_in(200) {
        // Cut off within a field, or an index that there is not.
        match noise.one_in(2) {
            true => block.truncate(block.len() - 1),
            false => block.push(0x80),
        }
    }
    block
}

/// One or more frames; those of a block may be broken up by others.
fn next(noise: &mut Noise, model: &Model) -> Frame {
    let number = |value: u32| value.to_be_bytes().to_vec();
    let new = model.last() + 1 + model.last() % 2;
    // What ends the connection is rare, so that much comes before it.
    let is_wild = noise.one_in(25);
    let known = (1 + 2 * noise.below(8) as u32).min(model.last().max(1));
    let any = noise.below(14) as u32;
    let mut stream = if is_wild { noise.pick(&[0, any, new]) } else { known };
    if let Some(open) = model.is_in_block()
        && !noise.one_in(60)
    {
        let flags = if noise.one_in(3) { 0 } else { END_HEADERS };
        return Frame { kind: CONTINUATION, flags, stream: open, payload: block(&[("x", "y")]) };
    }
    let (kind, mut flags, mut payload) = match noise.below(20) {
        0..=4 => {
            let flags = noise.pick(&[0, END_STREAM]) | if noise.one_in(8) { 0 } else { END_HEADERS };
            stream = if is_wild { stream } else { new + 2 * u32::from(noise.one_in(8)) };
            (HEADERS, flags, head(noise))
        }
        5 => (HEADERS, END_HEADERS | if noise.one_in(4) { 0 } else { END_STREAM }, {
            fields_block(noise, &[("x", "y")])
        }),
        6..=9 => (DATA, noise.pick(&[0, 0, END_STREAM]), vec![b'x'; noise.pick(&[0, 2, 3, 5])]),
        10 => (PRIORITY, 0, [number(noise.below(9) as u32), vec![9]].concat()),
        11 => (RST_STREAM, 0, number(noise.below(14) as u32)),
        12 | 13 => {
            let settings = [
                (1, 0),
                (1, 4096),
                (3, 0),
                (4, 0),
                (4, 65_535),
                (5, 16_384),
                (6, 100_000),
                (2, 0),
                (8, 0),
                (0x99, 7),
                (4, (1 << 31) - 1),
                (4, 1 << 31),
                (5, 16_383),
                (2, 2),
                (8, 2),
            ];
            let (id, value) = settings[noise.below(if is_wild { settings.len() } else { 10 })];
            stream = if noise.one_in(30) { stream } else { 0 };
            (SETTINGS, 0, [vec![0, id], number(value)].concat())
        }
        14 if is_wild => (SETTINGS, ACK, Vec::new()),
        14 | 15 => {
            stream = if noise.one_in(30) { stream } else { 0 };
            (PING, noise.pick(&[0, 0, ACK]), vec![noise.below(256) as u8; 8])
        }
        16 | 17 => {
            stream = if noise.one_in(2) { stream } else { 0 };
            let increments = [1, 1000, 1 << 30, (1 << 31) - 65_536, 0, (1 << 31) - 1];
            let increment = increments[if noise.one_in(8) { noise.below(increments.len()) } else { 1 }];
            (WINDOW_UPDATE, 0, number(increment))
        }
        18 | 19 if !is_wild => (0xee, noise.below(256) as u8, vec![1, 2, 3]),
        _ if noise.one_in(2) => (PUSH_PROMISE, END_HEADERS, vec![0, 0, 0, 2]),
        _ => (CONTINUATION, END_HEADERS, Vec::new()),
    };
    if matches!(kind, HEADERS) && noise.one_in(6) {
        // On itself only where nothing else is wrong with the stream.
        let depends_on = noise.pick(&[0, new, model.last() + 4]);
        payload.splice(0..0, [number(depends_on), vec![7]].concat());
        flags |= PRIORITY_FLAG;
    }
    if matches!(kind, HEADERS | DATA) && noise.one_in(6) {
        let padding = noise.below(4);
        payload.extend(vec![0; padding]);
        payload.insert(0, if noise.one_in(40) { 200 } else { padding as u8 });
        flags |= PADDED;
    }
    let is_idle = stream > model.last() || stream.is_multiple_of(2);
    // A length that is not right; on a stream that is idle nobody could reset it.
    if noise.one_in(150) && (kind != PRIORITY || !is_idle) {
        match noise.one_in(2) {
            true => payload.push(0),
            false => drop(payload.pop()),
        }
    }
    if kind == PRIORITY && is_idle && payload.starts_with(&number(stream)) {
        payload[3] ^= 1;
    }
    Frame { kind, flags, stream, payload }
}

/// What the server says until it waits.
async fn reactions(peer: &mut Peer) -> (BTreeSet<Reaction>, bool) {
    let mut reactions = BTreeSet::new();
    loop {
        match timeout(Duration::from_millis(1), try_read_frame(peer)).await {
            Err(_) => return (reactions, false),
            Ok(None) => return (reactions, true),
            Ok(Some(frame)) => drop(match frame.kind {
                HEADERS => reactions.insert(Reaction::Answer(frame.stream)),
                RST_STREAM => reactions.insert(Reaction::Reset(frame.stream, code(&frame.payload))),
                GOAWAY => reactions.insert(Reaction::GoAway(code(&frame.payload))),
                SETTINGS if frame.flags & ACK != 0 => reactions.insert(Reaction::SettingsAck),
                PING if frame.flags & ACK != 0 => reactions.insert(Reaction::PingAck(frame.payload)),
                _ => false,
            }),
        }
    }
}

/// Frames to read, a line each.
fn script(frames: &[Frame]) -> String {
    frames.iter().map(|frame| format!("{frame:?}\n")).collect()
}

/// What happened, so that a test that meets nothing fails.
#[derive(Debug, Default)]
struct Met {
    answers: u64,
    resets: BTreeSet<u32>,
    goaways: BTreeSet<u32>,
}

async fn play(noise: &mut Noise, met: &mut Met) {
    let service = handler_fn(|request: Request<Body>| async move {
        match request.into_body().bytes(1 << 20).await {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::BAD_REQUEST,
        }
    });
    let (mut peer, server) = serve(service, ServerConfig::default());
    peer.send([PREFACE, &frame(SETTINGS, 0, 0, &[]), &frame(SETTINGS, ACK, 0, &[])].concat()).await;
    let (first, _) = reactions(&mut peer).await;
    assert_eq!(first, BTreeSet::from([Reaction::SettingsAck]));
    let mut model = Model::new();
    let mut played = Vec::new();
    for _ in 0..60 {
        let next = next(noise, &model);
        let bytes = next.bytes();
        let allowed = model.allowed(&next);
        let id = next.stream;
        played.push(next);
        // In two parts, now and then.
        let cut = if noise.one_in(4) { noise.below(bytes.len()) } else { 0 };
        for part in [&bytes[..cut], &bytes[cut..]] {
            let _ = peer.io.write_all(part).await;
        }
        let (mut said, is_over) = reactions(&mut peer).await;
        if said.is_empty() {
            said.insert(Reaction::Nothing);
        }
        let ends = said.iter().any(|said| matches!(said, Reaction::GoAway(_)));
        // Of a frame with two faults the stream may hear of one, and the connection of the other.
        said.retain(|said| !(ends && matches!(said, Reaction::Reset(stream, _) if *stream == id)));
        let chosen = said.first().cloned().filter(|chosen| said.len() == 1 && allowed.contains(chosen));
        let Some(chosen) = chosen else {
            let played = script(&played);
            panic!("{played}allowed {allowed:?}\nsaid {said:?}\n{model:?}");
        };
        model.chosen(&chosen);
        match chosen {
            Reaction::GoAway(code) => {
                assert!(is_over, "the connection goes on after GOAWAY:\n{}", script(&played));
                met.goaways.insert(code);
                break;
            }
            Reaction::Answer(_) => met.answers += 1,
            Reaction::Reset(_, code) => drop(met.resets.insert(code)),
            _ => {}
        }
        assert!(!is_over, "the connection ended:\n{}", script(&played));
    }
    drop(peer);
    let _ = server.await.unwrap();
}

#[test]
fn every_frame_is_answered_as_rfc_9113_allows() {
    let met = std::cell::RefCell::new(Met::default());
    let are_many = rounds(400, |noise| run(play(noise, &mut met.borrow_mut())));
    let met = met.into_inner();
    let is_rich = met.answers > 100 && met.resets.len() >= 3 && met.goaways.len() >= 5;
    assert!(!are_many || is_rich, "noise that is all good or all bad tests nothing: {met:?}");
}
