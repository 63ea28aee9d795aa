//! Generates the greeter service from its description; no `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    minato_grpc_build::compile(&["proto/greeter.proto"])?;
    Ok(())
}
