//! gRPC server and client of the Minato stack.
//!
//! A service is a trait generated from a `.proto` file, whose methods are plain async functions; a client is one
//! concrete type with methods that are awaited. Both ride on [`minato_http`], so HTTP and gRPC share a port.
//!
//! ```ignore
//! use minato_grpc::{Cx, Result, Routes};
//!
//! impl Greeter for MyGreeter {
//!     async fn say_hello(&self, _: &mut Cx<'_>, request: HelloRequest) -> Result<HelloReply> {
//!         Ok(HelloReply { message: format!("hello {}", request.name) })
//!     }
//! }
//!
//! let routes = Routes::new().add_service(GreeterServer::new(MyGreeter)).with_reflection();
//! minato_http::Server::bind("127.0.0.1:50051").serve(routes).await?;
//!
//! let client = GreeterClient::connect("http://127.0.0.1:50051").await?;
//! let reply = client.say_hello(request).timeout(Duration::from_secs(1)).await?;
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
