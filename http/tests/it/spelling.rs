//! Names and reasons as they were written, and what is taken from clients that cannot be mended.

use http::{Request, Response, StatusCode};
use minato_http::{Body, HeaderCase, Lenient, NameCase, ReasonPhrase, ServerConfig, handler_fn};

use crate::kit::{run, serve};

fn config(change: impl FnOnce(&mut ServerConfig)) -> ServerConfig {
    let mut config = ServerConfig::default();
    config.http1.date = false;
    change(&mut config);
    config
}

/// Sends the fields and their spellings back.
async fn mirror(request: Request<Body>) -> Response<Body> {
    let (head, _) = request.into_parts();
    let mut response = Response::new(Body::from("hello"));
    *response.headers_mut() = head.headers;
    *response.extensions_mut() = head.extensions;
    response
}

#[test]
fn the_spelling_of_names_is_kept_both_ways() {
    run(async {
        let config = config(|config| config.http1.preserve_case = true);
        let (mut peer, _server) = serve(handler_fn(mirror), config);
        for _ in 0..2 {
            peer.send("GET / HTTP/1.1\r\nHOST: a\r\nX-mIxEd: 1\r\nSOAPAction: x\r\nx-MiXeD: 2\r\n\r\n").await;
            peer.expect("HTTP/1.1 200 OK\r\nHOST: a\r\nX-mIxEd: 1\r\nx-MiXeD: 2\r\nSOAPAction: x\r\n").await;
            peer.expect("content-length: 5\r\n\r\nhello").await;
        }
    });
}

#[test]
fn without_the_knob_no_spelling_is_kept() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(mirror), config(|_| {}));
        peer.send("GET / HTTP/1.1\r\nHOST: a\r\n\r\n").await;
        peer.expect("HTTP/1.1 200 OK\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello").await;
    });
}

#[test]
fn a_response_may_say_how_its_names_are_spelled_and_what_its_status_is_called() {
    run(async {
        let service = handler_fn(|_| async {
            let mut case = HeaderCase::new();
            for name in ["ETag", "Content-MD5", "Content-Length"] {
                case.append(name).unwrap();
            }
            let mut response = Response::builder().header("etag", "a").header("etag", "b").header("x-y", "c");
            let extensions = response.extensions_mut().unwrap();
            extensions.insert(case);
            extensions.insert(ReasonPhrase::new("Quite All Right").unwrap());
            response.body(Body::from("hello")).unwrap()
        });
        let config = config(|config| config.http1.name_case = NameCase::Title);
        let (mut peer, _server) = serve(service, config);
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        peer.expect(
            "HTTP/1.1 200 Quite All Right\r\nETag: a\r\nEtag: b\r\nX-Y: c\r\nContent-Length: 5\r\n\r\n",
        )
        .await;
        peer.expect("hello").await;
    });
}

#[test]
fn neither_a_spelling_nor_a_reason_can_break_a_line() {
    assert!(HeaderCase::new().append("X: y\r\nZ").is_err());
    for words in ["OK\r\nX: y", "OK\n", "\0", "\x7f"] {
        assert!(ReasonPhrase::new(words).unwrap_err().is_user(), "{words:?}");
    }
    assert_eq!(ReasonPhrase::new("").unwrap().as_bytes(), b"");
}

/// The status that a connection with these rules answers first, and the body that is sent back.
async fn ask(request: &str, change: impl FnOnce(&mut Lenient)) -> (u16, String) {
    let whole = handler_fn(|request: Request<Body>| async {
        match request.into_body().text().await {
            Ok(text) => (StatusCode::OK, text),
            Err(_) => (StatusCode::BAD_REQUEST, String::new()),
        }
    });
    let (mut peer, _server) = serve(whole, config(|config| change(&mut config.http1.lenient)));
    peer.send(request).await;
    let answer = peer.answer().await;
    (answer.status, answer.text().to_owned())
}

#[test]
fn each_breach_is_refused_unless_it_is_allowed() {
    type Allow = fn(&mut Lenient);
    const ALLOWED: &[(&str, Allow)] = &[
        ("POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello", |lenient| lenient.bare_line_feeds = true),
        ("POST / HTTP/1.1\r\nHost: a\nContent-Length: 5\r\n\nhello", |lenient| {
            lenient.bare_line_feeds = true
        }),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\t;x=y\r\n\r\n",
            |lenient| lenient.chunk_size_whitespace = true,
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 05\r\n\r\nhello", |lenient| {
            lenient.equal_content_lengths = true
        }),
        ("POST / HTTP/1.1\r\nHost: a\r\nno colon\r\nb@d: x\r\nContent-Length: 5\r\n\r\nhello", |lenient| {
            lenient.invalid_fields = true
        }),
        ("POST   /   HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", |lenient| {
            lenient.request_line_spaces = true;
        }),
    ];
    run(async {
        for (request, allow) in ALLOWED {
            assert_eq!(ask(request, |_| {}).await.0, 400, "{request:?}");
            assert_eq!(ask(request, allow).await, (200, "hello".to_owned()), "{request:?}");
        }
    });
}

#[test]
fn a_breach_that_is_allowed_opens_no_other() {
    const ALL: fn(&mut Lenient) = |lenient| {
        lenient.bare_line_feeds = true;
        lenient.chunk_size_whitespace = true;
        lenient.equal_content_lengths = true;
        lenient.invalid_fields = true;
        lenient.request_line_spaces = true;
    };
    run(async {
        for request in [
            "POST / HTTP/1.1\nHost: a\nContent-Length: 5\nContent-Length: 6\n\nhello",
            "POST / HTTP/1.1\nHost: a\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 5\r\nhello\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n",
            "GET / HTTP/1.1\rHost: a\r\n\r\n",
            "GET / HTTP/1.1\n\n",
        ] {
            assert_eq!(ask(request, ALL).await.0, 400, "{request:?}");
        }
    });
}
