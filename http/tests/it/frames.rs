//! HTTP/2 served, against frames written by hand: what h2 lets pass and we do not.

use std::time::Duration;

use minato_http::{ServerConfig, handler_fn};

use crate::frame_kit::{
    DATA, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, WINDOW_UPDATE, code, connect,
    expect, frame, get, hello,
};
use crate::kit::{run, serve, timed};

#[test]
fn a_request_in_plain_frames_is_answered() {
    run(async {
        let mut peer = connect(ServerConfig::default()).await;
        peer.send(get(1, &[(":authority", "a")])).await;
        assert_eq!(expect(&mut peer, HEADERS).await.flags & END_STREAM, 0);
        let data = expect(&mut peer, DATA).await;
        assert_eq!((data.payload, data.flags), (b"hello".to_vec(), END_STREAM));
    });
}

#[test]
fn a_connection_whose_first_frame_is_not_settings_is_ended() {
    run(async {
        for first in [get(1, &[(":authority", "a")]), frame(PING, 0, 0, &[0; 8])] {
            let start = minato_runtime::time::Instant::now();
            let (mut peer, _server) = serve(handler_fn(hello), ServerConfig::default());
            peer.send(PREFACE).await;
            peer.send(first).await;
            assert_eq!(code(&expect(&mut peer, GOAWAY).await.payload), 1);
            assert!(start.elapsed().is_zero(), "ended by its deadline, not by the frame");
        }
    });
}

#[test]
fn a_connection_that_never_sends_settings_is_closed() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(hello), ServerConfig::default());
        peer.send(PREFACE).await;
        let (_, took) = timed(peer.rest()).await;
        assert!((10..12).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn an_idle_connection_is_told_and_closed() {
    run(async {
        let mut peer = connect(ServerConfig::default()).await;
        let (goaway, took) = timed(expect(&mut peer, GOAWAY)).await;
        assert_eq!(code(&goaway.payload), 0);
        assert!((75..77).contains(&took.as_secs()), "{took:?}");
        peer.expect_end().await;
    });
}

#[test]
fn heads_that_can_be_read_in_two_ways_are_reset() {
    run(async {
        for fields in [
            &[(":authority", "user@a")][..],
            &[(":authority", "a"), ("host", "b")],
            &[(":authority", "a"), ("host", "a"), ("host", "a")],
            &[(":authority", "a"), ("x", " y")],
            &[(":authority", "a"), ("x", "y\t")],
        ] {
            let mut peer = connect(ServerConfig::default()).await;
            peer.send(get(1, fields)).await;
            let reset = expect(&mut peer, RST_STREAM).await;
            assert_eq!((reset.stream, code(&reset.payload)), (1, 1), "{fields:?}");
            // Other streams go on.
            peer.send(get(3, &[(":authority", "a")])).await;
            assert_eq!(expect(&mut peer, DATA).await.stream, 3);
        }
    });
}

#[test]
fn floods_of_control_frames_are_answered_with_calm() {
    run(async {
        for flood in [
            frame(PING, 1, 0, &[0; 8]),
            frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]),
            frame(SETTINGS, 1, 0, &[]),
            frame(0xab, 0, 0, &[]),
        ] {
            let mut config = ServerConfig::default();
            config.http2.control_frame_budget = 100;
            let mut peer = connect(config).await;
            peer.send(flood.repeat(101)).await;
            let goaway = expect(&mut peer, GOAWAY).await;
            // An acknowledgement of settings that were never sent is the worse offence.
            assert!([11, 1].contains(&code(&goaway.payload)), "{goaway:?}");
        }
    });
}

#[test]
fn rapid_resets_end_the_connection() {
    run(async {
        let peer = connect(ServerConfig::default()).await;
        let flood: Vec<u8> = (0..5000)
            .flat_map(|i| {
                let stream = 2 * i + 1;
                let mut pair = get(stream, &[(":authority", "a")]);
                pair.extend(frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]));
                pair
            })
            .collect();
        let (mut read, mut write) = minato_runtime::io::split(peer.io);
        let writer = minato_runtime::spawn(async move {
            let _ = minato_runtime::io::AsyncWriteExt::write_all(&mut write, &flood).await;
        });
        let mut answer = Vec::new();
        let _ = minato_runtime::io::AsyncReadExt::read_to_end(&mut read, &mut answer).await;
        writer.await.unwrap();
        let mut codes = Vec::new();
        let mut rest = &answer[..];
        while let Some((head, tail)) = rest.split_first_chunk::<9>() {
            let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            if head[3] == GOAWAY {
                codes.push(code(&tail[..len]));
            }
            rest = &tail[len..];
        }
        assert_eq!(codes, [11]);
    });
}

#[test]
fn a_peer_that_does_not_read_is_given_up() {
    run(async {
        let service = handler_fn(|_| async { vec![b'x'; 4 << 20] });
        let (mut peer, server) = serve(service, ServerConfig::default());
        peer.send(PREFACE).await;
        let wide = [0, 4, 0x7f, 0xff, 0xff, 0xff];
        peer.send(frame(SETTINGS, 0, 0, &wide)).await;
        peer.send(frame(WINDOW_UPDATE, 0, 0, &0x7000_0000u32.to_be_bytes())).await;
        peer.send(get(1, &[(":authority", "a")])).await;
        let (ended, took) = timed(server).await;
        assert!(ended.unwrap().unwrap_err().is_timeout());
        assert!((30..32).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn a_quiet_peer_is_asked_and_then_given_up() {
    run(async {
        let mut config = ServerConfig::default();
        config.http2.keep_alive_interval = Some(Duration::from_secs(20));
        config.http2.keep_alive_timeout = Duration::from_secs(5);
        let mut peer = connect(config).await;
        let (ping, took) = timed(expect(&mut peer, PING)).await;
        assert!((20..22).contains(&took.as_secs()), "{took:?}");
        peer.send(frame(PING, 1, 0, &ping.payload)).await;
        let (_, took) = timed(expect(&mut peer, PING)).await;
        assert!((20..22).contains(&took.as_secs()), "{took:?}");
        let (_, took) = timed(peer.rest()).await;
        assert!((5..7).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn a_response_does_not_wait_for_window_for_ever() {
    run(async {
        let mut sooner = ServerConfig::default();
        sooner.http2.window_timeout = Some(Duration::from_secs(7));
        for (config, seconds) in [(ServerConfig::default(), 300..302), (sooner, 7..9)] {
            let service = handler_fn(|_| async { vec![b'x'; 1 << 20] });
            let (mut peer, _server) = serve(service, config);
            peer.send(PREFACE).await;
            peer.send(frame(SETTINGS, 0, 0, &[])).await;
            peer.send(get(1, &[(":authority", "a")])).await;
            let (reset, took) = timed(expect(&mut peer, RST_STREAM)).await;
            assert_eq!((reset.stream, code(&reset.payload)), (1, 8));
            assert!(seconds.contains(&took.as_secs()), "{took:?}");
        }
    });
}

#[test]
fn streams_above_the_limit_are_refused() {
    run(async {
        let mut config = ServerConfig::default();
        config.http2.max_concurrent_streams = 3;
        let (mut peer, _server) = serve(handler_fn(|_| std::future::pending::<()>()), config);
        peer.send(PREFACE).await;
        peer.send(frame(SETTINGS, 0, 0, &[])).await;
        for stream in [1, 3, 5, 7] {
            peer.send(get(stream, &[(":authority", "a")])).await;
        }
        let reset = expect(&mut peer, RST_STREAM).await;
        assert_eq!((reset.stream, code(&reset.payload)), (7, 7));
    });
}

#[test]
fn making_the_server_reset_streams_is_no_way_to_rapid_resets() {
    run(async {
        let mut config = ServerConfig::default();
        config.http2.max_local_error_reset_streams = 10;
        let (mut peer, _server) = serve(handler_fn(|_| std::future::pending::<()>()), config);
        peer.send(PREFACE).await;
        peer.send(frame(SETTINGS, 0, 0, &[])).await;
        for i in 0..20 {
            let stream = 2 * i + 1;
            peer.send(get(stream, &[(":authority", "a")])).await;
            // RFC 9113 §6.9.1: a window above 2^31-1 is an error of its stream.
            peer.send(frame(WINDOW_UPDATE, 0, stream, &[0x7f, 0xff, 0xff, 0xff])).await;
        }
        assert_eq!(code(&expect(&mut peer, GOAWAY).await.payload), 11);
    });
}

#[test]
fn what_is_set_is_what_the_client_is_told() {
    run(async {
        let mut config = ServerConfig::default();
        config.http2.header_table_size = 1234;
        config.http2.max_concurrent_streams = 7;
        config.http2.stream_window = 70_000;
        config.http2.connection_window = 200_000;
        config.http2.max_frame_size = 20_000;
        config.http2.max_header_list_size = 9_999;
        config.http2.extended_connect = true;
        let mut peer = connect(config).await;
        let told = expect(&mut peer, SETTINGS).await.payload;
        let mut told: Vec<(u16, u32)> = told
            .chunks(6)
            .map(|setting| {
                let (id, value) = setting.split_at(2);
                (u16::from_be_bytes(id.try_into().unwrap()), u32::from_be_bytes(value.try_into().unwrap()))
            })
            .collect();
        told.sort_unstable();
        assert_eq!(told, [(1, 1234), (3, 7), (4, 70_000), (5, 20_000), (6, 9_999), (8, 1)]);
        let more = expect(&mut peer, WINDOW_UPDATE).await;
        assert_eq!((more.stream, more.payload), (0, (200_000u32 - 65_535).to_be_bytes().to_vec()));
    });
}

#[test]
fn the_budgets_of_resets_and_small_data_can_be_set() {
    run(async {
        // One reset more than may wait to be accepted, in one piece.
        let mut config = ServerConfig::default();
        config.http2.max_pending_accept_reset_streams = 3;
        let mut peer = connect(config).await;
        let resets: Vec<u8> = (0..10)
            .flat_map(|i| {
                let reset = frame(RST_STREAM, 0, 2 * i + 1, &8u32.to_be_bytes());
                [get(2 * i + 1, &[(":authority", "a")]), reset].concat()
            })
            .collect();
        peer.send(resets).await;
        assert_eq!(code(&expect(&mut peer, GOAWAY).await.payload), 11);

        let mut config = ServerConfig::default();
        config.http2.data_frame_budget = Some(100);
        let service = handler_fn(|_| std::future::pending::<&'static str>());
        let (mut peer, _server) = serve(service, config);
        peer.send(PREFACE).await;
        peer.send(frame(SETTINGS, 0, 0, &[])).await;
        let fields = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
        peer.send(frame(HEADERS, 4, 1, &crate::frame_kit::block(&fields))).await;
        peer.send(frame(DATA, 0, 1, b"x").repeat(200)).await;
        assert_eq!(code(&expect(&mut peer, GOAWAY).await.payload), 11);
    });
}
