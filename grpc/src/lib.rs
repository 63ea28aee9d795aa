//! gRPC server and client of the Minato stack.
