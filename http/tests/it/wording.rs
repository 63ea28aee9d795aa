//! How a client words its requests, and what of a server's wording it takes.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Version};
use minato_http::{
    Body, ClientHttp1Config, ConnInfo, Error, HeaderCase, NameCase, ReasonPhrase, handler_fn,
    serve_connection,
};
use minato_runtime::io::duplex;

use crate::exchanges::Servers;
use crate::kit::{PIPE_BYTES, run};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// What a client with these settings sends, and what becomes of this answer.
async fn exchange(
    request: Request<Body>,
    answer: &str,
    change: impl FnOnce(&mut ClientHttp1Config),
) -> (String, Result<http::Response<Bytes>, Error>) {
    let servers = Servers::default();
    let client = servers.client(|builder| builder.http1(change));
    let response = client.request(request);
    let response = minato_runtime::spawn(async {
        let (head, body) = response.await?.into_parts();
        Ok(http::Response::from_parts(head, body.bytes(1000).await?))
    });
    let mut server = servers.accept().await;
    let head = server.head_of_request().await;
    server.send(answer).await;
    server.finish().await;
    (head, response.await.unwrap())
}

fn get() -> http::request::Builder {
    Request::get("http://a/")
}

#[test]
fn names_are_spelled_as_the_client_or_the_request_says() {
    run(async {
        let request = || {
            let request = get().header("x-one", "1").header("www-authenticate", "x").header("x-one", "2");
            request.body(Body::empty()).unwrap()
        };
        let (lower, _) = exchange(request(), OK, |_| {}).await;
        assert_eq!(lower, "GET / HTTP/1.1\r\nhost: a\r\nx-one: 1\r\nx-one: 2\r\nwww-authenticate: x\r\n\r\n");
        let (title, _) = exchange(request(), OK, |http1| http1.name_case = NameCase::Title).await;
        assert_eq!(title, "GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nX-One: 2\r\nWww-Authenticate: x\r\n\r\n");
        let mut own = request();
        let mut case = HeaderCase::new();
        for spelling in ["WWW-Authenticate", "X-ONE", "x-One", "HOST"] {
            case.append(spelling).unwrap();
        }
        own.extensions_mut().insert(case);
        let (own, _) = exchange(own, OK, |http1| http1.name_case = NameCase::Title).await;
        assert_eq!(own, "GET / HTTP/1.1\r\nHOST: a\r\nX-ONE: 1\r\nx-One: 2\r\nWWW-Authenticate: x\r\n\r\n");
    });
}

#[test]
fn the_spelling_and_the_words_of_a_response_can_be_had() {
    run(async {
        let answer = "HTTP/1.1 200 Quite All Right\r\nConTent-LENGTH: 0\r\nETag: x\r\n\r\n";
        let request = || get().body(Body::empty()).unwrap();
        let (_, response) = exchange(request(), answer, |http1| http1.preserve_case = true).await;
        let response = response.unwrap();
        let case = response.extensions().get::<HeaderCase>().unwrap();
        assert_eq!(case.get_all(&http::header::ETAG).next(), Some(&b"ETag"[..]));
        assert_eq!(case.get_all(&http::header::CONTENT_LENGTH).next(), Some(&b"ConTent-LENGTH"[..]));
        let reason = response.extensions().get::<ReasonPhrase>().unwrap();
        assert_eq!(reason.as_bytes(), b"Quite All Right");
        let (_, response) = exchange(request(), OK, |_| {}).await;
        let extensions = response.unwrap().extensions().clone();
        assert!(extensions.get::<HeaderCase>().is_none() && extensions.get::<ReasonPhrase>().is_none());
    });
}

#[test]
fn servers_that_cannot_be_mended_are_understood_where_that_is_allowed() {
    type Allow = fn(&mut ClientHttp1Config);
    let table: [(&str, &str, Allow); 4] = [
        ("HTTP/1.1 200 OK\ncontent-length: 2\n\nok", "ok", |http1| http1.lenient.bare_line_feeds = true),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n", "ok", |http1| {
            http1.lenient.chunk_size_whitespace = true;
        }),
        ("hello\r\n", "hello\r\n", |http1| http1.lenient.http09 = true),
        ("H", "", |http1| http1.lenient.http09 = true),
    ];
    run(async {
        for (answer, expected, allow) in table {
            let request = || get().body(Body::empty()).unwrap();
            assert!(exchange(request(), answer, |_| {}).await.1.is_err(), "{answer:?}");
            let (_, response) = exchange(request(), answer, allow).await;
            match expected {
                "" => assert!(response.unwrap_err().is_closed(), "{answer:?}"),
                _ => assert_eq!(response.unwrap().into_body(), expected, "{answer:?}"),
            }
        }
    });
}

/// An answer that is an HTTP/0.9 one for a client that knows those is one with a head whenever it can be.
#[test]
fn an_answer_with_a_head_is_read_as_one_by_a_client_that_needs_none() {
    run(async {
        let request = get().body(Body::empty()).unwrap();
        let (_, response) = exchange(request, OK, |http1| http1.lenient.http09 = true).await;
        let response = response.unwrap();
        assert_eq!((response.version(), response.into_body()), (Version::HTTP_11, Bytes::from("ok")));
    });
}

#[test]
fn a_length_that_the_caller_knows_is_told_and_kept_to() {
    run(async {
        for (told, sent, is_kept) in
            [("5", "hello", true), ("4", "hello", false), ("6", "hello", false), ("x", "hello", true)]
        {
            let servers = Servers::default();
            let client = servers.client(|builder| builder);
            let (mut sender, body) = Body::channel();
            let request = Request::post("http://a/").header("content-length", told).body(body).unwrap();
            let response = minato_runtime::spawn(client.request(request));
            let mut server = servers.accept().await;
            let head = server.head_of_request().await;
            let framing = if told == "x" { "transfer-encoding: chunked" } else { "content-length: " };
            assert!(head.contains(framing), "{head}");
            assert!(!head.contains("content-length: x"), "{head}");
            let _ = sender.send(Bytes::from(sent)).await;
            sender.finish();
            if is_kept {
                server.through(b"hello").await;
                server.send(OK).await;
                assert_eq!(response.await.unwrap().unwrap().status(), 200, "{told}");
            } else {
                assert!(response.await.unwrap().unwrap_err().is_user(), "{told}");
                server.rest().await;
            }
        }
    });
}

#[test]
fn what_is_said_before_the_answer_can_be_listened_to() {
    run(async {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let connect = |_| {
                let (ours, theirs) = duplex(PIPE_BYTES);
                let service = handler_fn(|request: Request<Body>| async move {
                    let early = request.extensions().get::<ConnInfo>().unwrap().informational();
                    for link in ["</a.css>", "</b.css>"] {
                        let mut headers = http::HeaderMap::new();
                        headers.insert("link", link.parse().unwrap());
                        early.send(http::StatusCode::EARLY_HINTS, headers).unwrap();
                    }
                    "done"
                });
                drop(minato_runtime::spawn(serve_connection(theirs, service, Default::default())));
                std::future::ready(Ok::<_, std::io::Error>(ours))
            };
            let client = minato_http::Client::builder().connector(connect).build();
            for _ in 0..2 {
                let heard: Arc<Mutex<Vec<String>>> = Arc::default();
                let told = heard.clone();
                let request = client.get("http://a/").version(version).on_informational(move |early| {
                    let link = early.headers()["link"].to_str().unwrap().to_owned();
                    told.lock().unwrap().push(format!("{} {link}", early.status().as_u16()));
                });
                let response = request.await.unwrap();
                assert_eq!(response.into_body().text().await.unwrap(), "done");
                assert_eq!(*heard.lock().unwrap(), ["103 </a.css>", "103 </b.css>"], "{version:?}");
            }
        }
    });
}

#[test]
fn a_listener_that_panics_takes_its_exchange_with_it_and_nothing_else() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let request = client.get("http://a/").on_informational(|_| panic!("the listener is lost"));
        let response = minato_runtime::spawn(request);
        let mut server = servers.accept().await;
        server.head_of_request().await;
        server.send("HTTP/1.1 103 Early Hints\r\n\r\n").await;
        server.send(OK).await;
        assert!(response.await.unwrap_err().is_panic());
        server.expect_end().await;
        let response = minato_runtime::spawn(client.get("http://a/"));
        let mut server = servers.accept().await;
        server.head_of_request().await;
        server.send(OK).await;
        assert_eq!(response.await.unwrap().unwrap().status(), 200);
    });
}
