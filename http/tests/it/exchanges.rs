//! Our client, against servers that follow a script: what it sends, keeps, retries and gives up.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Request;
use minato_http::{Body, Client, ClientBuilder, Error, Timeout};
use minato_runtime::io::duplex;
use minato_runtime::task::JoinHandle;

use crate::kit::{PIPE_BYTES, Peer, run, timed};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// The servers' ends of the connections a client makes.
#[derive(Clone, Default)]
pub(crate) struct Servers {
    accepted: Arc<Mutex<VecDeque<Peer>>>,
}

impl Servers {
    pub(crate) fn client(&self, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        let accepted = self.accepted.clone();
        let connect = move |_| {
            let (ours, theirs) = duplex(PIPE_BYTES);
            accepted.lock().unwrap().push_back(Peer::new(theirs));
            std::future::ready(Ok::<_, io::Error>(ours))
        };
        change(Client::builder()).connector(connect).build()
    }

    /// The next connection that was made.
    pub(crate) async fn accept(&self) -> Peer {
        loop {
            if let Some(peer) = self.accepted.lock().unwrap().pop_front() {
                return peer;
            }
            minato_runtime::task::yield_now().await;
        }
    }

    pub(crate) fn has_new(&self) -> bool {
        !self.accepted.lock().unwrap().is_empty()
    }
}

fn send(client: &Client, request: Request<Body>) -> JoinHandle<Result<String, Error>> {
    let response = client.request(request);
    minato_runtime::spawn(async { response.await?.into_body().text().await })
}

fn get(client: &Client) -> JoinHandle<Result<String, Error>> {
    send(client, Request::get("http://a/b?c").body(Body::empty()).unwrap())
}

const HEAD_OF_GET: &str = "GET /b?c HTTP/1.1\r\nhost: a\r\n\r\n";

#[test]
fn a_connection_is_kept_and_used_again() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let mut answer = get(&client);
        let mut server = servers.accept().await;
        for _ in 0..3 {
            server.expect(HEAD_OF_GET).await;
            server.send(OK).await;
            assert_eq!(answer.await.unwrap().unwrap(), "ok");
            answer = get(&client);
        }
        server.expect(HEAD_OF_GET).await;
        assert!(!servers.has_new());
    });
}

#[test]
fn a_connection_is_not_used_again_when_either_side_says_so_or_more_comes_than_was_asked_for() {
    run(async {
        for response in [
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
            "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
        ] {
            let servers = Servers::default();
            let client = servers.client(|builder| builder);
            let answer = get(&client);
            let mut server = servers.accept().await;
            server.expect(HEAD_OF_GET).await;
            server.send(response).await;
            assert_eq!(answer.await.unwrap().unwrap(), "ok");
            server.expect_end().await;
            let answer = get(&client);
            let mut server = servers.accept().await;
            server.expect(HEAD_OF_GET).await;
            server.send(OK).await;
            assert_eq!(answer.await.unwrap().unwrap(), "ok");
        }
    });
}

#[test]
fn an_idle_connection_is_closed_after_its_time() {
    run(async {
        let servers = Servers::default();
        let client =
            servers.client(|builder| builder.pool(|pool| pool.idle_timeout = Duration::from_secs(20)));
        let answer = get(&client);
        let mut server = servers.accept().await;
        server.expect(HEAD_OF_GET).await;
        server.send(OK).await;
        answer.await.unwrap().unwrap();
        let ((), took) = timed(server.expect_end()).await;
        assert!((20..22).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn a_kept_connection_that_turns_out_dead_is_replaced_for_requests_that_may_be_repeated() {
    run(async {
        for (method, is_repeated) in [("GET", true), ("PUT", true), ("POST", false)] {
            let servers = Servers::default();
            let client = servers.client(|builder| builder);
            let answer = get(&client);
            let mut server = servers.accept().await;
            server.expect(HEAD_OF_GET).await;
            server.send(OK).await;
            answer.await.unwrap().unwrap();
            let request =
                Request::builder().method(method).uri("http://a/").body(Body::from("body")).unwrap();
            let answer = send(&client, request);
            server.through(b"body").await;
            drop(server);
            if is_repeated {
                let mut server = servers.accept().await;
                server.through(b"body").await;
                server.send(OK).await;
                assert_eq!(answer.await.unwrap().unwrap(), "ok");
            } else {
                let error = answer.await.unwrap().unwrap_err();
                assert!(error.is_closed() && !error.is_retry_safe(), "{error:?}");
            }
        }
    });
}

#[test]
fn a_new_connection_that_dies_is_not_replaced() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let answer = get(&client);
        let mut server = servers.accept().await;
        server.expect(HEAD_OF_GET).await;
        drop(server);
        assert!(answer.await.unwrap().unwrap_err().is_closed());
        assert!(!servers.has_new());
    });
}

#[test]
fn bodies_are_framed_by_what_is_known_of_them() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let post = |body| Request::post("http://a/").body(body).unwrap();
        let answer = send(&client, post(Body::from("hello")));
        let mut server = servers.accept().await;
        server.expect("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello").await;
        server.send(OK).await;
        answer.await.unwrap().unwrap();
        let answer = send(&client, post(Body::empty()));
        server.expect("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n").await;
        server.send(OK).await;
        answer.await.unwrap().unwrap();
        let (mut sender, body) = Body::channel();
        let answer = send(&client, post(body));
        server.expect("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").await;
        sender.send("hello").await.unwrap();
        server.expect("5\r\nhello\r\n").await;
        sender.finish();
        server.expect("0\r\n\r\n").await;
        server.send(OK).await;
        assert_eq!(answer.await.unwrap().unwrap(), "ok");
    });
}

#[test]
fn an_upload_that_fails_ends_the_connection_and_never_looks_complete() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let (mut sender, body) = Body::channel();
        let answer = send(&client, Request::post("http://a/").body(body).unwrap());
        let mut server = servers.accept().await;
        sender.send("hello").await.unwrap();
        server.through(b"5\r\nhello\r\n").await;
        drop(sender);
        assert!(answer.await.unwrap().unwrap_err().is_canceled());
        server.expect_end().await;
    });
}

#[test]
fn a_body_is_held_back_until_the_server_wants_it_or_says_nothing_for_a_second() {
    run(async {
        let request =
            || Request::post("http://a/").header("expect", "100-continue").body(Body::from("hello")).unwrap();
        let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
        let servers = Servers::default();
        let client = servers.client(|builder| builder);

        let answer = send(&client, request());
        let mut server = servers.accept().await;
        server.expect(head).await;
        server.send("HTTP/1.1 100 Continue\r\n\r\n").await;
        server.expect("hello").await;
        server.send(OK).await;
        assert_eq!(answer.await.unwrap().unwrap(), "ok");

        let answer = send(&client, request());
        server.expect(head).await;
        let ((), took) = timed(server.expect("hello")).await;
        assert!((1000..1100).contains(&took.as_millis()), "{took:?}");
        server.send(OK).await;
        assert_eq!(answer.await.unwrap().unwrap(), "ok");

        let answer = send(&client, request());
        server.expect(head).await;
        server.send("HTTP/1.1 417 Expectation Failed\r\ncontent-length: 2\r\n\r\nno").await;
        assert_eq!(answer.await.unwrap().unwrap(), "no");
        // The body was never sent, so the connection is of no further use.
        server.expect_end().await;
    });
}

#[test]
fn an_early_answer_to_a_long_upload_is_read() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let answer = send(&client, Request::post("http://a/").body(Body::from(vec![b'x'; 1 << 20])).unwrap());
        let mut server = servers.accept().await;
        server.through(b"\r\n\r\n").await;
        server
            .send("HTTP/1.1 413 Payload Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno")
            .await;
        assert_eq!(answer.await.unwrap().unwrap(), "no");
    });
}

#[test]
fn each_clock_has_its_own_error() {
    run(async {
        let five = Some(Duration::from_secs(5));
        let servers = Servers::default();
        let client = servers.client(|builder| builder.timeouts(|timeouts| timeouts.head = five));
        let (answer, took) = timed(get(&client)).await;
        assert_eq!(answer.unwrap().unwrap_err().timeout(), Some(Timeout::Head));
        assert!((5..6).contains(&took.as_secs()), "{took:?}");

        let servers = Servers::default();
        let client = servers.client(|builder| {
            builder
                .timeouts(|timeouts| timeouts.pool_wait = five)
                .pool(|pool| pool.connections_per_host = Some(1))
        });
        let _first = get(&client);
        minato_runtime::task::yield_now().await;
        let error = get(&client).await.unwrap().unwrap_err();
        assert_eq!((error.timeout(), error.is_retry_safe()), (Some(Timeout::PoolWait), true));

        for (which, expected) in [("total", Timeout::Total), ("body", Timeout::Body)] {
            let servers = Servers::default();
            let client = servers.client(|builder| {
                builder.timeouts(|timeouts| match which {
                    "total" => timeouts.total = five,
                    _ => timeouts.body = five,
                })
            });
            let answer = get(&client);
            let mut server = servers.accept().await;
            server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no").await;
            assert_eq!(answer.await.unwrap().unwrap_err().timeout(), Some(expected));
            server.through(HEAD_OF_GET.as_bytes()).await;
            server.expect_end().await;
        }

        let never = |_| std::future::pending::<io::Result<minato_runtime::io::DuplexStream>>();
        let client = Client::builder().connector(never).timeouts(|timeouts| timeouts.connect = five).build();
        let error = get(&client).await.unwrap().unwrap_err();
        assert_eq!((error.timeout(), error.is_connect()), (Some(Timeout::Connect), true));
    });
}

#[test]
fn a_connection_whose_exchange_is_given_up_is_closed() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder.pool(|pool| pool.connections_per_host = Some(1)));
        let given_up = get(&client);
        let mut server = servers.accept().await;
        server.expect(HEAD_OF_GET).await;
        given_up.abort();
        server.expect_end().await;

        // Its place is free again, also when it is the body that is dropped.
        let response = client.get("http://a/b?c");
        let response = minato_runtime::spawn(response);
        let mut server = servers.accept().await;
        server.expect(HEAD_OF_GET).await;
        server.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok").await;
        drop(response.await.unwrap().unwrap());
        server.expect_end().await;

        // A body that has arrived whole costs nothing to leave unread.
        let response = minato_runtime::spawn(client.get("http://a/b?c"));
        let mut server = servers.accept().await;
        server.expect(HEAD_OF_GET).await;
        server.send(OK).await;
        drop(response.await.unwrap().unwrap());
        let answer = get(&client);
        server.expect(HEAD_OF_GET).await;
        server.send(OK).await;
        assert_eq!(answer.await.unwrap().unwrap(), "ok");
    });
}

#[test]
fn informational_responses_are_passed_over_but_not_for_ever() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let hint = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
        let answer = get(&client);
        let mut server = servers.accept().await;
        server.send(hint.repeat(16)).await;
        server.send(OK).await;
        assert_eq!(answer.await.unwrap().unwrap(), "ok");
        server.expect(HEAD_OF_GET).await;
        let answer = get(&client);
        server.expect(HEAD_OF_GET).await;
        server.send(hint.repeat(17)).await;
        assert!(answer.await.unwrap().unwrap_err().is_peer_fault());
    });
}

#[test]
fn responses_that_break_the_rules_are_errors() {
    run(async {
        for response in [
            "HTTP/1.1 200 OK\ncontent-length: 2\n\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/3.0 200 OK\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "nonsense\r\n\r\n",
        ] {
            let servers = Servers::default();
            let client = servers.client(|builder| builder);
            let answer = get(&client);
            let mut server = servers.accept().await;
            server.send(response).await;
            let error = answer.await.unwrap().unwrap_err();
            assert!(error.is_peer_fault(), "{response:?}: {error:?}");
        }
        for response in ["HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok", "HTTP/1.1 200 OK\r\ncontent-le"] {
            let servers = Servers::default();
            let client = servers.client(|builder| builder);
            let answer = get(&client);
            let mut server = servers.accept().await;
            server.send(response).await;
            server.through(HEAD_OF_GET.as_bytes()).await;
            drop(server);
            assert!(answer.await.unwrap().unwrap_err().is_closed(), "{response:?}");
        }
    });
}

#[test]
fn a_body_may_end_with_its_connection() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let answer = get(&client);
        let mut server = servers.accept().await;
        server.send("HTTP/1.1 200 OK\r\n\r\nall of it").await;
        server.through(HEAD_OF_GET.as_bytes()).await;
        server.finish().await;
        assert_eq!(answer.await.unwrap().unwrap(), "all of it");
    });
}

#[test]
fn no_more_idle_connections_are_kept_than_allowed() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder.pool(|pool| pool.idle_per_host = 1));
        let one = get(&client);
        let mut first = servers.accept().await;
        let other = get(&client);
        let mut second = servers.accept().await;
        first.send(OK).await;
        one.await.unwrap().unwrap();
        second.send(OK).await;
        other.await.unwrap().unwrap();
        second.expect(HEAD_OF_GET).await;
        second.expect_end().await;
        let answer = get(&client);
        first.expect(HEAD_OF_GET.repeat(2).as_str()).await;
        first.send(OK).await;
        answer.await.unwrap().unwrap();
    });
}

#[test]
fn a_request_is_sent_again_only_so_often() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        // Three kept connections, all of which will die at the next request.
        let mut ends = Vec::new();
        for _ in 0..3 {
            let answer = get(&client);
            ends.push((servers.accept().await, answer));
        }
        let mut kept = Vec::new();
        for (mut server, answer) in ends {
            server.send(OK).await;
            answer.await.unwrap().unwrap();
            server.through(HEAD_OF_GET.as_bytes()).await;
            kept.push(server);
        }
        let answer = get(&client);
        kept[2].expect(HEAD_OF_GET).await;
        drop(kept.pop());
        // The second try is over a new connection, since one dead one says enough of the others.
        let mut server = servers.accept().await;
        server.expect(HEAD_OF_GET).await;
        drop(server);
        assert!(answer.await.unwrap().unwrap_err().is_closed());
        assert!(!servers.has_new());
    });
}

#[test]
fn hosts_without_connections_are_forgotten() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        for host in 0..1000 {
            let answer = minato_runtime::spawn(client.get(format!("http://host-{host}/")));
            servers.accept().await.send("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
            answer.await.unwrap().unwrap();
        }
        let shown = format!("{client:?}");
        let hosts: usize = shown.split("hosts: ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
        assert!(hosts <= 257, "{hosts}");
    });
}

#[test]
fn patience_without_end_is_no_overflow() {
    run(async {
        for speak_http2 in [false, true] {
            let servers = Servers::default();
            let client = servers.client(|builder| {
                let builder = builder
                    .timeouts(|timeouts| {
                        timeouts.connect = Some(Duration::MAX);
                        timeouts.pool_wait = Some(Duration::MAX);
                        timeouts.head = Some(Duration::MAX);
                        timeouts.body = Some(Duration::MAX);
                        timeouts.total = Some(Duration::MAX);
                        timeouts.expect_continue = Duration::MAX;
                    })
                    .pool(|pool| pool.idle_timeout = Duration::MAX)
                    .http2(|http2| http2.keep_alive_interval = Some(Duration::MAX));
                if speak_http2 { builder.http2_prior_knowledge() } else { builder }
            });
            let request = Request::post("http://a/")
                .header("expect", "100-continue")
                .body(Body::from("hello"))
                .unwrap();
            let answer = send(&client, request);
            let mut server = servers.accept().await;
            if speak_http2 {
                server.through(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
                drop(server);
                assert!(answer.await.unwrap().is_err());
            } else {
                server.send("HTTP/1.1 100 Continue\r\n\r\n").await;
                server.through(b"hello").await;
                server.send(OK).await;
                assert_eq!(answer.await.unwrap().unwrap(), "ok");
            }
        }
    });
}
