//! Floods: what a client can send without asking for anything.

use std::time::Duration;

use minato_http::ServerConfig;

use crate::frame_kit::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, PING, PRIORITY, RST_STREAM, SETTINGS,
    WINDOW_UPDATE, block, frame, get,
};
use crate::world::{Bounds, Reads, UNREAD, World, flood, say, withstands};

const CALM: Option<u32> = Some(11);
const ENDLESS: usize = 1_000_000;

const AUTHORITY: &[(&str, &str)] = &[(":authority", "a")];

fn stream(i: u32) -> u32 {
    2 * i + 1
}

fn request(stream: u32, path: &str, flags: u8) -> Vec<u8> {
    let fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "a")];
    frame(HEADERS, END_HEADERS | flags, stream, &block(&fields))
}

/// Floods with what `next` makes, once read and once not; the connection ends after at most so many frames.
fn is_ended_after(most: usize, next: fn(u32) -> Vec<u8>) {
    withstands(ServerConfig::default(), &Bounds::default(), async |world: &World| {
        let (taken, code) = flood(world.connect_http2(&[]).await, Reads::All, ENDLESS, next).await;
        assert!(taken <= most, "{taken} were taken, and {most} are allowed");
        assert_eq!(code, CALM);
        // Whoever reads nothing is ended by the same count, or waits with its answers in our buffer.
        let (taken, _) = flood(world.connect_http2(&[]).await, Reads::Nothing, ENDLESS, next).await;
        assert!(taken <= most, "{taken} were taken from one who does not read");
    });
}

/// What fits into pipes and buffers on top of what is counted.
const ON_THE_WAY: usize = 4_000;

#[test]
fn ping_flood_cve_2019_9512() {
    is_ended_after(10_000 + ON_THE_WAY, |_| frame(PING, 0, 0, &[0; 8]));
}

#[test]
fn priority_flood_cve_2019_9513() {
    is_ended_after(10_000 + ON_THE_WAY, |i| frame(PRIORITY, 0, stream(i % 1000), &[0, 0, 0, 0, 7]));
}

#[test]
fn settings_flood_cve_2019_9515() {
    is_ended_after(10_000 + ON_THE_WAY, |_| frame(SETTINGS, 0, 0, &[]));
}

#[test]
fn large_settings_flood_cve_2020_11080() {
    is_ended_after(20, |_| frame(SETTINGS, 0, 0, &[0, 9, 0, 0, 0, 1].repeat(2400)));
}

#[test]
fn window_update_flood() {
    is_ended_after(10_000 + ON_THE_WAY, |_| frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]));
}

#[test]
fn unknown_frame_flood() {
    is_ended_after(10_000 + ON_THE_WAY, |_| frame(0xbe, 0, 0, &[]));
}

#[test]
fn ping_acknowledgement_flood() {
    is_ended_after(10_000 + ON_THE_WAY, |_| frame(PING, 1, 0, &[0; 8]));
}

#[test]
fn rapid_reset_cve_2023_44487() {
    withstands(ServerConfig::default(), &Bounds::default(), async |world: &World| {
        let next = |i| {
            let stream = stream(i);
            [request(stream, "/never", END_STREAM), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()
        };
        let (taken, code) = flood(world.connect_http2(&[]).await, Reads::All, ENDLESS, next).await;
        assert!(taken <= 2_500 + ON_THE_WAY, "{taken}");
        assert_eq!(code, CALM);
    });
}

#[test]
fn made_you_reset_cve_2025_8671() {
    // Each makes the server reset a stream whose handler has begun.
    type Primitive = fn(u32) -> Vec<u8>;
    const PRIMITIVES: &[Primitive] = &[
        |stream| frame(WINDOW_UPDATE, 0, stream, &[0; 4]),
        |stream| {
            let most = frame(WINDOW_UPDATE, 0, stream, &[0x7f, 0xff, 0xff, 0xff]);
            [most.clone(), most].concat()
        },
        |stream| frame(PRIORITY, 0, stream, &[0; 4]),
        |stream| frame(PRIORITY, 0, stream, &[&stream.to_be_bytes()[..], &[1]].concat()),
        |stream| request(stream, "/never", END_STREAM),
        |stream| frame(DATA, 0, stream, b"x"),
    ];
    for (at, primitive) in PRIMITIVES.iter().enumerate() {
        // A stream that depends on itself is no error any more: it is a request that never ends, and there are so many.
        let bounds = Bounds { bytes: 4 << 20, ..Bounds::default() };
        withstands(ServerConfig::default(), &bounds, async |world: &World| {
            let next = |i| [request(stream(i), "/never", END_STREAM), primitive(stream(i))].concat();
            let peer = world.connect_http2(&[]).await;
            let (taken, code) = flood(peer, Reads::All, 20_000, next).await;
            if at != 3 {
                assert!(taken <= 1_100 + ON_THE_WAY, "primitive {at}: {taken}");
                assert!(code.is_some(), "primitive {at}");
            }
        });
    }
}

#[test]
fn continuation_flood_vu_421644() {
    let junk = block(&[("x", "0123456789")]);
    let sized =
        |len: usize| junk.iter().copied().cycle().take(len / junk.len() * junk.len()).collect::<Vec<u8>>();
    for payload in [Vec::new(), junk.clone(), sized(16_000)] {
        withstands(ServerConfig::default(), &Bounds::default(), async |world: &World| {
            let peer = world.connect_http2(&[]).await;
            let next = |i| match i {
                0 => frame(HEADERS, END_STREAM, 1, &block(&[(":method", "GET")])),
                _ => frame(CONTINUATION, 0, 1, &payload),
            };
            let (taken, code) = flood(peer, Reads::All, ENDLESS, next).await;
            assert!(taken <= ON_THE_WAY, "{taken} of {} bytes", payload.len());
            assert!(code.is_some());
        });
    }
}

#[test]
fn hpack_bomb_cve_2016_6581() {
    // One field of 4 kB goes into the table, and each further byte asks for it again.
    let bomb = {
        let mut block =
            block(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")]);
        block.extend([0x40, 1, b'x', 0x7f, 0xf1, 0x1e]);
        block.extend(std::iter::repeat_n(b'y', 0x7f + 0x71 + 0x1e * 128));
        block
    };
    let again = vec![0xbe; 8_000];
    withstands(ServerConfig::default(), &Bounds::default(), async |world: &World| {
        let peer = world.connect_http2(&[]).await;
        let next = |i| {
            let payload = if i == 0 { [&bomb[..], &again[..]].concat() } else { again.clone() };
            frame(HEADERS, END_HEADERS | END_STREAM, stream(i), &payload)
        };
        let (taken, _) = flood(peer, Reads::All, 5_000, next).await;
        // 32 MB asked for in each: it is answered 431, or ends the connection, and is never there as a whole.
        assert!(taken <= 5_000);
    });
}

#[test]
fn empty_data_flood_cve_2019_9518() {
    for payload in [(0, vec![]), (PADDED, vec![0]), (PADDED, [&[200][..], &[0; 200]].concat())] {
        let bounds = Bounds { polls: 200_000, ..Bounds::default() };
        withstands(ServerConfig::default(), &bounds, async |world: &World| {
            let peer = world.connect_http2(&[]).await;
            let next = |i| match i {
                0 => request(1, "/", 0),
                _ => frame(DATA, payload.0, 1, &payload.1),
            };
            let (taken, _) = flood(peer, Reads::All, 100_000, next).await;
            assert!(taken < 100_000, "frames without data, without end");
        });
    }
}

#[test]
fn header_floods_on_http1() {
    type Line = fn(u32) -> Vec<u8>;
    const LINES: &[Line] =
        &[|i| format!("X-{i}: y\r\n").into_bytes(), |_| b"x".repeat(1000), |_| b"\r\n".to_vec()];
    for line in LINES {
        withstands(ServerConfig::default(), &Bounds::default(), async |world: &World| {
            let mut peer = world.connect();
            peer.send("GET / HTTP/1.1\r\nHost: a\r\n").await;
            let (taken, _) = flood(peer, Reads::Nothing, ENDLESS, line).await;
            assert!(taken < 400_000, "{taken}");
        });
    }
}

#[test]
fn chunks_of_one_byte_with_long_extensions_cve_2023_39326() {
    withstands(ServerConfig::default(), &Bounds::default(), async |world: &World| {
        let mut peer = world.connect();
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        let next = |_| [&b"1;x="[..], &[b'y'; 1000], b"\r\nz\r\n"].concat();
        let (taken, _) = flood(peer, Reads::Nothing, ENDLESS, next).await;
        assert!(taken < 1_000, "{taken}");
    });
}

#[test]
fn a_body_nobody_reads_stays_in_the_socket() {
    // One megabyte is the attacker's own.
    let bounds = Bounds { bytes: (1 << 20) + (100 << 10), settles_within: UNREAD, ..Bounds::default() };
    withstands(ServerConfig::default(), &bounds, async |world: &World| {
        let mut peer = world.connect();
        peer.send("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n").await;
        let sent = minato_runtime::time::timeout(Duration::from_secs(5), peer.send(vec![0; 1 << 20])).await;
        assert!(sent.is_err(), "a megabyte went somewhere");
        peer
    });
    // HTTP/2: as much as its windows allow, over all streams.
    let bounds = Bounds { bytes: 5 << 20, ..Bounds::default() };
    withstands(ServerConfig::default(), &bounds, async |world: &World| {
        let mut peer = world.connect_http2(&[]).await;
        for stream in (1..200).step_by(2) {
            peer.send(request(stream, "/unread", 0)).await;
        }
        let mut sent = 0;
        'all: for _ in 0..1000 {
            for stream in (1..200).step_by(2) {
                let data = frame(DATA, 0, stream, &[0; 1000]);
                if minato_runtime::time::timeout(Duration::from_secs(1), say(&mut peer, &data)).await
                    != Ok(true)
                {
                    break 'all;
                }
                sent += 1000;
            }
        }
        assert!(sent <= 3 << 20, "{sent}");
        peer
    });
}

#[test]
fn more_streams_than_allowed_start_no_more_handlers() {
    let mut config = ServerConfig::default();
    config.http2.max_concurrent_streams = 10;
    let bounds = Bounds { handlers: 11, ..Bounds::default() };
    withstands(config, &bounds, async |world: &World| {
        let peer = world.connect_http2(&[]).await;
        let next = |i| request(stream(i), "/never", END_STREAM);
        let (taken, code) = flood(peer, Reads::All, 50_000, next).await;
        // Those that are refused are counted as resets that the peer has brought about.
        assert!(taken < 50_000 && code.is_some(), "{taken}");
    });
}

#[test]
fn pipelined_requests_wait_for_those_before_them() {
    withstands(ServerConfig::default(), &Bounds::default(), async |world: &World| {
        let next = |_| b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
        let (taken, _) = flood(world.connect(), Reads::Nothing, ENDLESS, next).await;
        assert!(taken < 3_000, "{taken}");
    });
}

#[test]
fn the_honest_pay_for_none_of_this() {
    // Ten thousand requests, each with the window updates of a download, on one connection.
    let bounds = Bounds { polls: 200_000, ..Bounds::default() };
    withstands(ServerConfig::default(), &bounds, async |world: &World| {
        let peer = world.connect_http2(&[]).await;
        let next = |i| {
            let request = get(stream(i), AUTHORITY);
            [request, frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 5]), frame(PING, 0, 0, &[0; 8])].concat()
        };
        let (taken, code) = flood(peer, Reads::All, 10_000, next).await;
        assert_eq!((taken, code), (10_000, None));
    });
}
