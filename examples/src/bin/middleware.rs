//! A stack of middleware in front of a slow service.
//!
//! ```text
//! cargo run --bin middleware -- 127.0.0.1:3001
//! curl -i http://127.0.0.1:3001/            # with a request id and the time it took
//! curl -i 'http://127.0.0.1:3001/slow'      # 504: longer than 100 ms
//! ```
//!
//! The order is the order of the code: a request passes the layers from top to bottom, its response from bottom to
//! top. What fails on the way, for want of time or room, `RecoverLayer` turns into a response.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{HeaderValue, Request, Response};
use minato_examples::asked_to_end;
use minato_grpc::server::RecoverLayer;
use minato_http::{Body, BoxError, Drain, Server, handler_fn};
use minato_runtime::time::{Instant, sleep};
use minato_service::{Next, Service, ServiceBuilder};

#[minato_runtime::main]
async fn main() -> Result<(), BoxError> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3001".to_owned());
    let server = Server::bind(address).listen().await?;
    println!("listening on http://{}", server.local_addr()?);

    let ids = Arc::new(AtomicU64::new(1));
    let stack = ServiceBuilder::new()
        .from_fn(move |request, next| number(ids.clone(), request, next))
        .layer(RecoverLayer::new())
        .load_shed()
        .concurrency_limit(64)
        .timeout(Duration::from_millis(100))
        .service(handler_fn(route));

    let report = server.graceful(asked_to_end(), Drain::within(Duration::from_secs(5))).serve(stack).await?;
    println!("ended; {} connections were cut", report.cut);
    Ok(())
}

/// Middleware as an async function: numbers the request, and says how long it took.
async fn number<S>(
    ids: Arc<AtomicU64>,
    request: Request<Body>,
    next: Next<S>,
) -> Result<Response<Body>, BoxError>
where
    S: Service<Request<Body>, Response = Response<Body>, Error: Into<BoxError>>,
{
    let id = ids.fetch_add(1, Ordering::Relaxed);
    let start = Instant::now();
    let mut response = next.call(request).await.map_err(Into::into)?;
    response.headers_mut().insert("x-request-id", HeaderValue::from(id));
    let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    response.headers_mut().insert("x-took-us", HeaderValue::from(micros));
    Ok(response)
}

async fn route(request: Request<Body>) -> &'static str {
    if request.uri().path() == "/slow" {
        sleep(Duration::from_secs(2)).await;
    }
    "hello\n"
}
