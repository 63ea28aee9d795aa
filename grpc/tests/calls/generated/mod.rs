//! Generated from `proto/minato/test/echo.proto`; kept current by a test of `minato-grpc-build`.

#![allow(missing_docs, reason = "the comments of the .proto files are the documentation")]
#![allow(unreachable_pub, reason = "what is generated does not know where it is included")]

#[rustfmt::skip]
#[path = "minato.test.rs"]
mod echo;

pub(crate) use echo::{ECHO_METHODS, Echo, EchoClient, EchoServer, FILE_DESCRIPTOR_SET, Msg};
