//! Code generation for minato-grpc, without `protoc`.
//!
//! In `build.rs`:
//!
//! ```no_run
//! fn main() -> Result<(), minato_grpc_build::Error> {
//!     minato_grpc_build::compile(&["proto/greeter.proto"])
//! }
//! ```
//!
//! and in the crate, which needs no dependency but `minato-grpc`:
//!
//! ```ignore
//! mod greeter {
//!     minato_grpc::include_proto!("greeter");
//! }
//! ```
//!
//! For each service there is then a trait to implement, a `…Server` to register, a `…Client` to call, and for each
//! package with services a `FILE_DESCRIPTOR_SET` for reflection.
//!
//! | file | what it holds |
//! |---|---|
//! | `builder.rs` | the settings, and from paths to files |
//! | `error.rs` | why generation failed |
//! | `generator.rs` | what is made of one service and of one package |
//! | `server.rs`, `client.rs` | the two halves of a service |
//! | `method.rs` | a method as both halves need it |

#![forbid(unsafe_code)]

mod builder;
mod client;
mod error;
mod generator;
mod method;
mod server;

use std::path::Path;

pub use builder::{Builder, configure};
pub use error::Error;

/// Generates messages, servers and clients for `.proto` files, into the build's output directory.
///
/// Imports are looked for beside the files. [`configure`] has the settings.
///
/// # Errors
///
/// Where a file cannot be read, is not valid, or the output cannot be written.
pub fn compile(protos: &[impl AsRef<Path>]) -> Result<(), Error> {
    configure().compile(protos)
}
