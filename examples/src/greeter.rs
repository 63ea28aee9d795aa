//! The greeter: generated from `proto/greeter.proto`, and implemented.

use std::time::Duration;

use minato_grpc::{Code, Cx, Inbound, Outbound, Result, Status};
use minato_runtime::time::sleep;

/// What `minato-grpc-build` made of `proto/greeter.proto`.
#[allow(missing_docs, reason = "the description documents it")]
pub mod v1 {
    minato_grpc::include_proto!("greeter.v1");
}

pub use v1::{Greeter, GreeterClient, GreeterServer, HelloReply, HelloRequest};

/// Greets politely.
#[derive(Clone, Copy, Debug, Default)]
pub struct Polite;

async fn greet(request: &HelloRequest) -> Result<HelloReply> {
    if request.delay_ms > 0 {
        sleep(Duration::from_millis(request.delay_ms.into())).await;
    }
    match request.name.strip_prefix("error:") {
        Some(reason) => Err(Status::new(Code::FailedPrecondition, reason.to_owned())),
        None => Ok(HelloReply { message: format!("Hello, {}!", request.name) }),
    }
}

impl Greeter for Polite {
    async fn say_hello(&self, cx: &mut Cx<'_>, request: HelloRequest) -> Result<HelloReply> {
        // Metadata of the caller comes back in the trailers, to show both.
        if let Some(token) = cx.metadata().get("x-token").map(str::to_owned) {
            cx.headers_mut().insert("x-token-seen", &token)?;
            cx.trailers_mut().insert("x-token-end", &token)?;
        }
        greet(&request).await
    }

    async fn say_hello_many(
        &self,
        _: &mut Cx<'_>,
        request: HelloRequest,
        out: &mut Outbound<HelloReply>,
    ) -> Result<()> {
        for _ in 0..request.count {
            out.send(greet(&request).await?).await?;
        }
        Ok(())
    }

    async fn say_hello_to_all(
        &self,
        _: &mut Cx<'_>,
        input: &mut Inbound<HelloRequest>,
    ) -> Result<HelloReply> {
        let mut names = Vec::new();
        while let Some(request) = input.next().await? {
            names.push(request.name);
        }
        greet(&HelloRequest { name: names.join(" and "), ..HelloRequest::default() }).await
    }

    async fn chat(
        &self,
        _: &mut Cx<'_>,
        input: &mut Inbound<HelloRequest>,
        out: &mut Outbound<HelloReply>,
    ) -> Result<()> {
        while let Some(request) = input.next().await? {
            out.send(greet(&request).await?).await?;
        }
        Ok(())
    }
}
