//! Connections that stop speaking HTTP: upgrades, CONNECT, and CONNECT over HTTP/2.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Version, header};
use minato_http::upgrade::{self, ConnectProtocol, Upgraded};
use minato_http::{Body, Client, Error, ServerConfig, handler_fn, serve_connection};
use minato_runtime::io::tokio_compat::Compat;
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use minato_runtime::sync::oneshot;

use crate::kit::{PIPE_BYTES, run, serve};

const ASK: &str = "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: keep-alive, Upgrade\r\nupgrade: echo\r\n\r\n";

/// Answers with this status and echoes what comes after it; tells how the upgrade went.
fn echo(
    status: StatusCode,
    tell: oneshot::Sender<Result<(), Error>>,
) -> impl FnMut(Request<Body>) -> std::future::Ready<Response<Body>> {
    let mut tell = Some(tell);
    move |mut request| {
        let on_upgrade = upgrade::on(&mut request);
        let tell = tell.take().expect("one request");
        drop(minato_runtime::spawn(async move {
            match on_upgrade.await {
                Ok(io) => {
                    let _ = tell.send(Ok(()));
                    repeat(io).await;
                }
                Err(error) => drop(tell.send(Err(error))),
            }
        }));
        let mut response = Response::new(Body::from("not sent after an upgrade"));
        *response.status_mut() = status;
        if status == StatusCode::SWITCHING_PROTOCOLS {
            response.headers_mut().insert(header::UPGRADE, "echo".parse().unwrap());
        }
        std::future::ready(response)
    }
}

async fn repeat(mut io: Upgraded) {
    let mut buf = [0; 1000];
    while let Ok(len @ 1..) = io.read(&mut buf).await {
        io.write_all(&buf[..len]).await.unwrap();
    }
    io.shutdown().await.unwrap();
}

#[test]
fn what_follows_101_belongs_to_the_handler() {
    run(async {
        let (tell, told) = oneshot::channel();
        let service = handler_fn(echo(StatusCode::SWITCHING_PROTOCOLS, tell));
        let (mut peer, server) = serve(service, ServerConfig::default());
        // Bytes that came with the request are the first of the new protocol.
        peer.send(format!("{ASK}early ")).await;
        let head = peer.head().await;
        assert_eq!(head.status, 101);
        assert_eq!((head.field("connection"), head.field("upgrade")), (Some("upgrade"), Some("echo")));
        assert_eq!((head.field("content-length"), head.field("transfer-encoding")), (None, None));
        peer.expect("early ").await;
        peer.send("GET / HTTP/1.1\r\n\r\n").await;
        peer.expect("GET / HTTP/1.1\r\n\r\n").await;
        assert!(told.await.unwrap().is_ok());
        assert!(server.await.unwrap().is_ok());
        peer.finish().await;
        peer.expect_end().await;
    });
}

#[test]
fn an_upgrade_that_the_handler_declines_is_an_ordinary_exchange() {
    run(async {
        let (tell, told) = oneshot::channel();
        let (mut peer, _server) = serve(handler_fn(echo(StatusCode::OK, tell)), ServerConfig::default());
        peer.send(ASK).await;
        let answer = peer.answer().await;
        assert_eq!((answer.status, answer.closes()), (200, false));
        assert!(told.await.unwrap().unwrap_err().is_canceled());
    });
}

#[test]
fn a_request_that_asks_for_no_upgrade_gets_none() {
    run(async {
        for request in [
            "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nupgrade: echo\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n\r\n",
            "GET / HTTP/1.0\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\ncontent-length: 1\r\n\r\nx",
        ] {
            let (tell, told) = oneshot::channel();
            let service = handler_fn(echo(StatusCode::SWITCHING_PROTOCOLS, tell));
            let (mut peer, _server) = serve(service, ServerConfig::default());
            peer.send(request).await;
            assert_eq!(peer.answer().await.status, 500, "{request:?}");
            assert!(told.await.unwrap().is_err(), "{request:?}");
        }
    });
}

#[test]
fn a_2xx_to_connect_begins_a_tunnel_and_anything_else_closes() {
    run(async {
        for (status, tunnels) in [(StatusCode::OK, true), (StatusCode::FORBIDDEN, false)] {
            let (tell, told) = oneshot::channel();
            let (mut peer, _server) = serve(handler_fn(echo(status, tell)), ServerConfig::default());
            peer.send("CONNECT b.example:443 HTTP/1.1\r\nhost: b.example:443\r\n\r\n").await;
            if tunnels {
                let head = peer.head().await;
                assert_eq!((head.status, head.fields.len()), (200, 0), "{head:?}");
                peer.send("through").await;
                peer.expect("through").await;
            } else {
                let answer = peer.answer().await;
                assert_eq!((answer.status, answer.closes()), (403, true));
                peer.expect_end().await;
            }
            assert_eq!(told.await.unwrap().is_ok(), tunnels);
        }
    });
}

#[test]
fn the_socket_itself_can_be_had() {
    run(async {
        let (tell, told) = oneshot::channel();
        let mut tell = Some(tell);
        let service = handler_fn(move |mut request: Request<Body>| {
            let on_upgrade = upgrade::on(&mut request);
            let tell = tell.take().unwrap();
            drop(minato_runtime::spawn(async move {
                let io = on_upgrade.await.unwrap().downcast::<String>().unwrap_err();
                let parts = io.downcast::<DuplexStream>().unwrap();
                let _ = tell.send(parts.read_buf);
            }));
            std::future::ready(StatusCode::SWITCHING_PROTOCOLS)
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        peer.send(format!("{ASK}behind")).await;
        assert_eq!(told.await.unwrap(), "behind");
        assert_eq!(peer.head().await.status, 101);
        peer.expect_end().await;
    });
}

#[test]
fn an_upgrade_nobody_waits_for_closes_the_connection() {
    run(async {
        let service = handler_fn(|_| async { StatusCode::SWITCHING_PROTOCOLS });
        let (mut peer, server) = serve(service, ServerConfig::default());
        peer.send(ASK).await;
        assert_eq!(peer.head().await.status, 101);
        peer.expect_end().await;
        assert!(server.await.unwrap().is_ok());
    });
}

/// A client of the h2 crate on a connection that takes extended CONNECTs.
async fn h2_client<F>(handler: F) -> h2::client::SendRequest<Bytes>
where
    F: FnMut(Request<Body>) -> std::future::Ready<Response<Body>> + Send + 'static,
{
    let (ours, theirs) = duplex(PIPE_BYTES);
    let mut config = ServerConfig::default();
    config.http2.extended_connect = true;
    drop(minato_runtime::spawn(serve_connection(theirs, handler_fn(handler), config)));
    let (client, connection) = h2::client::handshake(Compat::new(ours)).await.unwrap();
    drop(minato_runtime::spawn(connection));
    let client = client.ready().await.unwrap();
    // The settings of the server have come once it has answered.
    while !client.is_extended_connect_protocol_enabled() {
        minato_runtime::task::yield_now().await;
    }
    client
}

fn connect(protocol: Option<&'static str>) -> Request<()> {
    let uri = if protocol.is_some() { "http://a/chat" } else { "a:80" };
    let mut request = Request::builder().method(Method::CONNECT).uri(uri).body(()).unwrap();
    if let Some(protocol) = protocol {
        request.extensions_mut().insert(h2::ext::Protocol::from_static(protocol));
    }
    request
}

#[test]
fn a_connect_over_http2_is_a_tunnel_of_its_own() {
    run(async {
        for protocol in [None, Some("websocket")] {
            let (tell, told) = oneshot::channel();
            let mut inner = echo(StatusCode::OK, tell);
            let mut client = h2_client(move |request| {
                let named =
                    request.extensions().get::<ConnectProtocol>().map(|name| name.as_str().to_owned());
                assert_eq!(named.as_deref(), protocol);
                inner(request)
            })
            .await;
            let (response, mut send) = client.send_request(connect(protocol), false).unwrap();
            let response = response.await.unwrap();
            assert_eq!(response.status(), 200);
            assert!(response.headers().get(header::CONTENT_LENGTH).is_none());
            let mut recv = response.into_body();
            // More than a window, both ways.
            let sent = vec![b'x'; 300_000];
            let mut arrived = 0;
            let mut unsent = Bytes::from(sent.clone());
            send.reserve_capacity(unsent.len());
            while arrived < sent.len() {
                minato_runtime::select! {
                    granted = std::future::poll_fn(|cx| send.poll_capacity(cx)), if !unsent.is_empty() => {
                        let granted = granted.unwrap().unwrap();
                        send.send_data(unsent.split_to(granted), unsent.is_empty()).unwrap();
                    }
                    data = recv.data() => {
                        let data = data.unwrap().unwrap();
                        arrived += data.len();
                        recv.flow_control().release_capacity(data.len()).unwrap();
                    }
                }
            }
            while let Some(data) = recv.data().await {
                assert!(data.unwrap().is_empty());
            }
            assert!(told.await.unwrap().is_ok());
        }
    });
}

#[test]
fn a_connect_over_http2_that_is_declined_is_an_ordinary_exchange() {
    run(async {
        let (tell, told) = oneshot::channel();
        let mut client = h2_client(echo(StatusCode::FORBIDDEN, tell)).await;
        let (response, _send) = client.send_request(connect(Some("websocket")), false).unwrap();
        assert_eq!(response.await.unwrap().status(), 403);
        assert!(told.await.unwrap().is_err());
    });
}

/// A client whose connections lead to servers with this handler.
fn client_of<F>(handler: F) -> Client
where
    F: FnMut(Request<Body>) -> std::future::Ready<Response<Body>> + Clone + Send + Sync + 'static,
{
    Client::builder()
        .connector(move |_| {
            let (ours, theirs) = duplex(PIPE_BYTES);
            let mut config = ServerConfig::default();
            config.http2.extended_connect = true;
            drop(minato_runtime::spawn(serve_connection(theirs, handler_fn(handler.clone()), config)));
            std::future::ready(Ok::<_, std::io::Error>(ours))
        })
        .build()
}

/// Grants what is asked for, and echoes.
fn grant(mut request: Request<Body>) -> std::future::Ready<Response<Body>> {
    let mut response = Response::new(Body::empty());
    if request.method() != Method::CONNECT {
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response.headers_mut().insert(header::UPGRADE, "echo".parse().unwrap());
    }
    let on_upgrade = upgrade::on(&mut request);
    drop(minato_runtime::spawn(async move { repeat(on_upgrade.await.unwrap()).await }));
    std::future::ready(response)
}

async fn there_and_back(mut response: Response<Body>) {
    let mut io = upgrade::on(&mut response).await.unwrap();
    let mut back = [0; 5];
    for word in [b"hello", b"again"] {
        io.write_all(word).await.unwrap();
        io.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, word);
    }
    io.shutdown().await.unwrap();
    assert_eq!(io.read(&mut back).await.unwrap(), 0);
}

#[test]
fn a_client_takes_the_connection_behind_101() {
    run(async {
        let client = client_of(grant);
        let ask = |upgrade: bool| {
            let request = Request::get("http://a/");
            let request = match upgrade {
                true => request.header("connection", "upgrade").header("upgrade", "echo"),
                false => request,
            };
            request.body(Body::empty()).unwrap()
        };
        let response = client.request(ask(true)).await.unwrap();
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        there_and_back(response).await;
        // One that was not asked for is a fault of the server: it may not be taken for anything.
        let (ours, theirs) = duplex(PIPE_BYTES);
        let ours = std::sync::Mutex::new(Some(ours));
        let client = Client::builder()
            .connector(move |_| {
                std::future::ready(Ok::<_, std::io::Error>(ours.lock().unwrap().take().unwrap()))
            })
            .build();
        let mut server = crate::kit::Peer::new(theirs);
        server.send("HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\n\r\n").await;
        assert!(client.request(ask(false)).await.is_err());
    });
}

#[test]
fn a_client_makes_a_tunnel_of_a_stream() {
    run(async {
        let client = client_of(grant);
        for protocol in [None, Some("websocket")] {
            let mut request = Request::builder()
                .method(Method::CONNECT)
                .uri("http://a:80/chat")
                .version(Version::HTTP_2)
                .body(Body::empty())
                .unwrap();
            match protocol {
                Some(name) => drop(request.extensions_mut().insert(ConnectProtocol::new(name))),
                None => *request.uri_mut() = "http://a:80".parse().unwrap(),
            }
            there_and_back(client.request(request).await.unwrap()).await;
        }
        // Servers that do not take it are not asked.
        let plain = Client::builder()
            .connector(|_| {
                let (ours, theirs) = duplex(PIPE_BYTES);
                let server = serve_connection(theirs, handler_fn(grant), ServerConfig::default());
                drop(minato_runtime::spawn(server));
                std::future::ready(Ok::<_, std::io::Error>(ours))
            })
            .build();
        let mut request = Request::connect("http://a/").version(Version::HTTP_2).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectProtocol::new("websocket"));
        assert!(plain.request(request).await.is_err());
    });
}

#[test]
fn a_tunnel_that_is_dropped_is_reset() {
    run(async {
        let mut client = h2_client(|mut request: Request<Body>| {
            let on_upgrade = upgrade::on(&mut request);
            drop(minato_runtime::spawn(async move { drop(on_upgrade.await.unwrap()) }));
            std::future::ready(Response::new(Body::empty()))
        })
        .await;
        let (response, _send) = client.send_request(connect(Some("websocket")), false).unwrap();
        let mut recv = response.await.unwrap().into_body();
        let error = recv.data().await.unwrap().unwrap_err();
        assert_eq!(error.reason(), Some(h2::Reason::CANCEL));
    });
}
