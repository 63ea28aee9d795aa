//! gRPC server and client of the Minato stack.
//!
//! A service is a trait generated from a `.proto` file, whose methods are plain async functions; a client is one
//! concrete type with methods that are awaited. Both ride on [`minato_http`], so HTTP and gRPC share a port.
//!
//! ```
//! use std::time::Duration;
//!
//! use minato_grpc::health::{Health, HealthCheckRequest, HealthCheckResponse, HealthClient, HealthServer, ServingStatus};
//! use minato_grpc::{Cx, Result, Routes};
//!
//! struct Always;
//!
//! // `Health` was generated from a service of that name; a method that is left out is UNIMPLEMENTED.
//! impl Health for Always {
//!     async fn check(&self, _: &mut Cx<'_>, _: HealthCheckRequest) -> Result<HealthCheckResponse> {
//!         Ok(HealthCheckResponse { status: ServingStatus::Serving.into() })
//!     }
//! }
//!
//! #[minato_runtime::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let server = minato_http::Server::bind("127.0.0.1:0").listen().await?;
//!     let address = server.local_addr()?;
//!     drop(minato_runtime::spawn(server.serve(Routes::new().add_service(HealthServer::new(Always)).with_reflection())));
//!
//!     let client = HealthClient::connect(&format!("http://{address}")).await?;
//!     let reply = client.check(HealthCheckRequest::default()).timeout(Duration::from_secs(5)).await?;
//!     assert_eq!(reply.status(), ServingStatus::Serving);
//!     Ok(())
//! }
//! ```
//!
//! What a call promises, on both sides:
//!
//! * its deadline bounds all of it, streams included, and leaves for every downstream call as `grpc-timeout`;
//! * dropping it cancels it, and half a stream is never taken for a whole one;
//! * a handler that panics is a status, and every call has exactly one status;
//! * no message is read into memory past the limit, whatever a peer announces.
//!
//! | module | what it holds |
//! |---|---|
//! | [`server`] | [`Routes`], and what generated code registers in it |
//! | [`client`] | [`client::Channel`] and the calls made through it |
//! | [`health`] | `grpc.health.v1` |
//! | [`reflection`] | `grpc.reflection.v1` and `v1alpha` |

#![forbid(unsafe_code)]

// Generated code names this crate from outside and from within.
extern crate self as minato_grpc;

pub mod client;
pub mod health;
pub mod reflection;
pub mod server;

mod call;
mod clock;
mod frame;
mod generated;
mod limits;
mod metadata;
mod method;
mod status;
mod timeout;

pub use call::{Cancelled, Cx, Inbound, MetadataMut, Outbound};
pub use metadata::{InvalidMetadata, Metadata};
pub use method::{Idempotency, MethodDescriptor, MethodKind};
pub use server::Routes;
pub use status::{Code, Result, Status};

/// The Protobuf library generated code uses.
pub use prost;
/// The well-known types generated code uses.
pub use prost_types;

/// Includes the code that `minato-grpc-build` generated for a Protobuf package in the build script.
///
/// ```ignore
/// mod greeter {
///     minato_grpc::include_proto!("helloworld");
/// }
/// ```
#[macro_export]
macro_rules! include_proto {
    ($package:tt) => {
        include!(concat!(env!("OUT_DIR"), "/", $package, ".rs"));
    };
}
