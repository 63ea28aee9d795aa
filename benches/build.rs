//! Generates the gRPC service that the benches serve.

fn main() -> Result<(), minato_grpc_build::Error> {
    minato_grpc_build::configure().without_clients().compile(&["proto/bench.proto"])
}
