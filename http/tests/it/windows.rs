//! Windows that grow where a connection needs it.

use std::time::Duration;

use http::Request;
use minato_http::{Body, Error, ServerConfig, handler_fn};
use minato_runtime::time::{sleep, timeout};

use crate::frame_kit::{
    ACK, DATA, END_HEADERS, HEADERS, PING, SETTINGS, WINDOW_UPDATE, block, connect_to, expect, frame,
    read_frame,
};
use crate::kit::run;

const MILLISECOND: Duration = Duration::from_millis(1);
const WINDOW: u32 = 65_535;
const MOST: u32 = 1 << 20;
const SETTINGS_INITIAL_WINDOW_SIZE: u16 = 4;

async fn drain(request: Request<Body>) -> Result<String, Error> {
    let mut body = request.into_body();
    while let Some(data) = body.data().await {
        data?;
    }
    Ok(String::new())
}

fn initial_window(settings: &[u8]) -> Option<u32> {
    settings.chunks(6).find_map(|setting| {
        let (id, value) = setting.split_at(2);
        (id == SETTINGS_INITIAL_WINDOW_SIZE.to_be_bytes())
            .then(|| u32::from_be_bytes(value.try_into().unwrap()))
    })
}

/// Uploads over a path with a round trip of 100 ms, as far as the windows allow; answers the last initial window.
async fn upload(config: ServerConfig) -> u32 {
    let mut peer = connect_to(handler_fn(drain), config).await;
    let fields = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
    peer.send(frame(HEADERS, END_HEADERS, 1, &block(&fields))).await;
    let mut initial = WINDOW;
    let (mut of_stream, mut of_connection) = (i64::from(WINDOW), i64::from(WINDOW));
    for _ in 0..50 {
        let mut pings = Vec::new();
        // What the windows allow at the beginning of a round trip is under way during it.
        let mut left = of_stream.min(of_connection);
        while left > 0 {
            let len = left.min(16 * 1024);
            peer.send(frame(DATA, 0, 1, &vec![0; len as usize])).await;
            left -= len;
            of_stream -= len;
            of_connection -= len;
            // What the server has to say to this is here when nothing more comes.
            while let Ok(frame) = timeout(MILLISECOND, read_frame(&mut peer)).await {
                match frame.kind {
                    PING if frame.flags & ACK == 0 => pings.push(frame.payload),
                    SETTINGS if frame.flags & ACK == 0 => {
                        if let Some(window) = initial_window(&frame.payload) {
                            of_stream += i64::from(window) - i64::from(initial);
                            initial = window;
                        }
                        peer.send(self::frame(SETTINGS, ACK, 0, &[])).await;
                    }
                    WINDOW_UPDATE => {
                        let more = i64::from(u32::from_be_bytes(frame.payload[..].try_into().unwrap()));
                        if frame.stream == 0 {
                            of_connection += more;
                        } else {
                            of_stream += more;
                        }
                    }
                    _ => {}
                }
            }
        }
        assert!(pings.len() <= 1, "two PINGs under way at a time");
        sleep(100 * MILLISECOND).await;
        for payload in pings {
            peer.send(frame(PING, ACK, 0, &payload)).await;
        }
    }
    initial
}

fn config(adaptive: Option<u32>) -> ServerConfig {
    let mut config = ServerConfig::default();
    config.http2.stream_window = WINDOW;
    config.http2.connection_window = WINDOW;
    config.http2.adaptive_window = adaptive;
    config
}

#[test]
fn windows_grow_to_what_the_path_carries_if_that_is_wanted() {
    run(async {
        let window = upload(config(Some(MOST))).await;
        assert!(window > 2 * WINDOW && window <= MOST, "{window}");
        assert_eq!(upload(config(None)).await, WINDOW);
    });
}

#[test]
fn without_data_nothing_is_measured() {
    run(async {
        let mut peer = connect_to(handler_fn(drain), config(Some(MOST))).await;
        let quiet = timeout(Duration::from_secs(60), expect(&mut peer, PING)).await;
        assert!(quiet.is_err());
    });
}
