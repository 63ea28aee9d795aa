//! HTTP and gRPC servers that answer the same, each with the settings its documentation begins with, and an echo server
//! on the kernel alone.

pub(crate) mod epoll;
pub(crate) mod minato;
pub(crate) mod peers;

/// What the HTTP servers answer.
const HELLO: &str = "Hello, World!";

/// A long body.
const MEBIBYTE: &[u8] = &[b'x'; 1024 * 1024];

#[allow(unreachable_pub, reason = "generated for any place")]
#[allow(missing_docs, reason = "the comments of the .proto file are the documentation")]
mod bench {
    minato_grpc::include_proto!("minato.bench");
}
