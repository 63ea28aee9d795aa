//! Our client against our server, over real sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use minato_http::{Body, Client, ConnInfo, Json, Protocol, ResponseExt, Server, handler_fn};

pub(crate) fn run<F: Future>(test: F) -> F::Output {
    minato_runtime::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// A server on a port of its own.
pub(crate) async fn listen<F, Fut, R>(handler: F) -> SocketAddr
where
    F: FnMut(Request<Body>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: minato_http::IntoResponse + 'static,
{
    let server = Server::bind("127.0.0.1:0").listen().await.unwrap();
    let address = server.local_addr().unwrap();
    drop(minato_runtime::spawn(server.serve(handler_fn(handler))));
    address
}

/// The two ways to speak to it.
fn clients() -> [(Client, Protocol); 2] {
    [(Client::new(), Protocol::Http1), (Client::builder().http2_prior_knowledge().build(), Protocol::Http2)]
}

#[test]
fn a_get_is_answered() {
    run(async {
        let address = listen(|request: Request<Body>| async move {
            let info = request.extensions().get::<ConnInfo>().unwrap().clone();
            format!("{:?} {} {}", info.protocol, info.peer.is_some(), request.uri().path())
        })
        .await;
        for (client, protocol) in clients() {
            let response = client.get(format!("http://{address}/hello")).await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.into_body().text().await.unwrap(), format!("{protocol:?} true /hello"));
        }
    });
}

#[test]
fn connections_come_from_the_address_that_was_set() {
    run(async {
        let address = listen(|request: Request<Body>| async move {
            request.extensions().get::<ConnInfo>().unwrap().peer.unwrap().ip().to_string()
        })
        .await;
        let builder = || Client::builder().local_address([127, 0, 0, 9].into());
        let client = builder().tcp_keepalive(std::time::Duration::from_secs(60)).tcp_nodelay(false).build();
        assert_eq!(
            client.get(format!("http://{address}/")).await.unwrap().text().await.unwrap(),
            "127.0.0.9"
        );
        let refused = builder().socket(|_| Err(std::io::Error::other("not this one"))).build();
        let error = refused.get(format!("http://{address}/")).await.unwrap_err();
        assert!(error.is_connect() && error.is_retry_safe(), "{error:?}");
    });
}

#[test]
fn a_request_whose_version_is_2_is_sent_over_http2() {
    run(async {
        let address =
            listen(|request: Request<Body>| async move { format!("{:?}", request.version()) }).await;
        let client = Client::new();
        let request =
            Request::get(format!("http://{address}/")).version(Version::HTTP_2).body(Body::empty()).unwrap();
        let response = client.request(request).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_2);
        assert_eq!(response.into_body().text().await.unwrap(), "HTTP/2.0");
    });
}

#[test]
fn ten_megabytes_go_there_and_come_back() {
    run(async {
        let address =
            listen(|request: Request<Body>| async move { Response::new(request.into_body()) }).await;
        for (client, protocol) in clients() {
            let (mut sender, body) = Body::channel();
            let _upload = minato_runtime::spawn(async move {
                for i in 0..1000 {
                    sender.send(Bytes::from(vec![i as u8; 10_000])).await.unwrap();
                }
                let mut trailers = HeaderMap::new();
                trailers.insert("x-sum", "1".parse().unwrap());
                sender.finish_with_trailers(trailers);
            });
            let request =
                Request::post(format!("http://{address}/")).header("te", "trailers").body(body).unwrap();
            let mut body = client.request(request).await.unwrap().into_body();
            let (mut len, mut trailers) = (0, None);
            while let Some(frame) = body.frame().await {
                match frame.unwrap().into_data() {
                    Ok(data) => {
                        assert!(data.iter().enumerate().all(|(i, byte)| *byte == ((len + i) / 10_000) as u8));
                        len += data.len();
                    }
                    Err(frame) => trailers = frame.into_trailers().ok(),
                }
            }
            assert_eq!(len, 10_000_000, "{protocol:?}");
            assert_eq!(trailers.unwrap()["x-sum"], "1", "{protocol:?}");
        }
    });
}

#[test]
fn one_connection_serves_many_requests() {
    run(async {
        let peers = Arc::new(std::sync::Mutex::new(std::collections::HashSet::new()));
        let seen = peers.clone();
        let address = listen(move |request: Request<Body>| {
            seen.lock().unwrap().insert(request.extensions().get::<ConnInfo>().unwrap().peer);
            async { "x" }
        })
        .await;
        for (client, protocol) in clients() {
            for _ in 0..20 {
                client.get(format!("http://{address}/")).await.unwrap().into_body().text().await.unwrap();
            }
            assert_eq!(std::mem::take(&mut *peers.lock().unwrap()).len(), 1, "{protocol:?}");
        }
    });
}

#[test]
fn no_more_connections_are_made_than_allowed() {
    run(async {
        let open = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let (now, max) = (open.clone(), most.clone());
        let address = listen(move |_| {
            let (now, max) = (now.clone(), max.clone());
            async move {
                max.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                minato_runtime::task::yield_now().await;
                now.fetch_sub(1, Ordering::Relaxed);
                StatusCode::NO_CONTENT
            }
        })
        .await;
        let client = Client::builder().pool(|pool| pool.connections_per_host = Some(2)).build();
        let requests: Vec<_> =
            (0..50).map(|_| minato_runtime::spawn(client.get(format!("http://{address}/")))).collect();
        for request in requests {
            assert_eq!(request.await.unwrap().unwrap().status(), 204);
        }
        assert!(most.load(Ordering::Relaxed) <= 2);
    });
}

#[test]
fn what_cannot_be_sent_is_the_callers_fault() {
    run(async {
        let client = Client::new();
        for uri in ["/", "ftp://a/", "http://user@a/", "not a uri", "*"] {
            assert!(client.get(uri).await.unwrap_err().is_user(), "{uri}");
        }
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = client.get(format!("http://{nobody}/")).await.unwrap_err();
        assert!(error.is_connect() && error.is_retry_safe() && !error.is_timeout(), "{error:?}");
    });
}

/// Every way a body can come, many at a time, on several threads: what is lost or mixed up is seen in the echo.
#[test]
fn nothing_is_lost_between_threads() {
    let runtime =
        minato_runtime::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let address = listen(|request: Request<Body>| async move {
            let (mut sender, body) = Body::channel();
            let mut upload = request.into_body();
            drop(minato_runtime::spawn(async move {
                while let Some(data) = upload.data().await {
                    sender.send(data?).await?;
                }
                sender.finish();
                Ok::<_, minato_http::Error>(())
            }));
            body
        })
        .await;
        for (client, protocol) in clients() {
            let tasks: Vec<_> = (0..50u8)
                .map(|task| {
                    let client = client.clone();
                    minato_runtime::spawn(async move {
                        for round in 0..20usize {
                            let expected = vec![task; 1 + round * 1500];
                            let body = match round % 2 {
                                0 => Body::from(expected.clone()),
                                _ => {
                                    let (mut sender, body) = Body::channel();
                                    let parts: Vec<_> =
                                        expected.chunks(700).map(Bytes::copy_from_slice).collect();
                                    drop(minato_runtime::spawn(async move {
                                        for part in parts {
                                            sender.send(part).await?;
                                        }
                                        sender.finish();
                                        Ok::<_, minato_http::Error>(())
                                    }));
                                    body
                                }
                            };
                            let request = Request::post(format!("http://{address}/")).body(body).unwrap();
                            let response = client.request(request).await.unwrap();
                            let echoed = response.into_body().bytes(1 << 20).await.unwrap();
                            assert!(echoed == expected, "{protocol:?} {task} {round}");
                        }
                    })
                })
                .collect();
            for task in tasks {
                minato_runtime::time::timeout(std::time::Duration::from_secs(60), task)
                    .await
                    .unwrap()
                    .unwrap();
            }
        }
    });
}

#[test]
fn a_response_is_read_in_one_line_and_a_failure_told_by_its_status() {
    run(async {
        let address = listen(|request: Request<Body>| async move {
            match request.uri().path() {
                "/" => Ok(Json(["one", "two"])),
                _ => Err(StatusCode::NOT_FOUND),
            }
        })
        .await;
        let client = Client::new();
        let there = format!("http://{address}/");
        let response = client.get(&*there).await.unwrap().error_for_status().unwrap();
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.into_body().json::<Vec<String>>().await.unwrap(), ["one", "two"]);
        assert_eq!(client.get(&*there).await.unwrap().text().await.unwrap(), r#"["one","two"]"#);
        let error = client.get(format!("{there}x")).await.unwrap().error_for_status().unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
        assert!(!error.is_retry_safe() && error.to_string().contains("404"));
        assert!(Body::from("{").json::<Vec<String>>().await.is_err());
    });
}

#[test]
fn a_call_inherits_the_deadline_of_the_call_it_is_part_of() {
    use minato_service::Deadline;
    use minato_service::deadline::CarriesDeadline;
    use std::time::Duration;
    const SECOND: Duration = Duration::from_secs(1);
    let mut builder = minato_runtime::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap().block_on(async {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let address = listen(move |_: Request<Body>| {
            counted.fetch_add(1, Ordering::Relaxed);
            std::future::pending::<&str>()
        })
        .await;
        for (client, _) in clients() {
            let start = minato_runtime::time::Instant::now();
            let inherited = Deadline::after(5 * SECOND).scope(client.get(format!("http://{address}/")));
            assert!(inherited.await.unwrap_err().is_timeout());
            assert_eq!(start.elapsed().as_secs(), 5);
            // Also one that the request carries; the earlier one binds.
            let mut request = Request::get(format!("http://{address}/")).body(Body::empty()).unwrap();
            request.set_deadline(Deadline::after(2 * SECOND));
            assert!(
                Deadline::after(9 * SECOND).scope(client.request(request)).await.unwrap_err().is_timeout()
            );
            assert_eq!(start.elapsed().as_secs(), 7);
            let sent = calls.load(Ordering::Relaxed);
            let late = Deadline::after(Duration::ZERO).scope(client.get(format!("http://{address}/")));
            assert!(late.await.unwrap_err().is_timeout());
            assert_eq!(calls.load(Ordering::Relaxed), sent, "what is late already is not sent");
        }
    });
}
