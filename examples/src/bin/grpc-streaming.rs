//! The four kinds of gRPC call, between a server and a client in one process, over a real connection.
//!
//! ```text
//! cargo run --bin grpc-streaming
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::time::Duration;

use minato_examples::greeter::{GreeterClient, GreeterServer, HelloRequest, Polite};
use minato_grpc::{Code, Routes};
use minato_http::{BoxError, Server};
use minato_runtime::spawn;

#[minato_runtime::main]
async fn main() -> Result<(), BoxError> {
    let server = Server::bind("127.0.0.1:0").listen().await?;
    let address = server.local_addr()?;
    let routes = Routes::new().add_service(GreeterServer::new(Polite));
    drop(spawn(server.serve(routes)));
    let client = GreeterClient::connect(&format!("http://{address}")).await?;
    let named = |name: &str| HelloRequest { name: name.to_owned(), count: 3, delay_ms: 0 };

    // One message each way, with a deadline over the whole call.
    let reply = client.say_hello(named("Umi")).timeout(Duration::from_secs(1)).await?;
    println!("unary: {}", reply.message);

    // One message there, a stream back.
    let mut replies = client.say_hello_many(named("Nami")).await?;
    while let Some(reply) = replies.next().await? {
        println!("server stream: {}", reply.message);
    }

    // A stream there, one message back. Dropping `call` before `finish` would cancel it.
    let mut call = client.say_hello_to_all().await?;
    for name in ["Kai", "Ren", "Mio"] {
        call.send(named(name)).await?;
    }
    println!("client stream: {}", call.finish().await?.message);

    // Streams both ways: what is sent and what comes back need not take turns.
    let (mut out, mut input) = client.chat().await?;
    for name in ["Aoi", "Sora"] {
        out.send(named(name)).await?;
        if let Some(reply) = input.next().await? {
            println!("both ways: {}", reply.message);
        }
    }
    out.finish();
    println!("both ways ended: {}", input.next().await?.is_none());

    // A deadline that expires ends the call on both sides.
    let slow = HelloRequest { delay_ms: 10_000, ..named("nobody") };
    match client.say_hello(slow).timeout(Duration::from_millis(50)).await {
        Err(status) if status.code() == Code::DeadlineExceeded => println!("deadline: {status}"),
        other => return Err(format!("expected an expired deadline, got {other:?}").into()),
    }
    Ok(())
}
