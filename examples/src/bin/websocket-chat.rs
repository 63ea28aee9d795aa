//! A chat room in the browser: WebSocket over HTTP/1.1 and, where the client can, over HTTP/2 (RFC 6455, RFC 8441).
//!
//! ```text
//! cargo run --bin websocket-chat -- 127.0.0.1:7006
//! ```
//!
//! Then open http://127.0.0.1:7006/ in two windows. The frames are those of `tungstenite`, on the connection that our
//! server hands over.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use minato_examples::asked_to_end;
use minato_http::upgrade::{self, ConnectProtocol, OnUpgrade};
use minato_http::{Body, Drain, Error, Server, handler_fn};
use minato_runtime::sync::broadcast::{self, error::RecvError};
use minato_runtime::{select, spawn};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

/// Bytes of a message; a longer one ends the connection of whoever sends it.
const MESSAGE_MAX: usize = 4 * 1024;

/// Messages that wait for the slowest reader.
const BACKLOG: usize = 256;

const PAGE: &str = include_str!("../websocket-chat.html");

type Room = broadcast::Sender<String>;

#[minato_runtime::main]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7006".to_owned());
    let server = Server::bind(address).http2(|http2| http2.extended_connect = true).listen().await?;
    println!("listening on http://{}", server.local_addr()?);
    let room = Room::new(BACKLOG);
    let service = handler_fn(move |request| std::future::ready(answer(request, &room)));
    let report =
        server.graceful(asked_to_end(), Drain::within(Duration::from_secs(1))).serve(service).await?;
    println!("{} finished, {} cut", report.drained, report.cut);
    Ok(())
}

fn answer(mut request: Request<Body>, room: &Room) -> Response<Body> {
    match request.uri().path() {
        "/" => page(),
        "/chat" => match handshake(&request) {
            Some(response) => {
                let on_upgrade = upgrade::on(&mut request);
                drop(spawn(visit(on_upgrade, room.clone())));
                response
            }
            None => status(StatusCode::UPGRADE_REQUIRED),
        },
        _ => status(StatusCode::NOT_FOUND),
    }
}

fn page() -> Response<Body> {
    let mut response = Response::new(Body::from(PAGE));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The answer that opens a WebSocket, if the request asks for one.
fn handshake(request: &Request<Body>) -> Option<Response<Body>> {
    if request.method() == Method::CONNECT {
        // RFC 8441 §5: the protocol is in the request, and a 200 is all the answer.
        let protocol = request.extensions().get::<ConnectProtocol>()?;
        return (protocol.as_str() == "websocket").then(|| Response::new(Body::empty()));
    }
    // RFC 6455 §4.2.
    let headers = request.headers();
    if !has_token(headers, "websocket") || headers.get("sec-websocket-version")? != "13" {
        return None;
    }
    let accept = derive_accept_key(headers.get(SEC_WEBSOCKET_KEY)?.as_bytes());
    let mut response = status(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, HeaderValue::try_from(accept).ok()?);
    Some(response)
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    let upgrade = headers.get(UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case(token))
}

/// What anybody says is heard by everybody.
async fn visit(on_upgrade: OnUpgrade, room: Room) {
    let Ok(io) = on_upgrade.await else { return };
    let config =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX)).max_frame_size(Some(MESSAGE_MAX));
    let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
    let mut heard = room.subscribe();
    loop {
        select! {
            said = socket.next() => match said {
                Some(Ok(Message::Text(text))) => drop(room.send(text.to_string())),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                // Pings are answered by the library; there is nothing else to say in this room.
                Some(Ok(_)) => {}
            },
            heard = heard.recv() => {
                let text = match heard {
                    Ok(text) => text,
                    Err(RecvError::Lagged(missed)) => format!("({missed} messages were too fast for you)"),
                    Err(RecvError::Closed) => return,
                };
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
        }
    }
}
