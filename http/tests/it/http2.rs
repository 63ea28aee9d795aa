//! HTTP/2 served, with the h2 crate as the client.

use crate::kit::{PIPE_BYTES, run};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use minato_http::{Body, Error, Reason, ServerConfig, handler_fn, serve_connection};
use minato_runtime::io::duplex;
use minato_runtime::io::tokio_compat::Compat;

type Client = h2::client::SendRequest<Bytes>;

/// Serves one connection of which h2 is the client.
async fn connect<S>(service: S, config: ServerConfig) -> Client
where
    S: tower_service::Service<Request<Body>, Response = Response<Body>> + Send + 'static,
    S::Future: Send,
    S::Error: Into<minato_http::BoxError>,
{
    let (ours, theirs) = duplex(PIPE_BYTES);
    drop(minato_runtime::spawn(serve_connection(theirs, service, config)));
    let (client, connection) = h2::client::handshake(Compat::new(ours)).await.unwrap();
    drop(minato_runtime::spawn(connection));
    client
}

fn get(path: &str) -> Request<()> {
    Request::get(format!("http://a{path}")).body(()).unwrap()
}

async fn read(mut body: h2::RecvStream) -> Result<(Vec<u8>, Option<HeaderMap>), h2::Error> {
    let mut data = Vec::new();
    while let Some(part) = body.data().await {
        let part = part?;
        body.flow_control().release_capacity(part.len())?;
        data.extend_from_slice(&part);
    }
    Ok((data, body.trailers().await?))
}

#[test]
fn requests_are_answered_side_by_side() {
    run(async {
        let service = handler_fn(|request: Request<Body>| async move {
            if request.uri().path() == "/never" {
                std::future::pending::<()>().await;
            }
            request.uri().path().to_owned()
        });
        let mut client = connect(service, ServerConfig::default()).await;
        let (never, _) = client.send_request(get("/never"), true).unwrap();
        for i in 0..200 {
            let (response, _) = client.send_request(get(&format!("/{i}")), true).unwrap();
            let response = response.await.unwrap();
            assert_eq!(response.status(), 200);
            assert!(response.headers().contains_key("date"));
            assert_eq!(read(response.into_body()).await.unwrap().0, format!("/{i}").as_bytes());
        }
        drop(never);
    });
}

#[test]
fn bodies_and_trailers_go_both_ways() {
    run(async {
        let echo = handler_fn(|request: Request<Body>| async move { Response::new(request.into_body()) });
        let mut client = connect(echo, ServerConfig::default()).await;
        let (response, mut send) =
            client.send_request(Request::post("http://a/").body(()).unwrap(), false).unwrap();
        let mut expected = Vec::new();
        let _upload = minato_runtime::spawn(async move {
            for i in 0..1000u32 {
                let data = Bytes::from(vec![i as u8; 3000]);
                let mut data = data;
                while !data.is_empty() {
                    send.reserve_capacity(data.len());
                    let granted = std::future::poll_fn(|cx| send.poll_capacity(cx)).await.unwrap().unwrap();
                    send.send_data(data.split_to(granted), false).unwrap();
                }
            }
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", "1".parse().unwrap());
            send.send_trailers(trailers).unwrap();
        });
        (0..1000u32).for_each(|i| expected.extend([i as u8; 3000]));
        let (data, trailers) = read(response.await.unwrap().into_body()).await.unwrap();
        assert!(data == expected);
        assert_eq!(trailers.unwrap()["x-sum"], "1");
    });
}

#[test]
fn a_reply_with_known_trailers_comes_whole() {
    run(async {
        let service = handler_fn(|_| async {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().unwrap());
            Body::full_with_trailers("data", trailers)
        });
        let mut client = connect(service, ServerConfig::default()).await;
        let (response, _) = client.send_request(get("/"), true).unwrap();
        let (data, trailers) = read(response.await.unwrap().into_body()).await.unwrap();
        assert_eq!(data, b"data");
        assert_eq!(trailers.unwrap()["grpc-status"], "0");
    });
}

#[test]
fn a_body_that_fails_resets_its_stream_with_the_code_it_chose() {
    run(async {
        let service = handler_fn(|request: Request<Body>| async move {
            let (mut sender, body) = Body::channel();
            sender.send("data").await.unwrap();
            match request.uri().path() {
                "/abort" => sender.abort(Error::reset(Reason::ENHANCE_YOUR_CALM)),
                _ => drop(sender),
            }
            body
        });
        let mut client = connect(service, ServerConfig::default()).await;
        for (path, reason) in
            [("/abort", h2::Reason::ENHANCE_YOUR_CALM), ("/drop", h2::Reason::INTERNAL_ERROR)]
        {
            let (response, _) = client.send_request(get(path), true).unwrap();
            let error = match response.await {
                Ok(response) => read(response.into_body()).await.unwrap_err(),
                Err(error) => error,
            };
            assert_eq!(error.reason(), Some(reason), "{path}");
        }
    });
}

#[test]
fn a_panic_ends_one_stream_and_no_other() {
    run(async {
        let service = handler_fn(|request: Request<Body>| async move {
            assert_ne!(request.uri().path(), "/panic", "on purpose");
            "fine"
        });
        let mut client = connect(service, ServerConfig::default()).await;
        let (panics, _) = client.send_request(get("/panic"), true).unwrap();
        let (fine, _) = client.send_request(get("/fine"), true).unwrap();
        assert_eq!(panics.await.unwrap_err().reason(), Some(h2::Reason::INTERNAL_ERROR));
        assert_eq!(read(fine.await.unwrap().into_body()).await.unwrap().0, b"fine");
    });
}

#[test]
fn a_handler_is_dropped_when_its_stream_is_reset() {
    run(async {
        struct Told(Option<minato_runtime::sync::oneshot::Sender<()>>);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.take().unwrap().send(()).unwrap();
            }
        }
        let (dropped, is_dropped) = minato_runtime::sync::oneshot::channel();
        let mut told = Some(Told(Some(dropped)));
        let service = handler_fn(move |_| {
            let told = told.take();
            async move {
                let _told = told;
                std::future::pending::<()>().await;
            }
        });
        let mut client = connect(service, ServerConfig::default()).await;
        let (response, mut send) = client.send_request(get("/"), false).unwrap();
        send.send_reset(h2::Reason::CANCEL);
        is_dropped.await.unwrap();
        drop(response);
    });
}

#[test]
fn a_body_over_the_limit_is_answered_413() {
    run(async {
        let mut config = ServerConfig::default();
        config.limits.body_bytes = Some(10);
        let service = handler_fn(|request: Request<Body>| async move { request.into_body().text().await });
        let mut client = connect(service, config).await;
        for (length, len, status) in
            [(Some("11"), 11, 413), (None, 11, 413), (Some("10"), 10, 200), (None, 10, 200)]
        {
            let mut request = Request::post("http://a/");
            if let Some(length) = length {
                request = request.header("content-length", length);
            }
            let (response, mut send) = client.send_request(request.body(()).unwrap(), false).unwrap();
            // It may have been refused before.
            let _ = send.send_data(Bytes::from(vec![b'x'; len]), true);
            assert_eq!(response.await.unwrap().status(), status, "{length:?} {len}");
        }
    });
}

#[test]
fn a_head_request_gets_the_head_alone() {
    run(async {
        let mut client =
            connect(handler_fn(|_| async { Body::from("hello") }), ServerConfig::default()).await;
        let request = Request::head("http://a/").body(()).unwrap();
        let (response, _) = client.send_request(request, true).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.headers()["content-length"], "5");
        assert!(response.body().is_end_stream());
    });
}

/// A recipient that passes a message on over HTTP/1 goes by the length that is told.
#[test]
fn a_length_that_the_body_contradicts_is_not_told() {
    run(async {
        let service = handler_fn(|request: Request<Body>| async move {
            let (status, body) = match request.uri().path() {
                "/known" => (200, Body::from("hello")),
                "/nothing" => (200, Body::empty()),
                _ => (204, Body::empty()),
            };
            Response::builder()
                .status(status)
                .header("content-length", "99")
                .header("content-length", "98")
                .body(body)
                .unwrap()
        });
        let mut client = connect(service, ServerConfig::default()).await;
        for (path, expected) in [("/known", &["5"][..]), ("/nothing", &["0"]), ("/no-content", &[])] {
            let (response, _) = client.send_request(get(path), true).unwrap();
            let response = response.await.unwrap();
            let told: Vec<_> = response.headers().get_all("content-length").iter().collect();
            assert_eq!(told, expected, "{path}");
            let body = read(response.into_body()).await.unwrap().0;
            assert_eq!(body.len(), if path == "/known" { 5 } else { 0 });
        }
    });
}

#[test]
fn a_head_over_the_limit_is_answered_431_and_its_neighbours_go_on() {
    run(async {
        let service = handler_fn(|_| async { "hello" });
        let mut client = connect(service, ServerConfig::default()).await;
        let long = "x".repeat(10_000);
        let request = (0..4).fold(Request::get("http://a/"), |request, _| request.header("x", &long));
        let response = client.send_request(request.body(()).unwrap(), true).unwrap().0.await.unwrap();
        assert_eq!(response.status(), 431);
        let response = client.send_request(get("/"), true).unwrap().0.await.unwrap();
        assert_eq!(response.status(), 200);
    });
}
