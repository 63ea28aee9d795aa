//! Generated from the files in `proto/minato/test/`; kept current by a test of `minato-grpc-build`.

#![allow(missing_docs, reason = "the comments of the .proto files are the documentation")]
#![allow(unreachable_pub, reason = "what is generated does not know where it is included")]
#![allow(dead_code, reason = "no test needs all of it")]

include!("minato.test.rs");

pub(crate) mod odd {
    include!("minato.test.odd.rs");
}
