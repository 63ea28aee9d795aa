//! HTTP clients, ours and theirs: GET requests, 64 at a time, to a server that costs nearly nothing.
//!
//! The server is a thread beside the client that answers without parsing, so that what is counted is the client; what
//! it costs itself, one read and one write for a request and the instructions around them, is the same for all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::Uri;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;

use crate::servers::epoll;
use crate::{Work, Workers};

/// Requests in flight.
const TASKS: usize = 64;

fn uri(address: SocketAddr) -> Uri {
    format!("http://{address}/hello").parse().expect("a URI")
}

/// Tasks that together make `operations` requests.
fn tasks<F, Fut>(operations: u64, request: F) -> impl Iterator<Item = impl Future<Output = ()> + Send>
where
    F: Fn() -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Bytes> + Send,
{
    let left = Arc::new(AtomicU64::new(operations));
    (0..TASKS).map(move |_| {
        let (left, request) = (left.clone(), request.clone());
        async move {
            let take = |left: u64| left.checked_sub(1);
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                assert_eq!(request().await, epoll::HELLO, "the response is whole");
            }
        }
    })
}

pub(crate) fn ours(_: Workers) -> Work {
    let uri = uri(epoll::http());
    let runtime = minato_runtime::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let client = minato_http::Client::new();
    let request = move || {
        let response = client.get(uri.clone());
        async move { response.await.expect("a response").into_body().bytes(1024).await.expect("a body") }
    };
    Box::new(move |operations| {
        runtime.block_on(async {
            let tasks: Vec<_> = tasks(operations, request.clone()).map(minato_runtime::spawn).collect();
            for task in tasks {
                task.await.expect("no task panics");
            }
        });
    })
}

pub(crate) fn hyper_util(_: Workers) -> Work {
    let uri = uri(epoll::http());
    let client = legacy::Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    on_tokio(move || {
        let response = client.get(uri.clone());
        async move {
            let response = response.await.expect("a response");
            response.into_body().collect().await.expect("a body").to_bytes()
        }
    })
}

pub(crate) fn reqwest(_: Workers) -> Work {
    let url: reqwest::Url = uri(epoll::http()).to_string().parse().expect("a URL");
    // It asks for a provider even where nothing is encrypted, once another crate of the workspace has turned its TLS on.
    // That one is there already is no failure.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // As ours: no proxy of the environment.
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    on_tokio(move || {
        let response = client.get(url.clone()).send();
        async move { response.await.expect("a response").bytes().await.expect("a body") }
    })
}

fn on_tokio<F, Fut>(request: F) -> Work
where
    F: Fn() -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Bytes> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    Box::new(move |operations| {
        runtime.block_on(async {
            let tasks: Vec<_> = tasks(operations, request.clone()).map(tokio::spawn).collect();
            for task in tasks {
                task.await.expect("no task panics");
            }
        });
    })
}
