//! RFC 9113 and RFC 7541, section by section: what a server makes of each frame a client may or may not send.
//!
//! The rows cover what h2spec asks of a server (its groups generic, http2 and hpack), in the sections of RFC 9113, and
//! ask for the error code the section names. Where two are right, as for a frame on a stream that has been forgotten,
//! the row lists both.

use http::{Request, Response};
use minato_http::{Body, ServerConfig, handler_fn};
use minato_runtime::time::timeout;
use std::time::Duration;

use crate::frame_kit::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, PADDED, PING, PREFACE,
    PRIORITY, PRIORITY_FLAG, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, block, code, frame,
    try_read_frame,
};
use crate::kit::{Peer, run, serve};

const NO_ERROR: u32 = 0;
const PROTOCOL_ERROR: u32 = 1;
const FLOW_CONTROL_ERROR: u32 = 3;
const STREAM_CLOSED: u32 = 5;
const FRAME_SIZE_ERROR: u32 = 6;
const REFUSED_STREAM: u32 = 7;
const COMPRESSION_ERROR: u32 = 9;

/// What ends a connection whose blocks cannot be read.
const UNREADABLE: &[u32] = &[COMPRESSION_ERROR];

/// What a frame on a stream is answered with that its sender has ended.
const ENDED: &[u32] = &[STREAM_CLOSED];

const MAX_FRAME_SIZE: usize = 16_384;

/// What a server must make of the bytes of a row.
#[derive(Debug)]
enum Expect {
    /// The response to stream 1 comes whole.
    Answer,
    /// The same on another stream.
    AnswerOn(u32),
    /// Nothing comes of it: the connection goes on.
    Nothing,
    /// This frame comes, and the connection goes on.
    Reply(Vec<u8>),
    /// A stream is reset with one of these codes, or a request on it refused with a status of 400, and the connection
    /// goes on.
    Stream(u32, &'static [u32]),
    /// The connection ends, with GOAWAY and one of these codes.
    Connection(&'static [u32]),
    /// It is one or the other, as the section allows.
    Either(u32, &'static [u32]),
}

use Expect::{Answer, AnswerOn, Connection, Either, Nothing, Reply, Stream};

type Row = (&'static str, Vec<u8>, Expect);

/// Reads the body, then answers with five bytes.
async fn five(request: Request<Body>) -> Response<Body> {
    match request.into_body().bytes(1 << 20).await {
        Ok(_) => Response::new(Body::from("hello")),
        Err(_) => Response::builder().status(400).body(Body::empty()).unwrap(),
    }
}

/// What arrived until nothing more came, and whether that was the end.
async fn gather(peer: &mut Peer) -> (Vec<Frame>, bool) {
    let mut frames = Vec::new();
    loop {
        match timeout(Duration::from_secs(1), try_read_frame(peer)).await {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, true),
            Err(_) => return (frames, false),
        }
    }
}

async fn is_alive(peer: &mut Peer) -> bool {
    const OPAQUE: &[u8] = b"alive?!?";
    peer.send(frame(PING, 0, 0, OPAQUE)).await;
    let (frames, _) = gather(peer).await;
    frames.iter().any(|frame| frame.kind == PING && frame.flags == ACK && frame.payload == OPAQUE)
}

fn has_answer(frames: &[Frame], stream: u32) -> bool {
    let of_stream = |frame: &&Frame| frame.stream == stream;
    frames.iter().filter(of_stream).any(|frame| frame.kind == HEADERS && frame.payload.first() == Some(&0x88))
        && frames.iter().filter(of_stream).any(|frame| frame.flags & END_STREAM != 0 && frame.kind < 2)
}

/// Why the row does not hold, if so.
async fn fault(config: ServerConfig, settings: &[u8], bytes: &[u8], expect: &Expect) -> Option<String> {
    let (mut peer, server) = serve(handler_fn(five), config);
    drop(server);
    peer.send(PREFACE).await;
    peer.send(frame(SETTINGS, 0, 0, settings)).await;
    gather(&mut peer).await;
    peer.send(frame(SETTINGS, ACK, 0, &[])).await;
    peer.send(bytes).await;
    let (frames, is_over) = gather(&mut peer).await;
    let goaway = frames.iter().find(|frame| frame.kind == GOAWAY).map(|frame| code(&frame.payload));
    let reset = |stream, codes: &[u32]| {
        frames.iter().any(|frame| {
            frame.stream == stream && frame.kind == RST_STREAM && codes.contains(&code(&frame.payload))
        })
    };
    let is_ended = |codes: &[u32]| is_over && goaway.is_some_and(|code| codes.contains(&code));
    let (holds, goes_on) = match expect {
        Answer => (has_answer(&frames, 1), true),
        AnswerOn(stream) => (has_answer(&frames, *stream), true),
        Nothing => (goaway.is_none() && !frames.iter().any(|frame| frame.kind == RST_STREAM), true),
        Reply(reply) => (frames.iter().any(|frame| frame.bytes() == *reply), true),
        Stream(stream, codes) => (reset(*stream, codes), true),
        Connection(codes) => (is_ended(codes), false),
        Either(stream, codes) if goaway.is_none() => (reset(*stream, codes), true),
        Either(_, codes) => (is_ended(codes), false),
    };
    if !holds {
        return Some(format!("expected {expect:?}, got {frames:?}, over: {is_over}"));
    }
    (goes_on && (is_over || !is_alive(&mut peer).await))
        .then(|| format!("the connection is lost: {frames:?}"))
}

/// Runs rows, each on a connection of its own, and tells all that do not hold.
fn check_with(config: &ServerConfig, settings: &[u8], rows: Vec<Row>) {
    run(async {
        let mut faults = Vec::new();
        for (name, bytes, expect) in rows {
            if let Some(fault) = fault(config.clone(), settings, &bytes, &expect).await {
                faults.push(format!("{name}: {fault}"));
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
}

fn check(rows: Vec<Row>) {
    check_with(&ServerConfig::default(), &[], rows);
}

const GET: &[(&str, &str)] = &[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
const POST: &[(&str, &str)] =
    &[(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
const HEAD: &[(&str, &str)] =
    &[(":method", "HEAD"), (":scheme", "http"), (":path", "/"), (":authority", "a")];

/// A request without a body.
fn get(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(GET))
}

/// The head of a request with a body.
fn post(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &block(POST))
}

/// The head of a request with these fields behind the usual ones.
fn with(fields: &[(&str, &str)]) -> Vec<u8> {
    of_fields(&[GET, fields].concat())
}

fn of_fields(fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(fields))
}

fn of_block(block: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, 1, block)
}

fn join(parts: &[Vec<u8>]) -> Vec<u8> {
    parts.concat()
}

fn data(stream: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    frame(DATA, flags, stream, payload)
}

fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &8u32.to_be_bytes())
}

fn window_update(stream: u32, increment: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &increment.to_be_bytes())
}

fn priority(stream: u32, depends_on: u32, weight: u8) -> Vec<u8> {
    let mut payload = depends_on.to_be_bytes().to_vec();
    payload.push(weight);
    frame(PRIORITY, 0, stream, &payload)
}

fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> = settings.iter().flat_map(|(id, value)| setting(*id, *value)).collect();
    frame(SETTINGS, 0, 0, &payload)
}

/// `:method: GET`, `:scheme: http`, `:path: /` from the static table, then these bytes.
fn static_get(rest: &[u8]) -> Vec<u8> {
    [&[0x82, 0x86, 0x84][..], rest].concat()
}

/// `www.example.com` in the Huffman code, of which the last seven bits are padding (RFC 7541 C.4.1).
const HUFFMAN: [u8; 12] = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];

fn huffman_authority(code: &[u8]) -> Vec<u8> {
    [&[0x41, 0x80 | code.len() as u8][..], code].concat()
}

#[test]
fn rfc_9113_3_4_the_connection_preface() {
    check(vec![("settings are acknowledged", settings(&[]), Reply(frame(SETTINGS, ACK, 0, &[])))]);
    run(async {
        for wrong in [
            &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"[..],
            b"PRI * HTTP/2.0\r\nHost: a\r\n\r\n",
            b"INVALID\r\n\r\n",
        ] {
            let (mut peer, _server) = serve(handler_fn(five), ServerConfig::default());
            peer.send(wrong).await;
            let answer = peer.rest().await;
            assert!(
                answer.is_empty() || answer.starts_with(b"HTTP/1.1 4") || answer.starts_with(b"HTTP/1.1 505")
            );
        }
        // The server's own preface comes first, whatever the client does.
        let (mut peer, _server) = serve(handler_fn(five), ServerConfig::default());
        peer.send(PREFACE).await;
        assert_eq!(try_read_frame(&mut peer).await.unwrap().kind, SETTINGS);
    });
}

#[test]
fn rfc_9113_4_1_frame_format() {
    check(vec![
        ("an unknown frame type is ignored", frame(0xf0, 0, 0, b"unknown"), Nothing),
        ("undefined flags are ignored", frame(PING, 0xfe, 0, &[7; 8]), Reply(frame(PING, ACK, 0, &[7; 8]))),
        (
            "the reserved bit is ignored",
            frame(PING, 0, 1 << 31, &[7; 8]),
            Reply(frame(PING, ACK, 0, &[7; 8])),
        ),
        ("the reserved bit of a stream is ignored", frame(HEADERS, 5, 1 | 1 << 31, &block(GET)), Answer),
    ]);
}

#[test]
fn rfc_9113_4_2_frame_size() {
    let too_long = vec![0; MAX_FRAME_SIZE + 1];
    check(vec![
        ("DATA of 2^14 bytes", join(&[post(1), data(1, END_STREAM, &too_long[1..])]), Answer),
        ("DATA of more", join(&[post(1), data(1, END_STREAM, &too_long)]), Connection(&[FRAME_SIZE_ERROR])),
        ("HEADERS of more", frame(HEADERS, 5, 1, &too_long), Connection(&[FRAME_SIZE_ERROR])),
        ("SETTINGS of more", frame(SETTINGS, 0, 0, &too_long), Connection(&[FRAME_SIZE_ERROR])),
        ("an unknown frame of more", frame(0xf0, 0, 0, &too_long), Connection(&[FRAME_SIZE_ERROR])),
        (
            "DATA of more, of which only the head comes",
            {
                let whole = join(&[post(1), data(1, END_STREAM, &too_long)]);
                whole[..whole.len() - too_long.len()].to_vec()
            },
            Connection(&[FRAME_SIZE_ERROR]),
        ),
    ]);
}

#[test]
fn rfc_9113_4_3_field_compression() {
    let open = frame(HEADERS, END_STREAM, 1, &block(GET));
    check(vec![
        ("an invalid block", of_block(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Connection(UNREADABLE)),
        ("a block that ends within a field", of_block(&[0x82, 0x10, 0x05, b'a']), Connection(UNREADABLE)),
        ("PRIORITY within a block", join(&[open.clone(), priority(1, 0, 1)]), Connection(&[PROTOCOL_ERROR])),
        ("HEADERS of another stream within a block", join(&[open, get(3)]), Connection(&[PROTOCOL_ERROR])),
    ]);
}

#[test]
fn rfc_9113_5_1_idle_streams() {
    check(vec![
        ("DATA", data(1, END_STREAM, b"x"), Connection(&[PROTOCOL_ERROR])),
        ("RST_STREAM", reset(1), Connection(&[PROTOCOL_ERROR])),
        ("WINDOW_UPDATE", window_update(1, 1), Connection(&[PROTOCOL_ERROR])),
        ("CONTINUATION", frame(CONTINUATION, END_HEADERS, 1, &block(GET)), Connection(&[PROTOCOL_ERROR])),
        ("PRIORITY is allowed", join(&[priority(1, 0, 1), get(1)]), Answer),
    ]);
}

#[test]
fn rfc_9113_5_1_half_closed_remote_streams() {
    // The handler of a HEAD request that waits for its window: the stream stays half closed.
    let config = ServerConfig::default();
    let closed_window = setting(4, 0);
    check_with(
        &config,
        &closed_window,
        vec![
            ("DATA", join(&[get(1), data(1, 0, b"x")]), Either(1, ENDED)),
            ("HEADERS", join(&[get(1), get(1)]), Either(1, ENDED)),
            (
                "CONTINUATION",
                join(&[get(1), frame(CONTINUATION, END_HEADERS, 1, &block(GET))]),
                Connection(&[PROTOCOL_ERROR]),
            ),
            ("WINDOW_UPDATE is allowed", join(&[get(1), window_update(1, 100)]), Answer),
            ("PRIORITY is allowed", join(&[get(1), priority(1, 0, 7), window_update(1, 100)]), Answer),
            ("RST_STREAM is allowed", join(&[get(1), reset(1)]), Nothing),
        ],
    );
}

#[test]
fn rfc_9113_5_1_closed_streams() {
    check(vec![
        ("DATA after RST_STREAM", join(&[post(1), reset(1), data(1, 0, b"x")]), Either(1, ENDED)),
        ("HEADERS after RST_STREAM", join(&[post(1), reset(1), get(1)]), Either(1, ENDED)),
        (
            "CONTINUATION after RST_STREAM",
            join(&[post(1), reset(1), frame(CONTINUATION, END_HEADERS, 1, &block(GET))]),
            Connection(&[PROTOCOL_ERROR]),
        ),
        ("PRIORITY after RST_STREAM", join(&[post(1), reset(1), priority(1, 0, 1)]), Nothing),
        ("WINDOW_UPDATE after RST_STREAM", join(&[post(1), reset(1), window_update(1, 1)]), Nothing),
        ("RST_STREAM after RST_STREAM", join(&[post(1), reset(1), reset(1)]), Nothing),
    ]);
    // The stream is closed once the response is out.
    run(async {
        for (late, allowed) in [
            (data(1, 0, b"x"), ENDED),
            (get(1), ENDED),
            (frame(CONTINUATION, END_HEADERS, 1, &block(GET)), &[PROTOCOL_ERROR][..]),
        ] {
            let (mut peer, _server) = serve(handler_fn(five), ServerConfig::default());
            peer.send(join(&[PREFACE.to_vec(), settings(&[]), get(1)])).await;
            assert!(has_answer(&gather(&mut peer).await.0, 1));
            peer.send(&late).await;
            let (frames, _) = gather(&mut peer).await;
            let answered = frames.iter().find(|frame| matches!(frame.kind, GOAWAY | RST_STREAM));
            let code = answered.map(|frame| code(&frame.payload));
            assert!(code.is_some_and(|code| allowed.contains(&code)), "{late:?}: {frames:?}");
        }
        for harmless in [priority(1, 0, 1), window_update(1, 1), reset(1)] {
            let (mut peer, _server) = serve(handler_fn(five), ServerConfig::default());
            peer.send(join(&[PREFACE.to_vec(), settings(&[]), get(1)])).await;
            assert!(has_answer(&gather(&mut peer).await.0, 1));
            peer.send(&harmless).await;
            assert!(is_alive(&mut peer).await, "{harmless:?}");
        }
    });
}

#[test]
fn rfc_9113_5_1_1_stream_identifiers() {
    check(vec![
        ("an even identifier", get(2), Connection(&[PROTOCOL_ERROR])),
        ("a smaller identifier", join(&[get(5), get(3)]), Connection(&[PROTOCOL_ERROR, STREAM_CLOSED])),
        ("an identifier may be skipped", get(7), AnswerOn(7)),
        ("the largest identifier", get((1 << 31) - 1), AnswerOn((1 << 31) - 1)),
    ]);
}

#[test]
fn rfc_9113_5_1_2_stream_concurrency() {
    let mut config = ServerConfig::default();
    config.http2.max_concurrent_streams = 2;
    check_with(
        &config,
        &[],
        vec![("a stream too many", join(&[post(1), post(3), post(5)]), Stream(5, &[REFUSED_STREAM]))],
    );
}

#[test]
fn rfc_9113_5_3_priority_signals_are_taken_and_mean_nothing() {
    let with_priority = |depends_on: u32, weight: u8| {
        let payload = [&depends_on.to_be_bytes()[..], &[weight], &block(GET)].concat();
        frame(HEADERS, END_HEADERS | END_STREAM | PRIORITY_FLAG, 1, &payload)
    };
    check(vec![
        ("HEADERS with a priority", with_priority(0, 255), Answer),
        ("HEADERS with an exclusive priority", with_priority(1 << 31, 0), Answer),
        ("PRIORITY with the least weight", join(&[priority(1, 0, 0), get(1)]), Answer),
        ("PRIORITY with the most weight", join(&[priority(1, 0, 255), get(1)]), Answer),
        ("PRIORITY with a dependency", join(&[priority(3, 1, 16), get(1)]), Answer),
        ("PRIORITY with an exclusive dependency", join(&[priority(3, 1 | 1 << 31, 16), get(1)]), Answer),
        ("PRIORITY of an idle stream, then a lower one", join(&[priority(9, 0, 1), get(1)]), Answer),
        // RFC 7540 §5.3.1 made it an error of the stream; RFC 9113 has no dependencies.
        ("HEADERS of a stream that depends on itself", with_priority(1, 1), Stream(1, &[PROTOCOL_ERROR])),
    ]);
}

#[test]
fn rfc_9113_5_4_1_connection_errors() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(five), ServerConfig::default());
        peer.send(join(&[PREFACE.to_vec(), settings(&[]), get(1), get(3)])).await;
        gather(&mut peer).await;
        peer.send(frame(PING, 0, 0, &[0; 6])).await;
        let (frames, is_over) = gather(&mut peer).await;
        let goaway = frames.iter().find(|frame| frame.kind == GOAWAY).expect("GOAWAY");
        assert!(is_over);
        assert_eq!(goaway.payload[..4], 3u32.to_be_bytes(), "the last stream that was acted on");
    });
}

#[test]
fn rfc_9113_5_5_extending_http2() {
    check(vec![
        ("an unknown frame on a stream", join(&[frame(0xab, 0xff, 1, b"x"), get(1)]), Answer),
        (
            "every unknown frame type",
            (0x0a..=0xff).flat_map(|kind| frame(kind, 0, 0, b"")).collect(),
            Nothing,
        ),
        (
            "an unknown frame within a block",
            join(&[frame(HEADERS, END_STREAM, 1, &block(GET)), frame(0xab, 0, 0, b"x")]),
            Connection(&[PROTOCOL_ERROR]),
        ),
    ]);
}

#[test]
fn rfc_9113_6_1_data() {
    check(vec![
        ("one frame", join(&[post(1), data(1, END_STREAM, b"test")]), Answer),
        ("several", join(&[post(1), data(1, 0, b"a"), data(1, 0, b"b"), data(1, END_STREAM, b"")]), Answer),
        ("padding", join(&[post(1), data(1, END_STREAM | PADDED, b"\x03test\0\0\0")]), Answer),
        (
            "nothing but padding",
            join(&[post(1), data(1, END_STREAM | PADDED, &[&[255][..], &[0; 255]].concat())]),
            Answer,
        ),
        ("on stream 0", data(0, 0, b"x"), Connection(&[PROTOCOL_ERROR])),
        ("on a stream that is not open", join(&[get(1), data(1, 0, b"x")]), Either(1, ENDED)),
        (
            "padding as long as the payload",
            join(&[post(1), data(1, END_STREAM | PADDED, b"\x05test")]),
            Connection(&[PROTOCOL_ERROR]),
        ),
        (
            "padding without a length",
            join(&[post(1), data(1, END_STREAM | PADDED, b"")]),
            Connection(&[FRAME_SIZE_ERROR]),
        ),
    ]);
}

#[test]
fn rfc_9113_6_2_headers() {
    let padded = |len: u8| {
        let payload = [&[len][..], &block(GET), &[0; 8]].concat();
        frame(HEADERS, END_HEADERS | END_STREAM | PADDED, 1, &payload)
    };
    check(vec![
        ("one frame", get(1), Answer),
        ("padding", padded(8), Answer),
        ("on stream 0", get(0), Connection(&[PROTOCOL_ERROR])),
        ("padding longer than the payload", padded(255), Connection(&[PROTOCOL_ERROR])),
        (
            "followed by another frame before its end",
            join(&[frame(HEADERS, END_STREAM, 1, &block(GET)), priority(1, 0, 1)]),
            Connection(&[PROTOCOL_ERROR]),
        ),
        (
            "followed by HEADERS of another stream before its end",
            join(&[frame(HEADERS, END_STREAM, 1, &block(GET)), get(3)]),
            Connection(&[PROTOCOL_ERROR]),
        ),
    ]);
}

#[test]
fn rfc_9113_6_3_priority() {
    check(vec![
        ("on stream 0", priority(0, 1, 1), Connection(&[PROTOCOL_ERROR])),
        (
            "of another length",
            join(&[post(1), frame(PRIORITY, 0, 1, &[0; 4])]),
            Stream(1, &[FRAME_SIZE_ERROR]),
        ),
    ]);
}

#[test]
fn rfc_9113_6_4_rst_stream() {
    check(vec![
        ("of an open stream", join(&[post(1), reset(1)]), Nothing),
        ("on stream 0", reset(0), Connection(&[PROTOCOL_ERROR])),
        ("of an idle stream", reset(1), Connection(&[PROTOCOL_ERROR])),
        (
            "of another length",
            join(&[post(1), frame(RST_STREAM, 0, 1, &[0; 3])]),
            Connection(&[FRAME_SIZE_ERROR]),
        ),
    ]);
}

#[test]
fn rfc_9113_6_5_settings() {
    check(vec![
        (
            "an acknowledgement with a payload",
            frame(SETTINGS, ACK, 0, &setting(1, 1)),
            Connection(&[FRAME_SIZE_ERROR]),
        ),
        ("on a stream", frame(SETTINGS, 0, 1, &[]), Connection(&[PROTOCOL_ERROR])),
        (
            "of a length that is no multiple of six",
            frame(SETTINGS, 0, 0, &[0; 5]),
            Connection(&[FRAME_SIZE_ERROR]),
        ),
    ]);
}

#[test]
fn rfc_9113_6_5_2_defined_settings() {
    check(vec![
        ("ENABLE_PUSH 2", settings(&[(2, 2)]), Connection(&[PROTOCOL_ERROR])),
        ("INITIAL_WINDOW_SIZE 2^31", settings(&[(4, 1 << 31)]), Connection(&[FLOW_CONTROL_ERROR])),
        ("MAX_FRAME_SIZE 2^14 - 1", settings(&[(5, (1 << 14) - 1)]), Connection(&[PROTOCOL_ERROR])),
        ("MAX_FRAME_SIZE 2^24", settings(&[(5, 1 << 24)]), Connection(&[PROTOCOL_ERROR])),
        ("MAX_FRAME_SIZE 0", settings(&[(5, 0)]), Connection(&[PROTOCOL_ERROR])),
        ("ENABLE_CONNECT_PROTOCOL 2", settings(&[(8, 2)]), Connection(&[PROTOCOL_ERROR])),
        ("an unknown setting", settings(&[(0xff, 1)]), Reply(frame(SETTINGS, ACK, 0, &[]))),
        (
            "an unknown setting with MAX_FRAME_SIZE",
            settings(&[(0xff, 1), (5, 1 << 14)]),
            Reply(frame(SETTINGS, ACK, 0, &[])),
        ),
    ]);
}

#[test]
fn rfc_9113_6_5_3_settings_synchronization() {
    let one_byte = frame(DATA, 0, 1, b"h");
    check(vec![
        (
            "the last of several values counts",
            join(&[settings(&[(4, 100), (4, 1)]), get(1)]),
            Reply(one_byte),
        ),
        ("each is acknowledged", settings(&[(3, 100)]), Reply(frame(SETTINGS, ACK, 0, &[]))),
    ]);
}

#[test]
fn rfc_9113_6_6_push_promise() {
    let promise = |flags| frame(PUSH_PROMISE, flags, 1, &[&[0, 0, 0, 2][..], &block(GET)].concat());
    check(vec![
        ("from a client", join(&[post(1), promise(END_HEADERS)]), Connection(&[PROTOCOL_ERROR])),
        ("from a client, begun", join(&[post(1), promise(0)]), Connection(&[PROTOCOL_ERROR])),
    ]);
}

#[test]
fn rfc_9113_6_7_ping() {
    check(vec![
        ("is answered", frame(PING, 0, 0, b"12345678"), Reply(frame(PING, ACK, 0, b"12345678"))),
        ("an answer nobody asked for", frame(PING, ACK, 0, b"12345678"), Nothing),
        ("on a stream", frame(PING, 0, 1, b"12345678"), Connection(&[PROTOCOL_ERROR])),
        ("of another length", frame(PING, 0, 0, b"123456"), Connection(&[FRAME_SIZE_ERROR])),
    ]);
}

#[test]
fn rfc_9113_6_8_goaway() {
    let goaway =
        |stream, code: u32| frame(GOAWAY, 0, stream, &[0u32.to_be_bytes(), code.to_be_bytes()].concat());
    check(vec![
        ("on a stream", goaway(1, 0), Connection(&[PROTOCOL_ERROR])),
        ("too short", frame(GOAWAY, 0, 0, &[0; 7]), Connection(&[FRAME_SIZE_ERROR])),
    ]);
    // What the client has asked for before is still answered.
    run(async {
        let (mut peer, _server) = serve(handler_fn(five), ServerConfig::default());
        peer.send(join(&[
            PREFACE.to_vec(),
            settings(&[]),
            post(1),
            goaway(0, NO_ERROR),
            data(1, END_STREAM, b""),
        ]))
        .await;
        let (frames, is_over) = gather(&mut peer).await;
        assert!(has_answer(&frames, 1) && is_over, "{frames:?}");
    });
}

#[test]
fn rfc_9113_6_9_window_update() {
    check(vec![
        ("of the connection", join(&[window_update(0, 1), get(1)]), Answer),
        ("of a stream", join(&[post(1), window_update(1, 1), data(1, END_STREAM, b"")]), Answer),
        ("by nothing, of the connection", window_update(0, 0), Connection(&[PROTOCOL_ERROR])),
        ("by nothing, of a stream", join(&[post(1), window_update(1, 0)]), Stream(1, &[PROTOCOL_ERROR])),
        ("of another length", frame(WINDOW_UPDATE, 0, 0, &[0; 3]), Connection(&[FRAME_SIZE_ERROR])),
    ]);
}

#[test]
fn rfc_9113_6_9_1_the_flow_control_window() {
    const MOST: u32 = (1 << 31) - 1;
    check_with(
        &ServerConfig::default(),
        &setting(4, 1),
        vec![
            ("no more is sent than the window allows", get(1), Reply(data(1, 0, b"h"))),
            ("the rest follows with the window", join(&[get(1), window_update(1, 4)]), Answer),
        ],
    );
    check(vec![
        (
            "above 2^31 - 1, of the connection",
            join(&[window_update(0, MOST), window_update(0, MOST)]),
            Connection(&[FLOW_CONTROL_ERROR]),
        ),
        (
            "above 2^31 - 1, of a stream",
            join(&[post(1), window_update(1, MOST), window_update(1, MOST)]),
            Stream(1, &[FLOW_CONTROL_ERROR]),
        ),
    ]);
    // More than the server's window allows.
    let mut config = ServerConfig::default();
    config.http2.stream_window = 100;
    config.http2.connection_window = 65_535;
    check_with(
        &config,
        &[],
        vec![(
            "more data than the window of the stream",
            join(&[post(1), data(1, 0, &[0; 101])]),
            Stream(1, &[FLOW_CONTROL_ERROR]),
        )],
    );
}

#[test]
fn rfc_9113_6_9_2_the_initial_window() {
    check_with(
        &ServerConfig::default(),
        &setting(4, 0),
        vec![
            (
                "a change counts for streams that are open",
                join(&[get(1), settings(&[(4, 1)])]),
                Reply(data(1, 0, b"h")),
            ),
            ("a value that is too large", settings(&[(4, 1 << 31)]), Connection(&[FLOW_CONTROL_ERROR])),
            (
                "a change that makes a window too large",
                join(&[get(1), window_update(1, (1 << 31) - 1), settings(&[(4, (1 << 31) - 1)])]),
                Connection(&[FLOW_CONTROL_ERROR]),
            ),
        ],
    );
}

#[test]
fn rfc_9113_6_9_2_a_window_may_become_negative() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(five), ServerConfig::default());
        peer.send(join(&[PREFACE.to_vec(), settings(&[(4, 3)]), get(1)])).await;
        let sent = |frames: &[Frame]| -> Vec<u8> {
            frames.iter().filter(|frame| frame.kind == DATA).flat_map(|frame| frame.payload.clone()).collect()
        };
        assert_eq!(sent(&gather(&mut peer).await.0), b"hel");
        // Two below nothing: it takes three to send one byte.
        peer.send(join(&[settings(&[(4, 1)]), window_update(1, 2)])).await;
        assert_eq!(sent(&gather(&mut peer).await.0), b"");
        peer.send(window_update(1, 1)).await;
        assert_eq!(sent(&gather(&mut peer).await.0), b"l");
        assert!(is_alive(&mut peer).await);
    });
}

#[test]
fn rfc_9113_6_10_continuation() {
    let fields = block(GET);
    let (first, rest) = fields.split_at(10);
    let (second, third) = rest.split_at(10);
    let open = frame(HEADERS, END_STREAM, 1, first);
    let last = |stream| frame(CONTINUATION, END_HEADERS, stream, rest);
    check(vec![
        ("one", join(&[open.clone(), last(1)]), Answer),
        (
            "several",
            join(&[
                open.clone(),
                frame(CONTINUATION, 0, 1, second),
                frame(CONTINUATION, 0, 1, b""),
                frame(CONTINUATION, END_HEADERS, 1, third),
            ]),
            Answer,
        ),
        (
            "another frame before the end",
            join(&[open.clone(), frame(CONTINUATION, 0, 1, second), data(1, 0, b"x")]),
            Connection(&[PROTOCOL_ERROR]),
        ),
        ("on stream 0", join(&[open.clone(), last(0)]), Connection(&[PROTOCOL_ERROR])),
        ("on another stream", join(&[open.clone(), last(3)]), Connection(&[PROTOCOL_ERROR])),
        ("after a head that has ended", join(&[get(1), last(1)]), Connection(&[PROTOCOL_ERROR])),
        (
            "after a CONTINUATION that has ended it",
            join(&[open.clone(), last(1), last(1)]),
            Connection(&[PROTOCOL_ERROR]),
        ),
        ("after DATA", join(&[post(1), data(1, 0, b"x"), last(1)]), Connection(&[PROTOCOL_ERROR])),
    ]);
}

#[test]
fn rfc_9113_7_error_codes_that_are_unknown_mean_nothing_special() {
    check(vec![
        ("RST_STREAM", join(&[post(1), frame(RST_STREAM, 0, 1, &0xff00u32.to_be_bytes())]), Nothing),
        (
            "RST_STREAM, and another stream",
            join(&[post(1), frame(RST_STREAM, 0, 1, &[0xff; 4]), get(3)]),
            AnswerOn(3),
        ),
    ]);
    run(async {
        let (mut peer, _server) = serve(handler_fn(five), ServerConfig::default());
        peer.send(join(&[PREFACE.to_vec(), settings(&[]), get(1)])).await;
        peer.send(frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0xff, 0])).await;
        let (frames, is_over) = gather(&mut peer).await;
        assert!(has_answer(&frames, 1) && is_over, "{frames:?}");
    });
}

#[test]
fn rfc_9113_8_1_message_framing() {
    let trailers = |flags| frame(HEADERS, flags, 1, &block(&[("x", "y")]));
    check(vec![
        ("GET", get(1), Answer),
        ("HEAD", of_fields(HEAD), Answer),
        ("POST", join(&[post(1), data(1, END_STREAM, b"test")]), Answer),
        ("trailers", join(&[post(1), data(1, 0, b"test"), trailers(END_HEADERS | END_STREAM)]), Answer),
        ("trailers without data", join(&[post(1), trailers(END_HEADERS | END_STREAM)]), Answer),
        (
            "trailers in two frames",
            join(&[post(1), trailers(END_STREAM), frame(CONTINUATION, END_HEADERS, 1, b"")]),
            Answer,
        ),
        (
            "trailers with a pseudo field",
            join(&[
                post(1),
                frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&[(":path", "/"), ("x", "y")])),
            ]),
            Stream(1, &[PROTOCOL_ERROR]),
        ),
        (
            "trailers with a field of the connection",
            join(&[post(1), frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&[("connection", "close")]))]),
            Stream(1, &[PROTOCOL_ERROR]),
        ),
        (
            "a second head that does not end the stream",
            join(&[post(1), trailers(END_HEADERS)]),
            Stream(1, &[PROTOCOL_ERROR]),
        ),
    ]);
}

#[test]
fn rfc_9113_8_1_1_malformed_messages() {
    let with_length = |length: &'static str| {
        frame(HEADERS, END_HEADERS, 1, &block(&[POST, &[("content-length", length)]].concat()))
    };
    check(vec![
        (
            "a length that is right",
            join(&[with_length("4"), data(1, 0, b"te"), data(1, END_STREAM, b"st")]),
            Answer,
        ),
        (
            "a length that is too long",
            join(&[with_length("5"), data(1, END_STREAM, b"test")]),
            Stream(1, &[PROTOCOL_ERROR]),
        ),
        (
            "a length that is too short",
            join(&[with_length("3"), data(1, END_STREAM, b"test")]),
            Stream(1, &[PROTOCOL_ERROR]),
        ),
        (
            "a length that several frames do not make",
            join(&[with_length("9"), data(1, 0, b"test"), data(1, END_STREAM, b"test")]),
            Stream(1, &[PROTOCOL_ERROR]),
        ),
        ("a length without a body", with(&[("content-length", "4")]), Stream(1, &[PROTOCOL_ERROR])),
        (
            "a length that is no number",
            join(&[with_length("+4"), data(1, END_STREAM, b"test")]),
            Stream(1, &[PROTOCOL_ERROR]),
        ),
        (
            "two lengths",
            join(&[
                frame(
                    HEADERS,
                    END_HEADERS,
                    1,
                    &block(&[POST, &[("content-length", "4"), ("content-length", "5")]].concat()),
                ),
                data(1, END_STREAM, b"test"),
            ]),
            Stream(1, &[PROTOCOL_ERROR]),
        ),
        (
            "a length that trailers do not make up for",
            join(&[with_length("9"), data(1, 0, b"test"), frame(HEADERS, 5, 1, &block(&[("x", "y")]))]),
            Stream(1, &[PROTOCOL_ERROR]),
        ),
    ]);
}

#[test]
fn rfc_9113_8_2_field_names_and_values() {
    let bad = |name: &'static str, value: &'static str| with(&[(name, value)]);
    let mut rows = vec![
        ("a name with a capital", bad("X-Test", "x")),
        ("an empty name", bad("", "x")),
        ("a name with a space", bad("x y", "x")),
        ("a name with a colon", bad("x:y", "x")),
        ("a name with a control character", bad("x\0", "x")),
        ("a name with a line end", bad("x\r\ny", "x")),
        ("a name that is not ASCII", bad("x\u{e9}", "x")),
        ("a value with NUL", bad("x", "a\0b")),
        ("a value with CR", bad("x", "a\rb")),
        ("a value with LF", bad("x", "a\nb")),
        ("a value with a request behind it", bad("x", "a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")),
        ("a value that begins with a space", bad("x", " a")),
        ("a value that ends with a tab", bad("x", "a\t")),
        (
            "a path with a line end",
            of_fields(&[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/\r\nx: y"),
                (":authority", "a"),
            ]),
        ),
        (
            "a method with a space",
            of_fields(&[(":method", "GET /"), (":scheme", "http"), (":path", "/"), (":authority", "a")]),
        ),
    ];
    // RFC 9113 §8.2.2.
    rows.extend([
        ("connection", bad("connection", "keep-alive")),
        ("keep-alive", bad("keep-alive", "timeout=5")),
        ("proxy-connection", bad("proxy-connection", "keep-alive")),
        ("transfer-encoding", bad("transfer-encoding", "chunked")),
        ("upgrade", bad("upgrade", "h2c")),
        ("te with another value", bad("te", "trailers, deflate;q=0.5")),
    ]);
    let rows: Vec<Row> =
        rows.into_iter().map(|(name, bytes)| (name, bytes, Stream(1, &[PROTOCOL_ERROR]))).collect();
    check(rows);
    check(vec![
        ("te with trailers", with(&[("te", "trailers")]), Answer),
        ("a value with obs-text", with(&[("x", "caf\u{e9}")]), Answer),
        ("an empty value", with(&[("x", "")]), Answer),
    ]);
}

#[test]
fn rfc_9113_8_3_1_request_pseudo_header_fields() {
    let malformed: Vec<(&'static str, Vec<(&str, &str)>)> = vec![
        ("an unknown one", [GET, &[(":test", "ok")]].concat()),
        ("one of responses", [GET, &[(":status", "200")]].concat()),
        ("one behind a field", vec![(":method", "GET"), (":scheme", "http"), ("x", "y"), (":path", "/")]),
        ("an empty path", vec![(":method", "GET"), (":scheme", "http"), (":path", ""), (":authority", "a")]),
        ("no method", GET[1..].to_vec()),
        ("no scheme", vec![GET[0], GET[2], GET[3]]),
        ("no path", vec![GET[0], GET[1], GET[3]]),
        ("two methods", [&[(":method", "GET")], GET].concat()),
        ("two schemes", [&[(":scheme", "http")], GET].concat()),
        ("two paths", [&[(":path", "/")], GET].concat()),
        ("two authorities", [&[(":authority", "a")], GET].concat()),
        ("a path that does not begin with a slash", vec![GET[0], GET[1], (":path", "a"), GET[3]]),
        ("an authority with a user", vec![GET[0], GET[1], GET[2], (":authority", "u@a")]),
        ("an authority that is none", vec![GET[0], GET[1], GET[2], (":authority", "a/b")]),
        ("an authority beside another host", [GET, &[("host", "b")]].concat()),
        ("an asterisk with GET", vec![GET[0], GET[1], (":path", "*"), GET[3]]),
        (
            "CONNECT with a scheme and a path",
            vec![(":method", "CONNECT"), GET[1], GET[2], (":authority", "a:1")],
        ),
        ("CONNECT without an authority", vec![(":method", "CONNECT")]),
        (
            "CONNECT with a protocol that was not offered",
            [&[(":method", "CONNECT"), (":protocol", "websocket")], &GET[1..]].concat(),
        ),
    ];
    check(
        malformed
            .into_iter()
            .map(|(name, fields)| (name, of_fields(&fields), Stream(1, &[PROTOCOL_ERROR])))
            .collect(),
    );
    check(vec![
        (
            "an asterisk with OPTIONS",
            of_fields(&[(":method", "OPTIONS"), GET[1], (":path", "*"), GET[3]]),
            Answer,
        ),
        ("no authority", of_fields(&GET[..3]), Answer),
        // RFC 9110 §7.1: it is not part of a target, and recipients would disagree about it.
        ("a fragment", of_fields(&[GET[0], GET[1], (":path", "/#x"), GET[3]]), Stream(1, &[PROTOCOL_ERROR])),
        ("a host of the same name", with(&[("host", "A")]), Answer),
    ]);
}

#[test]
fn rfc_9113_8_5_a_connect_with_a_length_ends_its_stream_alone() {
    const CANCEL: u32 = 8;
    let connect = [(":method", "CONNECT"), (":authority", "a:80"), ("content-length", "5")];
    check(vec![
        ("that has ended", of_fields(&connect), Stream(1, &[PROTOCOL_ERROR, CANCEL])),
        (
            "that goes on",
            join(&[frame(HEADERS, END_HEADERS, 1, &block(&connect)), data(1, END_STREAM, b"hello"), get(3)]),
            AnswerOn(3),
        ),
    ]);
}

#[test]
fn rfc_9113_10_3_bytes_behind_a_message_are_no_other_message() {
    check(vec![(
        "a body that looks like a request",
        join(&[post(1), data(1, END_STREAM, b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), get(3)]),
        AnswerOn(3),
    )]);
}

#[test]
fn rfc_7541_2_3_3_index_address_space() {
    check(vec![
        ("an index beyond the tables", of_block(&static_get(&[0x80 | 70])), Connection(UNREADABLE)),
        (
            "a name beyond the tables",
            of_block(&static_get(&[0x7f, 0x10, 0x01, b'x'])),
            Connection(UNREADABLE),
        ),
    ]);
}

#[test]
fn rfc_7541_4_2_a_size_update_stands_first() {
    check(vec![
        ("behind a field", of_block(&static_get(&[0x20])), Connection(UNREADABLE)),
        ("before all fields", of_block(&[&[0x20][..], &static_get(&[])].concat()), Answer),
        ("twice", of_block(&[&[0x20, 0x3f, 0xe1, 0x1f][..], &static_get(&[])].concat()), Answer),
    ]);
}

#[test]
fn rfc_7541_5_1_integers() {
    check(vec![
        (
            "one that overflows",
            of_block(&static_get(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])),
            Connection(UNREADABLE),
        ),
        ("one that does not end", of_block(&static_get(&[0xff, 0x80, 0x80])), Connection(UNREADABLE)),
        (
            "a length beyond the block",
            of_block(&static_get(&[0x10, 0x7f, 0xff, 0x7f, b'x'])),
            Connection(UNREADABLE),
        ),
    ]);
}

#[test]
fn rfc_7541_5_2_string_literals() {
    let mut zero_padded = HUFFMAN;
    zero_padded[11] = 0x80;
    let too_much = [&HUFFMAN[..], &[0xff]].concat();
    check(vec![
        ("a Huffman code", of_block(&static_get(&huffman_authority(&HUFFMAN))), Answer),
        (
            "more than seven bits of padding",
            of_block(&static_get(&huffman_authority(&too_much))),
            Connection(UNREADABLE),
        ),
        ("padding of zeros", of_block(&static_get(&huffman_authority(&zero_padded))), Connection(UNREADABLE)),
        (
            "the end of string within a string",
            of_block(&static_get(&huffman_authority(&[0xff; 4]))),
            Connection(UNREADABLE),
        ),
    ]);
}

#[test]
fn rfc_7541_6_1_indexed_fields() {
    check(vec![
        ("of the static table", of_block(&static_get(&[])), Answer),
        ("index 0", of_block(&static_get(&[0x80])), Connection(UNREADABLE)),
        (
            "of the dynamic table",
            join(&[
                of_block(&static_get(&[0x40, 0x01, b'x', 0x01, b'y'])),
                frame(HEADERS, END_HEADERS | END_STREAM, 3, &static_get(&[0xbe])),
            ]),
            AnswerOn(3),
        ),
    ]);
}

#[test]
fn rfc_7541_6_2_literal_fields() {
    check(vec![
        ("with indexing, indexed name", of_block(&static_get(&[0x41, 0x01, b'a'])), Answer),
        ("with indexing, new name", of_block(&static_get(&[0x40, 0x01, b'x', 0x01, b'a'])), Answer),
        ("without indexing, indexed name", of_block(&static_get(&[0x01, 0x01, b'a'])), Answer),
        ("without indexing, new name", of_block(&static_get(&[0x00, 0x01, b'x', 0x01, b'a'])), Answer),
        ("never indexed, indexed name", of_block(&static_get(&[0x11, 0x01, b'a'])), Answer),
        ("never indexed, new name", of_block(&static_get(&[0x10, 0x01, b'x', 0x01, b'a'])), Answer),
    ]);
}

#[test]
fn rfc_7541_6_3_dynamic_table_size_updates() {
    check(vec![
        ("to nothing", of_block(&[&[0x20][..], &static_get(&[])].concat()), Answer),
        (
            "above the limit",
            of_block(&[&[0x3f, 0xe2, 0x1f][..], &static_get(&[])].concat()),
            Connection(UNREADABLE),
        ),
    ]);
}
