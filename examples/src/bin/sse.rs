//! Events that a browser listens to: a response that goes on (the `text/event-stream` of the HTML standard).
//!
//! ```text
//! cargo run --bin sse -- 127.0.0.1:7007
//! curl -N http://127.0.0.1:7007/
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::convert::Infallible;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use minato_examples::asked_to_end;
use minato_http::{Body, Drain, Error, Server, handler_fn};
use minato_runtime::stream::StreamExt;
use minato_runtime::stream::wrappers::IntervalStream;
use minato_runtime::time::interval;

#[minato_runtime::main]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7007".to_owned());
    let server = Server::bind(address).listen().await?;
    println!("listening on http://{}", server.local_addr()?);
    // A stream of events ends when its client goes, or when the time for draining is up.
    let drain = Drain::within(Duration::from_secs(1));
    let report = server.graceful(asked_to_end(), drain).serve(handler_fn(events)).await?;
    println!("{} finished, {} cut", report.drained, report.cut);
    Ok(())
}

/// Counts, from where the client says that it has stopped listening.
async fn events(request: Request<Body>) -> Response<Body> {
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let mut next: u64 = last.map_or(0, |last: u64| last.saturating_add(1));
    let events = IntervalStream::new(interval(Duration::from_millis(500))).map(move |_| {
        let event = format!("id: {next}\ndata: the count is {next}\n\n");
        next = next.saturating_add(1);
        Ok::<_, Infallible>(event)
    });
    let mut response = Response::new(Body::from_stream(events));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
