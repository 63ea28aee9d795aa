//! Code made by `minato-grpc-build` from the files in `proto/`. A test of that crate compares it with what the
//! generator makes today, and writes it anew when told to.

#![allow(missing_docs, reason = "the comments of the .proto files are the documentation")]
#![allow(unreachable_pub, reason = "what is generated does not know where it is included")]

#[rustfmt::skip]
#[path = "grpc.health.v1.rs"]
pub mod health_v1;

#[rustfmt::skip]
#[path = "grpc.reflection.v1.rs"]
pub mod reflection_v1;

#[rustfmt::skip]
#[path = "grpc.reflection.v1alpha.rs"]
pub mod reflection_v1alpha;
