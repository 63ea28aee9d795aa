//! What the generator says about files it cannot use.

use std::fs;
use std::path::PathBuf;

use minato_grpc_build::{compile, configure};

fn directory(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&directory).unwrap();
    directory
}

#[test]
fn a_syntax_error_is_reported_with_its_place() {
    let proto = directory("syntax").join("broken.proto");
    fs::write(&proto, "syntax = \"proto3\";\nmessage {\n").unwrap();
    let error = configure().generate(&[&proto]).unwrap_err().to_string();
    assert!(error.contains("broken.proto:2"), "{error}");
}

#[test]
fn a_missing_import_is_named() {
    let proto = directory("import").join("lonely.proto");
    fs::write(&proto, "syntax = \"proto3\";\nimport \"nowhere.proto\";\n").unwrap();
    let error = configure().generate(&[&proto]).unwrap_err().to_string();
    assert!(error.contains("nowhere.proto"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let error = compile(&[directory("missing").join("absent.proto")]).unwrap_err().to_string();
    assert!(error.contains("absent.proto") || error.contains("OUT_DIR"), "{error}");
}

#[test]
fn parts_can_be_left_out() {
    let proto = directory("parts").join("half.proto");
    let text = "syntax = \"proto3\";\npackage half;\nmessage M {}\nservice S { rpc Go(M) returns (M); }\n";
    fs::write(&proto, text).unwrap();
    let clients_only = configure().without_servers().generate(&[&proto]).unwrap().remove("half.rs").unwrap();
    assert!(clients_only.contains("pub struct SClient") && !clients_only.contains("SServer"));
    let servers_only = configure().without_clients().generate(&[&proto]).unwrap().remove("half.rs").unwrap();
    assert!(servers_only.contains("pub trait S") && !servers_only.contains("SClient"));
}

#[test]
fn one_file_is_written_for_each_package() {
    let directory = directory("written");
    let proto = directory.join("pack.proto");
    fs::write(&proto, "syntax = \"proto3\";\npackage a.b;\nmessage M { int32 n = 1; }\n").unwrap();
    configure().out_dir(&directory).compile(&[&proto]).unwrap();
    assert!(fs::read_to_string(directory.join("a.b.rs")).unwrap().contains("pub struct M"));
}
