//! What a small program comes to, stripped: one that waits for a task and a timer on one thread.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::table::{Table, number, ratio};

/// Prints the sizes of the two programs, which are built for it.
pub(crate) fn run() {
    let table = Table::new(&["stripped program", "peer", "kB", "peer", "ratio"]);
    let sizes = ["minato", "tokio"].map(|name| size(name).map(|bytes| bytes as f64 / 1000.0));
    match sizes {
        [Ok(ours), Ok(theirs)] => table.row(&[
            "current thread, no features".to_owned(),
            "tokio".to_owned(),
            number(ours),
            number(theirs),
            ratio(ours, theirs),
        ]),
        [Err(error), _] | [_, Err(error)] => println!("Programs are skipped: {error}"),
    }
}

/// Builds one of the programs of `benches/minimal`, alone, so that no other crate's features come in.
fn size(name: &str) -> io::Result<u64> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "minimal", name].iter().collect();
    let target = std::env::temp_dir().join("minato-minimal");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--release", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(std::fs::metadata(target.join("release").join(format!("minimal-{name}")))?.len())
}
