//! Requests put together, layers around the client, and what an exchange took.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Version};
use http_body::Body as _;
use minato_http::multipart::{Form, Part};
use minato_http::{Body, Client, Metrics, Protocol, ResponseExt, Timeout};
use minato_service::{Deadline, from_fn};

use crate::client::{listen, run as run_for_real};
use crate::exchanges::Servers;
use crate::kit::{run, timed};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn a_request_is_put_together_and_sent_by_awaiting_it() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let mut more = HeaderMap::new();
        more.append("x-more", "1".parse().unwrap());
        more.append("x-more", "2".parse().unwrap());
        let request = client
            .put("http://a/b?c=d")
            .header("x-one", "1")
            .header("x-more", "gone")
            .headers(more)
            .basic_auth("me", Some("secret"))
            .query(&[("e", "f g")])
            .body("text");
        let answer = minato_runtime::spawn(request);
        let mut server = servers.accept().await;
        server
            .expect(
                "PUT /b?c=d&e=f+g HTTP/1.1\r\nhost: a\r\nx-one: 1\r\nx-more: 1\r\nx-more: 2\r\n\
                 authorization: Basic bWU6c2VjcmV0\r\ncontent-length: 4\r\n\r\ntext",
            )
            .await;
        server.send(OK).await;
        assert_eq!(answer.await.unwrap().unwrap().text().await.unwrap(), "ok");

        let answer =
            minato_runtime::spawn(client.post("http://a/").form(&[("a", "b&c"), ("d", "\u{e9}")]).send());
        server
            .expect(
                "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                 content-length: 16\r\n\r\na=b%26c&d=%C3%A9",
            )
            .await;
        server.send(OK).await;
        answer.await.unwrap().unwrap().text().await.unwrap();

        let answer = minato_runtime::spawn(client.patch("http://a/").json(&["x"]).bearer_auth("t").send());
        server
            .expect(
                "PATCH / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nauthorization: Bearer t\r\n\
                 content-length: 5\r\n\r\n[\"x\"]",
            )
            .await;
        server.send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n[1]").await;
        assert_eq!(answer.await.unwrap().unwrap().json::<Vec<u8>>().await.unwrap(), [1]);
        assert!(!servers.has_new());
    });
}

#[test]
fn what_cannot_be_put_together_is_told_when_it_is_awaited() {
    run(async {
        let client = Client::new();
        assert!(client.get("http://a b/").await.unwrap_err().is_user());
        assert!(client.get("http://a/").header("x y", "1").await.unwrap_err().is_user());
        assert!(client.get("http://a/").header("x", "1\r\n").await.unwrap_err().is_user());
        assert!(client.get("http://a/").bearer_auth("x\n").await.unwrap_err().is_user());
        assert!(client.get("http://a/").query(&[[[1]]]).await.unwrap_err().is_user());
        assert!(client.get("http://a/").build().is_ok());
        let form = Form::new().part("x", Part::text("y").content_type("a\r\nb: c"));
        assert!(client.post("http://a/").multipart(form).await.unwrap_err().is_user());
    });
}

#[test]
fn a_form_of_parts_is_framed_by_its_boundary_and_announces_its_length() {
    run(async {
        let form = Form::new()
            .text("a\"\r\n", "1")
            .part("file", Part::bytes(&b"\0\xff"[..]).file_name("\u{e9}.bin").content_type("x/y"));
        let boundary = form.boundary().to_owned();
        assert_eq!(form.content_type(), format!("multipart/form-data; boundary={boundary}"));
        let body = form.into_body().unwrap();
        let expected = [
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"a%22%0D%0A\"\r\n\r\n1\r\n")
                .into_bytes(),
            format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"\u{e9}.bin\"\r\n\
                 content-type: x/y\r\n\r\n"
            )
            .into_bytes(),
            b"\0\xff\r\n".to_vec(),
            format!("--{boundary}--\r\n").into_bytes(),
        ]
        .concat();
        assert_eq!(body.size_hint().exact(), Some(expected.len() as u64));
        assert_eq!(body.bytes(10_000).await.unwrap(), expected);
        assert_eq!(Form::new().into_body().unwrap().size_hint().exact(), Some(38));

        // A part that comes as it is made: its length is announced if it is known.
        let stream = |parts: &'static [&'static str]| {
            let (mut sender, body) = Body::channel();
            drop(minato_runtime::spawn(async move {
                for part in parts {
                    sender.send(*part).await?;
                }
                sender.finish();
                Ok::<_, minato_http::Error>(())
            }));
            body
        };
        let known =
            Form::new().part("s", Part::body_with_length(stream(&["ab", "c"]), 3)).into_body().unwrap();
        let length = known.size_hint().exact().unwrap();
        assert_eq!(known.bytes(1000).await.unwrap().len() as u64, length);
        let unknown = Form::new().part("s", Part::body(stream(&["ab", "c"]))).into_body().unwrap();
        assert_eq!(unknown.size_hint().exact(), None);
        assert_eq!(unknown.bytes(1000).await.unwrap().len() as u64, length);
        for wrong in [2, 4] {
            let body = Form::new()
                .part("s", Part::body_with_length(stream(&["ab", "c"]), wrong))
                .into_body()
                .unwrap();
            assert!(body.bytes(1000).await.unwrap_err().is_user());
        }
    });
}

#[test]
fn a_form_arrives_as_it_was_made() {
    run_for_real(async {
        let address = listen(|request: Request<Body>| async move {
            let kind = request.headers()["content-type"].to_str().unwrap().to_owned();
            format!("{kind}\n{}", request.into_body().text().await.unwrap())
        })
        .await;
        let (mut sender, body) = Body::channel();
        drop(minato_runtime::spawn(async move {
            minato_runtime::task::yield_now().await;
            sender.start_send("streamed");
            sender.finish();
        }));
        let form = Form::new().text("a", "b").part("c", Part::body(body));
        let boundary = form.boundary().to_owned();
        let text = Client::new()
            .post(format!("http://{address}/"))
            .multipart(form)
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let dash = format!("--{boundary}");
        assert_eq!(
            text,
            format!(
                "multipart/form-data; boundary={boundary}\n{dash}\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n\
                 b\r\n{dash}\r\ncontent-disposition: form-data; name=\"c\"\r\n\r\nstreamed\r\n{dash}--\r\n"
            )
        );
    });
}

#[test]
fn a_deadline_of_the_request_or_of_the_call_it_is_made_in_binds() {
    run(async {
        let servers = Servers::default();
        let five = Duration::from_secs(5);
        let client = servers.client(|builder| builder);
        let request = client.get("http://a/").timeout(five);
        let (answer, took) = timed(request).await;
        assert_eq!((answer.unwrap_err().timeout(), took.as_secs()), (Some(Timeout::Total), 5));
        let request = client.get("http://a/").extension(Deadline::after(five));
        let (answer, took) = timed(request).await;
        assert_eq!((answer.unwrap_err().timeout(), took.as_secs()), (Some(Timeout::Total), 5));
        let (answer, took) =
            timed(Deadline::after(five).scope(client.get("http://a/").timeout(2 * five))).await;
        assert_eq!((answer.unwrap_err().timeout(), took.as_secs()), (Some(Timeout::Total), 5));
        // With layers in between, and while the body is read.
        let client =
            servers.client(|builder| builder.timeouts(|t| t.total = Some(five)).cookies(Default::default()));
        while servers.has_new() {
            drop(servers.accept().await);
        }
        let answer = minato_runtime::spawn(client.get("http://a/"));
        let mut server = servers.accept().await;
        server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no").await;
        let (text, took) = timed(answer.await.unwrap().unwrap().text()).await;
        assert_eq!((text.unwrap_err().timeout(), took.as_secs()), (Some(Timeout::Total), 5));
        server.head_of_request().await;
        server.expect_end().await;
    });
}

#[test]
fn layers_are_put_around_the_client_in_their_order() {
    run(async {
        let servers = Servers::default();
        let mark = |name: &'static str| {
            from_fn(
                move |mut request: Request<Body>, next: minato_service::Next<minato_http::ClientService>| async move {
                    request.headers_mut().append("x-layer", name.parse().unwrap());
                    next.call(request).await
                },
            )
        };
        let client = servers.client(|builder| builder.layer(mark("inner")).layer(mark("outer")));
        let answer = minato_runtime::spawn(client.get("http://a/"));
        let mut server = servers.accept().await;
        server.expect("GET / HTTP/1.1\r\nhost: a\r\nx-layer: outer\r\nx-layer: inner\r\n\r\n").await;
        server.send(OK).await;
        assert_eq!(answer.await.unwrap().unwrap().text().await.unwrap(), "ok");
    });
}

/// tower-http's layers, ours on both sides.
#[test]
fn a_compressed_response_is_read_as_it_was_written() {
    run_for_real(async {
        use tower_http::compression::CompressionLayer;
        use tower_http::decompression::DecompressionLayer;
        let text = "the same again. ".repeat(1000);
        let expected = text.clone();
        let service = minato_service::ServiceBuilder::new().layer(CompressionLayer::new()).service(
            minato_service::service_fn(move |_: Request<Body>| {
                let text = text.clone();
                async move { Ok::<_, std::convert::Infallible>(Response::new(Body::from(text))) }
            }),
        );
        let server = minato_http::Server::bind("127.0.0.1:0").listen().await.unwrap();
        let url = format!("http://{}/", server.local_addr().unwrap());
        drop(minato_runtime::spawn(server.serve(service)));
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let client = Client::builder().metrics().layer(DecompressionLayer::new()).build();
            let response = client.get(&*url).version(version).await.unwrap();
            let metrics = response.extensions().get::<Metrics>().unwrap().clone();
            assert_eq!(response.text().await.unwrap(), expected);
            assert!(metrics.bytes_received() < 1000, "{metrics:?}");
            let response =
                Client::new().get(&*url).header("accept-encoding", "gzip").version(version).await.unwrap();
            assert_eq!(response.headers()["content-encoding"], "gzip");
        }
    });
}

/// A bomb is read no further than the reader's limit, and never held whole.
#[test]
fn a_decompressed_bomb_ends_at_the_limit_of_the_reader() {
    run_for_real(async {
        use tower_http::compression::CompressionLayer;
        use tower_http::decompression::DecompressionLayer;
        let zeroes = || {
            let (mut sender, body) = Body::channel();
            drop(minato_runtime::spawn(async move {
                let piece = Bytes::from(vec![0; 64 * 1024]);
                // 4 GB, unless nobody reads.
                for _ in 0..65_536 {
                    sender.send(piece.clone()).await?;
                }
                sender.finish();
                Ok::<_, minato_http::Error>(())
            }));
            body
        };
        let service = minato_service::ServiceBuilder::new().layer(CompressionLayer::new()).service(
            minato_service::service_fn(move |_: Request<Body>| async move {
                let mut response = Response::new(zeroes());
                response.headers_mut().insert("content-type", "text/plain".parse().unwrap());
                Ok::<_, std::convert::Infallible>(response)
            }),
        );
        let server = minato_http::Server::bind("127.0.0.1:0").listen().await.unwrap();
        let url = format!("http://{}/", server.local_addr().unwrap());
        drop(minato_runtime::spawn(server.serve(service)));
        let client = Client::builder().layer(DecompressionLayer::new()).build();
        let error = client.get(&*url).await.unwrap().text().await.unwrap_err();
        assert!(error.is_body_limit(), "{error:?}");
    });
}

#[test]
fn an_exchange_is_measured() {
    run_for_real(async {
        let address =
            listen(|request: Request<Body>| async move { request.into_body().text().await.unwrap() }).await;
        let client = Client::builder().metrics().build();
        for round in 0..2 {
            let url = format!("http://localhost:{}/", address.port());
            let (mut sender, body) = Body::channel();
            sender.start_send("12345");
            sender.finish();
            let response = client.post(url).body(body).await.unwrap();
            let metrics = response.extensions().get::<Metrics>().unwrap().clone();
            assert_eq!(metrics.total(), None);
            assert_eq!(response.text().await.unwrap(), "12345");
            assert_eq!((metrics.bytes_sent(), metrics.bytes_received(), metrics.attempts()), (5, 5, 1));
            assert_eq!(metrics.is_reused(), round == 1);
            assert_eq!((metrics.dns().is_some(), metrics.connect().is_some()), (round == 0, round == 0));
            assert!(metrics.tls().is_none() && metrics.wait().is_none());
            assert!(metrics.total().unwrap() >= metrics.first_byte().unwrap(), "{metrics:?}");
            let connection = metrics.connection();
            assert_eq!(
                (connection.peer.unwrap().port(), connection.protocol),
                (address.port(), Protocol::Http1)
            );
        }
        let response = client.get(format!("http://{address}/")).version(Version::HTTP_2).await.unwrap();
        let metrics = response.extensions().get::<Metrics>().unwrap().clone();
        assert_eq!(metrics.connection().protocol, Protocol::Http2);
        response.text().await.unwrap();
        assert!(metrics.total().is_some());
    });
}

#[test]
fn waiting_for_a_connection_is_measured() {
    run(async {
        let servers = Servers::default();
        let client =
            servers.client(|builder| builder.metrics().pool(|pool| pool.connections_per_host = Some(1)));
        let first = minato_runtime::spawn(client.get("http://a/"));
        let mut server = servers.accept().await;
        server.head_of_request().await;
        let second = minato_runtime::spawn(client.get("http://a/"));
        minato_runtime::time::sleep(Duration::from_secs(3)).await;
        server.send(OK).await;
        first.await.unwrap().unwrap().text().await.unwrap();
        server.head_of_request().await;
        server.send(OK).await;
        let metrics = second.await.unwrap().unwrap().extensions().get::<Metrics>().unwrap().clone();
        assert_eq!(metrics.wait().unwrap().as_secs(), 3);
        assert!(metrics.is_reused());
    });
}

#[test]
fn a_unix_socket_and_a_pinned_address_stand_in_for_the_host() {
    run_for_real(async {
        let address = listen(|request: Request<Body>| async move {
            request.headers()["host"].to_str().unwrap().to_owned()
        })
        .await;
        let client = Client::builder().resolve("Nowhere.invalid", [address.ip()]).build();
        let host = format!("nowhere.invalid:{}", address.port());
        assert_eq!(client.get(format!("http://{host}/")).await.unwrap().text().await.unwrap(), host);

        let folder = std::env::temp_dir().join(format!("minato-unix-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("socket");
        let listener = minato_net::UnixListener::bind(&path).unwrap();
        drop(minato_runtime::spawn(async move {
            let (io, _) = listener.accept().await.unwrap();
            let service = minato_http::handler_fn(|_| async { "unix" });
            minato_http::serve_connection(io, service, minato_http::ServerConfig::default()).await
        }));
        let client = Client::builder().unix_socket(&path).build();
        assert_eq!(client.get("http://any/").await.unwrap().text().await.unwrap(), "unix");
        std::fs::remove_dir_all(&folder).unwrap();
    });
}

#[test]
fn fields_of_the_client_are_sent_with_every_request_that_has_none_of_its_own() {
    crate::kit::run(async {
        use http::{HeaderMap, HeaderValue};
        let servers = crate::exchanges::Servers::default();
        let mut headers = HeaderMap::new();
        headers.append("accept", HeaderValue::from_static("a/b"));
        headers.append("accept", HeaderValue::from_static("c/d"));
        let mut secret = HeaderValue::from_static("secret");
        secret.set_sensitive(true);
        headers.insert("x-key", secret);
        let client = servers.client(|builder| {
            let agent = HeaderValue::from_static("harbour/1.0");
            builder.default_headers(headers).user_agent(agent).redirects(minato_http::Redirects::limited(1))
        });
        let response = minato_runtime::spawn(client.get("http://a/").header("accept", "own").send());
        let mut server = servers.accept().await;
        server
            .expect("GET / HTTP/1.1\r\nhost: a\r\naccept: own\r\nx-key: secret\r\nuser-agent: harbour/1.0\r\n\r\n")
            .await;
        server.send("HTTP/1.1 302 Found\r\nlocation: http://b/\r\ncontent-length: 0\r\n\r\n").await;
        // A secret does not go elsewhere, and is not added there anew.
        let mut server = servers.accept().await;
        server.expect("GET / HTTP/1.1\r\nhost: b\r\naccept: own\r\nuser-agent: harbour/1.0\r\n\r\n").await;
        server.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n").await;
        let mut response = response.await.unwrap().unwrap();
        assert_eq!(response.content_length(), Some(4));
        server.send("text").await;
        assert_eq!(response.chunk().await.unwrap().unwrap(), "text");
        assert_eq!(response.chunk().await.unwrap(), None);
        let response = minato_runtime::spawn(client.get("http://c/").send());
        let mut server = servers.accept().await;
        let head = server.head_of_request().await;
        assert!(head.contains("accept: a/b\r\naccept: c/d\r\n"), "{head}");
        drop(server);
        assert!(response.await.unwrap().is_err());
    });
}
