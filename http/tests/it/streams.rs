//! Our client over HTTP/2, against servers made of the h2 crate.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use minato_http::{Body, Client, ClientBuilder, Error, Initiator, Reason, ResponseExt, Scope, Timeout};
use minato_runtime::io::tokio_compat::Compat;
use minato_runtime::io::{DuplexStream, duplex};
use minato_runtime::sync::oneshot;
use minato_runtime::time::sleep;

use crate::kit::{PIPE_BYTES, run, timed};

type Server = h2::server::Connection<Compat<DuplexStream>, Bytes>;
type Accepted = (Request<h2::RecvStream>, h2::server::SendResponse<Bytes>);

/// The servers' ends of the connections a client makes.
#[derive(Clone, Default)]
struct Servers {
    made: Arc<Mutex<VecDeque<DuplexStream>>>,
}

impl Servers {
    fn client(&self, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        let made = self.made.clone();
        let connect = move |_| {
            let (ours, theirs) = duplex(PIPE_BYTES);
            made.lock().unwrap().push_back(theirs);
            std::future::ready(Ok::<_, io::Error>(ours))
        };
        change(Client::builder().http2_prior_knowledge()).connector(connect).build()
    }

    /// The next connection that was made, with these settings.
    async fn accept(&self, max_streams: u32) -> Server {
        loop {
            let made = self.made.lock().unwrap().pop_front();
            if let Some(io) = made {
                let mut builder = h2::server::Builder::new();
                return builder.max_concurrent_streams(max_streams).handshake(Compat::new(io)).await.unwrap();
            }
            minato_runtime::task::yield_now().await;
        }
    }

    fn has_new(&self) -> bool {
        !self.made.lock().unwrap().is_empty()
    }
}

fn get(client: &Client) -> minato_runtime::task::JoinHandle<Result<Response<Body>, Error>> {
    minato_runtime::spawn(client.get("http://a/"))
}

/// Takes a request, and lets the connection go on by itself.
async fn accept_one(mut server: Server) -> Accepted {
    let accepted = server.accept().await.unwrap().unwrap();
    drop(minato_runtime::spawn(async move { while server.accept().await.is_some() {} }));
    accepted
}

fn ok(mut respond: h2::server::SendResponse<Bytes>) {
    respond.send_response(Response::new(()), true).unwrap();
}

#[test]
fn the_authority_takes_the_place_of_the_host_and_nothing_is_left_of_the_connection() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let request = Request::get("http://a:81/b?c").header("host", "a:81").header("connection", "x");
        let response = minato_runtime::spawn(client.request(request.body(Body::empty()).unwrap()));
        let (request, respond) = accept_one(servers.accept(10).await).await;
        assert_eq!(request.uri(), "http://a:81/b?c");
        assert!(request.headers().is_empty(), "{:?}", request.headers());
        ok(respond);
        assert_eq!(response.await.unwrap().unwrap().status(), 200);
    });
}

/// A server that passes a request on over HTTP/1 goes by the length that is told.
#[test]
fn a_length_that_the_body_contradicts_is_not_told() {
    run(async {
        for (body, expected) in [(Body::from("hello"), "5"), (Body::empty(), "0")] {
            let servers = Servers::default();
            let client = servers.client(|builder| builder);
            let request = Request::post("http://a/").header("content-length", "99").body(body).unwrap();
            let response = minato_runtime::spawn(client.request(request));
            let (request, respond) = accept_one(servers.accept(10).await).await;
            assert_eq!(request.headers()["content-length"], expected);
            ok(respond);
            assert_eq!(response.await.unwrap().unwrap().status(), 200);
        }
    });
}

#[test]
fn a_response_that_is_given_up_is_cancelled() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let given_up = get(&client);
        let (_request, mut respond) = accept_one(servers.accept(10).await).await;
        given_up.abort();
        let reason = std::future::poll_fn(|cx| respond.poll_reset(cx)).await.unwrap();
        assert_eq!(reason, h2::Reason::CANCEL);
    });
}

#[test]
fn an_upload_is_cancelled_with_its_response_and_never_ended() {
    run(async {
        for give_up_body in [false, true] {
            let servers = Servers::default();
            let client = servers.client(|builder| builder);
            let (mut sender, body) = Body::channel();
            let request = Request::post("http://a/").body(body).unwrap();
            let response = minato_runtime::spawn(client.request(request));
            let (request, mut respond) = accept_one(servers.accept(10).await).await;
            sender.send("some").await.unwrap();
            let mut upload = request.into_body();
            assert_eq!(upload.data().await.unwrap().unwrap(), "some");
            if give_up_body {
                let _stream = respond.send_response(Response::new(()), false).unwrap();
                drop(response.await.unwrap().unwrap());
            } else {
                response.abort();
            }
            let error = upload.data().await.unwrap().unwrap_err();
            assert_eq!(error.reason(), Some(h2::Reason::CANCEL));
            sender.closed().await;
        }
    });
}

#[test]
fn an_upload_that_fails_is_reset_with_its_code() {
    run(async {
        for (error, expected) in [
            (Some(Error::reset(Reason::CANCEL)), h2::Reason::CANCEL),
            (Some(Error::reset(Reason::ENHANCE_YOUR_CALM)), h2::Reason::ENHANCE_YOUR_CALM),
            (None, h2::Reason::CANCEL),
        ] {
            let servers = Servers::default();
            let client = servers.client(|builder| builder);
            let (mut sender, body) = Body::channel();
            let request = Request::post("http://a/").body(body).unwrap();
            let response = minato_runtime::spawn(client.request(request));
            let (request, _respond) = accept_one(servers.accept(10).await).await;
            sender.send("some").await.unwrap();
            let mut upload = request.into_body();
            assert_eq!(upload.data().await.unwrap().unwrap(), "some");
            match error {
                Some(error) => sender.abort(error),
                None => drop(sender),
            }
            let error = upload.data().await.unwrap().unwrap_err();
            assert_eq!(error.reason(), Some(expected));
            assert!(response.await.unwrap().is_err());
        }
    });
}

#[test]
fn a_reset_says_who_and_why() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let response = get(&client);
        let (_request, mut respond) = accept_one(servers.accept(10).await).await;
        respond.send_reset(h2::Reason::INTERNAL_ERROR);
        let error = response.await.unwrap().unwrap_err();
        let reset = error.h2_reason().unwrap();
        assert_eq!(
            (reset.reason, reset.initiator, reset.scope),
            (Reason::INTERNAL_ERROR, Initiator::Remote, Scope::Stream)
        );
        assert!(!error.is_retry_safe() && !error.is_goaway());
    });
}

#[test]
fn a_refused_stream_is_tried_again() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let response = get(&client);
        let mut server = servers.accept(10).await;
        let (_request, mut respond) = server.accept().await.unwrap().unwrap();
        respond.send_reset(h2::Reason::REFUSED_STREAM);
        let (_request, respond) = accept_one(server).await;
        ok(respond);
        assert_eq!(response.await.unwrap().unwrap().status(), 200);
    });
}

#[test]
fn a_server_that_goes_away_is_left_for_a_new_connection() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let first = get(&client);
        let mut server = servers.accept(10).await;
        let (_request, respond) = server.accept().await.unwrap().unwrap();
        server.graceful_shutdown();
        ok(respond);
        while let Some(Ok(_)) = server.accept().await {}
        first.await.unwrap().unwrap();
        let second = get(&client);
        let (_request, respond) = accept_one(servers.accept(10).await).await;
        ok(respond);
        assert_eq!(second.await.unwrap().unwrap().status(), 200);
    });
}

#[test]
fn a_connection_that_is_lost_fails_its_exchanges_and_no_later_ones() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let lost = get(&client);
        let mut server = servers.accept(10).await;
        let accepted = server.accept().await.unwrap().unwrap();
        drop((accepted, server));
        let error = lost.await.unwrap().unwrap_err();
        assert!(error.is_closed() && !error.is_retry_safe(), "{error:?}");
        let later = get(&client);
        let (_request, respond) = accept_one(servers.accept(10).await).await;
        ok(respond);
        assert_eq!(later.await.unwrap().unwrap().status(), 200);
    });
}

#[test]
fn requests_made_while_connecting_share_the_connection() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let responses: Vec<_> = (0..10).map(|_| get(&client)).collect();
        let mut server = servers.accept(100).await;
        drop(minato_runtime::spawn(async move {
            while let Some(accepted) = server.accept().await {
                ok(accepted.unwrap().1);
            }
        }));
        for response in responses {
            response.await.unwrap().unwrap();
        }
        assert!(!servers.has_new());
    });
}

#[test]
fn a_second_connection_is_made_when_allowed_and_streams_run_out() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder.pool(|pool| pool.http2_connections_per_host = 2));
        let first = get(&client);
        let mut one = servers.accept(1).await;
        let (_request, held) = one.accept().await.unwrap().unwrap();
        let one = minato_runtime::spawn(async move { while one.accept().await.is_some() {} });
        // The settings of the server have been seen by now.
        sleep(Duration::from_secs(1)).await;
        let second = get(&client);
        let (_request, respond) = accept_one(servers.accept(1).await).await;
        ok(respond);
        second.await.unwrap().unwrap();
        ok(held);
        first.await.unwrap().unwrap();
        drop(one);
    });
}

#[test]
fn a_request_waits_for_a_stream_only_so_long() {
    run(async {
        let servers = Servers::default();
        let five = Some(Duration::from_secs(5));
        let client = servers.client(|builder| builder.timeouts(|timeouts| timeouts.head = five));
        let first = get(&client);
        let (_request, mut respond) = accept_one(servers.accept(1).await).await;
        let _open = respond.send_response(Response::new(()), false).unwrap();
        let _body = first.await.unwrap().unwrap();
        let (second, took) = timed(get(&client)).await;
        assert_eq!(second.unwrap().unwrap_err().timeout(), Some(Timeout::Head));
        assert!((5..6).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn an_unused_connection_is_closed_after_its_time() {
    run(async {
        let servers = Servers::default();
        let client =
            servers.client(|builder| builder.pool(|pool| pool.idle_timeout = Duration::from_secs(20)));
        let response = get(&client);
        let mut server = servers.accept(10).await;
        let (_request, respond) = server.accept().await.unwrap().unwrap();
        ok(respond);
        let (closed, took) = timed(server.accept()).await;
        assert!(closed.is_none_or(|closed| closed.is_err()));
        assert!((20..22).contains(&took.as_secs()), "{took:?}");
        response.await.unwrap().unwrap();
    });
}

#[test]
fn a_server_that_stops_answering_is_given_up() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| {
            builder.http2(|http2| {
                http2.keep_alive_interval = Some(Duration::from_secs(20));
                http2.keep_alive_timeout = Duration::from_secs(5);
            })
        });
        let response = get(&client);
        let mut server = servers.accept(10).await;
        let _accepted = server.accept().await.unwrap().unwrap();
        let (failed, took) = timed(response).await;
        assert!(failed.unwrap().is_err());
        assert!((25..28).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn a_body_that_does_not_end_in_time_fails() {
    run(async {
        let servers = Servers::default();
        let five = Some(Duration::from_secs(5));
        let client = servers.client(|builder| builder.timeouts(|timeouts| timeouts.total = five));
        let response = get(&client);
        let (_request, mut respond) = accept_one(servers.accept(10).await).await;
        let (told, is_told) = oneshot::channel::<h2::Reason>();
        let mut stream = respond.send_response(Response::new(()), false).unwrap();
        drop(minato_runtime::spawn(async move {
            let _ = told.send(std::future::poll_fn(|cx| stream.poll_reset(cx)).await.unwrap());
        }));
        let body = response.await.unwrap().unwrap().into_body();
        let error = body.text().await.unwrap_err();
        assert_eq!(error.timeout(), Some(Timeout::Total));
        assert_eq!(is_told.await.unwrap(), h2::Reason::CANCEL);
    });
}

/// Gives one piece, and then panics.
struct Torn(bool);

impl http_body::Body for Torn {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        assert!(!self.0, "on purpose");
        self.0 = true;
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    }
}

#[test]
fn an_upload_that_panics_ends_its_stream_and_no_other() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let first = get(&client);
        let mut server = servers.accept(10).await;
        let (_request, respond) = server.accept().await.unwrap().unwrap();
        let torn = Request::post("http://a/").body(Body::wrap(Torn(false))).unwrap();
        let torn = minato_runtime::spawn(client.request(torn));
        let (mut request, _respond) = accept_one(server).await;
        let failed = request.body_mut().data().await.unwrap().unwrap_err();
        assert_eq!(failed.reason(), Some(h2::Reason::CANCEL));
        assert!(torn.await.unwrap().is_err());
        ok(respond);
        assert_eq!(first.await.unwrap().unwrap().status(), 200);
    });
}

/// Each side has more to say than the pipe holds, and neither may wait with reading until it has said it.
#[test]
fn two_sides_that_send_each_other_much_do_not_wait_for_each_other() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| {
            builder.http2(|http2| {
                http2.stream_window = 8 << 20;
                http2.connection_window = 16 << 20;
            })
        });
        let body = Bytes::from(vec![7; 4 << 20]);
        let request = Request::post("http://a/").body(Body::from(body.clone())).unwrap();
        let asking = client.clone();
        let answer =
            minato_runtime::spawn(async move { asking.request(request).await?.bytes(8 << 20).await });
        let io = loop {
            let made = servers.made.lock().unwrap().pop_front();
            if let Some(io) = made {
                break io;
            }
            minato_runtime::task::yield_now().await;
        };
        let mut config = minato_http::ServerConfig::default();
        config.http2.stream_window = 8 << 20;
        config.http2.connection_window = 16 << 20;
        config.limits.body_bytes = None;
        let (tell, told) = oneshot::channel();
        let tell = Arc::new(Mutex::new(Some(tell)));
        let service = minato_http::handler_fn(move |request: Request<Body>| {
            let tell = tell.lock().unwrap().take().unwrap();
            drop(minato_runtime::spawn(async move {
                let _ = tell.send(request.into_body().bytes(8 << 20).await.unwrap().len());
            }));
            async { vec![7; 4 << 20] }
        });
        drop(minato_runtime::spawn(minato_http::serve_connection(io, service, config)));
        let (answer, took) = timed(answer).await;
        assert!(answer.unwrap().unwrap() == body);
        assert_eq!(told.await.unwrap(), body.len());
        assert!(took < Duration::from_secs(1), "{took:?}");
    });
}
