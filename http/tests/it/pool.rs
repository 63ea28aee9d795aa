//! What is kept of connections: how many, how long, and who gets them.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, Version};
use minato_http::{Body, Client, ResponseFuture, Timeout};
use minato_runtime::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use minato_runtime::task::yield_now;
use minato_runtime::time::sleep;

use crate::exchanges::Servers;
use crate::kit::{PIPE_BYTES, Peer, run, timed};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn get(client: &Client, path: &str) -> minato_runtime::task::JoinHandle<Result<String, minato_http::Error>> {
    let response = client.get(format!("http://a/{path}"));
    minato_runtime::spawn(async { response.await?.into_body().text().await })
}

#[test]
fn those_who_wait_get_the_connection_in_their_order_and_those_who_left_are_passed_over() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder.pool(|pool| pool.connections_per_host = Some(1)));
        let mut waiting = Vec::new();
        for path in ["0", "1", "2", "3", "4"] {
            waiting.push(get(&client, path));
            yield_now().await;
        }
        let mut server = servers.accept().await;
        server.expect("GET /0 HTTP/1.1\r\nhost: a\r\n\r\n").await;
        waiting[1].abort();
        waiting[3].abort();
        yield_now().await;
        for path in ["2", "4"] {
            server.send(OK).await;
            server.expect(&format!("GET /{path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
        }
        server.send(OK).await;
        for (at, answer) in waiting.into_iter().enumerate() {
            assert_eq!(answer.await.is_ok(), at % 2 == 0 && at != 1, "{at}");
        }
        assert!(!servers.has_new());
    });
}

#[test]
fn a_place_that_was_granted_to_one_who_left_is_not_lost() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder.pool(|pool| pool.connections_per_host = Some(1)));
        for _ in 0..20 {
            let first = get(&client, "first");
            let mut server = servers.accept().await;
            server.head_of_request().await;
            let (second, third) = (get(&client, "second"), get(&client, "third"));
            yield_now().await;
            // The connection dies, so that the permit alone goes on; and who gets it is gone by the time it runs.
            drop(server);
            assert!(first.await.unwrap().is_err());
            second.abort();
            let mut server = servers.accept().await;
            let head = server.head_of_request().await;
            let mut server = match head.starts_with("GET /second") {
                true => {
                    drop(server);
                    let mut server = servers.accept().await;
                    server.head_of_request().await;
                    server
                }
                false => server,
            };
            server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await;
            assert_eq!(third.await.unwrap().unwrap(), "ok");
        }
    });
}

#[test]
fn a_queue_that_nobody_serves_does_not_grow_by_those_who_gave_up() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| {
            builder
                .timeouts(|timeouts| {
                    timeouts.pool_wait = Some(Duration::from_secs(1));
                    timeouts.head = None;
                })
                .pool(|pool| pool.connections_per_host = Some(1))
        });
        let _first = get(&client, "first");
        let _server = servers.accept().await;
        for _ in 0..1000 {
            let (answer, took) = timed(get(&client, "x")).await;
            assert_eq!(answer.unwrap().unwrap_err().timeout(), Some(Timeout::PoolWait));
            assert_eq!(took.as_secs(), 1);
        }
        let told = format!("{client:?}");
        let waiting = told.split("waiting: ").nth(1).unwrap().split([' ', ',']).next().unwrap();
        assert!(waiting.parse::<usize>().unwrap() < 10, "{told}");
    });
}

#[test]
fn a_connection_takes_no_requests_after_its_age() {
    run(async {
        let servers = Servers::default();
        let age = Duration::from_secs(30);
        let client = servers.client(|builder| builder.pool(|pool| pool.max_age = Some(age)));
        let answer = get(&client, "x");
        let mut server = servers.accept().await;
        for _ in 0..2 {
            server.head_of_request().await;
            server.send(OK).await;
            sleep(Duration::from_secs(10)).await;
            drop(get(&client, "x"));
        }
        answer.await.unwrap().unwrap();
        server.head_of_request().await;
        // It is over its age while it serves: the response is whole, and the connection is not kept.
        sleep(Duration::from_secs(10)).await;
        server.send(OK).await;
        server.expect_end().await;
        drop(get(&client, "y"));
        let mut server = servers.accept().await;
        server.head_of_request().await;
        // One that rests is closed when its time comes.
        server.send(OK).await;
        let ((), took) = timed(server.expect_end()).await;
        assert!((29..32).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn a_shared_connection_of_age_ends_with_its_last_exchange() {
    crate::client::run(async {
        let address = crate::client::listen(|request: Request<Body>| async move {
            format!("{:?}", request.extensions().get::<minato_http::ConnInfo>().unwrap().peer.unwrap().port())
        })
        .await;
        let client = Client::builder().pool(|pool| pool.max_age = Some(Duration::ZERO)).build();
        let mut ports = std::collections::HashSet::new();
        for _ in 0..5 {
            let response = client.get(format!("http://{address}/")).version(Version::HTTP_2).await.unwrap();
            ports.insert(response.into_body().text().await.unwrap());
        }
        assert_eq!(ports.len(), 5);
    });
}

#[test]
fn a_client_that_is_gone_leaves_no_connection_open() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let answer = get(&client, "x");
        let mut server = servers.accept().await;
        server.head_of_request().await;
        server.send(OK).await;
        answer.await.unwrap().unwrap();
        drop(client);
        server.expect_end().await;

        // Nor one that is given back after that.
        let client = servers.client(|builder| builder);
        let answer = minato_runtime::spawn(client.get("http://a/"));
        let mut server = servers.accept().await;
        server.head_of_request().await;
        server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").await;
        let response = answer.await.unwrap().unwrap();
        drop(client);
        server.send("ok").await;
        assert_eq!(response.into_body().text().await.unwrap(), "ok");
        server.expect_end().await;
    });
}

/// A connection on which something is done by the test.
struct Odd {
    io: DuplexStream,
    /// Bytes that are taken before a write fails, once.
    fails_after: Option<usize>,
    on_drop: Option<Box<dyn FnOnce() + Send>>,
}

impl AsyncRead for Odd {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Odd {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.fails_after {
            None => Pin::new(&mut self.io).poll_write(cx, buf),
            Some(0) => {
                self.fails_after = None;
                Poll::Ready(Err(io::ErrorKind::Other.into()))
            }
            Some(left) => {
                let len = left.min(buf.len());
                self.fails_after = Some(left - len);
                Pin::new(&mut self.io).poll_write(cx, &buf[..len])
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl Drop for Odd {
    fn drop(&mut self) {
        if let Some(on_drop) = self.on_drop.take() {
            on_drop();
        }
    }
}

/// What follows a request that left in part would be taken for the rest of it.
#[test]
fn a_connection_that_took_a_part_of_a_request_is_not_used_again() {
    run(async {
        for body in [OK, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"] {
            let made: Arc<Mutex<Vec<Peer>>> = Arc::default();
            let connect = {
                let made = made.clone();
                move |_| {
                    let (ours, theirs) = duplex(PIPE_BYTES);
                    let fails_after = made.lock().unwrap().is_empty().then_some(60);
                    made.lock().unwrap().push(Peer::new(theirs));
                    std::future::ready(Ok::<_, io::Error>(Odd { io: ours, fails_after, on_drop: None }))
                }
            };
            let client = Client::builder().connector(connect).build();
            let request = Request::post("http://a/first").body(Body::from("x".repeat(100))).unwrap();
            let first = client.request(request);
            let first = minato_runtime::spawn(async { first.await?.into_body().text().await });
            yield_now().await;
            let mut server = made.lock().unwrap().pop().unwrap();
            made.lock().unwrap().push(Peer::new(duplex(1).0));
            server.exactly(60).await;
            server.send(body).await;
            assert!(first.await.unwrap().is_ok());
            let second = get(&client, "second");
            yield_now().await;
            assert_eq!(made.lock().unwrap().len(), 2, "the second request went behind a part of the first");
            let mut server = made.lock().unwrap().pop().unwrap();
            server.head_of_request().await;
            server.send(OK).await;
            assert_eq!(second.await.unwrap().unwrap(), "ok");
        }
    });
}

#[test]
fn a_connection_that_is_replaced_leaves_one_place_and_not_two() {
    run(async {
        let servers: Arc<Mutex<Vec<Peer>>> = Arc::default();
        let intruder: Arc<Mutex<Option<ResponseFuture>>> = Arc::default();
        let client: Arc<Mutex<Option<Client>>> = Arc::default();
        let connect = {
            let (servers, intruder, client) = (servers.clone(), intruder.clone(), client.clone());
            move |_| {
                let (ours, theirs) = duplex(PIPE_BYTES);
                let is_first = servers.lock().unwrap().is_empty();
                servers.lock().unwrap().push(Peer::new(theirs));
                let (intruder, client) = (intruder.clone(), client.clone());
                // Somebody asks for a place at the very moment at which the dead connection is put away.
                let ask = move || {
                    let Some(client) = client.lock().unwrap().clone() else { return };
                    let mut asked = client.get("http://a/intruder").send();
                    let cx = &mut Context::from_waker(Waker::noop());
                    assert!(Pin::new(&mut asked).poll(cx).is_pending());
                    *intruder.lock().unwrap() = Some(asked);
                };
                let on_drop = is_first.then(|| Box::new(ask) as Box<dyn FnOnce() + Send>);
                std::future::ready(Ok::<_, io::Error>(Odd { io: ours, fails_after: None, on_drop }))
            }
        };
        let made = Client::builder()
            .connector(connect)
            .timeouts(|timeouts| timeouts.total = Some(Duration::from_secs(60)))
            .pool(|pool| pool.connections_per_host = Some(1))
            .build();
        *client.lock().unwrap() = Some(made.clone());
        let first = get(&made, "first");
        yield_now().await;
        let mut server = std::mem::replace(&mut servers.lock().unwrap()[0], Peer::new(duplex(1).0));
        server.head_of_request().await;
        server.send(OK).await;
        first.await.unwrap().unwrap();
        drop(server);
        let second = get(&made, "second");
        yield_now().await;
        let asked = intruder.lock().unwrap().take().expect("the dead connection was put away");
        let intruder = minato_runtime::spawn(async { asked.await?.into_body().text().await });
        for _ in 0..10 {
            yield_now().await;
        }
        assert_eq!(servers.lock().unwrap().len(), 2, "two connections where there is one place");
        let mut server = servers.lock().unwrap().pop().unwrap();
        server.head_of_request().await;
        server.send(OK).await;
        assert_eq!(second.await.unwrap().unwrap(), "ok");
        server.head_of_request().await;
        server.send(OK).await;
        assert_eq!(intruder.await.unwrap().unwrap(), "ok");
        *client.lock().unwrap() = None;
    });
}
