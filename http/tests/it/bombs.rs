//! Servers whose answers grow while they are read, come too early, or are to be believed for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Version};
use minato_http::{Body, Client, ClientBuilder, CookieJar, Redirects, ResponseExt};
use minato_runtime::io::{AsyncWriteExt, duplex};
use minato_runtime::time::{sleep, timeout};
use tower_http::decompression::DecompressionLayer;

use crate::exchanges::Servers;
use crate::frame_kit::*;
use crate::hostile::{Script, Told, check, client, get, say, says, settings, text, told};
use crate::kit::{PIPE_BYTES, Peer, run};

/// A server that answers with this head, and goes on with this for as long as somebody takes it.
fn goes_on(head: &'static str, more: &'static str) -> impl Fn(Peer) -> Script + Send + Sync + 'static {
    move |mut peer| {
        Box::pin(async move {
            peer.head_of_request().await;
            say(&mut peer, head.as_bytes()).await;
            let more = more.repeat(4096);
            while peer.io.write_all(more.as_bytes()).await.is_ok() {}
            peer
        })
    }
}

#[test]
fn what_has_no_end_is_a_fault_long_before_memory_is() {
    run(async {
        const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        for (row, head, more) in [
            ("a field", "HTTP/1.1 200 OK\r\nx: ", "y"),
            ("fields", "HTTP/1.1 200 OK\r\n", "x: y\r\n"),
            ("a reason", "HTTP/1.1 200 ", "y"),
            ("promises", "", "HTTP/1.1 103 Early Hints\r\n\r\n"),
            ("digits of a chunk", CHUNKED, "0"),
            ("an extension", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;", "x"),
            ("extensions", CHUNKED, "1;abcdefgh=\"ijklmnopqrstuvwxyz\"\r\nx\r\n"),
            ("trailers", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", "x: y\r\n"),
            ("a trailer", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ", "y"),
        ] {
            assert_eq!(check(row, get(), |builder| builder, goes_on(head, more)).await, Told::Fault, "{row}");
        }
        for (row, head) in [
            ("a body of chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7fffffffffffffff\r\n"),
            ("a body until the end", "HTTP/1.1 200 OK\r\n\r\n"),
            ("a body of a length", "HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n"),
        ] {
            assert_eq!(check(row, get(), |builder| builder, goes_on(head, "x")).await, Told::Limit, "{row}");
        }
    });
}

/// Whatever has said something before it was asked may answer the request as well, and that must not become the answer to
/// another.
#[test]
fn an_answer_that_is_older_than_its_request_leaves_no_connection_behind() {
    run(async {
        let made = Arc::new(AtomicUsize::new(0));
        let count = made.clone();
        let connect = move |_| {
            let number = count.fetch_add(1, Ordering::SeqCst);
            async move {
                let (ours, theirs) = duplex(PIPE_BYTES);
                let mut peer = Peer::new(theirs);
                peer.send(format!("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nearly {number}")).await;
                drop(minato_runtime::spawn(async move {
                    peer.head_of_request().await;
                    sleep(Duration::from_secs(1)).await;
                    say(&mut peer, b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil").await;
                    peer.rest().await;
                }));
                Ok::<_, std::io::Error>(ours)
            }
        };
        let client = Client::builder().connector(connect).build();
        for number in 0..3 {
            assert_eq!(text(&client, get()).await.unwrap(), format!("early {number}"));
        }
        assert_eq!((made.load(Ordering::SeqCst), client.pool().status().idle()), (3, 0));
    });
}

/// 64 MB that are 64 kB on the wire, packed by the layer's other half.
fn bomb() -> Vec<u8> {
    use tower_http::compression::CompressionLayer;
    use tower_layer::Layer;
    use tower_service::Service;
    let zeros = minato_http::handler_fn(|_: Request<Body>| async { Body::from(vec![0; 64 << 20]) });
    let mut zipped = CompressionLayer::new().layer(zeros);
    let request = Request::get("/").header("accept-encoding", "gzip").body(Body::empty()).unwrap();
    minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async move {
        let response = zipped.call(request).await.unwrap();
        assert_eq!(response.headers()["content-encoding"], "gzip");
        Body::wrap(response.into_body()).bytes(1 << 20).await.unwrap().to_vec()
    })
}

#[test]
fn a_body_that_grows_when_it_is_unpacked_is_bounded_by_what_the_reader_takes() {
    let bomb = bomb();
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    run(async {
        let len = bomb.len();
        let answer = [
            format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len}\r\n\r\n")
                .into_bytes(),
            bomb,
        ];
        let unpacking = |builder: ClientBuilder| builder.layer(DecompressionLayer::new().gzip(true));
        let (packed, _) = client(says(answer.concat()), unpacking);
        let result = timeout(Duration::from_secs(60), text(&packed, get())).await.unwrap();
        assert_eq!(told(&result), Told::Limit);
        // And of what is packed wrongly the reader is told.
        let (packed, _) = client(
            says("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope"),
            |builder| builder.layer(DecompressionLayer::new().gzip(true)),
        );
        assert!(text(&packed, get()).await.is_err());
    });
}

#[test]
fn a_server_that_sets_cookies_without_end_is_still_asked_with_a_field_it_can_take() {
    run(async {
        let servers = Servers::default();
        let jar = CookieJar::new();
        let client = servers.client(|builder| builder.cookies(jar));
        let mut server = None;
        for round in 0..50 {
            let response = minato_runtime::spawn(client.get("http://a/"));
            if server.is_none() {
                server = Some(servers.accept().await);
            }
            let server: &mut Peer = server.as_mut().unwrap();
            let head = server.head_of_request().await;
            assert!(head.len() < 17 * 1024, "{} bytes in round {round}", head.len());
            let cookies: String = (0..90)
                .map(|at| format!("set-cookie: c{round}-{at}={}; max-age=99999999999\r\n", "v".repeat(300)))
                .collect();
            server.send(format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{cookies}\r\n")).await;
            assert_eq!(response.await.unwrap().unwrap().status(), 200);
        }
    });
}

#[test]
fn redirects_that_lead_round_or_down_end_and_take_no_secret_along() {
    run(async {
        for location in ["http://a/", "/x", "http://b/", "http://a:99999/", "ftp://a/"] {
            let servers = Servers::default();
            let client = servers.client(|builder| builder.redirects(Redirects::limited(3)));
            let request = client.get("http://a/").bearer_auth("secret");
            let response = minato_runtime::spawn(request.timeout(Duration::from_secs(60)));
            let mut seen = 0;
            let server = minato_runtime::spawn(async move {
                let mut server = servers.accept().await;
                loop {
                    if server.peek(1).await.is_none() {
                        server = servers.accept().await;
                        continue;
                    }
                    let head = server.head_of_request().await;
                    let is_home = head.contains("host: a\r\n");
                    assert_eq!(head.contains("secret"), is_home, "{head}");
                    seen += 1;
                    assert!(seen <= 4);
                    let close = if location == "http://b/" { "connection: close\r\n" } else { "" };
                    server
                        .send(format!(
                            "HTTP/1.1 307 X\r\n{close}location: {location}\r\ncontent-length: 0\r\n\r\n"
                        ))
                        .await;
                }
            });
            let error = response.await.unwrap().unwrap_err();
            assert!(error.is_redirect(), "{location}: {error:?}");
            server.abort();
        }
    });
}

/// What a GOAWAY grants may have been processed, whatever ends the connection after it.
#[test]
fn a_request_that_goaway_has_granted_is_not_sent_again() {
    run(async {
        for code in [0u32, 2, 11] {
            let goaway = frame(GOAWAY, 0, 0, &[1u32.to_be_bytes(), code.to_be_bytes()].concat());
            let bytes = [settings(), goaway].concat();
            let script = move |mut peer: Peer| -> Script {
                let bytes = bytes.clone();
                Box::pin(async move {
                    peer.through(PREFACE).await;
                    sleep(Duration::from_secs(1)).await;
                    say(&mut peer, &bytes).await;
                    let _ = peer.io.shutdown().await;
                    peer
                })
            };
            let request = Request::post("http://a/").version(Version::HTTP_2);
            let (client, made) = client(script, |builder| builder);
            let result =
                timeout(Duration::from_secs(3600), text(&client, request.body(Body::from("once")).unwrap()));
            let error = result.await.unwrap().unwrap_err();
            assert!(!error.is_retry_safe(), "{code}: {error:?}");
            assert_eq!(made.load(Ordering::SeqCst), 1, "{code}");
        }
    });
}

/// What a caller puts into a request cannot become another request.
#[test]
fn what_the_caller_gives_cannot_split_a_request() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        for uri in ["http://a/x\r\ny: z", "http://a/x y", "http://a\r\nx: y/", "http://a/\0", "http://a/x\n"]
        {
            assert!(client.get(uri).await.unwrap_err().is_user(), "{uri:?}");
        }
        for (name, value) in [("x", "a\r\nb: c"), ("x\r\ny", "z"), ("x", "a\nb"), ("x: y", "z"), ("x", "\0")]
        {
            let error = client.get("http://a/").header(name, value).await.unwrap_err();
            assert!(error.is_user(), "{name:?}: {value:?}");
        }
        assert!(Request::builder().method("GET / HTTP/1.1\r\nx: y").body(()).is_err());
        assert!(!servers.has_new());
        // What frames the request is the client's own.
        let request = client
            .post("http://a/")
            .header("transfer-encoding", "chunked")
            .header("content-length", "100")
            .body("hello");
        let response = minato_runtime::spawn(request);
        let mut server = servers.accept().await;
        server.expect("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello").await;
        server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        assert_eq!(response.await.unwrap().unwrap().text().await.unwrap(), "ok");
    });
}
