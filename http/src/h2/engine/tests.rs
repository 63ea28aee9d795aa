//! What the engine does, frame by frame, without a socket.

use http::HeaderMap;

use super::*;
use crate::h2::PREFACE;
use crate::h2::frame::{Settings, put_settings};
use crate::input::Input;

fn config() -> EngineConfig {
    EngineConfig {
        stream_window: 65_535,
        connection_window: 65_535,
        max_frame_size: 16_384,
        max_header_list_size: 16_384,
        header_fields: 100,
        header_table_size: 4096,
        max_concurrent_streams: 10,
        initial_max_send_streams: 10,
        extended_connect: false,
        send_bytes_max: 100_000,
        reset_streams_max: 10,
        unseen_resets_max: 10,
        local_error_resets_max: 10,
        short_data_max: None,
        control_frames: 1000,
    }
}

/// A server that has had the preface and empty settings, and whose own were written.
fn server() -> (Engine, Input) {
    let mut engine = Engine::new(Role::Server, config());
    let mut input = Input::default();
    input.extend(PREFACE);
    let mut settings = Vec::new();
    put_settings(&mut settings, &Settings::default());
    input.extend(&settings);
    engine.handle_input(&mut input);
    assert!(engine.has_settings() && engine.ended().is_none());
    engine.output_bytes();
    (engine, input)
}

#[test]
fn a_request_comes_out_and_its_response_goes_in() {
    let (mut engine, mut input) = server();
    // GET, http, /, from the static table.
    input.extend(&[0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84]);
    engine.handle_input(&mut input);
    let incoming = engine.pop_incoming().expect("a request");
    assert_eq!((incoming.id, incoming.head.uri.path(), incoming.is_end), (1, "/", true));
    assert!(engine.send_response(incoming.key, http::StatusCode::OK, &HeaderMap::new(), true));
    assert_eq!(engine.output_bytes(), [0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88]);
    engine.release(incoming.key);
    assert_eq!((engine.open, engine.store.len()), (0, 0));
}

/// A frame: type, flags, stream, payload.
fn put(input: &mut Input, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let [_, len @ ..] = (payload.len() as u32).to_be_bytes();
    input.extend(&len);
    input.extend(&[kind, flags]);
    input.extend(&stream.to_be_bytes());
    input.extend(payload);
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// GET or POST, http, /.
const GET: &[u8] = &[0x82, 0x86, 0x84];
const POST: &[u8] = &[0x83, 0x86, 0x84];

#[test]
fn a_peer_that_does_not_read_is_not_listened_to() {
    let (mut engine, mut input) = server();
    let most = engine.config.send_bytes_max;
    let mut stream = 1;
    while engine.has_room() {
        put(&mut input, HEADERS, END_STREAM | END_HEADERS, stream, GET);
        engine.handle_input(&mut input);
        let incoming = engine.pop_incoming().expect("a request");
        engine.send_response(incoming.key, http::StatusCode::OK, &HeaderMap::new(), true);
        engine.release(incoming.key);
        stream += 2;
    }
    assert!(engine.output.len() < most + 100 && engine.ended().is_none());
    // What was read before is not handed out, and sleep waits for the socket alone.
    put(&mut input, HEADERS, END_STREAM | END_HEADERS, stream, GET);
    engine.handle_input(&mut input);
    assert!(engine.pop_incoming().is_none());
    engine.backlog = engine.output_bytes().len();
    assert!(engine.sleep() && !engine.rouse());
    // The peer takes it: there is work.
    engine.backlog = 0;
    assert!(!engine.sleep());
    assert!(engine.pop_incoming().is_some());
}

#[test]
fn streams_that_came_after_we_had_left_are_passed_over() {
    let (mut engine, mut input) = server();
    engine.leave();
    put(&mut input, PING, 1, 0, b"m-leave\0");
    engine.handle_input(&mut input);
    engine.output_bytes();
    put(&mut input, HEADERS, END_HEADERS, 1, POST);
    put(&mut input, DATA, 0, 1, &[0; 1000]);
    put(&mut input, WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]);
    put(&mut input, RST_STREAM, 0, 1, &[0; 4]);
    engine.handle_input(&mut input);
    assert_eq!(engine.ended(), None);
    assert!(engine.pop_incoming().is_none() && engine.output_bytes().is_empty());
    // Their data are given back to the connection, in the end.
    for _ in 0..30 {
        put(&mut input, DATA, 0, 1, &[0; 1000]);
    }
    engine.handle_input(&mut input);
    assert_eq!(engine.output_bytes()[..9], [0, 0, 4, WINDOW_UPDATE, 0, 0, 0, 0, 0]);
}

#[test]
fn a_client_that_has_cancelled_many_requests_keeps_its_connection() {
    let many = 5000;
    let config = EngineConfig { initial_max_send_streams: usize::MAX, ..config() };
    let mut engine = Engine::new(Role::Client, config);
    let mut input = Input::default();
    put(&mut input, SETTINGS, 0, 0, &[]);
    engine.handle_input(&mut input);
    let method = http::Method::GET;
    let pseudo = crate::h2::RequestPseudo {
        method: &method,
        scheme: Some("http"),
        authority: Some("a"),
        path: Some("/"),
        protocol: None,
    };
    let mut start = || match engine.start(&pseudo, &HeaderMap::new(), true, false) {
        Start::Opened { key, id } => (key, id),
        Start::Full | Start::Over(_) => panic!("no stream"),
    };
    let (kept, kept_id) = start();
    let cancelled: Vec<(Key, u32)> = (0..many).map(|_| start()).collect();
    for (key, _) in &cancelled {
        engine.release(*key);
        engine.release_reader(*key);
    }
    assert_eq!(engine.store.len(), 1);
    for (_, id) in &cancelled {
        put(&mut input, HEADERS, END_HEADERS, *id, &[0x88]);
        put(&mut input, DATA, END_STREAM, *id, b"late");
        engine.handle_input(&mut input);
    }
    put(&mut input, HEADERS, END_STREAM | END_HEADERS, kept_id, &[0x88]);
    engine.handle_input(&mut input);
    assert_eq!(engine.ended(), None);
    assert!(matches!(engine.take_response(kept), std::task::Poll::Ready(Ok(head)) if head.status == 200));
}

#[test]
fn short_frames_are_counted_off_however_their_stream_ends() {
    let (mut engine, mut input) = server();
    for stream in [1, 3, 5] {
        put(&mut input, HEADERS, END_HEADERS, stream, POST);
        // The head of a short frame, of which a byte arrives.
        input.extend(&[0, 0, 3, DATA, 0, 0, 0, 0, stream as u8]);
        if stream == 3 {
            input.extend(b"x");
        }
        engine.handle_input(&mut input);
        let key = engine.pop_incoming().expect("a request").key;
        assert_eq!(engine.short_data, 1);
        engine.reset(key, Reason::CANCEL);
        engine.release(key);
        input.extend(if stream == 3 { b"xx" } else { b"xxx" });
        engine.handle_input(&mut input);
        assert_eq!((engine.short_data, engine.store.len()), (0, 0));
    }
    assert_eq!(engine.ended(), None);
}

#[test]
fn a_window_that_was_taken_back_below_zero_holds_data_until_it_is_positive() {
    let (mut engine, mut input) = server();
    put(&mut input, HEADERS, END_STREAM | END_HEADERS, 1, GET);
    engine.handle_input(&mut input);
    let key = engine.pop_incoming().expect("a request").key;
    engine.send_response(key, http::StatusCode::OK, &HeaderMap::new(), false);
    let mut data = bytes::Bytes::from(vec![b'x'; 2000]);
    assert_eq!(engine.send_data(key, &mut data.split_to(1000), false), Sent::All);
    // RFC 9113 §6.9.2: from 64,535 to -900.
    put(&mut input, SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 100]);
    engine.handle_input(&mut input);
    engine.output_bytes();
    assert_eq!(engine.send_data(key, &mut data, true), Sent::Blocked);
    put(&mut input, WINDOW_UPDATE, 0, 1, &901u32.to_be_bytes());
    engine.handle_input(&mut input);
    assert_eq!(engine.send_data(key, &mut data, true), Sent::Blocked);
    assert_eq!(engine.output_bytes(), [0, 0, 1, DATA, 0, 0, 0, 0, 1, b'x']);
    put(&mut input, WINDOW_UPDATE, 0, 1, &999u32.to_be_bytes());
    engine.handle_input(&mut input);
    assert_eq!(engine.send_data(key, &mut data, true), Sent::All);
    assert!(engine.is_read(key));
}

#[test]
fn a_full_message_pays_both_windows_and_reading_gives_them_back() {
    let (mut engine, mut input) = server();
    put(&mut input, HEADERS, END_HEADERS, 1, POST);
    for _ in 0..4 {
        put(&mut input, DATA, 0, 1, &[7; 16_000]);
    }
    engine.handle_input(&mut input);
    let key = engine.pop_incoming().expect("a request").key;
    assert!(engine.output_bytes().is_empty(), "nothing is given back before it is read");
    let mut read = 0;
    while let std::task::Poll::Ready(Ok(Part::Data(data))) = engine.take_part(key) {
        read += data.len();
    }
    assert_eq!(read, 64_000);
    let told = engine.output_bytes();
    let given_back = |stream: u32| {
        told.chunks(13)
            .filter(|frame| frame[3] == WINDOW_UPDATE && frame[5..9] == stream.to_be_bytes())
            .map(|frame| u32::from_be_bytes([frame[9], frame[10], frame[11], frame[12]]))
            .sum::<u32>()
    };
    assert!(given_back(0) >= 48_000 && given_back(1) >= 48_000);
    // One byte more than the window is an error of the connection.
    let left = 65_535 - 64_000 + given_back(0) as usize;
    for len in [left.min(16_384); 3].into_iter().chain([16_384, 16_384]) {
        put(&mut input, DATA, 0, 1, &vec![7; len]);
    }
    engine.handle_input(&mut input);
    assert_eq!(engine.ended(), Some(Ended::fault(Reason::FLOW_CONTROL_ERROR)));
}

#[test]
fn input_that_was_held_back_is_looked_at_once_more_and_not_for_ever() {
    let (mut engine, _) = server();
    engine.output.tail().resize(10 * engine.config.send_bytes_max, 0);
    assert!(!engine.may_read());
    // The socket has taken most of it, and is full.
    engine.output_bytes();
    engine.backlog = 1;
    assert!(!engine.sleep());
    // A connection that is closing reads no more, and must not turn round and round until all is written.
    assert!(engine.sleep());
}

/// If it did, two peers that send each other much would wait for each other.
#[test]
fn data_that_wait_to_be_written_do_not_keep_a_side_from_reading() {
    let (mut engine, mut input) = server();
    engine.config.send_bytes_max = 10_000;
    input.extend(&[0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84]);
    engine.handle_input(&mut input);
    let key = engine.pop_incoming().expect("a request").key;
    assert!(engine.send_response(key, http::StatusCode::OK, &HeaderMap::new(), false));
    let mut data = bytes::Bytes::from(vec![0; 60_000]);
    assert_eq!(engine.send_data(key, &mut data, true), Sent::Blocked);
    assert!(!engine.has_room() && engine.may_read());
}

#[test]
fn a_frame_of_data_is_not_larger_than_what_may_wait_whatever_the_peer_takes() {
    let (mut engine, mut input) = server();
    engine.config.send_bytes_max = 1000;
    engine.peer.max_frame_size = (1 << 24) - 1;
    input.extend(&[0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84]);
    engine.handle_input(&mut input);
    let key = engine.pop_incoming().expect("a request").key;
    assert!(engine.send_response(key, http::StatusCode::OK, &HeaderMap::new(), false));
    let mut data = bytes::Bytes::from(vec![0; 60_000]);
    assert_eq!(engine.send_data(key, &mut data, true), Sent::Blocked);
    assert!(engine.output.len() < 2100, "{}", engine.output.len());
}

/// Data that one stream's reader leaves where they are must not keep the window from the others for ever.
#[test]
fn a_stream_that_is_not_read_leaves_the_others_what_is_left_of_the_window() {
    let (mut engine, mut input) = server();
    for id in [1, 3] {
        put(&mut input, 1, 4, id, &[0x83, 0x86, 0x84]);
    }
    // Of 65,535 bytes, the first stream takes most, and nobody reads them.
    for len in [16_384, 16_384, 16_384, 6_383] {
        put(&mut input, 0, 0, 1, &vec![0; len]);
    }
    put(&mut input, 0, 0, 3, &[0; 10_000]);
    engine.handle_input(&mut input);
    assert!(engine.ended().is_none());
    engine.pop_incoming();
    let key = engine.pop_incoming().expect("a request").key;
    engine.output_bytes();
    assert!(
        matches!(engine.take_part(key), std::task::Poll::Ready(Ok(Part::Data(data))) if data.len() == 10_000)
    );
    let update = [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0x27, 0x10];
    assert!(engine.output_bytes().starts_with(&update));
}

#[test]
fn what_follows_the_head_of_a_connect_has_the_length_it_has() {
    let mut engine = Engine::new(Role::Client, config());
    let mut input = Input::default();
    put(&mut input, SETTINGS, 0, 0, &[]);
    engine.handle_input(&mut input);
    let method = http::Method::CONNECT;
    let pseudo = crate::h2::RequestPseudo {
        method: &method,
        scheme: None,
        authority: Some("a:80"),
        path: None,
        protocol: None,
    };
    let Start::Opened { key, id } = engine.start(&pseudo, &HeaderMap::new(), false, false) else {
        panic!("no stream");
    };
    // 200, content-length: 3.
    put(&mut input, HEADERS, END_HEADERS, id, &[0x88, 0x0f, 0x0d, 1, b'3']);
    put(&mut input, DATA, 0, id, b"hello");
    engine.handle_input(&mut input);
    assert!(matches!(engine.take_response(key), std::task::Poll::Ready(Ok(_))));
    assert!(matches!(engine.take_part(key), std::task::Poll::Ready(Ok(Part::Data(data))) if data == "hello"));
    assert_eq!(engine.faults(), 0);
}
