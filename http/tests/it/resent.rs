//! A client whose requests are sent again by middleware, bodies included.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use minato_http::{Body, Client, Server, handler_fn};
use minato_runtime::runtime::Builder;
use minato_service::retry::replay::{Replay, ReplayLayer};
use minato_service::retry::{Jitter, StandardPolicy};
use minato_service::{Backoff, ServiceBuilder, ServiceExt};

/// Unavailable twice, after it has read the whole request; then it answers with what it read.
async fn listen(calls: Arc<AtomicUsize>) -> std::net::SocketAddr {
    let handler = move |request: Request<Body>| {
        let calls = calls.clone();
        async move {
            let text = request.into_body().text().await.unwrap();
            let is_ready = calls.fetch_add(1, Ordering::Relaxed) >= 2;
            let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            Response::builder().status(status).body(Body::from(text)).unwrap()
        }
    };
    let server = Server::bind("127.0.0.1:0").listen().await.unwrap();
    let address = server.local_addr().unwrap();
    drop(minato_runtime::spawn(server.serve(handler_fn(handler))));
    address
}

/// A body of three parts whose length is not known before it is sent.
struct Parts(Vec<&'static str>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.pop().map(|part| Ok(http_body::Frame::data(Bytes::from(part)))))
    }
}

#[test]
fn a_streamed_request_is_retried_up_to_its_bound_and_passes_through_beyond_it() {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        for (bytes_max, expected) in [(64, (StatusCode::OK, 3)), (8, (StatusCode::SERVICE_UNAVAILABLE, 1))] {
            let calls = Arc::new(AtomicUsize::new(0));
            let address = listen(calls.clone()).await;
            let policy = StandardPolicy::new(
                Backoff::constant(Duration::ZERO).jitter(Jitter::None),
                |result: &Result<Response<Body>, minato_http::Error>| match result {
                    Ok(response) => response.status() == StatusCode::SERVICE_UNAVAILABLE,
                    Err(_) => true,
                },
            )
            .clone_with(Replay::new());
            let client = ServiceBuilder::new()
                .layer(ReplayLayer::new(bytes_max))
                .retry(policy)
                .map_request(|request: Request<_>| request.map(Body::wrap))
                .service(Client::new());
            let request = Request::post(format!("http://{address}/"))
                .body(Parts(vec!["three", "two ", "one "]))
                .unwrap();
            let response = client.oneshot(request).await.unwrap();
            assert_eq!((response.status(), calls.load(Ordering::Relaxed)), expected);
            assert_eq!(response.into_body().text().await.unwrap(), "one two three");
        }
    });
}
