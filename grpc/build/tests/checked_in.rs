//! The generated code under version control is what the generator makes today.
//!
//! With `UPDATE_GENERATED` set in the environment the files are written instead of compared.

use std::path::{Path, PathBuf};
use std::{env, fs};

use minato_grpc_build::configure;

fn grpc() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Generates code for one file of `proto/` and compares it with the file of its package in `directory`.
fn check(proto: &str, directory: &str) {
    let root = grpc().join("proto");
    let files = configure().include(&root).bytes(".").generate(&[root.join(proto)]).unwrap();
    for (name, code) in files {
        let path = grpc().join(directory).join(name);
        if env::var_os("UPDATE_GENERATED").is_some() {
            fs::write(&path, code).unwrap();
        } else {
            let current = fs::read_to_string(&path).unwrap();
            assert!(
                current == code,
                "{} is not current: run this test with UPDATE_GENERATED=1",
                path.display()
            );
        }
    }
}

#[test]
fn health_is_current() {
    check("grpc/health/v1/health.proto", "src/generated");
}

#[test]
fn reflection_is_current() {
    check("grpc/reflection/v1/reflection.proto", "src/generated");
    check("grpc/reflection/v1alpha/reflection.proto", "src/generated");
}

#[test]
fn the_test_services_are_current() {
    check("minato/test/echo.proto", "tests/calls/generated");
    check("minato/test/odd.proto", "tests/calls/generated");
}
