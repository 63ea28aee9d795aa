//! Requests that go through proxies.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use minato_http::{Body, Client, ClientBuilder, Error, Proxies, Proxy};
use minato_runtime::io::duplex;
use minato_runtime::task::JoinHandle;

use crate::kit::{PIPE_BYTES, Peer, run};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// What a client connects to, and the other ends of the connections.
#[derive(Clone, Default)]
pub(crate) struct Network {
    made: Arc<Mutex<VecDeque<(String, Peer)>>>,
}

impl Network {
    pub(crate) fn client(&self, proxies: Proxies) -> Client {
        self.client_of(|builder| builder.proxies(proxies))
    }

    fn client_of(&self, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        let made = self.made.clone();
        let connect = move |uri: http::Uri| {
            let (ours, theirs) = duplex(PIPE_BYTES);
            made.lock().unwrap().push_back((uri.to_string(), Peer::new(theirs)));
            std::future::ready(Ok::<_, std::io::Error>(ours))
        };
        change(Client::builder()).connector(connect).build()
    }

    pub(crate) async fn accept(&self, uri: &str) -> Peer {
        loop {
            if let Some((to, peer)) = self.made.lock().unwrap().pop_front() {
                assert_eq!(to, uri);
                return peer;
            }
            minato_runtime::task::yield_now().await;
        }
    }
}

fn get(client: &Client, uri: &'static str) -> JoinHandle<Result<http::Response<Body>, Error>> {
    minato_runtime::spawn(client.get(uri))
}

async fn is_ok(request: JoinHandle<Result<http::Response<Body>, Error>>) -> bool {
    request.await.unwrap().unwrap().into_body().text().await.unwrap() == "ok"
}

#[test]
fn a_proxy_is_given_whole_uris_and_connections_to_it_are_kept() {
    run(async {
        let network = Network::default();
        let proxy = Proxy::new("http://user:secret@proxy:3128").unwrap();
        let client = network.client(Proxies::new().all(proxy).except("direct"));
        let first = get(&client, "http://a.example:81/b?c");
        let mut peer = network.accept("http://proxy:3128/").await;
        let mut first = Some(first);
        for _ in 0..2 {
            let request = first.take().unwrap_or_else(|| get(&client, "http://a.example:81/b?c"));
            peer.expect(
                "GET http://a.example:81/b?c HTTP/1.1\r\nhost: a.example:81\r\n\
                 proxy-authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n",
            )
            .await;
            peer.send(OK).await;
            assert!(is_ok(request).await);
        }
        let request = get(&client, "http://direct/d");
        let mut peer = network.accept("http://direct/").await;
        peer.expect("GET /d HTTP/1.1\r\nhost: direct\r\n\r\n").await;
        peer.send(OK).await;
        assert!(is_ok(request).await);
    });
}

#[test]
fn a_socks_proxy_connects_by_name_or_address_and_lets_users_in() {
    run(async {
        for (proxy, uri, login, ask) in [
            ("socks5://proxy", "http://a.example/", None, &b"\x05\x01\0\x03\x09a.example\0\x50"[..]),
            (
                "socks5://u:pw@proxy",
                "http://192.0.2.1:8080/",
                Some(&b"\x01\x01u\x02pw"[..]),
                b"\x05\x01\0\x01\xc0\0\x02\x01\x1f\x90",
            ),
        ] {
            let network = Network::default();
            let client = network.client(Proxies::new().all(Proxy::new(proxy).unwrap()));
            let request = get(&client, uri);
            let mut peer = network.accept("http://proxy:1080/").await;
            let method = if login.is_some() { 2 } else { 0 };
            assert_eq!(peer.exactly(3).await, [5, 1, method]);
            peer.send([5, method]).await;
            if let Some(login) = login {
                assert_eq!(peer.exactly(login.len()).await, login);
                peer.send([1, 0]).await;
            }
            assert_eq!(peer.exactly(ask.len()).await, ask);
            peer.send([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await;
            let head = peer.head_of_request().await;
            assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
            peer.send(OK).await;
            assert!(is_ok(request).await);
        }
    });
}

#[test]
fn a_socks_4_proxy_connects_by_address_and_with_its_extension_by_name() {
    run(async {
        for (proxy, uri, ask) in [
            ("socks4a://proxy", "http://a.example/", &b"\x04\x01\0\x50\0\0\0\x01\0a.example\0"[..]),
            ("socks4a://u@proxy", "http://192.0.2.1:8080/", b"\x04\x01\x1f\x90\xc0\0\x02\x01u\0"),
            ("socks4://u@proxy", "http://192.0.2.1/", b"\x04\x01\0\x50\xc0\0\x02\x01u\0"),
            // Here this side looks names up, and takes the first address that SOCKS 4 has room for.
            ("socks4://proxy", "http://known.example/", b"\x04\x01\0\x50\x0a\0\0\x07\0"),
        ] {
            let network = Network::default();
            let proxies = Proxies::new().all(Proxy::new(proxy).unwrap());
            let known = ["::1".parse().unwrap(), "10.0.0.7".parse().unwrap()];
            let client =
                network.client_of(|builder| builder.proxies(proxies).resolve("known.example", known));
            let request = get(&client, uri);
            let mut peer = network.accept("http://proxy:1080/").await;
            assert_eq!(peer.exactly(ask.len()).await, ask, "{proxy} {uri}");
            peer.send([0, 90, 9, 9, 9, 9, 9, 9]).await;
            let head = peer.head_of_request().await;
            assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
            peer.send(OK).await;
            assert!(is_ok(request).await);
        }
        assert!(Proxy::new("socks4://user:password@proxy").is_err());
        for (proxy, uri, answer) in [
            ("socks4a://proxy", "http://a/", &b"\0\x5b\0\0\0\0\0\0"[..]),
            ("socks4a://proxy", "http://a/", b"\0\x5d\0\0\0\0\0\0"),
            ("socks4a://proxy", "http://a/", b"\x05\x5a\0\0\0\0\0\0"),
            ("socks4a://proxy", "http://a/", b"\0\x5a"),
            ("socks4a://proxy", "http://[::1]/", b""),
            ("socks4://proxy", "http://[::1]/", b""),
        ] {
            let network = Network::default();
            let client = network.client(Proxies::new().all(Proxy::new(proxy).unwrap()));
            let request = get(&client, uri);
            let mut peer = network.accept("http://proxy:1080/").await;
            peer.send(answer).await;
            peer.finish().await;
            let error = request.await.unwrap().unwrap_err();
            assert!(error.is_connect(), "{proxy} {uri} {answer:?}: {error:?}");
        }
    });
}

#[test]
fn a_proxy_that_refuses_is_a_failure_to_connect() {
    run(async {
        for answer in [
            &b"\x05\xff"[..],
            b"\x04\0",
            b"\x05\0\x05\x02\0\x01\0\0\0\0\0\0",
            b"\x05\0\x05\0\0\x09",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
        ] {
            let network = Network::default();
            let client = network.client(Proxies::new().all(Proxy::new("socks5://proxy").unwrap()));
            let request = get(&client, "http://a/");
            let mut peer = network.accept("http://proxy:1080/").await;
            peer.send(answer).await;
            peer.finish().await;
            let error = request.await.unwrap().unwrap_err();
            assert!(error.is_connect(), "{error:?}");
        }
    });
}
