//! HTTP/1.1, HTTP/2 and gRPC on one port, through every layer of the stack.
//!
//! ```text
//! cargo run --release -p minato-examples --bin hello [-- ADDRESS]
//! ```
//!
//! It prints the commands to try. Ctrl-c or SIGTERM end it: no connection is accepted any more, requests that have
//! begun are finished, within ten seconds.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use minato_examples::asked_to_end;
use minato_examples::greeter::{GreeterServer, Polite};
use minato_grpc::server::RecoverLayer;
use minato_grpc::{Routes, health};
use minato_http::{Body, BoxError, Drain, IntoResponse, Server, handler_fn};
use minato_runtime::time::sleep;
use minato_service::ServiceBuilder;
use minato_trace::TraceLayer;

#[minato_runtime::main]
async fn main() -> Result<(), BoxError> {
    minato_trace::init()?;
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let server = Server::bind(address).listen().await?;
    let address = server.local_addr()?;

    let (health, health_service) = health::service();
    health.set("greeter.v1.Greeter", health::ServingStatus::Serving);
    let routes = Routes::new()
        .add_service(GreeterServer::new(Polite))
        .add_service(health_service)
        .with_reflection()
        .fallback(handler_fn(route));

    let stack = ServiceBuilder::new()
        .layer(TraceLayer::new())
        .layer(RecoverLayer::new())
        .load_shed()
        .concurrency_limit(1024)
        .timeout(Duration::from_secs(30))
        .service(routes);

    println!("listening on http://{address}");
    println!();
    println!("  curl http://{address}/");
    println!("  curl --http2-prior-knowledge http://{address}/");
    println!("  nghttp -v http://{address}/");
    println!("  cargo run --release -p minato-examples --bin hello-client -- http://{address}");
    println!();
    let report = server.graceful(asked_to_end(), Drain::within(Duration::from_secs(10))).serve(stack).await?;
    println!("served; {report:?}");
    Ok(())
}

async fn route(request: Request<Body>) -> Response<Body> {
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/") => "Hello from Minato!\n".into_response(),
        // What comes in goes out again, piece by piece, without being held.
        (&Method::POST | &Method::PUT, "/echo") => Response::new(request.into_body()),
        (&Method::GET, "/slow") => {
            sleep(Duration::from_millis(500)).await;
            "slow, but done\n".into_response()
        }
        (_, "/" | "/echo" | "/slow") => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
