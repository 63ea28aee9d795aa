//! Single connections, and pools put together of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, StatusCode, Version};
use minato_http::conn::{http1, http2};
use minato_http::{Body, ResponseExt, ServerConfig, handler_fn, serve_connection, upgrade};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use minato_service::reconnect::Reconnect;
use minato_service::{Deadline, Service, ServiceExt, service_fn};

use crate::kit::{PIPE_BYTES, Peer, run};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn request(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

fn scripted() -> (http1::SendRequest, Peer) {
    let (ours, theirs) = duplex(PIPE_BYTES);
    (http1::handshake(ours), Peer::new(theirs))
}

/// A connection to a server that tells what it was asked for.
fn served() -> DuplexStream {
    let (ours, theirs) = duplex(PIPE_BYTES);
    let tell = handler_fn(|request: Request<Body>| async move {
        let told = format!("{} {:?}", request.uri().path(), request.version());
        drop(request.into_body().bytes(1 << 20).await);
        told
    });
    drop(minato_runtime::spawn(serve_connection(theirs, tell, ServerConfig::default())));
    ours
}

#[test]
fn an_http1_connection_takes_one_request_after_another() {
    run(async {
        let (mut sender, mut server) = scripted();
        for path in ["/a", "/b"] {
            sender.ready().await.unwrap();
            let answer = sender.send_request(request(path));
            assert!(sender.send_request(request("/early")).await.unwrap_err().is_user());
            let answer = minato_runtime::spawn(answer);
            server.expect(&format!("GET {path} HTTP/1.1\r\nhost: \r\n\r\n")).await;
            server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").await;
            let answer = answer.await.unwrap().unwrap();
            // It is ready when the body has been read, and not before.
            let mut waits = minato_runtime::spawn(async move {
                sender.ready().await.unwrap();
                sender
            });
            minato_runtime::task::yield_now().await;
            assert!(futures_pending(&mut waits).await);
            server.send("ok").await;
            assert_eq!(answer.text().await.unwrap(), "ok");
            sender = waits.await.unwrap();
        }
        drop(sender);
        server.expect_end().await;
    });
}

async fn futures_pending<T>(task: &mut minato_runtime::task::JoinHandle<T>) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut *task).poll(cx).is_pending()))
        .await
}

#[test]
fn an_http1_connection_that_ends_or_is_spoiled_is_not_ready_any_more() {
    run(async {
        for answer in [
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokmore",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no",
            "nothing of the kind\r\n\r\n",
        ] {
            let (mut sender, mut server) = scripted();
            let text = minato_runtime::spawn(sender.send_request(request("/")));
            server.head_of_request().await;
            server.send(answer).await;
            server.finish().await;
            if let Ok(response) = text.await.unwrap() {
                drop(response.text().await);
            }
            let error = sender.ready().await.unwrap_err();
            assert!(
                error.is_closed() && error.is_retry_safe() && sender.is_closed(),
                "{answer:?}: {error:?}"
            );
        }
        // A server that hangs up, or speaks, before it was asked.
        for says in ["", OK] {
            let (mut sender, mut server) = scripted();
            server.send(says).await;
            if says.is_empty() {
                server.finish().await;
            }
            assert!(sender.ready().await.unwrap_err().is_closed());
        }
        // A future that is dropped takes the connection along.
        let (mut sender, mut server) = scripted();
        drop(sender.send_request(request("/")));
        assert!(sender.ready().await.is_err());
        server.expect_end().await;
    });
}

#[test]
fn a_connection_of_ones_own_is_bound_by_clocks_and_can_be_upgraded() {
    run(async {
        let (mut sender, _server) = scripted();
        let mut late = request("/");
        late.extensions_mut().insert(Deadline::after(std::time::Duration::from_secs(3)));
        let error = sender.send_request(late).await.unwrap_err();
        assert_eq!(error.timeout(), Some(minato_http::Timeout::Total));

        let (mut sender, mut server) = scripted();
        let mut upgrading = request("/");
        upgrading.headers_mut().insert("connection", "upgrade".parse().unwrap());
        upgrading.headers_mut().insert("upgrade", "echo".parse().unwrap());
        let response = minato_runtime::spawn(sender.send_request(upgrading));
        server.head_of_request().await;
        server
            .send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhi")
            .await;
        let mut response = response.await.unwrap().unwrap();
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        let mut raw = upgrade::on(&mut response).await.unwrap();
        let mut bytes = [0; 2];
        raw.read_exact(&mut bytes).await.unwrap();
        raw.write_all(&bytes).await.unwrap();
        raw.flush().await.unwrap();
        assert_eq!(server.exactly(2).await, b"hi");
        assert!(sender.ready().await.is_err());
    });
}

#[test]
fn an_http2_connection_is_shared_by_clones() {
    run(async {
        let sender = http2::handshake(served()).await.unwrap();
        let (body, slow) = Body::channel();
        let mut first = sender.clone();
        let slow = Request::post("http://a/slow").body(slow).unwrap();
        let slow = minato_runtime::spawn(async move { first.send_request(slow).await?.text().await });
        for _ in 0..3 {
            let told =
                sender.clone().send_request(request("http://a/x")).await.unwrap().text().await.unwrap();
            assert_eq!(told, "/x HTTP/2.0");
        }
        assert_eq!(sender.open(), 1);
        body.finish();
        assert_eq!(slow.await.unwrap().unwrap(), "/slow HTTP/2.0");
        assert_eq!((sender.open(), sender.is_closed()), (0, false));
    });
}

#[test]
fn an_http2_connection_that_ends_is_not_ready_any_more() {
    run(async {
        let (ours, theirs) = duplex(PIPE_BYTES);
        let mut sender = http2::handshake(ours).await.unwrap();
        drop(theirs);
        let error = sender.send_request(request("http://a/")).await.unwrap_err();
        assert!(error.is_closed(), "{error:?}");
        assert!(sender.ready().await.unwrap_err().is_retry_safe());
    });
}

/// As a pool of a kind: one connection for all, made when it is needed, and again when it has ended.
#[test]
fn a_connection_is_made_for_all_clones_and_again_when_it_has_ended() {
    run(async {
        let made = Arc::new(AtomicUsize::new(0));
        let count = made.clone();
        let connect = service_fn(move |_: SocketAddr| {
            count.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok::<_, std::io::Error>(served()))
        });
        let address: SocketAddr = ([127, 0, 0, 1], 80).into();
        let shared = Reconnect::new(http2::Connect::new(connect.clone()), address).shared();
        let ask = |_| {
            let shared = shared.clone();
            minato_runtime::spawn(async move {
                let answer =
                    shared.oneshot(request("http://a/x")).await.map_err(|error| error.to_string())?;
                answer.text().await.map_err(|error| error.to_string())
            })
        };
        for answer in (0..10).map(ask).collect::<Vec<_>>() {
            assert_eq!(answer.await.unwrap().unwrap(), "/x HTTP/2.0");
        }
        assert_eq!(made.load(Ordering::Relaxed), 1);

        // One of HTTP/1, for this caller alone.
        let mut own = Reconnect::new(http1::Connect::new(connect), address);
        for round in 0..4 {
            let answer = own.ready().await.unwrap().call(request("http://a/y")).await.unwrap();
            assert_eq!(answer.version(), Version::HTTP_11);
            assert_eq!(answer.text().await.unwrap(), "/y HTTP/1.1", "{round}");
        }
        assert_eq!(made.load(Ordering::Relaxed), 2);
    });
}
