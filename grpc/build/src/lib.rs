//! Code generation for minato-grpc, without protoc.
