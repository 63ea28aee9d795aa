//! Calls the `hello` server over HTTP/1.1, HTTP/2 and gRPC.
//!
//! ```text
//! cargo run --release -p minato-examples --bin hello-client -- http://127.0.0.1:3000
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::time::Duration;

use http::{Request, Version};
use minato_examples::greeter::{GreeterClient, HelloRequest};
use minato_grpc::client::Channel;
use minato_grpc::health::{HealthCheckRequest, HealthClient};
use minato_http::{Body, BoxError, Client};

#[minato_runtime::main]
async fn main() -> Result<(), BoxError> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());

    let client = Client::default();
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let request = Request::get(format!("{server}/")).version(version).body(Body::empty())?;
        let response = client.request(request).await?;
        println!(
            "{:?} {}: {}",
            response.version(),
            response.status(),
            response.into_body().text().await?.trim_end()
        );
    }

    let channel = Channel::connect(&server).await?;
    let greeter = GreeterClient::new(channel.clone());
    let request = HelloRequest { name: "client".to_owned(), count: 2, delay_ms: 0 };
    let reply = greeter
        .say_hello(request.clone())
        .timeout(Duration::from_secs(2))
        .metadata("x-token", "42")
        .with_metadata()
        .await?;
    let echoed = reply.trailers.get("x-token-end").unwrap_or("nothing").to_owned();
    println!("gRPC unary: {} (trailer says {echoed})", reply.message.message);
    let mut replies = greeter.say_hello_many(request).await?;
    while let Some(reply) = replies.next().await? {
        println!("gRPC stream: {}", reply.message);
    }
    let health = HealthClient::new(channel)
        .check(HealthCheckRequest { service: "greeter.v1.Greeter".to_owned() })
        .await?;
    println!("gRPC health: {:?}", health.status());
    Ok(())
}
