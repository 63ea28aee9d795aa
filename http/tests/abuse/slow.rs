//! Clients that are slow on purpose, in every phase: slowloris and its kin.

use std::time::Duration;

use minato_http::ServerConfig;
use minato_runtime::time::{Instant, sleep, timeout};

use crate::frame_kit::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, WINDOW_UPDATE, block, frame,
};
use crate::kit::Peer;
use crate::world::{Bounds, World, say, withstands};

const ATTACKERS: usize = 50;

/// How an attack goes: what is said at once, and what then comes piece by piece.
struct Script {
    name: &'static str,
    start: Vec<u8>,
    drip: Vec<u8>,
    /// Seconds until the connection must be gone, whatever drips.
    gone_after: u64,
}

fn script(name: &'static str, start: impl AsRef<[u8]>, drip: impl AsRef<[u8]>, gone_after: u64) -> Script {
    Script { name, start: start.as_ref().to_vec(), drip: drip.as_ref().to_vec(), gone_after }
}

fn http2(frames: &[Vec<u8>]) -> Vec<u8> {
    [PREFACE.to_vec(), frame(SETTINGS, 0, 0, &[]), frames.concat()].concat()
}

fn post(path: &str) -> Vec<u8> {
    let fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "a")];
    frame(HEADERS, END_HEADERS, 1, &block(&fields))
}

/// Says what the script says, a piece every five seconds; answers whether the server ends it in time.
async fn play(mut peer: Peer, script: &Script) -> Result<(), String> {
    let start = Instant::now();
    let give_up = Duration::from_secs(script.gone_after + 5);
    if !say(&mut peer, &script.start).await {
        return Err("gone at once".to_owned());
    }
    let mut drip = script.drip.iter();
    while start.elapsed() < give_up {
        if let Some(byte) = drip.next()
            && !say(&mut peer, &[*byte]).await
        {
            return Ok(());
        }
        // What the server says is read, so that its end is seen.
        if timeout(Duration::from_secs(5), peer.rest()).await.is_ok() {
            return Ok(());
        }
    }
    Err(format!("{}: still open after {:?}", script.name, start.elapsed()))
}

#[test]
fn slowloris_in_every_phase() {
    let head = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nX: y\r\nX: y\r\nX: y\r\nX: y\r\n\r\n";
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let fixed = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n";
    let open_head = frame(HEADERS, END_STREAM, 1, &block(&[(":method", "GET")]));
    let scripts = [
        script("nothing at all", "", "", 11),
        script("blank lines", "", "\r\n\r\n\r\n\r\n", 11),
        script("the method", "", "GET / HTTP/1.1", 11),
        script("the fields", "GET / HTTP/1.1\r\n", &head[16..], 11),
        script("the second head", head, &head[..40], 12),
        script("between two requests", head, "", 76),
        script("a body of known length", fixed, "x".repeat(1000), 31),
        script("chunks of one byte", chunked, "1\r\nx\r\n".repeat(100), 32),
        script("a chunk size", chunked, "0".repeat(1000), 31),
        script("a chunk extension", chunked, format!("1;x={}", "y".repeat(1000)), 31),
        script("trailers", format!("{chunked}0\r\n"), "x: y\r\n".repeat(100), 31),
        script("the preface", "", PREFACE, 11),
        script("no settings", PREFACE, "", 11),
        script("the settings", PREFACE, frame(SETTINGS, 0, 0, &[0; 60]), 11),
        script("no request", http2(&[]), "", 76),
        script("half a head", http2(&[open_head[..15].to_vec()]), &open_head[15..], 11),
        script(
            "a head without end",
            http2(std::slice::from_ref(&open_head)),
            frame(CONTINUATION, 0, 1, &[0; 200]),
            12,
        ),
        script("a body in HTTP/2", http2(&[post("/")]), "", 32 + 76),
        script("data in HTTP/2, byte by byte", http2(&[post("/")]), frame(DATA, 0, 1, &[b'x'; 200]), 32 + 76),
    ];
    for script in &scripts {
        let polls = 2_000 * ATTACKERS as u64;
        let bounds = Bounds { bytes: 8 << 20, polls, ..Bounds::default() };
        withstands(ServerConfig::default(), &bounds, async |world: &World| {
            let attackers: Vec<_> = (0..ATTACKERS).map(|_| world.connect()).collect();
            let mut playing = minato_runtime::task::JoinSet::new();
            // All at the same time, on the clock of the test.
            let script: &'static Script = Box::leak(Box::new(Script {
                name: script.name,
                start: script.start.clone(),
                drip: script.drip.clone(),
                gone_after: script.gone_after,
            }));
            for attacker in attackers {
                playing.spawn(play(attacker, script));
            }
            while let Some(played) = playing.join_next().await {
                played.unwrap().unwrap();
            }
        });
    }
}

#[test]
fn those_who_ask_and_never_read() {
    let wide = [0, 4, 0x7f, 0xff, 0xff, 0xff];
    // HTTP/2 with its window wide open: what a stream may queue, and what is gathered for the socket.
    let bounds = Bounds { bytes: ATTACKERS as isize * (600 << 10), polls: 500_000, ..Bounds::default() };
    withstands(ServerConfig::default(), &bounds, async |world: &World| {
        let mut attackers = Vec::new();
        for i in 0..ATTACKERS {
            let mut peer = world.connect();
            if i % 2 == 0 {
                peer.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").await;
            } else {
                peer.send(PREFACE).await;
                peer.send(frame(SETTINGS, 0, 0, &wide)).await;
                peer.send(frame(WINDOW_UPDATE, 0, 0, &0x7000_0000u32.to_be_bytes())).await;
                let fields =
                    [(":method", "GET"), (":scheme", "http"), (":path", "/endless"), (":authority", "a")];
                peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&fields))).await;
            }
            attackers.push(peer);
        }
        sleep(Duration::from_secs(35)).await;
        // All of them have been given up by now, though they still hold their ends.
        for peer in &mut attackers {
            assert!(!say(peer, b"\r\n").await);
        }
        attackers
    });
}

#[test]
fn zero_windows_cve_2019_9511_and_9517() {
    const STREAMS: u32 = 100;
    let bounds = Bounds { bytes: 8 << 20, polls: 200_000, ..Bounds::default() };
    withstands(ServerConfig::default(), &bounds, async |world: &World| {
        // No window for any stream.
        let mut peer = world.connect_http2(&[0, 4, 0, 0, 0, 0]).await;
        for i in 0..STREAMS {
            let fields =
                [(":method", "GET"), (":scheme", "http"), (":path", "/endless"), (":authority", "a")];
            peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, &block(&fields))).await;
        }
        // Five minutes, and then the idle connection is told to go.
        let (_, took) = crate::kit::timed(peer.rest()).await;
        assert!((375..380).contains(&took.as_secs()), "{took:?}");
        peer
    });
}

#[test]
fn windows_opened_byte_by_byte() {
    let bounds = Bounds { bytes: 2 << 20, polls: 200_000, ..Bounds::default() };
    withstands(ServerConfig::default(), &bounds, async |world: &World| {
        let mut peer = world.connect_http2(&[0, 4, 0, 0, 0, 0]).await;
        let fields = [(":method", "GET"), (":scheme", "http"), (":path", "/endless"), (":authority", "a")];
        peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&fields))).await;
        for _ in 0..1000 {
            peer.send(frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])).await;
            sleep(Duration::from_millis(100)).await;
        }
        peer
    });
}
