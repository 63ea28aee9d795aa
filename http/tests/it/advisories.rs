//! Advisories against servers of HTTP/1, by their numbers: what was sent then, and what becomes of it here.
//!
//! Those of HTTP/2 and those that are floods are in `conformance.rs` and in the program `abuse`.

use http::Request;
use minato_http::{Body, Error, ServerConfig, handler_fn};

use crate::kit::{run, serve};

/// A request that must not be served, hidden behind another.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/// Tells the path and the body.
async fn tell(request: Request<Body>) -> Result<String, Error> {
    let path = request.uri().path().to_owned();
    Ok(format!("{path} {}", request.into_body().text().await?))
}

fn post(fields: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}")
}

fn chunked(body: &str) -> String {
    post("Transfer-Encoding: chunked\r\n", body)
}

/// Sends a request with another behind it; the statuses of all answers, and what the first says.
async fn answers(request: &str) -> (Vec<u16>, String) {
    let (mut peer, _server) = serve(handler_fn(tell), ServerConfig::default());
    peer.send(request).await;
    peer.send(SMUGGLED).await;
    peer.finish().await;
    let text = String::from_utf8_lossy(&peer.rest().await).into_owned();
    let heads = text.split("HTTP/1.1 ").skip(1);
    let statuses: Vec<u16> = heads.map(|head| head[..3].parse().unwrap()).collect();
    (statuses, text)
}

#[test]
fn framing_that_was_read_in_two_ways_is_refused_and_nothing_behind_it_served() {
    const REFUSED: &[(&str, u16, &str, &str)] = &[
        (
            "CVE-2021-21299, two codings on two lines",
            501,
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
            "",
        ),
        (
            "CVE-2021-21299, one behind chunked",
            400,
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "",
        ),
        ("CVE-2021-32715, a sign", 400, "Content-Length: +5\r\n", "hello"),
        (
            "CVE-2021-32714, a size that overflows",
            400,
            "Transfer-Encoding: chunked\r\n",
            "f0000000000000003\r\nabc\r\n0\r\n\r\n",
        ),
        ("CVE-2021-38512, chunked is not last", 400, "Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"),
        ("CVE-2021-38512, a size without digits", 400, "Transfer-Encoding: chunked\r\n", "\r\n\r\n"),
        ("CVE-2020-35884, a malformed coding", 400, "Transfer-Encoding: z chunked\r\n", "0\r\n\r\n"),
        (
            "CVE-2019-15605, a control character before it",
            400,
            "Transfer-Encoding: \x0bchunked\r\n",
            "0\r\n\r\n",
        ),
        (
            "CVE-2020-8287, the same twice",
            400,
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n",
        ),
        ("CVE-2021-22959, a space before the colon", 400, "Content-Length : 5\r\n", "hello"),
        (
            "CVE-2021-22960, an extension with a line end",
            400,
            "Transfer-Encoding: chunked\r\n",
            "2;\nxx\r\n0\r\n\r\n",
        ),
        ("CVE-2022-32213, chunkedchunked", 400, "Transfer-Encoding: chunkedchunked\r\n", "0\r\n\r\n"),
        ("CVE-2022-32214, LF between fields", 400, "X: y\nContent-Length: 5\r\n", "hello"),
        ("CVE-2022-32215, a coding on a second line", 400, "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"),
        ("CVE-2022-35256, a lone LF behind a field", 400, "X: y\r\n\nContent-Length: 5\r\n", "hello"),
        ("CVE-2023-30589, CR alone", 400, "X: y\rContent-Length: 5\r\n", "hello"),
        ("CVE-2024-27982, a space before a line", 400, " Content-Length: 5\r\n", "hello"),
        ("CVE-2015-5739, a space in a name", 400, "Content Length: 5\r\n", "hello"),
        (
            "CVE-2019-16276, a space in the name of a coding",
            400,
            "Transfer-Encoding : chunked\r\n",
            "0\r\n\r\n",
        ),
        ("CVE-2022-1705, an invalid coding", 400, "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        ("CVE-2025-22871, LF behind a size", 400, "Transfer-Encoding: chunked\r\n", "5\nhello\r\n0\r\n\r\n"),
        ("CVE-2019-9900, NUL in a value", 400, "X: a\0b\r\n", ""),
        ("CVE-2023-25725, an empty name", 400, ": x\r\nContent-Length: 5\r\n", "hello"),
        ("CVE-2023-40225, an empty length", 400, "Content-Length:\r\n", ""),
        (
            "hyper #3495, a length before a coding",
            400,
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n",
        ),
        ("hyper #4123, a size with a sign", 400, "Transfer-Encoding: chunked\r\n", "-1\r\nx\r\n0\r\n\r\n"),
        (
            "RUSTSEC-2026-0181, more announced than there is",
            400,
            "Transfer-Encoding: chunked\r\n",
            "7fffffffffffffff\r\nx",
        ),
    ];
    run(async {
        for (id, status, fields, body) in REFUSED {
            let (statuses, text) = answers(&post(fields, body)).await;
            assert_eq!(statuses, [*status], "{id}: {text}");
            assert!(text.contains("connection: close"), "{id}");
        }
    });
}

#[test]
fn heads_that_were_misread_are_refused() {
    run(async {
        for (id, status, request) in [
            ("CVE-2025-23167, CR LF CR X", 400, "GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n".to_owned()),
            ("CVE-2023-45539, a fragment", 400, "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()),
            (
                "CVE-2026-2835, a coding in 1.0",
                400,
                "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            ),
            ("CVE-2021-38512, no host", 400, "GET / HTTP/1.1\r\n\r\n".to_owned()),
            ("CVE-2021-38512, two hosts", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n".to_owned()),
            (
                "CVE-2021-31525, a field of megabytes",
                431,
                format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(200_000)),
            ),
            (
                "CVE-2023-24534, fields without number",
                431,
                format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(5_000)),
            ),
        ] {
            let (statuses, text) = answers(&request).await;
            assert_eq!(statuses, [status], "{id}: {text}");
        }
    });
}

#[test]
fn what_was_misread_and_is_clear_is_taken_as_what_it_is() {
    run(async {
        for (id, request, told) in [
            (
                "CVE-2019-15606, whitespace behind a value",
                post("Content-Length: 5 \t \r\n", "hello"),
                "/ hello",
            ),
            (
                "CVE-2019-18802, whitespace before a value",
                post("Content-Length: \t 5\r\n", "hello"),
                "/ hello",
            ),
            (
                "CVE-2021-40346, a name longer than a byte counts",
                post(&format!("{}: x\r\nContent-Length: 5\r\n", "n".repeat(270)), "hello"),
                "/ hello",
            ),
            (
                "RUSTSEC-2026-0034, no body without a length in 1.0",
                "POST / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".to_owned(),
                "/ ",
            ),
            ("hyper #3494, zeros before a size", chunked("0005\r\nhello\r\n0\r\n\r\n"), "/ hello"),
        ] {
            let (statuses, text) = answers(&request).await;
            assert_eq!(statuses, [200, 200], "{id}: {text}");
            assert!(text.contains(&format!("\r\n\r\n{told}HTTP")), "{id}: {text}");
        }
    });
}

#[test]
fn hyper_1_12_close_wins_over_keep_alive_on_any_line() {
    run(async {
        for fields in ["Connection: close\r\nConnection: keep-alive\r\n", "Connection: keep-alive, close\r\n"]
        {
            assert_eq!(answers(&post(fields, "")).await.0, [200]);
        }
    });
}

#[test]
fn cve_2025_4366_and_rustsec_2020_0093_a_body_nobody_reads_is_no_request() {
    run(async {
        let deaf = handler_fn(|request: Request<Body>| async move { request.uri().path().to_owned() });
        for body in [format!("Content-Length: {}\r\n\r\n{SMUGGLED}", SMUGGLED.len()), {
            format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len())
        }] {
            let (mut peer, _server) = serve(deaf, ServerConfig::default());
            peer.send(format!("POST /a HTTP/1.1\r\nHost: a\r\n{body}GET /b HTTP/1.1\r\nHost: a\r\n\r\n"))
                .await;
            peer.finish().await;
            let text = String::from_utf8(peer.rest().await).unwrap();
            assert!(text.contains("/a") && text.contains("/b") && !text.contains("/smuggled"), "{text}");
        }
    });
}

#[test]
fn cve_2019_20372_a_request_that_is_refused_takes_its_body_along() {
    run(async {
        let mut config = ServerConfig::default();
        config.limits.body_bytes = Some(10);
        let (mut peer, _server) = serve(handler_fn(tell), config);
        peer.send(post(&format!("Content-Length: {}\r\n", SMUGGLED.len()), SMUGGLED)).await;
        peer.finish().await;
        let text = String::from_utf8(peer.rest().await).unwrap();
        assert!(text.starts_with("HTTP/1.1 413") && !text.contains("/smuggled"), "{text}");
    });
}

#[test]
fn cve_2025_64763_what_follows_a_connect_waits_for_its_answer() {
    run(async {
        // The handler declines: what was sent behind the request is neither a tunnel nor a request.
        let declines = handler_fn(|_| async { (http::StatusCode::FORBIDDEN, "no") });
        let (mut peer, _server) = serve(declines, ServerConfig::default());
        peer.send(format!("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n{SMUGGLED}")).await;
        peer.finish().await;
        let text = String::from_utf8(peer.rest().await).unwrap();
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
    });
}

#[test]
fn cve_2026_2833_what_follows_an_upgrade_that_is_declined_is_the_next_request() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(tell), ServerConfig::default());
        peer.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n").await;
        peer.send(SMUGGLED.replace("smuggled", "b")).await;
        assert_eq!(peer.answer().await.text(), "/a ");
        assert_eq!(peer.answer().await.text(), "/b ");
    });
}

#[test]
fn cve_2026_42507_errors_hold_no_bytes_of_the_peer() {
    run(async {
        let service = handler_fn(|request: Request<Body>| async {
            let error = request.into_body().text().await.unwrap_err();
            format!("{error} {error:?}")
        });
        let (mut peer, _server) = serve(service, ServerConfig::default());
        peer.send(chunked("\x1b[31mevil\r\n")).await;
        let told = peer.answer().await;
        assert!(!told.text().contains("evil") && !told.text().contains('\x1b'), "{}", told.text());
    });
}

#[test]
fn rustsec_2022_0055_a_body_has_a_limit_that_nobody_had_to_set() {
    run(async {
        let (mut peer, _server) = serve(handler_fn(tell), ServerConfig::default());
        peer.send(post("Content-Length: 40000000\r\n", "")).await;
        assert_eq!(peer.answer().await.status, 413);
    });
}
